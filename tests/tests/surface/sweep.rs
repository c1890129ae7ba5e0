//! Leaves a server with nothing in it but itself.

use serde_json::Value;

use crate::ask::{Ask, Body, Care};
use crate::side::Side;
use crate::world::{MASTER, NODE};

/// How often it is tried: what others still need can't be deleted before them.
const TRIES: usize = 4;

const KINDS: [&str; 7] = [
    "ingress-gateway",
    "terminating-gateway",
    "service-router",
    "service-splitter",
    "service-resolver",
    "service-defaults",
    "proxy-defaults",
];

/// Removes whatever scripts left.
pub(crate) async fn sweep(side: &mut Side) -> anyhow::Result<()> {
    request(side, "DELETE", "/v1/kv/?recurse", "").await;
    request(side, "PUT", "/v1/agent/maintenance?enable=false", "").await;
    for (list, method, delete) in [
        ("/v1/agent/services", "PUT", "/v1/agent/service/deregister/"),
        ("/v1/agent/checks", "PUT", "/v1/agent/check/deregister/"),
        ("/v1/session/list", "PUT", "/v1/session/destroy/"),
        ("/v1/query", "DELETE", "/v1/query/"),
        (
            "/v1/connect/intentions",
            "DELETE",
            "/v1/connect/intentions/",
        ),
        ("/v1/acl/tokens", "DELETE", "/v1/acl/token/"),
        ("/v1/acl/roles", "DELETE", "/v1/acl/role/"),
        ("/v1/acl/policies", "DELETE", "/v1/acl/policy/"),
        ("/v1/acl/binding-rules", "DELETE", "/v1/acl/binding-rule/"),
        ("/v1/acl/auth-methods", "DELETE", "/v1/acl/auth-method/"),
    ] {
        for id in ids(side, list).await {
            if id != MASTER && !id.starts_with("00000000-0000-") {
                request(side, method, &format!("{delete}{}", encoded(&id)), "").await;
            }
        }
    }
    for _ in 0..TRIES {
        for kind in KINDS {
            for name in ids(side, &format!("/v1/config/{kind}")).await {
                let target = format!("/v1/config/{kind}/{}", encoded(&name));
                request(side, "DELETE", &target, "").await;
            }
        }
    }
    for node in ids(side, "/v1/catalog/nodes").await {
        if node != NODE {
            let body = serde_json::json!({"Node": node}).to_string();
            request(side, "PUT", "/v1/catalog/deregister", &body).await;
        }
    }
    Ok(())
}

async fn request(side: &mut Side, method: &str, target: &str, body: &str) {
    let ask = Ask {
        line: String::new(),
        name: None,
        care: Care::All,
        method: method.to_owned(),
        target: target.to_owned(),
        headers: Vec::new(),
        body: Body::Text(body.to_owned()),
    };
    // What can't be deleted is in the way of the next script, and seen there.
    let _ = side.ask(&ask).await;
}

/// What the rows of a list are called.
async fn ids(side: &mut Side, list: &str) -> Vec<String> {
    match side.get(list).await {
        Ok(Value::Object(rows)) => rows.keys().cloned().collect(),
        Ok(Value::Array(rows)) => rows.iter().filter_map(id).collect(),
        _ => Vec::new(),
    }
}

fn id(row: &Value) -> Option<String> {
    // A node has an id, too, but goes by its name.
    let fields = ["Node", "AccessorID", "ID", "Name"];
    let mut values = fields.iter().filter_map(|field| row[*field].as_str());
    let is_session = row.get("LockDelay").is_some();
    if is_session {
        return row["ID"].as_str().map(str::to_owned);
    }
    values.find(|value| !value.is_empty()).map(str::to_owned)
}

/// The text as one segment of a path.
fn encoded(text: &str) -> String {
    let plain = |byte: &u8| byte.is_ascii_alphanumeric() || b"-_.~".contains(byte);
    let encode = |byte: u8| match plain(&byte) {
        true => char::from(byte).to_string(),
        false => format!("%{byte:02X}"),
    };
    text.bytes().map(encode).collect()
}
