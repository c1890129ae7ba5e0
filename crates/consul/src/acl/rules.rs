//! A builder of ACL rules.

use std::fmt::{self, Write as _};

/// What a rule allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Access {
    /// Nothing, whatever a broader rule or the server's default allows.
    Deny,
    /// To see it.
    Read,
    /// To see and to change it.
    Write,
}

/// What a rule about keys allows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum KeyAccess {
    /// Nothing, whatever a broader rule or the server's default allows.
    Deny,
    /// To see it.
    Read,
    /// To see it, and to list what is below it, where the server asks for that
    /// (`acl.enable_key_list_policy`).
    List,
    /// To see, to list and to change it.
    Write,
}

impl From<Access> for KeyAccess {
    fn from(access: Access) -> Self {
        match access {
            Access::Deny => Self::Deny,
            Access::Read => Self::Read,
            Access::Write => Self::Write,
        }
    }
}

impl KeyAccess {
    fn as_str(self) -> &'static str {
        match self {
            Self::Deny => "deny",
            Self::Read => "read",
            Self::List => "list",
            Self::Write => "write",
        }
    }
}

/// One thing that a rule can be about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Acl,
    Agent,
    AgentPrefix,
    Event,
    EventPrefix,
    Key,
    KeyPrefix,
    Keyring,
    Node,
    NodePrefix,
    Operator,
    Query,
    QueryPrefix,
    Service,
    ServicePrefix,
    Session,
    SessionPrefix,
}

impl Kind {
    fn as_str(self) -> &'static str {
        match self {
            Self::Acl => "acl",
            Self::Agent => "agent",
            Self::AgentPrefix => "agent_prefix",
            Self::Event => "event",
            Self::EventPrefix => "event_prefix",
            Self::Key => "key",
            Self::KeyPrefix => "key_prefix",
            Self::Keyring => "keyring",
            Self::Node => "node",
            Self::NodePrefix => "node_prefix",
            Self::Operator => "operator",
            Self::Query => "query",
            Self::QueryPrefix => "query_prefix",
            Self::Service => "service",
            Self::ServicePrefix => "service_prefix",
            Self::Session => "session",
            Self::SessionPrefix => "session_prefix",
        }
    }
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Rule {
    kind: Kind,
    /// `None` for what there is only one of.
    name: Option<String>,
    access: KeyAccess,
    intentions: Option<Access>,
}

/// ACL rules: what the tokens of a policy may do.
///
/// A method takes the name of one thing, or, if it ends in `_prefix`, the start of the names of
/// many; an empty start is all of them. The rule whose name is longest counts, and one that names
/// a thing exactly counts before all others. Of two rules about the same, the later one counts.
///
/// Printed, it is HCL, with every name escaped; [`to_json`](Self::to_json) is the same as JSON.
/// Both go into [`PolicyRequest::new`](super::PolicyRequest::new).
///
/// ```
/// use quorate_consul::acl::{Access, PolicyRequest, Rules};
///
/// let rules = Rules::new()
///     .key_prefix("app/", Access::Write)
///     .key("app/\"secret\"", Access::Deny)
///     .operator(Access::Read);
/// assert_eq!(
///     rules.to_string(),
///     r#"key_prefix "app/" { policy = "write" }
/// key "app/\"secret\"" { policy = "deny" }
/// operator = "read"
/// "#
/// );
/// assert!(rules.to_json().starts_with(r#"{"key_prefix":{"app/":{"policy":"write"}}"#));
/// let policy = PolicyRequest::new("app", rules);
/// # assert!(policy.rules.contains("app/"));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Rules {
    rules: Vec<Rule>,
}

