use serde_json::json;

use super::*;

fn problem(expression: &str, fields: &'static Fields) -> String {
    match Filter::parse(expression, fields) {
        Ok(filter) => panic!("{expression} was read as {filter:?}"),
        Err(problem) => problem,
    }
}

// What Consul 1.8.7 answered about the same expressions on its nodes.
#[test]
fn what_can_not_be_read_is_told_in_consuls_words() {
    const FIRST: &str =
        r#"expected: "(", "-", "0", "\"", "`", "not", [ \t\r\n], [1-9] or [a-zA-Z]"#;
    const VALUE: &str = r#"expected: "-", "0", "\"", "`", [ \t\r\n], [1-9] or [a-zA-Z]"#;
    const OPERATOR: &str =
        r#"expected: "!=", "==", "contains", "in", "is", "matches", "not" or [ \t\r\n]"#;
    const AFTER: &str = r#"expected: "and", "or", [ \t\r\n] or EOF"#;
    const SELECTOR: &str = r#"expected: "!=", ".", "==", "[", [ \t\r\n] or [a-zA-Z0-9_]"#;
    for (expression, place, expected) in [
        ("Node", "1:5 (4)", SELECTOR),
        ("Node ==", "1:8 (7)", VALUE),
        ("Node = n1", "1:6 (5)", OPERATOR),
        ("Node is", "1:8 (7)", r"expected: [ \t\r\n]"),
        ("Node not", "1:9 (8)", r"expected: [ \t\r\n]"),
        ("(Node == n1))", "1:13 (12)", r"expected: [ \t\r\n] or EOF"),
        ("Node == n1 and", "1:15 (14)", r"expected: [ \t\r\n]"),
        ("Node == n1 or", "1:14 (13)", r"expected: [ \t\r\n]"),
        ("not(Node == n1)", "1:4 (3)", SELECTOR),
        (
            "\"Node\" == n1",
            "1:8 (7)",
            r#"expected: "in", "not" or [ \t\r\n]"#,
        ),
        ("Meta. == 1", "1:6 (5)", "expected: [a-zA-Z]"),
        (".Node == 1", "1:1 (0)", FIRST),
        (
            "1 == Node",
            "1:3 (2)",
            r#"expected: "in", "not" or [ \t\r\n]"#,
        ),
        ("Node == n1 AND Node == n1", "1:12 (11)", AFTER),
        ("Node == n1 and Node == n1 Node == n1", "1:27 (26)", AFTER),
        ("Node == é", "1:9 (8)", VALUE),
        ("é == Node", "1:1 (0)", FIRST),
        (" ", "1:2 (1)", FIRST),
        ("()", "1:2 (1)", FIRST),
        ("( )", "1:3 (2)", FIRST),
        ("(", "1:2 (1)", FIRST),
        ("Node == (x)", "1:9 (8)", VALUE),
        ("Node == n1 or or Node == n1", "1:18 (17)", OPERATOR),
        (
            "Node == n1) or (Node == n1",
            "1:11 (10)",
            r#"expected: ".", "[", [ \t\r\n], [a-zA-Z0-9_] or EOF"#,
        ),
        ("Node\n = x", "2:2 (6)", OPERATOR),
        ("Node == x\n\n;", "3:1 (11)", AFTER),
        ("Node == \"é\" ;", "1:13 (13)", AFTER),
    ] {
        let expected = format!("{place}: no match found, {expected}");
        assert_eq!(problem(expression, &NODE), expected, "{expression}");
    }
}

