//! Where the agent differs from Consul 1.8.7 on purpose.

use crate::ask::Ask;

/// One difference that is meant.
pub(crate) struct Known {
    pub(crate) name: &'static str,
    /// Why.
    #[allow(dead_code, reason = "it is there to be read")]
    pub(crate) reason: &'static str,
    /// What `docs/compatibility.md` says about it.
    pub(crate) row: &'static str,
    /// The settings whose scripts show it, each of them.
    pub(crate) settings: &'static [&'static str],
    is: fn(&Ask, &str, &str) -> bool,
}

/// Whether both texts are the same once these are replaced.
fn same(one: &str, other: &str, replaced: &[(&str, &str)]) -> bool {
    let all = |text: &str| {
        let replace = |text: String, (from, to): &(&str, &str)| text.replace(from, to);
        replaced.iter().fold(text.to_owned(), replace)
    };
    all(one) == all(other)
}

/// What makes Consul break off the connection.
const BREAKING: [&str; 6] = [
    "null",
    "Connect.Native==",
    "Proxy.",
    "coordinate/update {}",
    "= {}",
    ": {}",
];

fn breaks(ask: &Ask, real: &str, ours: &str) -> bool {
    let breaking = BREAKING.iter().any(|it| ask.line.contains(it));
    breaking && real.starts_with("no answer") && !ours.starts_with("no answer")
}