/// Defines the methods of the rules that take a name.
macro_rules! named {
    ($( $(#[$doc:meta])* $method:ident: $kind:ident($access:ty) ),+ $(,)?) => {
        $(
            $(#[$doc])*
            pub fn $method(self, name: impl Into<String>, access: impl Into<$access>) -> Self {
                let access: $access = access.into();
                self.with(Kind::$kind, Some(name.into()), access.into(), None)
            }
        )+
    };
}

impl Rules {
    /// No rules: what they don't name is as the server's default policy says.
    pub fn new() -> Self {
        Self::default()
    }

    named! {
        /// One key.
        key: Key(KeyAccess),
        /// All keys that start with this.
        key_prefix: KeyPrefix(KeyAccess),
        /// One service: to find it, or to register it too.
        service: Service(Access),
        /// All services whose names start with this.
        service_prefix: ServicePrefix(Access),
        /// One node: to find it, or to register it too.
        node: Node(Access),
        /// All nodes whose names start with this.
        node_prefix: NodePrefix(Access),
        /// The agent of one node: its state, or its membership too.
        agent: Agent(Access),
        /// The agents of all nodes whose names start with this.
        agent_prefix: AgentPrefix(Access),
        /// The sessions of one node.
        session: Session(Access),
        /// The sessions of all nodes whose names start with this.
        session_prefix: SessionPrefix(Access),
        /// User events of one name: to see them, or to fire them too.
        event: Event(Access),
        /// User events whose names start with this.
        event_prefix: EventPrefix(Access),
        /// The prepared query of one name.
        query: Query(Access),
        /// Prepared queries whose names start with this.
        query_prefix: QueryPrefix(Access),
    }

    /// One service, and the intentions whose destination it is: without a rule of their own those
    /// may be seen by who may see the service.
    pub fn service_and_intentions(
        self,
        name: impl Into<String>,
        service: Access,
        intentions: Access,
    ) -> Self {
        let name = Some(name.into());
        self.with(Kind::Service, name, service.into(), Some(intentions))
    }

    /// All services whose names start with this, and the intentions whose destination they are.
    pub fn service_prefix_and_intentions(
        self,
        name: impl Into<String>,
        service: Access,
        intentions: Access,
    ) -> Self {
        let name = Some(name.into());
        self.with(Kind::ServicePrefix, name, service.into(), Some(intentions))
    }

    /// Tokens, policies, roles, auth methods and binding rules: who may write them may do
    /// everything.
    pub fn acl(self, access: Access) -> Self {
        self.with(Kind::Acl, None, access.into(), None)
    }

    /// The operation of the cluster: Raft, autopilot, the certificate authority, proxies' defaults.
    pub fn operator(self, access: Access) -> Self {
        self.with(Kind::Operator, None, access.into(), None)
    }

    /// The keys of the gossip encryption.
    pub fn keyring(self, access: Access) -> Self {
        self.with(Kind::Keyring, None, access.into(), None)
    }

    /// Whether there are no rules.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.rules.is_empty()
    }

    /// The rules as JSON.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut out = String::from("{");
        let mut written: Vec<Kind> = Vec::new();
        for rule in &self.rules {
            if written.contains(&rule.kind) {
                continue;
            }
            let same = || self.rules.iter().filter(|other| other.kind == rule.kind);
            if !written.is_empty() {
                out.push(',');
            }
            written.push(rule.kind);
            // Writing to a text can't fail.
            let _ = write_kind(&mut out, rule, same());
        }
        out.push('}');
        out
    }

    fn with(
        mut self,
        kind: Kind,
        name: Option<String>,
        access: KeyAccess,
        intentions: Option<Access>,
    ) -> Self {
        self.rules
            .retain(|rule| rule.kind != kind || rule.name != name);
        self.rules.push(Rule {
            kind,
            name,
            access,
            intentions,
        });
        self
    }
}

fn write_kind<'a>(
    out: &mut String,
    first: &Rule,
    rules: impl Iterator<Item = &'a Rule>,
) -> fmt::Result {
    write!(out, "\"{}\":", first.kind.as_str())?;
    if first.name.is_none() {
        return write!(out, "\"{}\"", first.access.as_str());
    }
    for (at, rule) in rules.enumerate() {
        let name = Quoted(rule.name.as_deref().unwrap_or_default());
        let separator = if at == 0 { '{' } else { ',' };
        write!(
            out,
            "{separator}{name}:{{\"policy\":\"{}\"",
            rule.access.as_str()
        )?;
        if let Some(intentions) = rule.intentions {
            let access = KeyAccess::from(intentions).as_str();
            write!(out, ",\"intentions\":\"{access}\"")?;
        }
        out.write_char('}')?;
    }
    out.write_char('}')
}

