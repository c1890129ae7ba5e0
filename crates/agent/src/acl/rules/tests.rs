use proptest::prelude::*;

use super::*;
use Access::{Deny, Read, Write};

fn rule(resource: Resource, is_prefix: bool, name: &str, access: Access) -> Rule {
    Rule {
        resource,
        is_prefix,
        name: name.into(),
        access,
        intentions: None,
    }
}

fn error(text: &str) -> String {
    let error = Rules::parse(text).expect_err(text);
    error.to_string()
}

#[test]
fn blocks_assignments_and_comments_are_read() {
    let rules = Rules::parse(
        "# one\nacl = \"read\" // two\nkey \"a\" { policy = \"write\", }\n\
         /* three */ key_prefix \"\" { policy = \"deny\" }\nkeyring=\"write\" operator = \"deny\"\n\
         bogus \"x\" { y = [1, 2.5, true, { z = -1 }] }",
    );
    let want = Rules {
        acl: Some(Read),
        keyring: Some(Write),
        operator: Some(Deny),
        named: vec![
            rule(Resource::Key, false, "a", Write),
            rule(Resource::Key, true, "", Deny),
        ],
    };
    assert_eq!(rules, Ok(want));
}

// What Consul 1.8.7 takes for the same rules.
#[test]
fn every_form_of_a_rule_is_the_same_rule() {
    let want = Rules {
        named: vec![rule(Resource::Key, false, "a", Read)],
        ..Rules::default()
    };
    for text in [
        r#"key "a" { policy = "read" }"#,
        r#"key a {policy="read"}"#,
        r#"KEY "a" {Policy="READ"}"#,
        r#"key = {"a" = {policy="read"}}"#,
        r#"key "a" {policy="bad" policy="read"}"#,
        r#"{"key":{"a":{"policy":"read"}}}"#,
        r#"  {"key":[{"a":{"policy":"read"}}]} trailing"#,
        r#"{"key":{"a":[{"policy":"read"}]},"other":[1,{}]}"#,
    ] {
        assert_eq!(Rules::parse(text).as_ref(), Ok(&want), "{text}");
    }
}

#[test]
fn every_resource_has_exact_rules_and_rules_of_prefixes() {
    for resource in Resource::ALL {
        let word = resource.word();
        let text = format!(
            "{word} \"a\" {{ policy = \"read\" }} {word}_prefix \"b\" {{ policy = \"write\" }}"
        );
        let named = vec![
            rule(resource, false, "a", Read),
            rule(resource, true, "b", Write),
        ];
        let want = Rules {
            named,
            ..Rules::default()
        };
        assert_eq!(Rules::parse(&text), Ok(want), "{word}");
    }
}

