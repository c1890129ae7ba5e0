//! Tokens, policies, roles, auth methods and binding rules.

use quorate_wire::consul::acl::{
    AuthMethod, AuthMethodRow, Authorization, BindType, BindingRule, BootstrapToken, Entry,
    EntryCreated, EntryKind, Policy, PolicyRow, Replication, Role, Token, TokenLocality, TokenRow,
};
use quorate_wire::consul::json;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::message::{Message, named};

/// Decodes and encodes every recorded success of these names again; returns how many there were.
fn survive<T: DeserializeOwned + Serialize>(prefixes: &[&str]) -> usize {
    let mut seen = 0;
    for name in prefixes.iter().flat_map(|prefix| named(prefix)) {
        let answer = Message::answer(&name);
        if answer.status() != 200 || answer.text() == "true" {
            continue;
        }
        let value: T = serde_json::from_slice(&answer.body)
            .unwrap_or_else(|error| panic!("{name}: {error}: {}", answer.text()));
        let again = String::from_utf8(json::encode(&value).unwrap()).unwrap();
        assert_eq!(again, answer.text(), "{name}");
        seen += 1;
    }
    seen
}

fn one<T: DeserializeOwned>(name: &str) -> T {
    serde_json::from_slice(&Message::answer(name).body).unwrap()
}

#[test]
fn tokens_are_read_and_written_as_consul_writes_them() {
    assert!(survive::<Token>(&["acl-token-", "acl-login"]) >= 18);
    assert!(survive::<Vec<TokenRow>>(&["acl-tokens"]) >= 7);
    assert_eq!(survive::<BootstrapToken>(&["acl-bootstrap"]), 1);
}

#[test]
fn old_tokens_are_read_and_written_as_consul_writes_them() {
    assert!(survive::<Vec<Entry>>(&["acl-list", "acl-info"]) >= 4);
    assert!(survive::<EntryCreated>(&["acl-create", "acl-update", "acl-clone"]) >= 7);
}

#[test]
fn policies_and_roles_are_read_and_written_as_consul_writes_them() {
    assert!(survive::<Policy>(&["acl-policy-"]) >= 8);
    assert!(survive::<Vec<PolicyRow>>(&["acl-policies"]) >= 2);
    assert!(survive::<Role>(&["acl-role-"]) >= 5);
    assert!(survive::<Vec<Role>>(&["acl-roles"]) >= 3);
}

#[test]
fn auth_methods_and_binding_rules_are_read_and_written_as_consul_writes_them() {
    assert!(survive::<AuthMethod>(&["acl-auth-method-"]) >= 6);
    assert!(survive::<Vec<AuthMethodRow>>(&["acl-auth-methods"]) >= 2);
    assert!(survive::<BindingRule>(&["acl-binding-rule-"]) >= 5);
    assert!(survive::<Vec<BindingRule>>(&["acl-binding-rules"]) >= 4);
}

#[test]
fn replication_and_authorizations_are_read_and_written_as_consul_writes_them() {
    assert_eq!(survive::<Replication>(&["acl-replication"]), 1);
    assert!(survive::<Vec<Authorization>>(&["acl-authorize"]) >= 3);
}

#[test]
fn a_row_of_a_list_follows_from_its_token() {
    let rows: Vec<TokenRow> = one("acl-tokens-legacy");
    for name in ["acl-token-legacy", "acl-token-update-nothing"] {
        let token: Token = one(name);
        let row = rows.iter().find(|row| row.accessor_id == token.accessor_id);
        assert_eq!(row, Some(&TokenRow::from(&token)), "{name}");
    }
    let rows: Vec<PolicyRow> = one("acl-policies");
    for name in ["acl-policy-update-same", "acl-policy-create-datacenters"] {
        let policy: Policy = one(name);
        assert!(rows.contains(&PolicyRow::from(&policy)), "{name}");
    }
    let rows: Vec<AuthMethodRow> = one("acl-auth-methods");
    assert!(rows.contains(&AuthMethodRow::from(&one("acl-auth-method-create"))));
    let first: BootstrapToken = one("acl-bootstrap");
    assert_eq!(BootstrapToken::from(first.token.clone()), first);
}

#[test]
fn the_facts_of_tokens_survive() {
    let token: Token = one("acl-token-create-local-expires");
    let (made, ends) = (token.create_time, token.expiration_time.unwrap());
    let lives = ends.to_system_time().unwrap();
    let lives = lives
        .duration_since(made.to_system_time().unwrap())
        .unwrap();
    assert_eq!((token.local, lives.as_secs()), (true, 3600));
    let token: Token = one("acl-token-legacy");
    assert!(token.create_time.is_zero() && token.rules.starts_with("key"));
    let token: Token = one("acl-token-read-hidden");
    assert_eq!(token.secret_id.expose(), "<hidden>");
    let token: Token = one("acl-login");
    assert_eq!(token.auth_method, "jwt");
    let entries: Vec<Entry> = one("acl-list");
    assert!(
        entries
            .iter()
            .any(|entry| entry.kind == EntryKind::Management)
    );
    let method: AuthMethod = one("acl-auth-method-create");
    assert_eq!(method.max_token_ttl.to_string(), "5m0s");
    assert_eq!(method.token_locality, Some(TokenLocality::Local));
    let rules: Vec<BindingRule> = one("acl-binding-rules");
    for kind in [BindType::Service, BindType::Role, BindType::Node] {
        assert!(rules.iter().any(|rule| rule.bind_type == kind), "{kind}");
    }
}

#[test]
fn no_secret_is_printed() {
    for name in ["acl-bootstrap", "acl-token-read", "acl-login"] {
        let token: Token = one(name);
        let text = format!("{token:?}");
        assert!(!text.contains(token.secret_id.expose()), "{text}");
    }
    let entries: Vec<Entry> = one("acl-list");
    let text = format!("{entries:?}");
    for entry in &entries {
        assert!(!text.contains(entry.id.expose()), "{text}");
    }
    let method: AuthMethod = one("acl-auth-method-create-kubernetes");
    assert!(!format!("{method:?}").contains("eyJ"));
}
