//! Redirects: servers before 2.0 send writes on to their leader with 307.

use http::header::LOCATION;
use http::{HeaderMap, StatusCode};
use quorate_net::endpoint::Endpoint;

/// The most redirects that one call follows.
pub(crate) const MAX: usize = 5;

/// Whether method and body are to be sent again elsewhere. 301 and 302 are not: they would turn a
/// write into a read, or lose its body.
pub(crate) fn keeps_the_body(status: StatusCode) -> bool {
    matches!(
        status,
        StatusCode::TEMPORARY_REDIRECT | StatusCode::PERMANENT_REDIRECT
    )
}

/// Where a call is sent on to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Target {
    /// `None` for the server that answered.
    pub(crate) endpoint: Option<Endpoint>,
    pub(crate) path: String,
}

/// Why a redirect is not followed.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum RedirectError {
    #[error("a redirect without a Location")]
    NoLocation,
    #[error("the redirect to {0:?} cannot be read")]
    Malformed(String),
    #[error("the redirect to {0:?} leads from https to http")]
    Downgrade(String),
}

/// Reads `Location`. It must not lead from TLS to none: the password goes along.
pub(crate) fn target(headers: &HeaderMap, tls: bool) -> Result<Target, RedirectError> {
    let location = headers.get(LOCATION).and_then(|value| value.to_str().ok());
    let location = location.ok_or(RedirectError::NoLocation)?.trim();
    let malformed = || RedirectError::Malformed(location.chars().take(200).collect());
    if location.starts_with('/') && !location.starts_with("//") {
        return Ok(Target {
            endpoint: None,
            path: location.to_owned(),
        });
    }
    let (scheme, rest) = location.split_once("://").ok_or_else(malformed)?;
    let at = rest.find('/').ok_or_else(malformed)?;
    let (authority, path) = rest.split_at(at);
    let endpoint = Endpoint::parse(&format!("{scheme}://{authority}")).map_err(|_| malformed())?;
    if tls && !endpoint.is_tls() {
        return Err(RedirectError::Downgrade(
            location.chars().take(200).collect(),
        ));
    }
    Ok(Target {
        endpoint: Some(endpoint),
        path: path.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use http::HeaderValue;

    fn to(location: &str, tls: bool) -> Result<Target, RedirectError> {
        let mut headers = HeaderMap::new();
        headers.insert(LOCATION, HeaderValue::from_str(location).unwrap());
        target(&headers, tls)
    }

    #[test]
    fn the_leader_is_read_from_the_location() {
        let target = to("http://10.0.0.2:4001/v2/keys/a?prevIndex=7", false).unwrap();
        assert_eq!(target.endpoint, Some(Endpoint::tcp("10.0.0.2", 4001)));
        assert_eq!(target.path, "/v2/keys/a?prevIndex=7");
        assert_eq!(to("/v2/keys/b", false).unwrap().endpoint, None);
    }

    #[test]
    fn what_cannot_be_followed_is_said() {
        assert_eq!(
            target(&HeaderMap::new(), false),
            Err(RedirectError::NoLocation)
        );
        for location in ["v2/keys", "http://a", "//a/b", "ftp://a/b"] {
            assert!(
                matches!(to(location, false), Err(RedirectError::Malformed(_))),
                "{location}"
            );
        }
        assert!(matches!(
            to("http://a:1/", true),
            Err(RedirectError::Downgrade(_))
        ));
        assert!(to("https://a:1/", false).is_ok());
    }

    #[test]
    fn only_those_that_keep_the_body_are_followed() {
        let follows = |code: u16| keeps_the_body(StatusCode::from_u16(code).unwrap());
        assert!(follows(307) && follows(308));
        assert!(!follows(301) && !follows(302) && !follows(303));
    }
}
