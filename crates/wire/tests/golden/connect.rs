//! The mesh: intentions, the certificate authority, discovery chains.

use quorate_wire::consul::discovery_chain::DiscoveryChainAnswer;
use quorate_wire::consul::intention::{IntentionCheck, IntentionCreated, IntentionMatches};
use quorate_wire::consul::{CaConfiguration, CaRoots, Intention, json};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::message::{Message, named};

/// Reads an answer, and checks that it is written the same.
fn round<T: Serialize + DeserializeOwned>(name: &str) -> T {
    let answer = Message::answer(name);
    assert_eq!(answer.status(), 200, "{name}");
    let value: T = serde_json::from_slice(&answer.body).unwrap();
    let again = String::from_utf8(json::encode(&value).unwrap()).unwrap();
    assert_eq!(again, answer.text(), "{name}");
    value
}

#[test]
fn intentions_are_read_and_written_as_consul_writes_them() {
    for name in ["connect-intention-get", "connect-intention-get-updated"] {
        let intention: Intention = round(name);
        assert_eq!(intention.precedence, 9, "{name}");
        assert!(intention.created_at <= intention.updated_at, "{name}");
    }
    for name in named("connect-intention-list") {
        let _: Vec<Intention> = round(&name);
    }
    let matches: IntentionMatches = round("connect-intention-match");
    assert_eq!((matches.of("db").len(), matches.of("x").len()), (2, 1));
    let none: IntentionMatches = round("connect-intention-match-none");
    assert!(none.of("x/y").is_empty());
    assert!(round::<IntentionCheck>("connect-intention-check").allowed);
    assert!(!round::<IntentionCheck>("connect-intention-check-denied").allowed);
    for name in ["create", "create-any", "update"] {
        let created: IntentionCreated = round(&format!("connect-intention-{name}"));
        assert_eq!(created.id.len(), 36);
    }
}

#[test]
fn authorities_are_read_and_written_as_consul_writes_them() {
    let roots: CaRoots = round("connect-ca-roots");
    let root = roots.active().unwrap();
    assert_eq!(
        (root.private_key_type.as_str(), root.private_key_bits),
        ("ec", 256)
    );
    assert!(root.not_before < root.not_after);
    let pem = Message::answer("connect-ca-roots-pem");
    assert_eq!(pem.text(), root.root_cert);
    let hours = |hours: u64| std::time::Duration::from_secs(hours * 3600);
    let configuration: CaConfiguration = round("connect-ca-configuration");
    assert_eq!(configuration.leaf_cert_ttl(), Some(hours(72)));
    let configuration: CaConfiguration = round("connect-ca-configuration-set");
    assert_eq!(configuration.leaf_cert_ttl(), Some(hours(5)));
    assert_eq!(configuration.rotation_period(), Some(hours(2160)));
}

#[test]
fn chains_are_read_and_written_as_consul_writes_them() {
    let default: DiscoveryChainAnswer = round("connect-chain-default");
    assert_eq!(default.chain.nodes.len(), 1);
    for name in [
        "connect-chain",
        "connect-chain-elsewhere",
        "connect-chain-overridden",
    ] {
        let answer: DiscoveryChainAnswer = round(name);
        let chain = answer.chain;
        assert!(chain.nodes.contains_key(&chain.start_node), "{name}");
        let overridden = name.ends_with("overridden");
        assert_eq!(!chain.customization_hash.is_empty(), overridden, "{name}");
    }
}
