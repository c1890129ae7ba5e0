//! Where the agent is reached, and whether a text says where a member is.

use http::header::HOST;
use http::uri::Authority;

use super::request::Request;

/// Where clients reach the agent. They turn to these addresses, so each must be one that they can
/// reach: of a listener on all addresses, it is the one that the client has used.
pub(super) fn client_urls(request: &Request) -> Vec<String> {
    let asked = request.header(&HOST);
    let places = request.front.places.iter();
    places
        .map(|place| match place.addr() {
            Some(addr) if addr.ip().is_unspecified() && asked.parse::<Authority>().is_ok() => {
                format!("http://{asked}")
            }
            _ => place.url(),
        })
        .collect()
}

/// The URLs in order, if each says where a member is; otherwise etcd's words.
pub(crate) fn peer_urls(mut urls: Vec<String>) -> Result<Vec<String>, String> {
    if urls.is_empty() {
        return Err("no valid URLs given".into());
    }
    for url in &mut urls {
        *url = url.trim().to_owned();
        check(url)?;
    }
    urls.sort();
    Ok(urls)
}

fn check(url: &str) -> Result<(), String> {
    let (scheme, rest) = url.split_once("://").unwrap_or_default();
    match scheme {
        "unix" | "unixs" => return Ok(()),
        "http" | "https" => {}
        _ => {
            return Err(format!(
                "URL scheme must be http, https, unix, or unixs: {url}"
            ));
        }
    }
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (host, path) = rest.split_at(end);
    let host = host.rsplit_once('@').map_or(host, |(_, host)| host);
    let named = host.rsplit_once(':').is_some_and(|(host, _)| {
        !host.contains(':') || (host.starts_with('[') && host.ends_with(']'))
    });
    if !named {
        return Err(format!(
            "URL address does not have the form \"host:port\": {url}"
        ));
    }
    if path.starts_with('/') {
        return Err(format!("URL must not contain a path: {url}"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_is_at_a_scheme_a_host_and_a_port() {
        let check = |url: &str| peer_urls(vec![url.to_owned()]);
        for url in ["http://a:1", "https://[::1]:2", " http://a:1 ", "unix://x"] {
            assert!(check(url).is_ok(), "{url}");
        }
        let wrong = [
            (
                "http://[::1]",
                "URL address does not have the form \"host:port\": http://[::1]",
            ),
            ("x", "URL scheme must be http, https, unix, or unixs: x"),
            (
                "http://foo",
                "URL address does not have the form \"host:port\": http://foo",
            ),
            (
                "http://foo:1/path",
                "URL must not contain a path: http://foo:1/path",
            ),
        ];
        for (url, words) in wrong {
            assert_eq!(check(url).unwrap_err(), words);
        }
        assert_eq!(peer_urls(Vec::new()).unwrap_err(), "no valid URLs given");
    }

    #[test]
    fn members_are_sorted() {
        let urls = ["http://b:1".to_owned(), "http://a:1".to_owned()];
        assert_eq!(
            peer_urls(urls.to_vec()).unwrap(),
            ["http://a:1", "http://b:1"]
        );
    }
}
