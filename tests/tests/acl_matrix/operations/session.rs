//! Sessions.

use crate::operation::Operation;
use crate::rules::Group::{self, Session};

const SESSION: &[Group] = &[Session];

pub(super) fn operations() -> Vec<Operation> {
    let get = |target| Operation::get("session", target, SESSION);
    let put = |target, body| Operation::put("session", target, body, SESSION);
    let mine = r#"{"LockDelay":"0s","NodeChecks":[]}"#;
    let external = r#"{"Node":"n-ext","LockDelay":"0s","NodeChecks":[]}"#;
    vec![
        get("session/list").unordered(),
        get("session/node/n-ext"),
        get("session/node/node-1"),
        get("session/info/{session}"),
        get("session/info/{own-session}"),
        get("session/info/ffffffff-ffff-4fff-bfff-ffffffffffff"),
        get("session/info/x"),
        put("session/create", mine).after("PUT", "session/destroy/{ID}", ""),
        put("session/create", external).after("PUT", "session/destroy/{ID}", ""),
        put("session/create", r#"{"Node":"none","NodeChecks":[]}"#),
        put("session/renew/{session}", ""),
        put("session/renew/{own-session}", ""),
        put("session/renew/ffffffff-ffff-4fff-bfff-ffffffffffff", ""),
        put("session/destroy/{ID}", "")
            .before("PUT", "session/create", external)
            .after("PUT", "session/destroy/{ID}", ""),
        put("session/destroy/ffffffff-ffff-4fff-bfff-ffffffffffff", ""),
    ]
}
