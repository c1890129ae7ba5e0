//! The agent itself, its services and checks, and user events.

use crate::operation::Operation;
use crate::rules::Group::{self, Agent, Event, Node, Operator, Service};

const AGENT: &[Group] = &[Agent];
const NODE: &[Group] = &[Node];
const OPERATOR: &[Group] = &[Operator];
const EVENT: &[Group] = &[Event];
const SERVICE: &[Group] = &[Service, Node];

pub(super) fn operations() -> Vec<Operation> {
    [itself(), services(), checks(), events()].concat()
}

fn itself() -> Vec<Operation> {
    let get = |target, groups| Operation::get("agent", target, groups);
    let put = |target, body, groups| Operation::put("agent", target, body, groups);
    vec![
        get("agent/self", AGENT).opaque(),
        get("agent/metrics", AGENT).opaque(),
        get("agent/metrics?format=prometheus", AGENT).opaque(),
        get("agent/host", OPERATOR).opaque(),
        get("agent/members", NODE).opaque(),
        get("agent/members?wan", NODE).opaque(),
        put("agent/reload", "", AGENT),
        put("agent/force-leave/none", "", OPERATOR),
        put("agent/join/127.0.0.1:1", "", AGENT).opaque(),
        put("agent/token/nothing", r#"{"Token":""}"#, AGENT),
        put("agent/token/replication", r#"{"Token":""}"#, AGENT),
        put("agent/maintenance?enable=true&reason=x", "", NODE).after(
            "PUT",
            "agent/maintenance?enable=false",
            "",
        ),
        put("agent/maintenance?enable=maybe", "", NODE),
    ]
}

fn services() -> Vec<Operation> {
    let get = |target| Operation::get("agent", target, SERVICE);
    let put = |target, body| Operation::put("agent", target, body, SERVICE);
    let web2 = r#"{"Name":"web2","Port":2}"#;
    vec![
        get("agent/services"),
        get("agent/service/web"),
        get("agent/service/none"),
        get("agent/health/service/id/web").unordered(),
        get("agent/health/service/id/none"),
        get("agent/health/service/name/web").unordered(),
        get("agent/health/service/name/web?format=text"),
        get("agent/health/service/name/none"),
        put("agent/service/register", web2).after("PUT", "agent/service/deregister/web2", ""),
        put(
            "agent/service/register",
            r#"{"Name":"web","Port":80,"Check":{"TTL":"1h","Status":"passing"}}"#,
        ),
        // The same id with another name.
        put(
            "agent/service/register",
            r#"{"ID":"web2","Name":"db2","Port":2}"#,
        )
        .before("PUT", "agent/service/register", web2)
        .after("PUT", "agent/service/deregister/web2", ""),
        put("agent/service/deregister/web2", "")
            .before("PUT", "agent/service/register", web2)
            .after("PUT", "agent/service/deregister/web2", ""),
        put("agent/service/deregister/none", ""),
        put("agent/service/maintenance/web?enable=true", "").after(
            "PUT",
            "agent/service/maintenance/web?enable=false",
            "",
        ),
        put("agent/service/maintenance/none?enable=true", ""),
        put("agent/service/register", "{}"),
    ]
}

fn checks() -> Vec<Operation> {
    let get = |target| Operation::get("agent", target, SERVICE);
    let put = |target, body| Operation::put("agent", target, body, SERVICE);
    let mine = r#"{"ID":"mine","Name":"mine","TTL":"1h"}"#;
    let of_web = r#"{"ID":"of-web","Name":"of-web","TTL":"1h","ServiceID":"web"}"#;
    vec![
        get("agent/checks"),
        put("agent/check/register", mine).after("PUT", "agent/check/deregister/mine", ""),
        put("agent/check/register", of_web).after("PUT", "agent/check/deregister/of-web", ""),
        put(
            "agent/check/register",
            r#"{"Name":"x","TTL":"1h","ServiceID":"none"}"#,
        ),
        put("agent/check/deregister/mine", "")
            .before("PUT", "agent/check/register", mine)
            .after("PUT", "agent/check/deregister/mine", ""),
        put("agent/check/deregister/of-web", "")
            .before("PUT", "agent/check/register", of_web)
            .after("PUT", "agent/check/deregister/of-web", ""),
        put("agent/check/deregister/none", ""),
        put("agent/check/pass/alive-here", ""),
        put("agent/check/warn/alive-here", "").after("PUT", "agent/check/pass/alive-here", ""),
        put("agent/check/fail/service:web", "").after("PUT", "agent/check/pass/service:web", ""),
        put("agent/check/pass/service:web", ""),
        put("agent/check/pass/none", ""),
        put("agent/check/update/service:web", r#"{"Status":"passing"}"#),
        put("agent/check/update/alive-here", r#"{"Status":"passing"}"#),
    ]
}

fn events() -> Vec<Operation> {
    let get = |target| Operation::get("event", target, EVENT);
    let put = |target, body| Operation::put("event", target, body, EVENT);
    vec![
        get("event/list"),
        get("event/list?name=deploy"),
        get("event/list?name=none"),
        put("event/fire/deploy", "payload"),
        put("event/fire/other", "payload"),
    ]
}