pub(crate) static KNOWN: [Known; 19] = [
    Known {
        name: "index of a node that is not there",
        reason: "Consul answers index 1 to catalog/node of an unknown node, so that who waits for \
                 its end or its return is never woken; the agent answers the tables' index",
        row: "`/v1/catalog/node/NAME` of a node that does not exist",
        settings: &["plain"],
        is: |ask, real, ours| {
            let index = [("x-consul-index: 77777", "x-consul-index: 1")];
            ask.target.starts_with("/v1/catalog/node") && same(real, ours, &index)
        },
    },
    Known {
        name: "null that breaks Consul",
        reason: "Consul ends the connection without an answer (it panics) when some bodies, or \
                 parts of them, are null; the agent takes them for empty ones",
        row: "`null` where a body, or a part of it, is an object",
        settings: &["plain", "mesh", "guarded"],
        is: breaks,
    },
    Known {
        name: "datacenters behind an error",
        reason: "Consul answers the list of datacenters also when it refuses the options, behind \
                 the error's words; the agent answers the error alone",
        row: "`/v1/catalog/datacenters` with options that are refused",
        settings: &["plain"],
        is: |ask, real, ours| {
            ask.target.starts_with("/v1/catalog/datacenters")
                && real
                    .strip_prefix(ours)
                    .is_some_and(|rest| rest.contains("dc1"))
        },
    },
    Known {
        name: "lists that were left out",
        reason: "Consul shows null for tags that a registration left out, and a list without any \
                 for those that it gave as an empty list; the agent keeps one of the two",
        row: "an empty list of tags",
        settings: &["plain"],
        is: |_, real, ours| {
            let lists = [
                ("\"Tags\":null", "\"Tags\":[]"),
                ("\"ServiceTags\":null", "\"ServiceTags\":[]"),
                ("\"Checks\":null", "\"Checks\":[]"),
                ("\"Config\":null", "\"Config\":{}"),
            ];
            same(real, ours, &lists)
        },
    },
    Known {
        name: "ingress gateways from the cache",
        reason: "Consul's cache takes health/ingress for health/service of the same name",
        row: "`/v1/health/ingress/…?cached`",
        settings: &["plain"],
        is: |ask, real, _| {
            ask.target.starts_with("/v1/health/ingress/")
                && ask.target.contains("cached")
                && real.contains("x-cache: HIT")
        },
    },
    Known {
        name: "body of an event",
        reason: "every read of the agent has a bound",
        row: "bodies of sessions and of the catalog, and of other writes",
        settings: &["plain"],
        is: |ask, real, ours| {
            ask.target.starts_with("/v1/event/fire/")
                && real.starts_with("500")
                && ours.starts_with("413")
        },
    },
    Known {
        name: "options of a prepared query",
        reason: "nobody reads the empty object",
        row: "`OPTIONS` on a prepared query",
        settings: &["plain"],
        is: |ask, real, _| ask.method == "OPTIONS" && real.ends_with("{}"),
    },
    Known {
        name: "first settings of autopilot",
        reason: "Consul writes them as it begins, the agent when somebody changes them",
        row: "`CreateIndex` of autopilot's settings",
        settings: &["plain"],
        is: |ask, real, ours| {
            let indexes = [
                ("Index\":1", "Index\":77777"),
                ("Index\": 1", "Index\": 77777"),
                ("777777777", "77777"),
            ];
            ask.target
                .starts_with("/v1/operator/autopilot/configuration")
                && same(real, ours, &indexes)
        },
    },
    Known {
        name: "an archive that ends early",
        reason: "the words are those of another reader of archives",
        row: "the texts about an archive that is no snapshot",
        settings: &["plain"],
        is: |ask, real, ours| {
            ask.target.starts_with("/v1/snapshot")
                && real.starts_with("500")
                && ours.starts_with("500")
        },
    },
    Known {
        name: "malformed rules",
        reason: "both refuse them, in other words",
        row: "the texts of malformed rules",
        settings: &["guarded"],
        is: |_, real, ours| {
            let refused = "500";
            let words = "Failed to parse ACL rules";
            [real, ours]
                .iter()
                .all(|it| it.starts_with(refused) && it.contains(words))
        },
    },
    Known {
        name: "rules that are nearly JSON",
        reason: "Consul reads some of them; the agent grants nothing by what it does not understand",
        row: "rules as JSON that are no JSON",
        settings: &["guarded"],
        is: |ask, _, ours| {
            let json = ask.line.contains("translate {");
            ask.target.starts_with("/v1/acl/rules/translate") && (json || ours.starts_with("400"))
        },
    },
    Known {
        name: "chain of a name in capitals",
        reason: "Consul finds some entries of it in any case of letters, and others not",
        row: "a discovery chain of a name in another case of letters",
        settings: &["mesh"],
        is: |ask, _, _| ask.target.starts_with("/v1/discovery-chain/WEB"),
    },
    Known {
        name: "text that is not UTF-8 in a filter",
        reason: "it is read as text with U+FFFD in it",
        row: "bytes that are not UTF-8 in a `filter`",
        settings: &["plain"],
        is: |ask, real, _| ask.target.contains("%FF") && real.contains("expression evaluator"),
    },
    Known {
        name: "empty lists of a configuration entry",
        reason: "the agent keeps whether there are elements, not how their absence was written",
        row: "an empty list in a config entry",
        settings: &["plain"],
        is: |ask, real, ours| {
            let lists = [
                ("\"Listeners\":[]", "\"Listeners\":null"),
                ("\"Services\":[]", "\"Services\":null"),
                ("\"Routes\":[]", "\"Routes\":null"),
                ("\"Splits\":[]", "\"Splits\":null"),
                ("\"Hosts\":[]", "\"Hosts\":null"),
            ];
            ask.target.starts_with("/v1/config") && same(real, ours, &lists)
        },
    },
    Known {
        name: "several problems of a configuration entry",
        reason: "Consul looks at the chains that an entry changes in random order, the agent in \
                 that of their names",
        row: "a config entry with several problems",
        settings: &["plain"],
        is: |ask, real, ours| {
            ask.target.starts_with("/v1/config")
                && real.starts_with("500")
                && ours.starts_with("500")
        },
    },
    Known {
        name: "datacenter of a node within a transaction",
        reason: "Consul keeps any; there is one",
        row: "the datacenter of a node in a transaction",
        settings: &["plain"],
        is: |ask, _, ours| {
            let own = "\"Datacenter\":\"dc1\"";
            let of_txn = ["/v1/txn", "/v1/catalog/node/tn"].contains(&ask.target.as_str());
            of_txn && ours.contains(own) && ours.starts_with("200")
        },
    },
    Known {
        name: "tags of a check",
        reason: "Consul shows what the service had when the check was written last",
        row: "`ServiceTags` of a check",
        settings: &["plain"],
        is: |ask, real, ours| {
            let tags = [
                ("\"ServiceTags\":[\"t\"]", "\"ServiceTags\":[]"),
                ("\"ServiceTags\":[\"u\"]", "\"ServiceTags\":[]"),
            ];
            ask.target.starts_with("/v1/health/checks/") && same(real, ours, &tags)
        },
    },
    Known {
        name: "a negative timeout of a route",
        reason: "refused as any other timeout below zero",
        row: "`RequestTimeout` below zero, in a router",
        settings: &["plain"],
        is: |_, _, ours| ours.contains("Bad RequestTimeout"),
    },
    Known {
        name: "certificate authority",
        reason: "the agent signs nothing: it answers as a Consul whose mesh is off",
        row: "`/v1/connect/ca/…`",
        settings: &["mesh"],
        is: |ask, _, ours| {
            ask.target.contains("connect/ca/") && ours.contains("Connect must be enabled")
        },
    },
];

/// The reason why these two answers may differ.
pub(crate) fn known(ask: &Ask, real: &str, ours: &str) -> Option<&'static Known> {
    KNOWN.iter().find(|known| (known.is)(ask, real, ours))
}
