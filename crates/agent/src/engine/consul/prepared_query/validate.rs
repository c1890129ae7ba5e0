use std::collections::BTreeMap;

use quorate_wire::consul::prepared_query::HIDDEN_TOKEN;
use quorate_wire::consul::{GoDuration, PreparedQuery};

use super::write::PreparedQueryRefusal;
use crate::quote::in_gos_words;

const MAX_META: usize = 64;
const MAX_META_KEY: usize = 128;
const MAX_META_VALUE: usize = 512;

/// Checks a definition by itself, in the real server's order.
pub(super) fn validate(query: &PreparedQuery, nameless: bool) -> Result<(), PreparedQueryRefusal> {
    let checks = check(query, nameless);
    checks.map_err(PreparedQueryRefusal::Invalid)
}

fn check(query: &PreparedQuery, nameless: bool) -> Result<(), String> {
    let anonymous = query.name.is_empty() && !query.is_template() && query.session.is_empty();
    if anonymous && !nameless {
        return Err("Must be bound to a session".into());
    }
    if query.token.expose() == HIDDEN_TOKEN {
        return Err(format!(
            "Bad Token '{HIDDEN_TOKEN}', it looks like a query definition with a redacted token was submitted"
        ));
    }
    let service = &query.service;
    if service.service.is_empty() {
        return Err("Must provide a Service name to query".into());
    }
    let nearest = service.failover.nearest_n;
    if nearest < 0 {
        return Err(format!("Bad NearestN '{nearest}', must be >= 0"));
    }
    check_meta(service.node_meta.as_ref())?;
    check_ttl(&query.dns.ttl_text)
}

fn check_meta(meta: Option<&BTreeMap<String, String>>) -> Result<(), String> {
    let Some(meta) = meta else {
        return Ok(());
    };
    if meta.len() > MAX_META {
        return Err(format!(
            "Node metadata cannot contain more than {MAX_META} key/value pairs"
        ));
    }
    for (key, value) in meta {
        let problem = if key.is_empty() {
            "Key cannot be blank".to_owned()
        } else if !key.bytes().all(is_of_a_key) {
            "Key contains invalid characters".to_owned()
        } else if key.len() > MAX_META_KEY {
            format!("Key is too long (limit: {MAX_META_KEY} characters)")
        } else if value.len() > MAX_META_VALUE {
            format!("Value is too long (limit: {MAX_META_VALUE} characters)")
        } else {
            continue;
        };
        return Err(format!(
            "Couldn't load metadata pair ('{key}', '{value}'): {problem}"
        ));
    }
    Ok(())
}

fn is_of_a_key(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_')
}

fn check_ttl(text: &str) -> Result<(), String> {
    if text.is_empty() {
        return Ok(());
    }
    let ttl: GoDuration = text
        .parse()
        .map_err(|problem| format!("Bad DNS TTL '{text}': {}", in_gos_words(&problem)))?;
    match ttl.nanos() {
        0.. => Ok(()),
        nanos => Err(format!("DNS TTL '{nanos}', must be >=0")),
    }
}
