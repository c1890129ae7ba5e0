//! Where the agent differs from Consul 1.8.7 on purpose, also when it is strict.

use quorate_testkit::exchange::Answer;
use serde_json::Value;

use crate::answer::body;
use crate::request::{Body, Request};

/// In what two answers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// In status, headers or body.
    Text,
    /// The agent's index means an earlier moment than Consul's, by those of other answers.
    Earlier,
    /// It means a later one.
    Later,
    /// In whether a read waited.
    Wait,
}

/// One difference that is meant.
pub(crate) struct Known {
    pub(crate) name: &'static str,
    /// Why; `docs/compatibility.md` says the same.
    #[allow(dead_code, reason = "it is there to be read")]
    pub(crate) reason: &'static str,
    /// Whether the two hold different data afterwards.
    pub(crate) diverges: bool,
    is: fn(Kind, &Request, Option<&Answer>, Option<&Answer>) -> bool,
}

static KNOWN: [Known; 8] = [
    Known {
        name: "catalog operations in a transaction",
        reason: "operations on nodes, services and checks are refused within transactions",
        diverges: true,
        is: |_, request, _, ours| {
            request.target.starts_with("/v1/txn")
                && ours.is_some_and(|ours| ours.text().ends_with("are not served by this agent"))
        },
    },
    Known {
        name: "index of a node that is not there",
        reason: "Consul answers index 1 to catalog/node of an unknown node, so that who waits for \
                 its end or its return is never woken; the agent answers the tables' index",
        diverges: false,
        is: |kind, request, real, _| {
            matches!(kind, Kind::Later | Kind::Wait)
                && request.target.starts_with("/v1/catalog/node/")
                && real.and_then(|real| real.header("x-consul-index")) == Some("1")
        },
    },
    Known {
        name: "index of a prefix whose parent was deleted",
        reason: "Consul answers the index of an older deletion below, which goes back, and who \
                 waits sleeps on; the agent answers that of the newest change",
        diverges: false,
        is: |kind, request, real, _| {
            matches!(kind, Kind::Later | Kind::Wait)
                && real.is_some_and(|real| is_absent_prefix(request, real.status))
        },
    },
    Known {
        name: "connection closed after an unread body",
        reason: "a body that is refused unread ends the connection, unless it came with the head; \
                 Go reads up to 256 KiB away, and resets the connection when there is more",
        diverges: false,
        is: |kind, request, real, ours| {
            let unread = matches!(request.body, Body::Chunked(_) | Body::Filled(_));
            let closes = |it: &Answer| it.header("connection") == Some("close");
            let alike = real.zip(ours).is_none_or(|(real, ours)| {
                real.status == ours.status && (closes(real) || closes(ours))
            });
            kind == Kind::Text && unread && alike && ours.is_some_and(|ours| ours.status >= 300)
        },
    },
    Known {
        name: "empty value, compressed",
        reason: "Consul announces gzip for a raw value without a byte and sends none, which no \
                 decoder accepts; the agent announces nothing",
        diverges: false,
        is: |_, request, real, ours| {
            let announces = |it: &Answer| it.header("content-encoding").is_some();
            request.target.contains("raw")
                && real.is_some_and(|real| real.body.is_empty() && announces(real))
                && ours.is_some_and(|ours| ours.body.is_empty() && !announces(ours))
        },
    },
    Known {
        name: "datacenters behind an error",
        reason: "Consul answers the list of datacenters also when it refuses the options, behind \
                 the error's words; the agent answers the error alone",
        diverges: false,
        is: |_, request, real, ours| {
            let alike = real.zip(ours).is_some_and(|(real, ours)| {
                let behind = body(real);
                let behind = behind.strip_prefix(&body(ours));
                real.status == ours.status && behind.is_some_and(|rest| rest.contains("dc1"))
            });
            request.target.starts_with("/v1/catalog/datacenters") && alike
        },
    },
    Known {
        name: "datacenters from the cache",
        reason: "with ?cached Consul answers catalog/datacenters from a cache and says how old \
                 that is; the agent has nothing to cache",
        diverges: false,
        is: |_, request, real, ours| {
            request.target.starts_with("/v1/catalog/datacenters?")
                && real.zip(ours).is_some_and(|(real, ours)| {
                    real.header("x-cache").is_some() && body(real) == body(ours)
                })
        },
    },
    Known {
        name: "requests that break Consul",
        reason: "Consul ends the connection without an answer (it panics) when a check's definition, \
                 a check of a list or an operation of a transaction is null; the agent takes them \
                 for empty ones",
        diverges: true,
        is: |_, request, real, ours| {
            let is_null = match &request.body {
                Body::Text(body) => body.to_lowercase().contains("null"),
                _ => false,
            };
            is_null
                && (request.target.starts_with("/v1/catalog/register")
                    || request.target.starts_with("/v1/txn"))
                && real.is_none()
                && ours.is_some()
        },
    },
];

/// Whether a read of a prefix found nothing there.
pub(crate) fn is_absent_prefix(request: &Request, status: u16) -> bool {
    let target = &request.target;
    target.starts_with("/v1/kv/")
        && (target.contains("recurse") || target.contains("keys"))
        && status == 404
}

/// A read of what is not there, before and after: Consul wakes it when a neighbour in its tree
/// changes.
pub(crate) static NEIGHBOUR: Known = Known {
    name: "woken by a neighbour of what is not there",
    reason: "Consul wakes a read of an absent key, prefix or session when something beside it \
             changes, to answer the same once more; the agent lets it sleep",
    diverges: false,
    is: |_, _, _, _| false,
};

/// Whether the request makes Consul 1.8.7 end for good: a transaction that writes and also deletes
/// everything with `delete-tree` closes one of its channels twice, and the whole server panics at
/// the next write. The agent carries it out. Nothing can be compared after that.
pub(crate) fn ends_consul(request: &Request) -> bool {
    let Body::Text(body) = &request.body else {
        return false;
    };
    // What follows the first value does not matter, as for Consul.
    let mut values = serde_json::Deserializer::from_str(body).into_iter::<Value>();
    let Some(Ok(Value::Array(ops))) = values.next() else {
        return false;
    };
    ops.len() > 1 && ops.iter().any(deletes_everything)
}

fn deletes_everything(op: &Value) -> bool {
    let ops = op.as_object().into_iter().flatten();
    let mut ops = ops.filter_map(|(_, op)| op.as_object());
    ops.any(|op| {
        let mut fields = op.iter();
        let mut keys = op
            .iter()
            .filter(|(name, _)| name.eq_ignore_ascii_case("key"));
        fields.any(|(_, value)| value == "delete-tree")
            && !keys.all(|(_, key)| key.as_str().is_some_and(|key| !key.is_empty()))
            || !op.keys().any(|name| name.eq_ignore_ascii_case("key"))
    })
}

/// The known difference that explains why these answers differ.
pub(crate) fn find(
    kind: Kind,
    request: &Request,
    real: Option<&Answer>,
    ours: Option<&Answer>,
) -> Option<&'static Known> {
    let mut known = KNOWN.iter();
    known.find(|known| (known.is)(kind, request, real, ours))
}
