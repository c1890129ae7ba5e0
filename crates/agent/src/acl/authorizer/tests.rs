use super::*;
use crate::acl::{Compiler, Rules, node_rules, service_rules};
use Access::{List, Read, Write};

fn authorizer(policies: &[&str], fallback: Fallback) -> Authorizer {
    let mut compiler = Compiler::default();
    for policy in policies {
        compiler.add(&Rules::parse(policy).unwrap_or_else(|error| panic!("{policy}: {error}")));
    }
    compiler.finish(fallback)
}

#[test]
fn each_resource_is_ruled_by_its_own_rules() {
    for resource in Resource::ALL {
        let word = resource.word();
        let text = format!(
            "{word} \"a\" {{policy=\"read\"}} {word}_prefix \"b\" {{policy=\"write\"}} \
             {word}_prefix \"bc\" {{policy=\"deny\"}}"
        );
        let authorizer = authorizer(&[&text], Fallback::Deny);
        for (name, read, write) in [
            ("a", true, false),
            ("ab", false, false),
            ("b", true, true),
            ("b1", true, true),
            ("bc", false, false),
            ("bcd", false, false),
            ("", false, false),
        ] {
            let allows = |wanted| authorizer.allows(resource, name.as_bytes(), wanted);
            assert_eq!(
                (allows(Read), allows(Write)),
                (read, write),
                "{word} {name}"
            );
        }
        for other in Resource::ALL.into_iter().filter(|other| *other != resource) {
            assert!(!authorizer.allows(other, b"b", Read), "{word} {other:?}");
        }
    }
}

#[test]
fn rules_without_a_name_grant_what_they_say() {
    let deny = authorizer(&[r#"acl="read" keyring="write""#], Fallback::Deny);
    assert!(deny.acl_read() && !deny.acl_write() && !deny.snapshot());
    assert!(deny.keyring(Read) && deny.keyring(Write) && !deny.operator(Read));
    let write = authorizer(&[r#"acl="write" operator="read""#], Fallback::Deny);
    assert!(write.acl_write() && write.snapshot());
    assert!(write.operator(Read) && !write.operator(Write));
}

#[test]
fn what_no_rule_speaks_of_is_up_to_the_fallback() {
    for (fallback, all, managing) in [
        (Fallback::Deny, false, false),
        (Fallback::Allow, true, false),
        (Fallback::Manage, true, true),
    ] {
        let none = authorizer(&[], fallback);
        assert_eq!(none.key_write(b"a"), all);
        assert_eq!(none.key_list(b"a"), all);
        assert_eq!(none.key_write_under(b""), all);
        assert_eq!(none.operator(Write), all);
        assert_eq!(none.keyring(Read), all);
        assert_eq!(none.intention_read("*"), all);
        assert_eq!(none.intention_write("a"), all);
        assert_eq!(none.acl_read(), managing);
        assert_eq!(none.snapshot(), managing);
    }
}

// What Consul 1.8.7 allows to tokens with two policies.
#[test]
fn of_equal_rules_a_denial_counts_and_else_the_greater() {
    let key = |level: &str| format!("key_prefix \"a\" {{policy=\"{level}\"}}");
    for (one, other, read, list, write) in [
        ("read", "write", true, true, true),
        ("list", "read", true, true, false),
        ("deny", "write", false, false, false),
        ("read", "read", true, false, false),
    ] {
        for policies in [[key(one), key(other)], [key(other), key(one)]] {
            let policies: Vec<_> = policies.iter().map(String::as_str).collect();
            let it = authorizer(&policies, Fallback::Allow);
            let got = (
                it.key_read(b"a/b"),
                it.key_list(b"a/b"),
                it.key_write(b"a/b"),
            );
            assert_eq!(got, (read, list, write), "{one} {other}");
        }
    }
}

#[test]
fn a_more_exact_rule_counts_whatever_the_other_says() {
    let it = authorizer(
        &[
            r#"key_prefix "a" {policy="deny"}"#,
            r#"key "a" {policy="read"} key_prefix "ab" {policy="write"}"#,
        ],
        Fallback::Allow,
    );
    assert!(it.key_read(b"a") && !it.key_write(b"a"));
    assert!(!it.key_read(b"a1"));
    assert!(it.key_write(b"ab") && it.key_write(b"abc"));
    assert!(it.key_read(b"b") && it.key_read(b"\xff"));
}

#[test]
fn intentions_follow_from_the_service_unless_said_otherwise() {
    let it = authorizer(
        &[
            r#"service "a" {policy="write"} service "n" {policy="read" intentions="deny"}
            service_prefix "b" {policy="deny" intentions="write"}"#,
        ],
        Fallback::Deny,
    );
    assert!(it.intention_read("a") && !it.intention_write("a"));
    assert!(!it.intention_read("n"));
    assert!(it.intention_write("b1") && !it.allows(Resource::Service, b"b1", Read));
    assert!(it.intention_read("*") && !it.intention_write("*"));
    let all = authorizer(
        &[r#"service_prefix "" {policy="write" intentions="write"}"#],
        Fallback::Deny,
    );
    assert!(all.intention_write("*"));
}

#[test]
fn identities_stand_for_the_rules_that_a_service_or_a_node_needs() {
    let mut compiler = Compiler::default();
    compiler.add(&service_rules("web"));
    let web = compiler.finish(Fallback::Deny);
    for (resource, name, wanted, allowed) in [
        (Resource::Service, "web", Write, true),
        (Resource::Service, "web-sidecar-proxy", Write, true),
        (Resource::Service, "db", Read, true),
        (Resource::Service, "db", Write, false),
        (Resource::Node, "n", Read, true),
        (Resource::Node, "n", Write, false),
        (Resource::Key, "k", Read, false),
    ] {
        assert_eq!(
            web.allows(resource, name.as_bytes(), wanted),
            allowed,
            "{name}"
        );
    }
    let mut compiler = Compiler::default();
    compiler.add(&node_rules("n"));
    let node = compiler.finish(Fallback::Deny);
    assert!(node.allows(Resource::Node, b"n", Write));
    assert!(!node.allows(Resource::Node, b"m", Read));
    assert!(node.allows(Resource::Service, b"x", Read));
    assert!(!node.allows(Resource::Key, b"x", List));
}
