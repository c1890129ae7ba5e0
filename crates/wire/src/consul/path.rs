//! Paths: names in them are percent-encoded, and a key in one must survive the server's cleaning.

use std::borrow::Cow;

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

/// Everything but RFC 3986's unreserved characters.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// Like [`SEGMENT`], but a `/` stays: `a/b` and `a%2Fb` name the same key.
const KEY: &AsciiSet = &SEGMENT.remove(b'/');

/// The longest key that is sent: URLs beyond 8 KiB are refused by many proxies.
pub const MAX_KEY_BYTES: usize = 4096;

/// Percent-encodes one segment of a path, or the value of a query parameter.
#[must_use]
pub fn encode_segment(name: &str) -> Cow<'_, str> {
    utf8_percent_encode(name, SEGMENT).into()
}

/// Percent-encodes a key; its slashes stay.
#[must_use]
pub fn encode_key(key: &str) -> Cow<'_, str> {
    utf8_percent_encode(key, KEY).into()
}

/// Decodes a percent-encoded path to its bytes. A `%` without two hex digits stays as it is.
#[must_use]
pub fn decode(path: &str) -> Cow<'_, [u8]> {
    percent_decode_str(path).into()
}

/// Why a key can't be addressed by a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyError {
    /// The key is empty, and this call needs one.
    #[error("key is empty")]
    Empty,
    /// The key starts with a slash. The server would clean it away.
    #[error("key starts with '/'")]
    LeadingSlash,
    /// The key has an empty segment (`a//b`). The server would clean it away.
    #[error("key has an empty segment ('//')")]
    EmptySegment,
    /// The key has a segment `.` or `..`. The server would resolve it.
    #[error("key has a segment '.' or '..'")]
    DotSegment,
    /// The key has a control or other non-printable character. The server answers 400.
    #[error("key has a non-printable character at byte {at}")]
    NonPrintable {
        /// Where it stands.
        at: usize,
    },
    /// The key is longer than [`MAX_KEY_BYTES`].
    #[error("key has {length} bytes, more than the {MAX_KEY_BYTES} allowed")]
    TooLong {
        /// The key's length in bytes.
        length: usize,
    },
}

/// Checks that `key` reaches the server unchanged when it is sent in a path.
///
/// Consul cleans the decoded path, so keys with empty or dot segments, or a leading slash, can't
/// be addressed (a transaction can); it refuses non-printable characters.
///
/// # Errors
/// [`KeyError`] says what is wrong.
pub fn check_key(key: &str) -> Result<(), KeyError> {
    if key.is_empty() {
        return Err(KeyError::Empty);
    }
    check_prefix(key)
}

/// Checks that `prefix` reaches the server unchanged. Unlike a key it may be empty (everything).
///
/// # Errors
/// [`KeyError`] says what is wrong.
pub fn check_prefix(prefix: &str) -> Result<(), KeyError> {
    if prefix.len() > MAX_KEY_BYTES {
        return Err(KeyError::TooLong {
            length: prefix.len(),
        });
    }
    if prefix.starts_with('/') {
        return Err(KeyError::LeadingSlash);
    }
    if prefix.contains("//") {
        return Err(KeyError::EmptySegment);
    }
    if prefix
        .split('/')
        .any(|segment| matches!(segment, "." | ".."))
    {
        return Err(KeyError::DotSegment);
    }
    match prefix.char_indices().find(|(_, c)| !is_printable(*c)) {
        Some((at, _)) => Err(KeyError::NonPrintable { at }),
        None => Ok(()),
    }
}

/// Whether the real server lets `c` stand in a path.
///
/// Go's `unicode.IsPrint`, as far as it can be told without its tables: no control characters, no
/// space but U+0020, no format, private or unassigned characters of the well-known blocks.
pub fn is_printable(c: char) -> bool {
    let hidden = matches!(c,
        '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
        | '\u{61c}' | '\u{180e}' | '\u{e000}'..='\u{f8ff}' | '\u{feff}' | '\u{fff0}'..='\u{fffb}'
        | '\u{fffe}' | '\u{ffff}' | '\u{e0000}'..='\u{10ffff}');
    c == ' ' || !(c.is_control() || c.is_whitespace() || hidden)
}

/// The path of one of Consul's endpoints with the encoded `name` behind it.
#[must_use]
pub fn with_name(endpoint: &str, name: &str) -> String {
    format!("{endpoint}{}", encode_segment(name))
}

/// The path of a key: `/v1/kv/` and the encoded key.
#[must_use]
pub fn kv(key: &str) -> String {
    let encoded = encode_key(key);
    let mut path = String::with_capacity(KV.len() + encoded.len() + 24);
    path.push_str(KV);
    path.push_str(&encoded);
    path
}

