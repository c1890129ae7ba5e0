//! The parsers that look at a text and nothing else.

use std::collections::BTreeMap;

use quorate_wire::consul::PreparedQuery;
use quorate_wire::consul::prepared_query::NAME_PREFIX_MATCH;

use crate::acl::{Access, Compiler, Fallback, Resource, Rule, Rules, translate};
use crate::consul::fuzzing as front;
use crate::engine::consul::render;
use quorate_wire::go_regex;

/// The target of a request, path and query: what is clean stays clean, a redirect leads to a clean
/// path, and parameters that are written again are the same.
pub fn target(data: &[u8]) {
    if let Ok(text) = str::from_utf8(data) {
        let (path, query) = text.split_once('?').unwrap_or((text, ""));
        front::target(path, query);
    }
}

/// A body as Go's decoder reads it: whatever it takes is the same when it is written and read again.
pub fn json(data: &[u8]) {
    front::json(data);
}

/// A filter expression: its negation keeps exactly what it does not.
pub fn filter(data: &[u8]) {
    if let Ok(expression) = str::from_utf8(data) {
        front::filter(expression);
    }
}

/// The rules of a policy, in HCL or JSON: those of old mean the same when they are translated.
pub fn rules(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let translated = translate(text);
    let Ok(rules) = Rules::parse(text) else {
        return;
    };
    decide(&rules);
    let translated = translated.unwrap_or_else(|problem| {
        panic!("rules that can be read are not translated: {problem}\n{text}")
    });
    let again = Rules::parse(&translated)
        .unwrap_or_else(|problem| panic!("{problem}\n{text}\nwas translated into\n{translated}"));
    let all_prefixes = |rules: &Rules| {
        let mut counted: BTreeMap<String, usize> = BTreeMap::new();
        for rule in &rules.named {
            let is_prefix = true;
            let rule = Rule {
                is_prefix,
                ..rule.clone()
            };
            *counted.entry(format!("{rule:?}")).or_default() += 1;
        }
        counted
    };
    assert_eq!(
        (
            all_prefixes(&again),
            again.acl,
            again.keyring,
            again.operator
        ),
        (
            all_prefixes(&rules),
            rules.acl,
            rules.keyring,
            rules.operator
        ),
        "{text}\nwas translated into\n{translated}"
    );
}

/// Asks for what the rules speak of: who may write may read, and who may write a whole tree may write
/// its root.
fn decide(rules: &Rules) {
    let mut compiler = Compiler::default();
    compiler.add(rules);
    let authorizer = compiler.finish(Fallback::Deny);
    for rule in &rules.named {
        let name = rule.name.as_bytes();
        let may_write = authorizer.allows(rule.resource, name, Access::Write);
        let may_read = authorizer.allows(rule.resource, name, Access::Read);
        assert!(may_read || !may_write, "{rule:?} writes what it can't read");
        let whole = rule.resource == Resource::Key && authorizer.key_write_under(name);
        assert!(
            may_write || !whole,
            "{rule:?} allows a tree and not its root"
        );
    }
}

/// A template of a prepared query, in three lines: the regular expression, the text, and the name
/// that is asked for. It renders the same twice, and to no more than its parts can be.
pub fn template(data: &[u8]) {
    let Ok(text) = str::from_utf8(data) else {
        return;
    };
    let mut lines = text.splitn(3, '\n');
    let mut line = || lines.next().unwrap_or_default();
    let (regexp, text, name) = (line(), line(), line());
    let mut query = PreparedQuery::default();
    query.template.r#type = NAME_PREFIX_MATCH.to_owned();
    query.template.regexp = regexp.to_owned();
    query.service.service = text.to_owned();
    let rendered = render(&query, name);
    assert_eq!(rendered, render(&query, name), "{text:?}");
    if let Ok(rendered) = rendered {
        // Every piece is the name, a part of it, or a number, which has 309 digits at most.
        let most = text.len().saturating_mul(name.len() + 400);
        let rendered = rendered.service.service;
        assert!(rendered.len() <= most, "{text:?} became {rendered:?}");
    }
    if let Ok(regex) = go_regex::compile(regexp) {
        let found = regex.find(name).map(|found| found.range());
        assert_eq!(found.is_some(), regex.is_match(name), "{regexp:?}");
    }
}
