//! Finding the servers of a domain by DNS SRV records.
//!
//! The names are tried in this order, and the first that has records is used: servers with TLS
//! before those without, today's names before those of etcd before 2.0.
//!
//! | name | means |
//! |---|---|
//! | `_etcd-client-ssl._tcp.DOMAIN` | `https` |
//! | `_etcd-client._tcp.DOMAIN` | `http` |
//! | `_etcd-ssl._tcp.DOMAIN` | `https` |
//! | `_etcd._tcp.DOMAIN` | `http` |
//!
//! [`ClientBuilder::discover`](super::ClientBuilder::discover) asks the system's name servers; a
//! resolver of your own is asked like this:
//!
//! ```
//! use quorate_etcd::v2::Client;
//! use quorate_etcd::v2::discovery::{BoxFuture, SrvLookup, SrvRecord, addresses};
//! # #[derive(Debug)] struct Resolver;
//! # impl SrvLookup for Resolver {
//! #     fn lookup<'a>(&'a self, _: &'a str) -> BoxFuture<'a, std::io::Result<Vec<SrvRecord>>> {
//! #         Box::pin(async { Ok(vec![SrvRecord::new("etcd-1.example.com", 2379)]) })
//! #     }
//! # }
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let found = addresses(&Resolver, "example.com").await?;
//! let client = Client::builder().addresses(found).build()?;
//! assert_eq!(client.addresses(), ["https://etcd-1.example.com:2379"]);
//! # Ok(())
//! # }
//! ```

mod message;
mod system;

use std::io;

pub use quorate_net::transport::BoxFuture;

use super::error::{Class, Error, ErrorKind};

pub use system::SystemResolver;

/// The names, and whether they mean TLS.
const NAMES: [(&str, bool); 4] = [
    ("_etcd-client-ssl._tcp", true),
    ("_etcd-client._tcp", false),
    ("_etcd-ssl._tcp", true),
    ("_etcd._tcp", false),
];

/// Looks up SRV records: [`SystemResolver`], or one of your own.
pub trait SrvLookup: Send + Sync {
    /// The SRV records of a name. None, or an error of the kind `NotFound`, if it has none.
    ///
    /// # Errors
    /// What went wrong. Other names are tried only after `NotFound`.
    fn lookup<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<SrvRecord>>>;
}

/// One server of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct SrvRecord {
    /// The host, with or without a dot at the end.
    pub target: String,
    /// The port.
    pub port: u16,
    /// Servers with a smaller number come first.
    pub priority: u16,
    /// Among those of the same priority, ones with a larger number come first.
    pub weight: u16,
}

impl SrvRecord {
    /// A server with priority and weight 0.
    pub fn new(target: impl Into<String>, port: u16) -> Self {
        Self {
            target: target.into(),
            port,
            priority: 0,
            weight: 0,
        }
    }

    /// Sets the priority.
    #[must_use]
    pub fn with_priority(mut self, priority: u16) -> Self {
        self.priority = priority;
        self
    }

    /// Sets the weight.
    #[must_use]
    pub fn with_weight(mut self, weight: u16) -> Self {
        self.weight = weight;
        self
    }
}

/// The addresses of a domain's servers, in the order of priority and weight.
///
/// # Errors
/// `NotFound` if no name has a record (never a fall-back to this machine); `Unavailable` when a
/// look-up fails.
///
/// # Cancel safety
/// Safe: nothing is changed.
pub async fn addresses(resolver: &dyn SrvLookup, domain: &str) -> Result<Vec<String>, Error> {
    let operation = format!("find the servers of `{}`", domain.escape_debug());
    let domain = domain.trim_end_matches('.');
    if domain.is_empty() || domain.contains(char::is_whitespace) {
        return Err(Error::invalid(
            operation,
            "domain: empty, or has white space",
        ));
    }
    for (name, tls) in NAMES {
        let name = format!("{name}.{domain}.");
        let records = match resolver.lookup(&name).await {
            Ok(records) => records,
            Err(error) if error.kind() == io::ErrorKind::NotFound => continue,
            Err(error) => {
                let class = Class::unknown(false, ErrorKind::Unavailable);
                let detail = format!("{name}: {error}");
                return Err(Error::new(class, operation)
                    .with_detail(detail)
                    .with_source(error));
            }
        };
        let found = in_order(records, tls);
        if !found.is_empty() {
            return Ok(found);
        }
    }
    let class = Class::refused(ErrorKind::NotFound);
    Err(Error::new(class, operation).with_detail("no SRV record of any of the known names"))
}

