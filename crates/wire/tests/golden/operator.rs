//! Raft, autopilot, the keys of the gossip encryption.

use quorate_wire::consul::operator::{
    AutopilotConfig, AutopilotConfigRequest, AutopilotHealth, KeyRequest, Keyring,
    RaftConfiguration,
};
use quorate_wire::consul::{SecretText, json};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::message::{Message, named};

fn survive<T: DeserializeOwned + Serialize>(prefix: &str) -> usize {
    let mut seen = 0;
    for name in named(prefix) {
        let answer = Message::answer(&name);
        if answer.status() != 200 || matches!(answer.text(), "" | "true" | "false") {
            continue;
        }
        let value: T = serde_json::from_slice(&answer.body).unwrap();
        let again = String::from_utf8(json::encode(&value).unwrap()).unwrap();
        assert_eq!(again, answer.text(), "{name}");
        seen += 1;
    }
    seen
}

#[test]
fn everything_is_read_and_written_as_consul_writes_it() {
    assert_eq!(survive::<RaftConfiguration>("operator-raft-"), 2);
    assert_eq!(survive::<AutopilotConfig>("operator-autopilot-conf"), 3);
    assert_eq!(survive::<AutopilotHealth>("operator-autopilot-health"), 1);
    assert_eq!(survive::<Vec<Keyring>>("operator-keyring-"), 4);
}

#[test]
fn the_default_settings_are_those_of_a_new_cluster() {
    let answer = Message::answer("operator-autopilot-configuration");
    let mut recorded: AutopilotConfig = serde_json::from_slice(&answer.body).unwrap();
    (recorded.create_index, recorded.modify_index) = (0, 0);
    assert_eq!(recorded, AutopilotConfig::default());
    assert_eq!(
        AutopilotConfigRequest::default(),
        AutopilotConfigRequest::from(&recorded)
    );
}

#[test]
fn settings_are_sent_as_durations_with_a_unit() {
    let text = serde_json::to_string(&AutopilotConfigRequest::new()).unwrap();
    assert!(text.contains(r#""LastContactThreshold":"200ms""#), "{text}");
    assert!(
        text.contains(r#""ServerStabilizationTime":"10000ms""#),
        "{text}"
    );
}

#[test]
fn the_facts_of_the_recordings_survive() {
    let one = |name: &str| Message::answer(name).body;
    let raft: RaftConfiguration =
        serde_json::from_slice(&one("operator-raft-configuration")).unwrap();
    assert!(raft.servers[0].leader && raft.servers[0].voter);
    let health: AutopilotHealth =
        serde_json::from_slice(&one("operator-autopilot-health")).unwrap();
    assert!(health.healthy && health.servers[0].stable_since.to_system_time().is_some());
    let rings: Vec<Keyring> = serde_json::from_slice(&one("operator-keyring-list-two")).unwrap();
    assert!(rings[0].wan && !rings[1].wan);
    assert_eq!((rings[0].keys.len(), rings[0].primary_keys.len()), (2, 1));
}

#[test]
fn no_key_is_printed() {
    let body = Message::answer("operator-keyring-list").body;
    let rings: Vec<Keyring> = serde_json::from_slice(&body).unwrap();
    let key = rings[0].keys.keys().next().map(SecretText::expose).unwrap();
    assert!(!format!("{rings:?}").contains(key));
    assert!(!format!("{:?}", KeyRequest::new(key)).contains(key));
}
