//! Intentions, configuration entries, the discovery chain and the certificate authority.

use crate::operation::Operation;
use crate::rules::Group::{self, Intention, Operator, Service};

const INTENTION: &[Group] = &[Intention];
const ENTRY: &[Group] = &[Service];
const OPERATOR: &[Group] = &[Operator];
const NONE: &[Group] = &[];

pub(super) fn operations() -> Vec<Operation> {
    [intentions(), entries(), rest()].concat()
}

fn intentions() -> Vec<Operation> {
    let get = |target| Operation::get("intention", target, INTENTION);
    let put = |target, body| Operation::put("intention", target, body, INTENTION);
    let new = r#"{"SourceName":"new","DestinationName":"web","Action":"allow"}"#;
    let create = |body| {
        Operation::write("intention", "POST", "connect/intentions", body, INTENTION).after(
            "DELETE",
            "connect/intentions/{ID}",
            "",
        )
    };
    vec![
        get("connect/intentions"),
        get("connect/intentions/{intention}"),
        get("connect/intentions/{any-intention}"),
        get("connect/intentions/ffffffff-ffff-4fff-bfff-ffffffffffff"),
        get("connect/intentions/match?by=source&name=api"),
        get("connect/intentions/match?by=destination&name=web"),
        get("connect/intentions/match?by=destination&name=db"),
        get("connect/intentions/check?source=api&destination=web"),
        get("connect/intentions/check?source=api&destination=db"),
        get("connect/intentions/check?source=none&destination=none"),
        create(new),
        create(r#"{"SourceName":"web","DestinationName":"new","Action":"deny"}"#),
        create(r#"{"SourceName":"new","DestinationName":"*","Action":"deny"}"#),
        create("{}"),
        put(
            "connect/intentions/{intention}",
            r#"{"SourceName":"api","DestinationName":"web","Action":"allow"}"#,
        ),
        put(
            "connect/intentions/{intention}",
            r#"{"SourceName":"api","DestinationName":"db2","Action":"allow"}"#,
        )
        .after(
            "PUT",
            "connect/intentions/{intention}",
            r#"{"SourceName":"api","DestinationName":"web","Action":"allow"}"#,
        ),
        Operation::delete("intention", "connect/intentions/{ID}", INTENTION)
            .before("POST", "connect/intentions", new)
            .after("DELETE", "connect/intentions/{ID}", ""),
        Operation::delete(
            "intention",
            "connect/intentions/ffffffff-ffff-4fff-bfff-ffffffffffff",
            INTENTION,
        ),
    ]
}

fn entries() -> Vec<Operation> {
    let get = |target, groups| Operation::get("config", target, groups);
    let put = |body, groups| Operation::put("config", "config", body, groups);
    let defaults = r#"{"Kind":"service-defaults","Name":"web","Protocol":"http"}"#;
    let proxy = r#"{"Kind":"proxy-defaults","Name":"global","Config":{"a":1}}"#;
    vec![
        get("config/service-defaults", ENTRY),
        get("config/service-defaults/web", ENTRY),
        get("config/service-defaults/none", ENTRY),
        get("config/service-resolver", ENTRY),
        get("config/service-resolver/web", ENTRY),
        get("config/service-router", ENTRY),
        get("config/ingress-gateway", ENTRY),
        get("config/ingress-gateway/gate", ENTRY),
        get("config/terminating-gateway/exit", ENTRY),
        get("config/proxy-defaults", OPERATOR),
        get("config/proxy-defaults/global", OPERATOR),
        put(defaults, ENTRY),
        put(
            r#"{"Kind":"service-defaults","Name":"wex"}"#,
            ENTRY,
        )
        .after("DELETE", "config/service-defaults/wex", ""),
        put(
            r#"{"Kind":"service-resolver","Name":"web","Redirect":{"Service":"db"}}"#,
            ENTRY,
        ),
        put(
            r#"{"Kind":"service-splitter","Name":"web","Splits":[{"Weight":50},{"Weight":50,"Service":"db"}]}"#,
            ENTRY,
        )
        .after("DELETE", "config/service-splitter/web", ""),
        put(
            r#"{"Kind":"service-router","Name":"web","Routes":[]}"#,
            ENTRY,
        )
        .after("DELETE", "config/service-router/web", ""),
        put(
            r#"{"Kind":"ingress-gateway","Name":"gate","Listeners":[{"Port":80,"Protocol":"tcp","Services":[{"Name":"db"}]}]}"#,
            INGRESS,
        ),
        put(
            r#"{"Kind":"terminating-gateway","Name":"exit","Services":[{"Name":"db"}]}"#,
            INGRESS,
        ),
        put(proxy, OPERATOR),
        put(r#"{"Kind":"none","Name":"x"}"#, ENTRY),
        Operation::delete("config", "config/service-defaults/wex", ENTRY)
            .before("PUT", "config", r#"{"Kind":"service-defaults","Name":"wex"}"#)
            .after("DELETE", "config/service-defaults/wex", ""),
        Operation::delete("config", "config/service-defaults/none", ENTRY),
        Operation::delete("config", "config/proxy-defaults/global", OPERATOR)
            .before("PUT", "config", proxy)
            .after("PUT", "config", proxy),
    ]
}

const INGRESS: &[Group] = &[Service, Operator];

fn rest() -> Vec<Operation> {
    vec![
        Operation::get("connect", "discovery-chain/web", ENTRY).opaque(),
        Operation::get("connect", "discovery-chain/db", ENTRY).opaque(),
        Operation::get("connect", "connect/ca/roots", NONE).opaque(),
        Operation::get("connect", "agent/connect/ca/roots", NONE).opaque(),
        Operation::get("connect", "agent/connect/ca/leaf/web", ENTRY).opaque(),
        Operation::ask(
            "connect",
            "POST",
            "agent/connect/authorize",
            r#"{"Target":"web","ClientCertURI":"spiffe://x.consul/ns/default/dc/dc1/svc/api","ClientCertSerial":"1"}"#,
            ENTRY,
        ),
        Operation::get("connect", "connect/ca/configuration", OPERATOR).opaque(),
    ]
}