fn in_order(mut records: Vec<SrvRecord>, tls: bool) -> Vec<String> {
    // A single record with the target "." says that there is no such service (RFC 2782).
    records.retain(|record| !record.target.trim_end_matches('.').is_empty());
    records.sort_by_key(|record| (record.priority, u16::MAX - record.weight));
    let scheme = if tls { "https" } else { "http" };
    let address = |record: SrvRecord| {
        let host = record.target.trim_end_matches('.');
        format!("{scheme}://{host}:{}", record.port)
    };
    records.into_iter().map(address).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashMap;

    struct Zone(HashMap<&'static str, io::Result<Vec<SrvRecord>>>);

    impl SrvLookup for Zone {
        fn lookup<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<SrvRecord>>> {
            let found = match self.0.get(name) {
                Some(Ok(records)) => Ok(records.clone()),
                Some(Err(error)) => Err(error.kind().into()),
                None => Err(io::ErrorKind::NotFound.into()),
            };
            Box::pin(async move { found })
        }
    }

    async fn find(
        zone: impl IntoIterator<Item = (&'static str, io::Result<Vec<SrvRecord>>)>,
    ) -> Result<Vec<String>, Error> {
        addresses(&Zone(zone.into_iter().collect()), "example.com").await
    }

    #[tokio::test]
    async fn servers_with_tls_come_before_those_without() {
        let plain = SrvRecord::new("a.example.com.", 2379);
        let secure = SrvRecord::new("b.example.com.", 2379);
        let zone = [
            ("_etcd-client._tcp.example.com.", Ok(vec![plain.clone()])),
            ("_etcd-client-ssl._tcp.example.com.", Ok(vec![secure])),
        ];
        assert_eq!(find(zone).await.unwrap(), ["https://b.example.com:2379"]);
        let zone = [("_etcd-client._tcp.example.com.", Ok(vec![plain.clone()]))];
        assert_eq!(find(zone).await.unwrap(), ["http://a.example.com:2379"]);
        let zone = [("_etcd._tcp.example.com.", Ok(vec![plain]))];
        assert_eq!(
            find(zone).await.unwrap().len(),
            1,
            "the name of old servers"
        );
    }

    #[tokio::test]
    async fn priority_and_weight_count() {
        let records = vec![
            SrvRecord::new("c", 1).with_priority(2).with_weight(9),
            SrvRecord::new("b", 1).with_priority(1).with_weight(1),
            SrvRecord::new("a", 1).with_priority(1).with_weight(5),
            SrvRecord::new(".", 0),
        ];
        let found = find([("_etcd-client._tcp.example.com.", Ok(records))])
            .await
            .unwrap();
        assert_eq!(found, ["http://a:1", "http://b:1", "http://c:1"]);
    }

    #[tokio::test]
    async fn a_domain_without_servers_is_an_error_and_so_is_a_failure() {
        assert_eq!(find([]).await.unwrap_err().kind(), ErrorKind::NotFound);
        let failed = Err(io::ErrorKind::TimedOut.into());
        let zone = [("_etcd-client-ssl._tcp.example.com.", failed)];
        let error = find(zone).await.unwrap_err();
        assert_eq!(
            error.kind(),
            ErrorKind::Unavailable,
            "no fall-back to plain http"
        );
        let error = addresses(&Zone(HashMap::new()), " ").await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    }
}
