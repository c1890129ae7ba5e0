//! The rule sets.

use std::collections::BTreeMap;

/// What rules can be about, and which operations ask for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Group {
    Acl,
    Agent,
    Event,
    Intention,
    Key,
    Keyring,
    Node,
    Operator,
    Query,
    Service,
    Session,
}

use Group::{Acl, Agent, Event, Intention, Key, Keyring, Node, Operator, Query, Service, Session};

const GROUPS: [Group; 11] = [
    Acl, Agent, Event, Intention, Key, Keyring, Node, Operator, Query, Service, Session,
];

/// The names that rules of a group speak of: one thing, the start of its name, and the start of
/// another's.
const NAMED: [(Group, &str, [&str; 3]); 7] = [
    (Key, "key", ["app/a", "app/", "other/"]),
    (Node, "node", ["n-ext", "n-", "node-"]),
    (Service, "service", ["web", "we", "d"]),
    (Session, "session", ["n-ext", "n-", "node-"]),
    (Agent, "agent", ["node-1", "node-", "n-"]),
    (Event, "event", ["deploy", "dep", "x"]),
    (Query, "query", ["q-web", "q-", "z"]),
];

const SCALARS: [(Group, &str); 3] = [(Acl, "acl"), (Keyring, "keyring"), (Operator, "operator")];

/// How a token gets its rules.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grant {
    /// By a policy.
    Policy(String),
    /// By itself, in the words before Consul 1.4.
    Legacy(String),
    /// By the policy that allows everything.
    Management,
    /// By the identity of a service.
    ServiceIdentity(&'static str),
    /// By the identity of a node.
    NodeIdentity(&'static str),
    /// There is no such token.
    Unknown,
    /// The request has none.
    None,
}

/// One column of the matrix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct RuleSet {
    pub(crate) name: String,
    pub(crate) grant: Grant,
}

fn set(name: impl Into<String>, grant: Grant) -> RuleSet {
    RuleSet {
        name: name.into(),
        grant,
    }
}

fn policy(rules: String) -> RuleSet {
    set(rules.clone(), Grant::Policy(rules))
}

fn rule(kind: &str, name: &str, access: &str) -> String {
    format!("{kind} \"{name}\" {{ policy = \"{access}\" }} ")
}

/// The rule sets that every operation is made with.
fn common() -> Vec<RuleSet> {
    vec![
        set("(no token)", Grant::None),
        set("(unknown token)", Grant::Unknown),
        set("(management)", Grant::Management),
        policy(String::new()),
        set("(old, empty)", Grant::Legacy(String::new())),
        set("(service web)", Grant::ServiceIdentity("web")),
        set("(node n-ext)", Grant::NodeIdentity("n-ext")),
        policy(all("write", &[])),
        policy(all("read", &[])),
        policy(all("deny", &[])),
    ]
}

/// One access to everything, but to the groups of `without`.
fn all(access: &str, without: &[Group]) -> String {
    let mut rules = String::new();
    for (group, kind, _) in NAMED {
        if without.contains(&group) {
            continue;
        }
        if group == Service && !without.contains(&Intention) {
            rules += &format!(
                "service_prefix \"\" {{ policy = \"{access}\"\n intentions = \"{access}\" }} "
            );
        } else {
            rules += &rule(&format!("{kind}_prefix"), "", access);
        }
    }
    for (group, kind) in SCALARS {
        if !without.contains(&group) {
            rules += &format!("{kind} = \"{access}\"\n");
        }
    }
    rules
}

/// The accesses that a kind of rule knows.
fn accesses(group: Group) -> &'static [&'static str] {
    match group {
        Key => &["deny", "read", "list", "write"],
        _ => &["deny", "read", "write"],
    }
}