impl fmt::Display for Rules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for rule in &self.rules {
            let (kind, access) = (rule.kind.as_str(), rule.access.as_str());
            let Some(name) = &rule.name else {
                writeln!(f, "{kind} = \"{access}\"")?;
                continue;
            };
            write!(f, "{kind} {} {{ policy = \"{access}\"", Quoted(name))?;
            if let Some(intentions) = rule.intentions {
                // Two settings of one line would need a comma, which HCL does not have.
                let access = KeyAccess::from(intentions).as_str();
                write!(f, "\n intentions = \"{access}\"")?;
            }
            f.write_str(" }\n")?;
        }
        Ok(())
    }
}

impl From<Rules> for String {
    fn from(rules: Rules) -> Self {
        rules.to_string()
    }
}

impl From<&Rules> for String {
    fn from(rules: &Rules) -> Self {
        rules.to_string()
    }
}

/// A text in quotes, as HCL and JSON both read it. In HCL `${` would start an expression.
struct Quoted<'a>(&'a str);

impl fmt::Display for Quoted<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_char('"')?;
        let mut rest = self.0.chars().peekable();
        while let Some(char) = rest.next() {
            match char {
                '"' => f.write_str("\\\"")?,
                '\\' => f.write_str("\\\\")?,
                '$' if rest.peek() == Some(&'{') => f.write_str("\\u0024")?,
                '\u{0}'..='\u{1f}' | '\u{7f}'..='\u{9f}' | '\u{feff}' | '\u{fffd}' => {
                    write!(f, "\\u{:04x}", u32::from(char))?;
                }
                _ => f.write_char(char)?,
            }
        }
        f.write_char('"')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_kind_of_rule_is_printed_as_hcl_and_json() {
        let rules = Rules::new()
            .acl(Access::Read)
            .agent("a", Access::Write)
            .agent_prefix("", Access::Read)
            .event("e", Access::Deny)
            .event_prefix("e", Access::Write)
            .key("k", KeyAccess::List)
            .key_prefix("k/", Access::Write)
            .key_prefix("l/", Access::Read)
            .keyring(Access::Read)
            .node("n", Access::Read)
            .node_prefix("", Access::Read)
            .operator(Access::Write)
            .query("q", Access::Read)
            .query_prefix("q", Access::Read)
            .service("s", Access::Write)
            .service_prefix_and_intentions("s", Access::Read, Access::Write)
            .session("n", Access::Write)
            .session_prefix("", Access::Read);
        let hcl = rules.to_string();
        assert_eq!(hcl.lines().count(), 19, "{hcl}");
        assert!(hcl.contains("key \"k\" { policy = \"list\" }\n"), "{hcl}");
        let json: serde_json::Value = serde_json::from_str(&rules.to_json()).unwrap();
        assert_eq!(json.as_object().unwrap().len(), 17);
        assert_eq!(json["acl"], "read");
        assert_eq!(json["key_prefix"]["l/"]["policy"], "read");
        assert_eq!(json["service_prefix"]["s"]["intentions"], "write");
    }

    #[test]
    fn the_later_rule_about_the_same_counts() {
        let rules = Rules::new()
            .key("a", Access::Write)
            .operator(Access::Write)
            .key("a", Access::Deny)
            .operator(Access::Deny);
        let text = "key \"a\" { policy = \"deny\" }\noperator = \"deny\"\n";
        assert_eq!(String::from(&rules), text);
    }

    #[test]
    fn any_name_survives_as_json() {
        for name in [
            "",
            "a\"b\\c",
            "${x}",
            "$${",
            "\n\r\t\0\u{7f}",
            "é漢🦀",
            "\u{feff}",
        ] {
            let rules = Rules::new().key(name, Access::Read);
            let json: serde_json::Value = serde_json::from_str(&rules.to_json()).unwrap();
            assert_eq!(json["key"][name]["policy"], "read", "{name:?}");
        }
    }

    #[test]
    fn no_rules_are_nothing() {
        assert!(Rules::new().is_empty());
        assert_eq!(Rules::new().to_string(), "");
        assert_eq!(Rules::new().to_json(), "{}");
    }
}
