use super::*;
use crate::{Consistency, ErrorKind};
use std::time::Duration;

fn consul(url: &str) -> ConsulTarget {
    match Target::parse(url).unwrap() {
        Target::Consul(target) => *target,
        other => panic!("{url}: {other:?}"),
    }
}

fn hosts(url: &str) -> Vec<String> {
    match consul(url).addresses {
        ConsulAddresses::Http(hosts) | ConsulAddresses::Https(hosts) => hosts,
        other => panic!("{url}: {other:?}"),
    }
}

fn refused(url: &str, kind: ErrorKind, part: &str) {
    let error = Target::parse(url).unwrap_err();
    assert_eq!(error.kind(), kind, "{url}: {error}");
    assert!(error.to_string().contains(part), "{url}: {error}");
}

fn invalid(url: &str, part: &str) {
    refused(url, ErrorKind::InvalidArgument, part);
}

#[test]
fn the_agent_in_this_process_is_on_a_directory_or_in_memory() {
    let dir = |path: &str| Target::Embedded(Some(PathBuf::from(path)));
    for (url, target) in [
        ("embedded:", Target::Embedded(None)),
        ("embedded://", Target::Embedded(None)),
        ("embedded:data", dir("data")),
        ("embedded:./a b", dir("./a b")),
        ("embedded:/var/lib/q", dir("/var/lib/q")),
        ("embedded:///var/lib/q", dir("/var/lib/q")),
        ("embedded:a%20b%3f", dir("a b?")),
        ("memory:", Target::Memory),
        ("memory://", Target::Memory),
    ] {
        assert_eq!(Target::parse(url).unwrap(), target, "{url}");
    }
}

#[test]
fn what_is_wrong_with_them_is_named() {
    invalid("embedded://host/dir", "embedded:DIR");
    invalid(
        "embedded:dir?sync=no",
        "unknown option `sync`; this scheme has none",
    );
    invalid("embedded:%ff", "not UTF-8");
    invalid("memory:dir", "takes nothing");
    invalid("memory:?a=b", "unknown option `a`");
}

#[test]
fn consul_has_one_host_or_several() {
    for (url, expected) in [
        ("consul://localhost", vec!["localhost:8500"]),
        ("consul://10.0.0.1:1", vec!["10.0.0.1:1"]),
        (
            "consul://a,b:2,[::1],[fe80::1]:3/",
            vec!["a:8500", "b:2", "[::1]:8500", "[fe80::1]:3"],
        ),
        ("consul+tls://a,b:8443", vec!["a:8501", "b:8443"]),
    ] {
        assert_eq!(hosts(url), expected, "{url}");
    }
}

#[test]
fn consul_without_a_host_is_where_the_environment_says() {
    for url in ["consul:", "consul://", "consul:///", "consul:?dc=b"] {
        assert_eq!(consul(url).addresses, ConsulAddresses::Environment, "{url}");
    }
}

#[test]
fn consul_can_be_behind_a_unix_socket() {
    let path = ConsulAddresses::Unix(PathBuf::from("/run/a b.sock"));
    assert_eq!(consul("consul+unix:///run/a%20b.sock").addresses, path);
    invalid("consul+unix://run/c.sock", "from the root");
    invalid("consul+unix:/run/c.sock", "consul+unix://");
}

#[test]
fn a_host_that_is_none_is_quoted() {
    for (host, part) in [
        ("a,,b", "\"\" has no host"),
        (":8500", "has no host"),
        ("a b", "has no host"),
        ("a:", "no port behind its colon"),
        ("a:0", "between 1 and 65535"),
        ("a:65536", "between 1 and 65535"),
        ("a:http", "between 1 and 65535"),
        ("::1", "in brackets"),
        ("[::1]x", "no host and port"),
        ("a/v1/kv", "path"),
    ] {
        invalid(&format!("consul://{host}"), part);
    }
    invalid("consul:localhost:8500", "write `consul://…`");
    invalid("consul+tls://", "has no host");
}