// The texts of Consul 1.8.7.
#[test]
fn what_is_no_rule_is_refused_in_consuls_words() {
    for (text, want) in [
        ("acl = \"list\"", r#"Invalid acl policy: "list""#),
        ("acl=5", r#"Invalid acl policy: "5""#),
        ("operator = \"x\"", r#"Invalid operator policy: "x""#),
        (
            "acl=true",
            "Failed to parse ACL rules: At 1:5: root.acl: unknown type for string *ast.LiteralType",
        ),
        (
            "acl=[\"write\"]",
            "Failed to parse ACL rules: At 1:5: root.acl: unknown type for string *ast.ListType",
        ),
        (
            "key \"a\" {}",
            r#"Invalid key policy: &acl.KeyRule{Prefix:"a", Policy:"", EnterpriseRule:acl.EnterpriseRule{}}"#,
        ),
        (
            "key \"a\" \"b\" {policy=\"read\"}",
            r#"Invalid key policy: &acl.KeyRule{Prefix:"a", Policy:"", EnterpriseRule:acl.EnterpriseRule{}}"#,
        ),
        (
            "service \"a\" {policy=\"list\"}",
            r#"Invalid service policy: &acl.ServiceRule{Name:"a", Policy:"list", Intentions:"", EnterpriseRule:acl.EnterpriseRule{}}"#,
        ),
        (
            "service_prefix \"a\" {policy=\"read\" intentions=\"x\"}",
            r#"Invalid service_prefix intentions policy: &acl.ServiceRule{Name:"a", Policy:"read", Intentions:"x", EnterpriseRule:acl.EnterpriseRule{}}"#,
        ),
        (
            "query \"a\" {policy=\"x\"}",
            r#"Invalid query policy: &acl.PreparedQueryRule{Prefix:"a", Policy:"x"}"#,
        ),
        (
            "key \"a\" = {policy=\"read\"}",
            "Failed to parse ACL rules: At 1:9: nested object expected: LBRACE got: ASSIGN",
        ),
        (
            "key = \"x\"",
            "Failed to parse ACL rules: At 1:7: unknown slice type: *ast.LiteralType",
        ),
        (
            "{\"key\":5}",
            "Failed to parse ACL rules: At -: unknown slice type: *ast.LiteralType",
        ),
        (
            "key \"x\" {",
            "Failed to parse ACL rules: At 1:11: object expected closing RBRACE got: EOF",
        ),
        (
            "key \"a\" { policy \"read\" }",
            "Failed to parse ACL rules: At 1:25: key 'policy \"read\"' expected start of object ('{') or assignment ('=')",
        ),
        (
            "a b",
            "Failed to parse ACL rules: At 1:5: key 'a b' expected start of object ('{') or assignment ('=')",
        ),
        (
            "}",
            "Failed to parse ACL rules: At 1:1: expected: IDENT | STRING | ASSIGN | LBRACE got: RBRACE",
        ),
        (
            "key \"a\\z\" {}",
            "Failed to parse ACL rules: At 1:8: illegal char escape",
        ),
        (
            "key \"a",
            "Failed to parse ACL rules: At 1:7: literal not terminated",
        ),
        (
            "key \"a\" {policy = \"read\"};",
            "Failed to parse ACL rules: At 1:26: illegal char",
        ),
        (
            "a=/* x",
            "Failed to parse ACL rules: At 1:7: comment not terminated",
        ),
        (
            "=",
            "Failed to parse ACL rules: At 1:1: no object keys found!",
        ),
    ] {
        assert_eq!(error(text), want, "{text}");
    }
}

#[test]
fn texts_are_taken_as_they_are() {
    for (text, name) in [
        (r#"key "a${x "y"}b" {policy="read"}"#, r#"a${x "y"}b"#),
        (r#"key "a\"b\n" {policy="read"}"#, "a\"b\n"),
        (r#"key "é" {policy="read"}"#, "é"),
        (r#"{"key":{"\u00e9\"":{"policy":"read"}}}"#, "é\""),
    ] {
        let rules = Rules::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        assert_eq!(rules.named[0].name, name);
    }
    let heredoc = "operator = <<-END\n  read\n  END\n";
    assert_eq!(error(heredoc), r#"Invalid operator policy: "read\n""#);
}

#[test]
fn legacy_rules_speak_of_prefixes_alone() {
    let text =
        r#"key "a" {policy="read"} key_prefix "b" {policy="write"} acl="write" keyring="read""#;
    let want = Rules {
        keyring: Some(Read),
        named: vec![rule(Resource::Key, true, "a", Read)],
        ..Rules::default()
    };
    assert_eq!(Rules::parse_legacy(text), Ok(want));
}

#[test]
fn nesting_and_length_are_bounded() {
    for (open, close) in [("[", "]"), ("{a=", "}"), ("{\"a\" = ", "}")] {
        let text = format!("a = {}1{}", open.repeat(40_000), close.repeat(40_000));
        let error = error(&text);
        assert!(error.contains("within each other"), "{open}: {error}");
    }
    let blocks = "a {".repeat(40_000);
    assert!(error(&blocks).contains("within each other"));
    let json = format!("{}1{}", "{\"a\":".repeat(40_000), "}".repeat(40_000));
    assert!(error(&json).contains("within each other"));
    let long = format!("#{}", "x".repeat(MAX_RULES_BYTES));
    assert!(error(&long).contains("more than the 524288 allowed"));
}

/// A rule as HCL and as JSON.
fn both_forms(rules: &[(usize, bool, String, Access)]) -> (String, String) {
    let (mut hcl, mut json) = (String::new(), Vec::new());
    for (resource, is_prefix, name, access) in rules {
        let word = Resource::ALL[resource % Resource::ALL.len()].word();
        let kind = format!("{word}{}", if *is_prefix { "_prefix" } else { "" });
        let (name, access) = (crate::quote::quote(name), access.as_str());
        hcl.push_str(&format!("{kind} {name} {{ policy = \"{access}\" }}\n"));
        json.push(format!("{{{name}:{{\"policy\":\"{access}\"}}}}"));
        let last = json.len() - 1;
        json[last] = format!("\"{kind}\":{}", json[last]);
    }
    (hcl, format!("{{{}}}", json.join(",")))
}

proptest! {
    #[test]
    fn hcl_and_json_agree(rules in prop::collection::vec(
        (0..7_usize, any::<bool>(), "[ -#%-~äß]{0,8}", prop::sample::select(vec![Deny, Read, Write])),
        0..8,
    )) {
        let (hcl, json) = both_forms(&rules);
        let (hcl, json) = (Rules::parse(&hcl), Rules::parse(&json));
        prop_assert!(hcl.is_ok(), "{hcl:?}");
        prop_assert_eq!(hcl, json);
    }

    #[test]
    fn no_text_makes_it_panic(text in "\\PC{0,64}") {
        let _ = Rules::parse(&text);
        let _ = crate::acl::translate(&text);
    }

    #[test]
    fn no_text_of_its_own_signs_makes_it_panic(
        words in prop::collection::vec(prop::sample::select(vec![
            "key", "\"a\"", "{", "}", "[", "]", "=", ",", "policy", "\"read\"", "\n", "#x\n", "/*",
            "*/", "<<E\n", "E\n", "1", "-", "true", "\"${", "\"", "\\", ":", "null",
        ]), 0..24),
    ) {
        let text = words.join(" ");
        let _ = Rules::parse(&text);
        let _ = crate::acl::translate(&text);
        let _ = Rules::parse(&format!("{{{text}"));
    }
}
