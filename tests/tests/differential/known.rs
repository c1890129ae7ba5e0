//! Where the agent differs from Consul 1.8.7 on purpose, also when it is strict.

use quorate_testkit::exchange::Answer;

use crate::request::{Body, Request};

/// In what two answers differ.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// In status, headers or body.
    Text,
    /// In how their indexes relate to those of earlier answers.
    Index,
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

static KNOWN: [Known; 5] = [
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
            matches!(kind, Kind::Index | Kind::Wait)
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
            matches!(kind, Kind::Index | Kind::Wait)
                && request.target.starts_with("/v1/kv/")
                && (request.target.contains("recurse") || request.target.contains("keys"))
                && real.is_some_and(|real| real.status == 404)
        },
    },
    Known {
        name: "connection closed after an unread chunked body",
        reason: "a body without a length that nobody reads ends the connection, where Go reads up \
                 to 256 KiB away",
        diverges: false,
        is: |kind, request, real, ours| {
            kind == Kind::Text
                && matches!(request.body, Body::Chunked(_))
                && real.zip(ours).is_some_and(|(real, ours)| {
                    (real.status, &real.body) == (ours.status, &ours.body)
                        && ours.header("connection") == Some("close")
                })
        },
    },
    Known {
        name: "requests that break Consul",
        reason: "Consul ends the connection without an answer (a panic) when a check's definition \
                 or a check of a list is null; the agent takes the first for an empty one and \
                 refuses the second",
        diverges: true,
        is: |_, request, real, ours| {
            let is_null = match &request.body {
                Body::Text(body) => body.to_lowercase().contains("null"),
                _ => false,
            };
            is_null
                && request.target.starts_with("/v1/catalog/register")
                && real.is_none()
                && ours.is_some()
        },
    },
];

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