/// Keys, followed by the key.
pub const KV: &str = "/v1/kv/";
/// Transactions.
pub const TXN: &str = "/v1/txn";
/// Creates a session.
pub const SESSION_CREATE: &str = "/v1/session/create";
/// Ends a session, followed by its id.
pub const SESSION_DESTROY: &str = "/v1/session/destroy/";
/// Renews a session, followed by its id.
pub const SESSION_RENEW: &str = "/v1/session/renew/";
/// One session, followed by its id.
pub const SESSION_INFO: &str = "/v1/session/info/";
/// The sessions of a node, followed by its name.
pub const SESSION_NODE: &str = "/v1/session/node/";
/// All sessions.
pub const SESSION_LIST: &str = "/v1/session/list";
/// Sets a configuration entry.
pub const CONFIG: &str = "/v1/config";
/// Configuration entries, followed by a kind, or a kind and a name.
pub const CONFIG_NAMED: &str = "/v1/config/";
/// All intentions.
pub const INTENTIONS: &str = "/v1/connect/intentions";
/// One intention, followed by its id.
pub const INTENTION: &str = "/v1/connect/intentions/";
/// The intentions that concern some services.
pub const INTENTION_MATCH: &str = "/v1/connect/intentions/match";
/// Whether a connection is let through.
pub const INTENTION_CHECK: &str = "/v1/connect/intentions/check";
/// The authorities that are trusted.
pub const CONNECT_CA_ROOTS: &str = "/v1/connect/ca/roots";
/// How certificates are made.
pub const CONNECT_CA_CONFIGURATION: &str = "/v1/connect/ca/configuration";
/// A discovery chain, followed by its service.
pub const DISCOVERY_CHAIN: &str = "/v1/discovery-chain/";
/// The whole state.
pub const SNAPSHOT: &str = "/v1/snapshot";
/// The leader's address.
pub const STATUS_LEADER: &str = "/v1/status/leader";
/// The servers' addresses.
pub const STATUS_PEERS: &str = "/v1/status/peers";
/// Fires an event; a name follows.
pub const EVENT_FIRE: &str = "/v1/event/fire/";
/// The events that an agent has seen.
pub const EVENT_LIST: &str = "/v1/event/list";
/// The coordinates of datacenters.
pub const COORDINATE_DATACENTERS: &str = "/v1/coordinate/datacenters";
/// The coordinates of nodes.
pub const COORDINATE_NODES: &str = "/v1/coordinate/nodes";
/// The coordinates of one node; its name follows.
pub const COORDINATE_NODE: &str = "/v1/coordinate/node/";
/// Sets the coordinate of a node.
pub const COORDINATE_UPDATE: &str = "/v1/coordinate/update";
/// The prepared queries; a slash, an id or a name and more may follow.
pub const QUERY: &str = "/v1/query";
/// What the agent says of itself.
pub const AGENT_SELF: &str = "/v1/agent/self";
/// What the agent says of its machine.
pub const AGENT_HOST: &str = "/v1/agent/host";
/// What the agent counts.
pub const AGENT_METRICS: &str = "/v1/agent/metrics";
/// The agent's log.
pub const AGENT_MONITOR: &str = "/v1/agent/monitor";
/// Makes the agent read its configuration again.
pub const AGENT_RELOAD: &str = "/v1/agent/reload";
/// The gossip pool.
pub const AGENT_MEMBERS: &str = "/v1/agent/members";
/// Joins a gossip pool, followed by the address of a member.
pub const AGENT_JOIN: &str = "/v1/agent/join/";
/// Makes the agent leave and end.
pub const AGENT_LEAVE: &str = "/v1/agent/leave";
/// Takes a failed node out of the pool, followed by its name.
pub const AGENT_FORCE_LEAVE: &str = "/v1/agent/force-leave/";
/// Takes the node out of service.
pub const AGENT_MAINTENANCE: &str = "/v1/agent/maintenance";
/// The agent's services.
pub const AGENT_SERVICES: &str = "/v1/agent/services";
/// One of the agent's services, followed by its id.
pub const AGENT_SERVICE: &str = "/v1/agent/service/";
/// Registers a service.
pub const AGENT_SERVICE_REGISTER: &str = "/v1/agent/service/register";
/// Removes a service, followed by its id.
pub const AGENT_SERVICE_DEREGISTER: &str = "/v1/agent/service/deregister/";
/// Takes a service out of service, followed by its id.
pub const AGENT_SERVICE_MAINTENANCE: &str = "/v1/agent/service/maintenance/";
/// The agent's checks.
pub const AGENT_CHECKS: &str = "/v1/agent/checks";
/// Registers a check.
pub const AGENT_CHECK_REGISTER: &str = "/v1/agent/check/register";
/// Removes a check, followed by its id.
pub const AGENT_CHECK_DEREGISTER: &str = "/v1/agent/check/deregister/";
/// Says that a check passes, followed by its id.
pub const AGENT_CHECK_PASS: &str = "/v1/agent/check/pass/";
/// Says that a check warns, followed by its id.
pub const AGENT_CHECK_WARN: &str = "/v1/agent/check/warn/";
/// Says that a check fails, followed by its id.
pub const AGENT_CHECK_FAIL: &str = "/v1/agent/check/fail/";
/// Says how a check is, followed by its id.
pub const AGENT_CHECK_UPDATE: &str = "/v1/agent/check/update/";
/// How healthy an instance is, followed by its id.
pub const AGENT_HEALTH_BY_ID: &str = "/v1/agent/health/service/id/";
/// How healthy the instances of a service are, followed by its name.
pub const AGENT_HEALTH_BY_NAME: &str = "/v1/agent/health/service/name/";
/// One of the agent's own tokens, followed by its name.
pub const AGENT_TOKEN: &str = "/v1/agent/token/";
/// Whether a client may connect to a service.
pub const AGENT_CONNECT_AUTHORIZE: &str = "/v1/agent/connect/authorize";
/// The certificates that the mesh trusts.
pub const AGENT_CA_ROOTS: &str = "/v1/agent/connect/ca/roots";
/// The certificate of a service, followed by its name.
pub const AGENT_CA_LEAF: &str = "/v1/agent/connect/ca/leaf/";
/// The names of the datacenters.
pub const CATALOG_DATACENTERS: &str = "/v1/catalog/datacenters";
/// All services and their tags.
pub const CATALOG_SERVICES: &str = "/v1/catalog/services";
/// The instances of a service, followed by its name.
pub const CATALOG_SERVICE: &str = "/v1/catalog/service/";
/// The instances that speak Connect for a service, followed by its name.
pub const CATALOG_CONNECT: &str = "/v1/catalog/connect/";
/// A node and its services by id, followed by its name.
pub const CATALOG_NODE: &str = "/v1/catalog/node/";
/// A node and the list of its services, followed by its name.
pub const CATALOG_NODE_SERVICES: &str = "/v1/catalog/node-services/";
/// The services behind a gateway, followed by its name.
pub const CATALOG_GATEWAY_SERVICES: &str = "/v1/catalog/gateway-services/";
/// All nodes.
pub const CATALOG_NODES: &str = "/v1/catalog/nodes";
/// Adds a node, a service or a check.
pub const CATALOG_REGISTER: &str = "/v1/catalog/register";
/// Removes a node, a service or a check.
pub const CATALOG_DEREGISTER: &str = "/v1/catalog/deregister";
/// The checks of a node, followed by its name.
pub const HEALTH_NODE: &str = "/v1/health/node/";
/// The checks of a service, followed by its name.
pub const HEALTH_CHECKS: &str = "/v1/health/checks/";
/// The instances of a service with their health, followed by its name.
pub const HEALTH_SERVICE: &str = "/v1/health/service/";
/// The instances that speak Connect for a service, with their health, followed by its name.
pub const HEALTH_CONNECT: &str = "/v1/health/connect/";
/// The ingress gateways of a service with their health, followed by its name.
pub const HEALTH_INGRESS: &str = "/v1/health/ingress/";
/// The checks in a state, followed by it.
pub const HEALTH_STATE: &str = "/v1/health/state/";
/// Makes the first token.
pub const ACL_BOOTSTRAP: &str = "/v1/acl/bootstrap";
/// How far the copying of ACLs is.
pub const ACL_REPLICATION: &str = "/v1/acl/replication";
/// Logs in by an auth method.
pub const ACL_LOGIN: &str = "/v1/acl/login";
/// Ends the token of a login.
pub const ACL_LOGOUT: &str = "/v1/acl/logout";
/// Turns old rules into new ones.
pub const ACL_RULES_TRANSLATE: &str = "/v1/acl/rules/translate";
/// The rules of an old token in new words, followed by its accessor.
pub const ACL_RULES_TRANSLATE_TOKEN: &str = "/v1/acl/rules/translate/";
/// What a token may do.
pub const ACL_AUTHORIZE: &str = "/v1/internal/acl/authorize";
/// Makes a token.
pub const ACL_TOKEN: &str = "/v1/acl/token";
/// One token, followed by its accessor.
pub const ACL_TOKEN_NAMED: &str = "/v1/acl/token/";
/// The token of the request.
pub const ACL_TOKEN_SELF: &str = "/v1/acl/token/self";
/// All tokens.
pub const ACL_TOKENS: &str = "/v1/acl/tokens";
/// Makes a policy.
pub const ACL_POLICY: &str = "/v1/acl/policy";
/// One policy, followed by its id.
pub const ACL_POLICY_NAMED: &str = "/v1/acl/policy/";
/// One policy, followed by its name.
pub const ACL_POLICY_BY_NAME: &str = "/v1/acl/policy/name/";
/// All policies.
pub const ACL_POLICIES: &str = "/v1/acl/policies";
/// Makes a role.
pub const ACL_ROLE: &str = "/v1/acl/role";
/// One role, followed by its id.
pub const ACL_ROLE_NAMED: &str = "/v1/acl/role/";
/// One role, followed by its name.
pub const ACL_ROLE_BY_NAME: &str = "/v1/acl/role/name/";
/// All roles.
pub const ACL_ROLES: &str = "/v1/acl/roles";
/// Makes an auth method.
pub const ACL_AUTH_METHOD: &str = "/v1/acl/auth-method";
/// One auth method, followed by its name.
pub const ACL_AUTH_METHOD_NAMED: &str = "/v1/acl/auth-method/";
/// All auth methods.
pub const ACL_AUTH_METHODS: &str = "/v1/acl/auth-methods";
/// Makes a binding rule.
pub const ACL_BINDING_RULE: &str = "/v1/acl/binding-rule";
/// One binding rule, followed by its id.
pub const ACL_BINDING_RULE_NAMED: &str = "/v1/acl/binding-rule/";
/// All binding rules.
pub const ACL_BINDING_RULES: &str = "/v1/acl/binding-rules";
/// Makes an old token.
pub const ACL_CREATE: &str = "/v1/acl/create";
/// Changes an old token.
pub const ACL_UPDATE: &str = "/v1/acl/update";
/// Copies an old token, followed by its secret.
pub const ACL_CLONE: &str = "/v1/acl/clone/";
/// Removes an old token, followed by its secret.
pub const ACL_DESTROY: &str = "/v1/acl/destroy/";
/// One old token, followed by its secret.
pub const ACL_INFO: &str = "/v1/acl/info/";
/// All old tokens.
pub const ACL_LIST: &str = "/v1/acl/list";
/// The servers, as Raft knows them.
pub const OPERATOR_RAFT_CONFIGURATION: &str = "/v1/operator/raft/configuration";
/// One server, as Raft knows it.
pub const OPERATOR_RAFT_PEER: &str = "/v1/operator/raft/peer";
/// How servers come and go by themselves.
pub const OPERATOR_AUTOPILOT_CONFIGURATION: &str = "/v1/operator/autopilot/configuration";
/// How the servers are.
pub const OPERATOR_AUTOPILOT_HEALTH: &str = "/v1/operator/autopilot/health";
/// The keys of the gossip encryption.
pub const OPERATOR_KEYRING: &str = "/v1/operator/keyring";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legal_keys_survive_encoding() {
        for key in [
            "a",
            "a/b/",
            "a b",
            "ä/漢/🦀",
            "a?b#c%d+e&f=g",
            "a:b@c!$'()*,;[]{}|\\^`\"<>~",
        ] {
            assert_eq!(check_key(key), Ok(()), "{key}");
            let encoded = encode_key(key);
            assert!(
                encoded.is_ascii() && !encoded.contains(['?', '#', '+', ' ', '&']),
                "{encoded}"
            );
            assert_eq!(decode(&encoded).as_ref(), key.as_bytes());
        }
    }

    #[test]
    fn keys_that_the_server_would_change_are_refused() {
        for (key, error) in [
            ("", KeyError::Empty),
            ("/a", KeyError::LeadingSlash),
            ("a//b", KeyError::EmptySegment),
            ("a/../b", KeyError::DotSegment),
            ("./a", KeyError::DotSegment),
            ("a/.", KeyError::DotSegment),
            ("a\nb", KeyError::NonPrintable { at: 1 }),
            ("a\u{200b}", KeyError::NonPrintable { at: 1 }),
            ("a\u{a0}", KeyError::NonPrintable { at: 1 }),
        ] {
            assert_eq!(check_key(key), Err(error), "{key:?}");
        }
        let long = "k".repeat(MAX_KEY_BYTES + 1);
        assert_eq!(
            check_key(&long),
            Err(KeyError::TooLong {
                length: MAX_KEY_BYTES + 1
            })
        );
        assert_eq!(check_key(".hidden/..x/a.b"), Ok(()));
    }

    #[test]
    fn a_segment_keeps_no_slash() {
        assert_eq!(encode_segment("a/b c"), "a%2Fb%20c");
        assert_eq!(with_name(SESSION_NODE, "n/1"), "/v1/session/node/n%2F1");
    }
}