/// Exact and prefix, matching and not, and rules that go against each other.
fn named(group: Group, kind: &str, [exact, prefix, other]: [&str; 3]) -> Vec<String> {
    let under = format!("{kind}_prefix");
    let mut sets = Vec::new();
    for access in accesses(group) {
        sets.push(rule(kind, exact, access));
        sets.push(rule(&under, prefix, access));
        sets.push(rule(&under, other, access));
        sets.push(rule(&under, "", access));
    }
    for (prefix_access, exact_access) in [("write", "deny"), ("deny", "write"), ("write", "read")] {
        sets.push(rule(&under, prefix, prefix_access) + &rule(kind, exact, exact_access));
    }
    for (outer, inner) in [("read", "write"), ("write", "deny"), ("deny", "read")] {
        sets.push(rule(&under, "", outer) + &rule(&under, prefix, inner));
    }
    // Exact and prefix rules of the same name.
    sets.push(rule(&under, exact, "write") + &rule(kind, exact, "deny"));
    sets.push(rule(&under, exact, "deny") + &rule(kind, exact, "write"));
    sets
}

fn scalar(kind: &str) -> Vec<String> {
    let accesses = ["deny", "read", "write"].into_iter();
    accesses
        .map(|access| format!("{kind} = \"{access}\""))
        .collect()
}

/// What services say of intentions: nothing, or one access; and of all intentions at once.
fn intentions() -> Vec<String> {
    let mut sets = Vec::new();
    for kind in ["service", "service_prefix"] {
        for name in ["web", "db", ""] {
            if kind == "service" && name.is_empty() {
                continue;
            }
            for access in ["deny", "read", "write"] {
                sets.push(rule(kind, name, access));
                for intentions in ["deny", "read", "write"] {
                    sets.push(format!(
                        "{kind} \"{name}\" {{ policy = \"{access}\"\n intentions = \"{intentions}\" }} "
                    ));
                }
            }
        }
    }
    sets
}

/// Rules of one group, in the words of today.
fn of_group(group: Group) -> Vec<String> {
    if group == Intention {
        return intentions();
    }
    if let Some((_, kind, names)) = NAMED.into_iter().find(|(of, ..)| *of == group) {
        return named(group, kind, names);
    }
    let scalars = SCALARS.into_iter().find(|(of, _)| *of == group);
    scalars.map_or_else(Vec::new, |(_, kind)| scalar(kind))
}

/// Rules of one group, in the words before Consul 1.4, where every name was the start of one.
fn old(group: Group) -> Vec<String> {
    if let Some((_, kind, [exact, prefix, other])) = NAMED.into_iter().find(|(of, ..)| *of == group)
    {
        let mut sets = Vec::new();
        for access in ["deny", "read", "write"] {
            for name in [exact, prefix, other, ""] {
                sets.push(rule(kind, name, access));
            }
        }
        sets.push(rule(kind, prefix, "write") + &rule(kind, exact, "deny"));
        sets.push(rule(kind, "", "deny") + &rule(kind, prefix, "read"));
        return sets;
    }
    match SCALARS.into_iter().find(|(of, _)| *of == group) {
        Some((_, kind)) if group != Acl => scalar(kind),
        _ => Vec::new(),
    }
}

/// The rule sets of an operation that asks for these groups.
pub(crate) fn rule_sets(groups: &[Group]) -> Vec<RuleSet> {
    let mut sets = common();
    sets.push(policy(all("write", groups)));
    for group in groups {
        let others: Vec<_> = groups.iter().filter(|it| *it != group).copied().collect();
        let absent = |group: &&Group| !others.contains(group);
        let without: Vec<_> = GROUPS.iter().filter(absent).copied().collect();
        for rules in of_group(*group) {
            // Alone, and where everything else that is asked for is allowed.
            if !others.is_empty() {
                sets.push(policy(all("write", &without) + &rules));
            }
            sets.push(policy(rules));
        }
        for rules in old(*group) {
            sets.push(set(format!("(old) {rules}"), Grant::Legacy(rules)));
        }
    }
    let mut seen = BTreeMap::new();
    sets.retain(|set| seen.insert(set.clone(), ()).is_none());
    sets
}
