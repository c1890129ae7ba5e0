//! Clients of the time from Consul 0.5 to 0.7, where 1.8.7 broke them.

use quorate_agent::{AgentConfig, Compat};

use crate::client::{Client, agent, start};

#[tokio::test]
async fn clients_of_old_get_only_headers_that_are_json() {
    let today = agent().await;
    let of_old = start(AgentConfig::memory().with_compat(Compat::V0_7)).await;
    for (agent, sent) in [(&today, true), (&of_old, false)] {
        let mut client = Client::connect(agent).await;
        let answer = client.get("/v1/catalog/nodes").await;
        let consistency = answer.header("x-consul-effective-consistency");
        assert_eq!(consistency.is_some(), sent);
        for (name, value) in &answer.headers {
            let is_json = serde_json::from_str::<serde_json::Value>(value).is_ok();
            let consul = name.to_ascii_lowercase().starts_with("x-consul-");
            assert!(!consul || is_json || sent, "{name}: {value}");
        }
    }
    today.shutdown().await;
    of_old.shutdown().await;
}

#[test]
fn an_era_is_named_or_refused() {
    assert_eq!("0.7".parse::<Compat>().unwrap(), Compat::V0_7);
    assert_eq!("current".parse::<Compat>().unwrap(), Compat::Current);
    assert!(
        "0.9"
            .parse::<Compat>()
            .unwrap_err()
            .to_string()
            .contains("0.7")
    );
}