#[test]
fn every_option_is_understood() {
    let target = consul(
        "consul+tls://a?dc=dc2&token-file=/t%2Fx&consistency=strong&wait=30s&timeout=5s&ca=/ca\
         &ca-dir=/cas&cert=/c&key=/k&server-name=s&verify=false",
    );
    let path = |text: &str| Some(PathBuf::from(text));
    assert_eq!(target.datacenter.as_deref(), Some("dc2"));
    assert_eq!(target.token_file, path("/t/x"));
    assert_eq!(target.consistency, Consistency::Strong);
    assert_eq!(target.wait, Some(Duration::from_secs(30)));
    assert_eq!(target.timeout, Some(Duration::from_secs(5)));
    let tls = target.tls;
    assert_eq!((&tls.ca_file, &tls.ca_dir), (&path("/ca"), &path("/cas")));
    assert_eq!((&tls.cert_file, &tls.key_file), (&path("/c"), &path("/k")));
    assert_eq!(tls.server_name.as_deref(), Some("s"));
    assert!(tls.insecure);
}

#[test]
fn stale_is_short_for_a_consistency() {
    for (option, expected) in [
        ("", Consistency::Default),
        ("?stale", Consistency::Stale),
        ("?stale=true", Consistency::Stale),
        ("?stale=false", Consistency::Default),
        ("?consistency=stale", Consistency::Stale),
        ("?consistency=default", Consistency::Default),
    ] {
        assert_eq!(
            consul(&format!("consul://a{option}")).consistency,
            expected,
            "{option}"
        );
    }
    invalid("consul://a?stale&consistency=strong", "exclude each other");
    invalid("consul://a?stale=yes", "true or false");
}

#[test]
fn an_option_that_is_wrong_is_named() {
    for (query, part) in [
        (
            "datacenter=x",
            "unknown option `datacenter`; known are dc, token-file",
        ),
        ("dc=", "option `dc` has no value"),
        ("dc=a&dc=b", "`dc` is given twice"),
        ("wait=30", "no duration"),
        ("wait=11m", "more than 10m"),
        ("consistency=eventual", "default, strong or stale"),
        ("ca=/ca", "option `ca` needs TLS"),
        ("verify=false", "option `verify` needs TLS"),
    ] {
        invalid(&format!("consul://a?{query}"), part);
    }
    invalid("consul+tls://a?cert=/c", "belong together");
    invalid("consul+tls://a?verify=maybe", "true or false");
}

#[test]
fn a_secret_in_a_url_is_refused_and_not_repeated() {
    for url in [
        "consul://a?token=hunter2",
        "consul://a?dc=x&password=hunter2",
        "consul://a?auth=me:hunter2",
        "consul://me:hunter2@a:8500",
        "consul+tls://hunter2@a",
    ] {
        let error = Target::parse(url).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        let text = format!("{error} {error:?}");
        assert!(!text.contains("hunter2"), "{text}");
        assert!(text.contains("CONSUL_HTTP_"), "{text}");
    }
}

#[test]
fn a_scheme_that_is_unknown_says_which_are_known() {
    let unsupported = |url, part| refused(url, ErrorKind::Unsupported, part);
    unsupported("zookeeper://a", "known are embedded:, memory:, consul://");
    unsupported("http://127.0.0.1:8500", "write `consul://…`");
    unsupported("https://a", "write `consul+tls://…`");
    unsupported("CONSUL://a", "unknown scheme");
    invalid("127.0.0.1", "no scheme");
    invalid("", "no scheme");
}

#[test]
fn a_target_is_shown_without_its_options() {
    for (url, shown) in [
        ("embedded:", "embedded:"),
        ("embedded:///d", "embedded:/d"),
        ("memory://", "memory:"),
        ("consul://a,b:1?dc=x", "consul://a:8500,b:1"),
        ("consul+tls://a", "consul+tls://a:8501"),
        ("consul+unix:///s", "consul+unix:///s"),
        ("consul:", "consul:"),
    ] {
        assert_eq!(url.parse::<Target>().unwrap().to_string(), shown);
    }
}
