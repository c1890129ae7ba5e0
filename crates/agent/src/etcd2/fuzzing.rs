//! What the fuzzer asks of the parsers of etcd's v2 API; see `crate::fuzzing`.

#![allow(clippy::unwrap_used, reason = "a finding is a panic")]

use quorate_wire::etcd2::{Form, Parameters, Route};

use super::decode;
use super::keys::is_form;
use super::member_urls::peer_urls;
use super::target::{Target, encode};
use crate::engine::etcd2::clean;

/// The query and the body of a request: fields that are written again are the same, the body wins,
/// and so are parameters that are written again.
pub(crate) fn form(query: &str, body: &[u8]) {
    let Ok(form) = Form::parse(query, body) else {
        return;
    };
    let again = Form::parse(&form.encode(), b"").unwrap();
    assert_eq!(again, form);
    if let Ok(of_body) = Form::parse("", body) {
        for (name, _) in of_body.iter() {
            assert_eq!(form.get(name), of_body.get(name), "the body wins");
        }
    }
    for is_get in [false, true] {
        if let Ok(parameters) = Parameters::from_form(&form, is_get) {
            let (query, body) = (parameters.to_query().encode(), parameters.to_body());
            let again = Form::parse(&query, body.encode().as_bytes()).unwrap();
            let again = Parameters::from_form(&again, is_get).unwrap();
            // What says nothing is left out.
            let told = |mut it: Parameters| {
                it.value = it.value.filter(|value| !value.is_empty());
                it
            };
            assert_eq!(told(again), told(parameters), "{query}");
        }
    }
}

/// The path of a request: a redirect leads to a path that leads nowhere else, and a key is clean.
pub(crate) fn path(path: &str) {
    let path = match Target::parse(path) {
        Target::Clean(path) => path.into_owned(),
        Target::Cleaned(path) => {
            assert_eq!(
                Target::parse(&encode(&path)),
                Target::Clean(path.as_str().into())
            );
            path
        }
        Target::Malformed => return,
    };
    if let Some(Route::Keys(key)) = Route::parse(&path) {
        let key = clean(key);
        assert_eq!(clean(&key), key);
        assert!(key.starts_with('/') && !key.contains("//"), "{key}");
    }
}

/// A body that describes a member, a user or a role, or the type of one.
pub(crate) fn body(body: &[u8]) {
    if let Ok(urls) = decode::peer_urls(body).and_then(peer_urls) {
        assert_eq!(peer_urls(urls.clone()), Ok(urls));
    }
    // Whatever is read or refused, nothing breaks.
    let _ = (decode::user(body), decode::role(body));
    if let Ok(text) = str::from_utf8(body) {
        let _ = is_form(text);
    }
}
