//! The catalog, health, and coordinates.

use crate::operation::Operation;
use crate::rules::Group::{self, Node, Service};

const NODE: &[Group] = &[Node];
const BOTH: &[Group] = &[Node, Service];

/// What makes the nodes and services again, as they were.
const N_EXT: &str = r#"{"Node":"n-ext","Address":"192.0.2.1","NodeMeta":{"rack":"a"},"Service":{"Service":"web","Port":80,"Tags":["v1"]},"Checks":[{"Name":"alive","Status":"passing"},{"Name":"web","CheckID":"web","Status":"critical","ServiceID":"web"}]}"#;
const N_EXT_DB: &str =
    r#"{"Node":"n-ext","SkipNodeUpdate":true,"Service":{"Service":"db","Port":81}}"#;

pub(super) fn operations() -> Vec<Operation> {
    [reads(), health(), writes(), coordinates()].concat()
}

fn reads() -> Vec<Operation> {
    [
        ("catalog/datacenters", NODE),
        ("catalog/nodes", NODE),
        ("catalog/nodes?filter=Meta.rack==a", NODE),
        ("catalog/services", BOTH),
        ("catalog/service/web", BOTH),
        ("catalog/service/web?tag=v1", BOTH),
        ("catalog/service/db", BOTH),
        ("catalog/service/none", BOTH),
        ("catalog/connect/web", BOTH),
        ("catalog/node/n-ext", BOTH),
        ("catalog/node/m-ext", BOTH),
        ("catalog/node/none", BOTH),
        ("catalog/node-services/n-ext", BOTH),
        ("catalog/node-services/none", BOTH),
        ("catalog/gateway-services/gate", BOTH),
    ]
    .map(|(target, groups)| Operation::get("catalog", target, groups).unordered())
    .into()
}

fn health() -> Vec<Operation> {
    [
        "health/node/n-ext",
        "health/node/node-1",
        "health/node/none",
        "health/checks/web",
        "health/checks/none",
        "health/service/web",
        "health/service/web?passing",
        "health/service/db",
        "health/service/none",
        "health/connect/web",
        "health/ingress/web",
        "health/state/any",
        "health/state/critical",
    ]
    .map(|target| Operation::get("health", target, BOTH).unordered())
    .into()
}

fn restored(operation: Operation) -> Operation {
    operation
        .after("PUT", "catalog/register", N_EXT)
        .after("PUT", "catalog/register", N_EXT_DB)
}

fn register(body: &str) -> Operation {
    Operation::put("catalog", "catalog/register", body, BOTH)
}

fn deregister(body: &str) -> Operation {
    restored(Operation::put("catalog", "catalog/deregister", body, BOTH))
}

fn writes() -> Vec<Operation> {
    let gone = |operation: Operation, body| operation.after("PUT", "catalog/deregister", body);
    vec![
        gone(
            register(r#"{"Node":"n-new","Address":"192.0.2.9"}"#),
            r#"{"Node":"n-new"}"#,
        ),
        gone(
            register(r#"{"Node":"other-new","Address":"192.0.2.9"}"#),
            r#"{"Node":"other-new"}"#,
        ),
        restored(register(r#"{"Node":"n-ext","Address":"192.0.2.2"}"#)),
        register(r#"{"Node":"n-ext","Address":"192.0.2.1","NodeMeta":{"rack":"a"}}"#),
        gone(
            register(r#"{"Node":"n-ext","SkipNodeUpdate":true,"Service":{"Service":"web-new"}}"#),
            r#"{"Node":"n-ext","ServiceID":"web-new"}"#,
        ),
        restored(gone(
            register(
                r#"{"Node":"n-ext","SkipNodeUpdate":true,"Service":{"ID":"web","Service":"db","Port":1}}"#,
            ),
            r#"{"Node":"n-ext","ServiceID":"web"}"#,
        )),
        register(
            r#"{"Node":"n-ext","SkipNodeUpdate":true,"Check":{"Name":"alive","Status":"passing"}}"#,
        ),
        register(
            r#"{"Node":"n-ext","SkipNodeUpdate":true,"Check":{"Name":"web","CheckID":"web","Status":"critical","ServiceID":"web"}}"#,
        ),
        register(
            r#"{"Node":"n-ext","SkipNodeUpdate":true,"Check":{"Name":"x","Status":"critical","ServiceID":"none"}}"#,
        ),
        register(N_EXT),
        register("{}"),
        deregister(r#"{"Node":"n-ext","ServiceID":"web"}"#),
        deregister(r#"{"Node":"n-ext","ServiceID":"none"}"#),
        deregister(r#"{"Node":"n-ext","CheckID":"alive"}"#),
        deregister(r#"{"Node":"n-ext","CheckID":"web"}"#),
        deregister(r#"{"Node":"n-ext","CheckID":"none"}"#),
        deregister(r#"{"Node":"none"}"#),
        deregister("{}"),
        restored(
            Operation::put(
                "catalog",
                "catalog/deregister",
                r#"{"Node":"n-gone"}"#,
                BOTH,
            )
            .before(
                "PUT",
                "catalog/register",
                r#"{"Node":"n-gone","Address":"192.0.2.8"}"#,
            )
            .after("PUT", "catalog/deregister", r#"{"Node":"n-gone"}"#),
        ),
    ]
}

fn coordinates() -> Vec<Operation> {
    let update = r#"{"Node":"n-ext","Coord":{"Vec":[0,0,0,0,0,0,0,0],"Error":1.5,"Adjustment":0,"Height":1e-05}}"#;
    vec![
        Operation::get("coordinate", "coordinate/datacenters", NODE).opaque(),
        Operation::get("coordinate", "coordinate/nodes", NODE).opaque(),
        Operation::get("coordinate", "coordinate/node/n-ext", NODE).opaque(),
        Operation::get("coordinate", "coordinate/node/none", NODE),
        Operation::put("coordinate", "coordinate/update", update, NODE),
        Operation::put(
            "coordinate",
            "coordinate/update",
            &update.replace("n-ext", "none"),
            NODE,
        ),
    ]
}
