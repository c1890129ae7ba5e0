//! Why requests are refused, in Serf's words.

use quorate_gossip::{Error, Failure};

pub(super) const UNSUPPORTED_COMMAND: &str = "Unsupported command";
pub(super) const UNSUPPORTED_VERSION: &str = "Unsupported IPC version";
pub(super) const HANDSHAKE_REPEATED: &str = "Handshake already performed";
pub(super) const HANDSHAKE_REQUIRED: &str = "Handshake required";
pub(super) const MONITOR_EXISTS: &str = "Monitor already exists";
pub(super) const INVALID_FILTER: &str = "Invalid event filter";
pub(super) const STREAM_EXISTS: &str = "Stream with given sequence exists";
pub(super) const NO_QUERY: &str = "No pending queries matching ID";
pub(super) const AUTHENTICATION_REQUIRED: &str = "Authentication required";
pub(super) const INVALID_TOKEN: &str = "Invalid authentication token";
/// Serf has no such bound.
pub(super) const TOO_MANY: &str = "Too many streams and queries on this connection";

/// What Serf says of anything that went wrong; the commands know better about some of it.
pub(crate) fn text(error: &Error) -> String {
    match error {
        Error::Failure(failure) => of_failure(failure),
        Error::Join(failed) => several(failed.iter().map(|(to, why)| of_join(to, why))),
        error => error.to_string(),
    }
}

fn of_failure(failure: &Failure) -> String {
    match failure {
        Failure::TagsTooLarge { .. } => "Encoded length of tags exceeds limit of 512 bytes".into(),
        Failure::QueryTooLarge { limit, .. } => format!("query exceeds limit of {limit} bytes"),
        Failure::ResponseTooLarge { limit, .. } => {
            format!("response exceeds limit of {limit} bytes")
        }
        Failure::ReservedName => "Queries cannot contain the '_serf_' prefix".into(),
        Failure::Filter { .. } => format!("Failed to format filters: {failure}"),
        Failure::Keys(report) if report.errors > 0 => {
            format!("{}/{} nodes reported failure", report.errors, report.nodes)
        }
        Failure::Keys(report) => {
            let (some, all) = (report.responses, report.nodes);
            format!("{some}/{all} nodes reported success")
        }
        failure => failure.to_string(),
    }
}

/// An event of this size was refused: Serf looks at it before and after it is encoded.
pub(super) fn event_too_large(plain: usize, limit: usize) -> String {
    if plain > limit {
        format!("user event exceeds configured limit of {limit} bytes before encoding")
    } else {
        format!("encoded user event exceeds configured limit of {limit} bytes after encoding")
    }
}

/// As Go's package for several errors writes them.
fn several(errors: impl Iterator<Item = String>) -> String {
    let errors: Vec<_> = errors.map(|error| format!("\t* {error}\n")).collect();
    let count = match errors.len() {
        1 => "1 error".to_owned(),
        count => format!("{count} errors"),
    };
    format!("{count} occurred:\n{}\n", errors.concat())
}

fn of_join(to: &str, why: &str) -> String {
    if to.parse::<std::net::SocketAddr>().is_err() {
        return format!("Failed to resolve {to}: {why}");
    }
    if why.contains("refused") {
        return format!("Failed to join {to}: dial tcp {to}: connect: connection refused");
    }
    if why.starts_with("no answer within") {
        return format!("Failed to join {to}: dial tcp {to}: i/o timeout");
    }
    format!("Failed to join {to}: {why}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_not_be_joined_is_told_in_serfs_words() {
        let refused = ("127.0.0.1:1".to_owned(), "Connection refused".to_owned());
        let one = text(&Error::Join(vec![refused.clone()]));
        assert_eq!(
            one,
            "1 error occurred:\n\t* Failed to join 127.0.0.1:1: dial tcp 127.0.0.1:1: connect: \
             connection refused\n\n"
        );
        let unknown = ("nowhere".to_owned(), "no address".to_owned());
        let two = text(&Error::Join(vec![refused, unknown]));
        assert!(two.starts_with("2 errors occurred:\n\t* Failed to join"));
        assert!(two.ends_with("\n\t* Failed to resolve nowhere: no address\n\n"));
    }
}
