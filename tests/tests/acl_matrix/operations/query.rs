//! Prepared queries.

use crate::operation::Operation;
use crate::rules::Group::{self, Node, Query, Service};

const QUERY: &[Group] = &[Query];
const RUN: &[Group] = &[Query, Service, Node];

pub(super) fn operations() -> Vec<Operation> {
    let get = |target| Operation::get("query", target, QUERY);
    let put = |target, body| Operation::put("query", target, body, QUERY);
    let new = r#"{"Name":"q-new","Service":{"Service":"web"}}"#;
    let nameless = r#"{"Session":"{own-session}","Service":{"Service":"web"}}"#;
    let create = |body| {
        Operation::write("query", "POST", "query", body, QUERY).after("DELETE", "query/{ID}", "")
    };
    vec![
        get("query").unordered(),
        get("query/{query}"),
        get("query/{nameless-query}"),
        get("query/ffffffff-ffff-4fff-bfff-ffffffffffff"),
        get("query/q-web/explain"),
        get("query/none/explain"),
        Operation::get("query", "query/q-web/execute", RUN).unordered(),
        Operation::get("query", "query/{query}/execute", RUN).unordered(),
        Operation::get("query", "query/none/execute", RUN),
        create(new),
        create(nameless),
        create(r#"{"Name":"z-new","Service":{"Service":"web"}}"#),
        create("{}"),
        put(
            "query/{query}",
            r#"{"Name":"q-web","Service":{"Service":"web"}}"#,
        ),
        put(
            "query/{query}",
            r#"{"Name":"q-web2","Service":{"Service":"web"}}"#,
        )
        .after(
            "PUT",
            "query/{query}",
            r#"{"Name":"q-web","Service":{"Service":"web"}}"#,
        ),
        put("query/ffffffff-ffff-4fff-bfff-ffffffffffff", new),
        Operation::delete("query", "query/{ID}", QUERY)
            .before("POST", "query", new)
            .after("DELETE", "query/{ID}", ""),
        Operation::delete("query", "query/ffffffff-ffff-4fff-bfff-ffffffffffff", QUERY),
    ]
}
