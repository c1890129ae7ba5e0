//! Where the agent differs from Consul 1.8.7 on purpose.

use crate::operation::Operation;

/// One difference that is meant.
pub(crate) struct Known {
    pub(crate) name: &'static str,
    /// Why.
    #[allow(dead_code, reason = "it is there to be read")]
    pub(crate) reason: &'static str,
    is: fn(&Operation, &str, &str) -> bool,
}

static KNOWN: [Known; 4] = [
    Known {
        name: "lists of an executed query that were left out",
        reason: "Consul shows null for tags and checks that a registration left out, in this one \
                 answer; the agent shows an empty list, as everywhere",
        is: |operation, real, ours| {
            let empty = |field: &str| (format!("\"{field}\":null"), format!("\"{field}\":[]"));
            let fields = ["Tags", "ServiceTags", "Checks"].map(empty);
            let filled = |text: &str| {
                let fill = |text: String, (from, to): &(String, String)| text.replace(from, to);
                fields.iter().fold(text.to_owned(), fill)
            };
            operation.request.target.ends_with("/execute") && filled(real) == filled(ours)
        },
    },
    Known {
        name: "index of a node that is not there",
        reason: "Consul answers index 1 to catalog/node of an unknown node, so that who waits for \
                 its end or its return is never woken; the agent answers the tables' index",
        is: |operation, real, ours| {
            operation.request.target.starts_with("/v1/catalog/node")
                && real == ours.replace("x-consul-index: <index>", "x-consul-index: 1")
        },
    },
    Known {
        name: "gossip",
        reason: "the agent has no gossip pool that anybody could join",
        is: |operation, real, ours| {
            operation.request.target.starts_with("/v1/agent/join/")
                && real.starts_with("500")
                && ours.contains("this agent has no gossip pool")
        },
    },
    Known {
        name: "certificate authority",
        reason: "the agent signs nothing: it answers as a Consul whose Connect is off",
        is: |operation, _, ours| {
            operation.request.target.contains("connect/ca/")
                && ours.contains("Connect must be enabled in order to use this endpoint")
        },
    },
];

/// The reason why these two answers may differ.
pub(crate) fn known(operation: &Operation, real: &str, ours: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| (known.is)(operation, real, ours))
}