// From the same server.
#[test]
fn what_is_read_and_can_not_be_meant_is_told_with_its_rule() {
    for (expression, error) in [
        (
            "(Node == n1",
            r#"1:12 (11): rule "grouping": Unmatched parentheses"#,
        ),
        (
            "Node == \"n1",
            r#"1:12 (11): rule "string": Unterminated string literal"#,
        ),
        (
            "Node == `n1",
            r#"1:12 (11): rule "string": Unterminated string literal"#,
        ),
        (
            "Node == 01",
            r#"1:10 (9): rule "number": Invalid number literal"#,
        ),
        (
            "Node == 1a",
            r#"1:10 (9): rule "number": Invalid number literal"#,
        ),
        (
            "Node == 127.0.0.1",
            r#"1:14 (13): rule "number": Invalid number literal"#,
        ),
        ("Node[ == 1", r#"1:7 (6): rule "index": Invalid index"#),
        (
            "Node[\"x\" == 1",
            r#"1:10 (9): rule "index": Unclosed index expression"#,
        ),
        ("Node[x] == 1", r#"1:6 (5): rule "index": Invalid index"#),
        (
            "Meta[\"x == 1",
            "1:13 (12): rule \"string\": Unterminated string literal\n1:6 (5): rule \"index\": Invalid index",
        ),
        ("1 in 2", r#"1:6 (5): rule "match": Invalid selector"#),
        (
            r#"Node == "a\"b""#,
            r#"1:9 (8): rule "string": invalid syntax"#,
        ),
        (
            "Node == \"a\nb\"",
            r#"1:9 (8): rule "string": invalid syntax"#,
        ),
        (
            r#"Node == "\'""#,
            r#"1:9 (8): rule "string": invalid syntax"#,
        ),
        (
            r#"Node == "\400""#,
            r#"1:9 (8): rule "string": invalid syntax"#,
        ),
    ] {
        assert_eq!(problem(expression, &NODE), error, "{expression}");
    }
}

// From the same server, about the instances of a service.
#[test]
fn what_does_not_fit_the_elements_is_told_with_its_selector() {
    for (expression, error) in [
        ("Foo == 1", r#"Selector "Foo" is not valid"#),
        ("Foo.Bar == 1", r#"Selector "Foo" is not valid"#),
        ("Node.Foo == 1", r#"Selector "Node.Foo" is not valid"#),
        ("Node[\"x\"] == 1", r#"Selector "Node.x" is not valid"#),
        ("node == n1", r#"Selector "node" is not valid"#),
        (
            "NodeMeta.a.b == c",
            r#"Selector "NodeMeta.a.b" is not valid"#,
        ),
        ("CreateIndex == 1", r#"Selector "CreateIndex" is not valid"#),
        ("1 in Foo", r#"Selector "Foo" is not valid"#),
        ("and == or", r#"Selector "and" is not valid"#),
        ("not == x", r#"Selector "not" is not valid"#),
        (
            "ServiceTags.x == y",
            r#"Selector "ServiceTags.x" is not valid"#,
        ),
        (
            "Node is empty",
            r#"Invalid match operator "Is Empty" for selector "Node""#,
        ),
        (
            "ServiceTags == x",
            r#"Invalid match operator "Equal" for selector "ServiceTags""#,
        ),
        (
            "ServicePort contains 1",
            r#"Invalid match operator "In" for selector "ServicePort""#,
        ),
        (
            "ServiceTaggedAddresses.lan is empty",
            r#"Invalid match operator "Is Empty" for selector "ServiceTaggedAddresses.lan""#,
        ),
        (
            "ServiceWeights not matches 1",
            r#"Invalid match operator "Not Matches" for selector "ServiceWeights""#,
        ),
        (
            "ServicePort == 1.5",
            r#"Failed to coerce value "1.5" for selector "ServicePort": strconv.ParseInt: parsing "1.5": invalid syntax"#,
        ),
        (
            "ServicePort == 9223372036854775808",
            r#"Failed to coerce value "9223372036854775808" for selector "ServicePort": strconv.ParseInt: parsing "9223372036854775808": value out of range"#,
        ),
        (
            "ServiceEnableTagOverride == no",
            r#"Failed to coerce value "no" for selector "ServiceEnableTagOverride": strconv.ParseBool: parsing "no": invalid syntax"#,
        ),
        (
            r"Node matches `\(` and Node matches `(` and Foo == 1",
            "Failed to compile regular expression \"(\": error parsing regexp: missing closing ): `(`",
        ),
        (
            r"Node matches `\q`",
            "Failed to compile regular expression \"\\\\q\": error parsing regexp: invalid escape sequence: `\\q`",
        ),
    ] {
        assert_eq!(problem(expression, &CATALOG_SERVICE), error, "{expression}");
    }
}

#[test]
fn every_operator_asks_what_it_asks_on_the_real_server() {
    let element = json!({
        "Node": {"Node": "n1", "Meta": {"rack": "7", "a.b": "c"}},
        "Service": {
            "Service": "web", "Tags": ["a", "b"], "Port": 8300, "EnableTagOverride": true,
            "Meta": {}, "TaggedAddresses": {"lan": {"Address": "10.0.0.1", "Port": 80}},
            "Proxy": {"Upstreams": [{"DestinationName": "x"}, {"DestinationName": "y"}]},
        },
        "Checks": [{"Status": "passing"}, {"Status": "warning", "ServiceTags": ["a"]}],
    });
    for (expression, holds) in [
        ("Node.Node == n1", true),
        ("Node.Node==`n1`", true),
        ("Node.Node != n1", false),
        ("Node.Node contains n", true),
        ("x in Node.Node", false),
        ("x not in Node.Node", true),
        ("Node.Node matches \"^n[0-9]$\"", true),
        ("Node.Node not matches 1", false),
        ("Node.Address == \"\"", true),
        ("Node.Meta.rack == 7", true),
        ("Node.Meta[\"a.b\"] == c", true),
        ("rack in Node.Meta", true),
        ("Node.Meta not contains rack", false),
        ("Node.Meta is empty", false),
        ("Service.Meta is empty", true),
        ("Service.Meta.none == x", false),
        ("Service.Meta.none != x", true),
        ("Service.Meta.none contains x", false),
        ("x not in Service.Meta.none", true),
        ("Service.Meta.none matches x", true),
        ("Service.Meta.none not matches x", true),
        ("a in Service.Tags", true),
        ("c in Service.Tags", false),
        ("Service.Tags is not empty", true),
        ("Service.Port == 8300", true),
        ("Service.Port == \"0x206c\"", true),
        ("Service.Port == \"8_300\"", true),
        ("Service.Port == \"020154\"", true),
        ("Service.Port == \"+8300\"", true),
        ("Service.Port != -1", true),
        ("Service.EnableTagOverride == T", true),
        ("Service.EnableTagOverride == 0", false),
        ("Service.Connect.Native == false", true),
        ("Service.Weights.Passing == 0", true),
        ("Service.TaggedAddresses.lan.Port == 80", true),
        ("Service.TaggedAddresses.wan.Port == 80", false),
        ("Service.Proxy.Upstreams.DestinationName == y", true),
        ("Service.Proxy.Upstreams.DestinationName == z", false),
        ("Service.Proxy.Expose.Paths is empty", true),
        ("Checks.Status == warning", true),
        ("Checks.Status != warning", true),
        ("Checks.Status == critical", false),
        ("a in Checks.ServiceTags", true),
        ("Checks is empty", false),
        (
            "Node.Node == n1 and Service.Port == 1 or a in Service.Tags",
            true,
        ),
        (
            "Node.Node == n1 and (Service.Port == 1 or c in Service.Tags)",
            false,
        ),
        ("not Node.Node == n1", false),
        ("not not Node.Node == n1", true),
        ("not (Node.Node == n2) and not Service.Port == 1", true),
        (" ( Node.Node\n==\tn1 ) ", true),
        (r#"Node.Node == "\x6e\061""#, true),
    ] {
        let filter = Filter::parse(expression, &SERVICE_ENTRY).unwrap();
        assert_eq!(filter.keeps(&element), holds, "{expression}");
    }
}

#[test]
fn hostile_expressions_end_soon() {
    let nested = |depth: usize| "(".repeat(depth) + "Node == x" + &")".repeat(depth);
    assert!(Filter::parse(&nested(128), &NODE).is_ok());
    let deep = "the expression nests deeper than 128 levels";
    assert_eq!(problem(&nested(129), &NODE), deep);
    assert_eq!(problem(&"(".repeat(60_000), &NODE), deep);
    assert_eq!(problem(&"not (".repeat(10_000), &NODE), deep);
    assert!(Filter::parse(&("not ".repeat(15_000) + "Node == x"), &NODE).is_ok());
    assert!(Filter::parse(&"not ".repeat(15_000), &NODE).is_err());
    assert!(Filter::parse(&("Node == x or ".repeat(5_000) + "Node == y"), &NODE).is_ok());
    assert!(Filter::parse(&"Meta[`".repeat(10_000), &NODE).is_err());
    let many = ["Node matches x"; 65].join(" or ");
    let error = "the expression has more than 64 regular expressions";
    assert_eq!(problem(&many, &NODE), error);
}

const WORDS: [&str; 40] = [
    "Node",
    "Meta",
    "TaggedAddresses.lan",
    "Meta[\"x\"]",
    "Meta[`x`",
    "Foo",
    "not",
    "and",
    "or",
    "in",
    "is",
    "empty",
    "contains",
    "matches",
    "==",
    "!=",
    "(",
    ")",
    "[",
    "]",
    ".",
    "\"",
    "`",
    "\"x\"",
    "`y`",
    "1",
    "-1.5",
    "01",
    "é",
    "\\",
    "\n",
    "\t",
    "x",
    "\"(\"",
    "\"[a-z]+\"",
    "\"\\",
    "not in",
    "is not empty",
    "=",
    "!",
];

proptest::proptest! {
    #[test]
    fn no_expression_of_known_words_panics(
        words in proptest::collection::vec(proptest::sample::select(&WORDS[..]), 0..12),
        spaces in proptest::collection::vec(proptest::bool::weighted(0.8), 12),
    ) {
        let mut text = String::new();
        for (word, space) in words.iter().zip(spaces) {
            text.push_str(word);
            text.push_str(if space { " " } else { "" });
        }
        if let Ok(filter) = Filter::parse(&text, &NODE) {
            filter.keeps(&json!({"Node": "x", "Meta": {"x": "y"}}));
        }
    }

    #[test]
    fn no_text_at_all_panics(text in ".{0,60}") {
        let _ = Filter::parse(&text, &SERVICE_ENTRY);
    }
}
