//! The operation of the cluster: Raft, autopilot, the keys of the gossip encryption.

use anyhow::ensure;
use quorate_consul::operator::{AutopilotConfigRequest, KeyringOptions};
use quorate_consul::{ErrorKind, QueryOptions};
use serde_json::{Value, json};

use super::target::{ALONE, Consul};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

const RAFT: &str = "/v1/operator/raft/configuration";
const PEER: &str = "/v1/operator/raft/peer";
const AUTOPILOT: &str = "/v1/operator/autopilot/configuration";
const HEALTH: &str = "/v1/operator/autopilot/health";
const KEYRING: &str = "/v1/operator/keyring";

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        operator_one_server_leads_and_votes needs [ALONE],
        operator_a_peer_is_removed_by_exactly_one_of_its_names needs [ALONE],
        operator_settings_of_autopilot_are_replaced_as_a_whole needs [ALONE],
        operator_settings_of_autopilot_are_checked_and_set needs [ALONE],
        operator_bad_settings_are_refused_in_gos_words,
        operator_a_server_that_answers_is_healthy needs [ALONE],
        operator_keys_of_a_gossip_in_the_clear_are_refused needs [ALONE],
        operator_parameters_of_the_keyring_are_checked,
        operator_keys_of_a_gossip_in_the_clear_are_a_typed_refusal,
        operator_answers_have_no_index,
        operator_endpoints_of_the_enterprise_are_not_there,
    ]
    .into()
}

async fn operator_one_server_leads_and_votes(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let typed = consul.client.operator().raft().configuration().await?;
    let leader = consul.client.status().leader().await?;
    equal("servers", typed.servers.len(), 1)?;
    let server = &typed.servers[0];
    equal("address", Some(&server.address), leader.as_ref())?;
    equal("node", server.node.as_str(), consul.node())?;
    ensure!(server.leader && server.voter, "{server:?}");
    equal("protocol", server.protocol_version.as_str(), "3")?;
    let own: Value = serde_json::from_str(&consul.ask("GET", "/v1/agent/self", "").await?)?;
    equal(
        "id",
        Some(server.id.as_str()),
        own["Config"]["NodeID"].as_str(),
    )?;
    for parameters in ["?stale", "?consistent", "?ns=team", "?cached", "?index=1"] {
        let text = consul
            .ask("GET", &format!("{RAFT}{parameters}"), "")
            .await?;
        equal(
            parameters,
            serde_json::from_str::<Value>(&text)?,
            json!(typed),
        )?;
    }
    let dc = (500, "No path to datacenter");
    consul
        .expect("GET", &format!("{RAFT}?dc=mars"), "", dc)
        .await?;
    let both = "Cannot specify ?stale with ?consistent, conflicting semantics.";
    let target = format!("{RAFT}?stale&consistent");
    consul.expect("GET", &target, "", (400, both)).await?;
    let wait = format!("{RAFT}?index=x&wait=5");
    consul
        .expect("GET", &wait, "", (400, "Invalid wait time"))
        .await?;
    Ok(())
}

async fn operator_a_peer_is_removed_by_exactly_one_of_its_names(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let none = "Bad request: Must specify either ?id with the server's ID or ?address with IP:port of peer to remove";
    let both = "Bad request: Must specify only one of ?id or ?address";
    let last = "Need at least one voter in configuration: {[]}";
    let raft = consul.client.operator().raft();
    let server = raft.configuration().await?.servers.remove(0);
    let (id, address) = (
        format!("?id={}", server.id),
        format!("?address={}", server.address),
    );
    for (parameters, status, text) in [
        ("", 400, none),
        ("?dc=mars", 400, none),
        ("?id=a&address=b", 400, both),
        ("?id=&address", 400, both),
        (
            "?id=",
            500,
            "id \"\" was not found in the Raft configuration",
        ),
        (
            "?id=a",
            500,
            "id \"a\" was not found in the Raft configuration",
        ),
        (
            "?id=a&stale&consistent",
            500,
            "id \"a\" was not found in the Raft configuration",
        ),
        (
            "?address=a%22b",
            500,
            "address \"a\\\"b\" was not found in the Raft configuration",
        ),
        ("?id=a&dc=mars", 500, "No path to datacenter"),
        (&id, 500, last),
        (&address, 500, last),
    ] {
        let target = format!("{PEER}{parameters}");
        consul.expect("DELETE", &target, "", (status, text)).await?;
    }
    let kind = |error: quorate_consul::Error| error.kind();
    let unknown = raft.remove_peer_by_id("a").await.map_err(kind);
    equal("unknown id", unknown, Err(ErrorKind::NotFound))?;
    let unknown = raft.remove_peer_by_address("192.0.2.1:8300").await;
    equal(
        "unknown address",
        unknown.map_err(kind),
        Err(ErrorKind::NotFound),
    )?;
    let last = raft.remove_peer_by_address(&server.address).await;
    equal("the last", last.map_err(kind), Err(ErrorKind::Conflict))
}

async fn settings(consul: &Consul) -> anyhow::Result<Value> {
    let mut settings: Value = serde_json::from_str(&consul.ask("GET", AUTOPILOT, "").await?)?;
    let fields = settings.as_object_mut();
    for index in ["CreateIndex", "ModifyIndex"] {
        let index = fields.as_ref().and_then(|fields| fields[index].as_u64());
        ensure!(index >= Some(1));
    }
    if let Some(fields) = fields {
        fields.retain(|name, _| !name.ends_with("Index"));
    }
    Ok(settings)
}

async fn operator_settings_of_autopilot_are_replaced_as_a_whole(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    let default = json!({
        "CleanupDeadServers": true, "LastContactThreshold": "200ms", "MaxTrailingLogs": 250,
        "MinQuorum": 0, "ServerStabilizationTime": "10s", "RedundancyZoneTag": "",
        "DisableUpgradeMigration": false, "UpgradeVersionTag": "",
    });
    equal("at first", settings(&consul).await?, default)?;
    let zero = json!({
        "CleanupDeadServers": false, "LastContactThreshold": "0s", "MaxTrailingLogs": 0,
        "MinQuorum": 0, "ServerStabilizationTime": "0s", "RedundancyZoneTag": "",
        "DisableUpgradeMigration": false, "UpgradeVersionTag": "",
    });
    for (body, changed) in [
        ("{}", json!({})),
        ("null", json!({})),
        (
            r#"{"MinQuorum":3,"minquorum":4} rest"#,
            json!({"MinQuorum": 4}),
        ),
        (
            r#"{"LastContactThreshold":"-5s"}"#,
            json!({"LastContactThreshold": "-5s"}),
        ),
        (
            r#"{"LastContactThreshold":1.5}"#,
            json!({"LastContactThreshold": "1ns"}),
        ),
        (
            r#"{"ServerStabilizationTime":"1h30m"}"#,
            json!({"ServerStabilizationTime": "1h30m0s"}),
        ),
        (
            r#"{"MaxTrailingLogs":18446744073709551615}"#,
            json!({"MaxTrailingLogs": u64::MAX}),
        ),
        (
            r#"{"UpgradeVersionTag":"<v>","CreateIndex":5}"#,
            json!({"UpgradeVersionTag": "<v>"}),
        ),
    ] {
        consul.expect("PUT", AUTOPILOT, body, (200, "true")).await?;
        let mut expected = zero.clone();
        if let (Some(expected), Value::Object(changed)) = (expected.as_object_mut(), changed) {
            expected.extend(changed);
        }
        equal(body, settings(&consul).await?, expected)?;
    }
    let autopilot = consul.client.operator().autopilot();
    let request = AutopilotConfigRequest::new().with_min_quorum(3);
    autopilot.set_configuration(&request).await?;
    let config = autopilot.configuration().await?;
    equal("typed", AutopilotConfigRequest::from(&config), request)
}

async fn operator_settings_of_autopilot_are_checked_and_set(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    let autopilot = consul.client.operator().autopilot();
    let first = autopilot.configuration().await?;
    let request = AutopilotConfigRequest::from(&first).with_max_trailing_logs(7);
    let cas = |index: u64| autopilot.cas_configuration(&request, index);
    equal("an index of 0", cas(0).await?, false)?;
    equal("a later index", cas(first.modify_index + 1).await?, false)?;
    equal("the index", cas(first.modify_index).await?, true)?;
    equal("an old index", cas(first.modify_index).await?, false)?;
    let second = autopilot.configuration().await?;
    equal("created", second.create_index, first.create_index)?;
    ensure!(second.modify_index > first.modify_index);
    equal("changed", second.max_trailing_logs, 7)?;
    for (cas, text) in [
        ("x", "strconv.ParseUint: parsing \"x\": invalid syntax"),
        ("", "strconv.ParseUint: parsing \"\": invalid syntax"),
        ("-1", "strconv.ParseUint: parsing \"-1\": invalid syntax"),
    ] {
        let text = format!("Bad request: Error parsing cas value: {text}");
        let target = format!("{AUTOPILOT}?cas={cas}");
        consul.expect("PUT", &target, "{}", (400, &text)).await?;
    }
    let target = format!("{AUTOPILOT}?cas=x");
    let body = "Bad request: Error parsing autopilot config: unexpected EOF";
    consul.expect("PUT", &target, "{", (400, body)).await?;
    let dc = (500, "No path to datacenter");
    consul
        .expect("PUT", &format!("{AUTOPILOT}?dc=mars"), "{}", dc)
        .await?;
    Ok(())
}

async fn operator_bad_settings_are_refused_in_gos_words(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let field = "json: cannot unmarshal {} into Go struct field AutopilotConfiguration.";
    let field = |what: &str, rest: &str| format!("{}{rest}", field.replace("{}", what));
    for (body, text) in [
        ("", "EOF".to_owned()),
        ("{", "unexpected EOF".to_owned()),
        (
            "x",
            "invalid character 'x' looking for beginning of value".to_owned(),
        ),
        (
            "[]",
            "json: cannot unmarshal array into Go value of type api.AutopilotConfiguration"
                .to_owned(),
        ),
        (r#"{"Bogus":1}"#, "json: unknown field \"Bogus\"".to_owned()),
        (
            r#"{"CleanupDeadServers":"x"}"#,
            field("string", "CleanupDeadServers of type bool"),
        ),
        (
            r#"{"MaxTrailingLogs":-1}"#,
            field("number -1", "MaxTrailingLogs of type uint64"),
        ),
        (
            r#"{"MinQuorum":-1}"#,
            field("number -1", "MinQuorum of type uint"),
        ),
        (
            r#"{"RedundancyZoneTag":5}"#,
            field("number", "RedundancyZoneTag of type string"),
        ),
        (
            r#"{"LastContactThreshold":"5d"}"#,
            "time: unknown unit \"d\" in duration \"5d\"".to_owned(),
        ),
        (
            r#"{"LastContactThreshold":true}"#,
            "strconv.ParseFloat: parsing \"true\": invalid syntax".to_owned(),
        ),
    ] {
        let text = format!("Bad request: Error parsing autopilot config: {text}");
        consul.expect("PUT", AUTOPILOT, body, (400, &text)).await?;
    }
    Ok(())
}

async fn operator_a_server_that_answers_is_healthy(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let autopilot = consul.client.operator().autopilot();
    let healthy = crate::eventually::eventually_ok(
        std::time::Duration::from_secs(30),
        "a healthy server",
        || async {
            match autopilot.health().await {
                Ok(health) if health.healthy => Ok(health),
                Ok(health) => Err(format!("{health:?}")),
                Err(error) => Err(error.to_string()),
            }
        },
    );
    let health = healthy.await?;
    equal("tolerance", health.failure_tolerance, 0)?;
    let raft = consul.client.operator().raft().configuration().await?;
    equal("servers", health.servers.len(), 1)?;
    let (server, known) = (&health.servers[0], &raft.servers[0]);
    equal("id", &server.id, &known.id)?;
    equal("address", &server.address, &known.address)?;
    equal("name", server.name.as_str(), consul.node())?;
    equal("gossip", server.serf_status.as_str(), "alive")?;
    equal("version", server.version.as_str(), "1.8.7")?;
    equal("contact", server.last_contact.nanos(), 0)?;
    ensure!(
        server.leader && server.voter && server.healthy,
        "{server:?}"
    );
    ensure!(server.last_index > 0 && server.last_term > 0, "{server:?}");
    let since = server.stable_since.to_system_time();
    ensure!(since.is_some_and(|since| since <= std::time::SystemTime::now()));
    equal("to the second", server.stable_since.subsec_nanos(), 0)?;
    let dc = (500, "No path to datacenter");
    consul
        .expect("GET", &format!("{HEALTH}?dc=mars"), "", dc)
        .await?;
    Ok(())
}

async fn operator_keys_of_a_gossip_in_the_clear_are_refused(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    const KEY: &str = r#"{"Key":"pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s="}"#;
    let node = consul.node();
    let text = |what: &str| {
        let failed = "error: 1/1 nodes reported failure";
        let off = format!("{what} (encryption not enabled)");
        format!(
            "4 errors occurred:\n\t* WAN {failed}\n\t* {node}.dc1: {off}\n\t* dc1 (LAN) {failed}\n\t* {node}: {off}\n\n"
        )
    };
    let (empty, none) = (text("Keyring is empty"), text("No keyring to modify"));
    let lan = format!(
        "2 errors occurred:\n\t* dc1 (LAN) error: 1/1 nodes reported failure\n\t* {node}: Keyring is empty (encryption not enabled)\n\n"
    );
    let base64 = "illegal base64 data at input byte 0";
    let base64 =
        format!("2 errors occurred:\n\t* WAN error: {base64}\n\t* dc1 (LAN) error: {base64}\n\n");
    for parameters in [
        "",
        "?dc=mars",
        "?relay-factor=5",
        "?local-only=",
        "?stale&consistent",
    ] {
        let target = format!("{KEYRING}{parameters}");
        consul.expect("GET", &target, "", (500, &empty)).await?;
    }
    let local = format!("{KEYRING}?local-only=true");
    consul.expect("GET", &local, "", (500, &lan)).await?;
    let decode = |text: &str| format!("Bad request: Request decode failed: {text}");
    let only =
        "Bad request: Invalid use of local-only: local-only can only be set for list requests";
    for method in ["POST", "PUT", "DELETE"] {
        for (body, status, text) in [
            (KEY, 500, none.clone()),
            ("{}", 500, none.clone()),
            ("null", 500, none.clone()),
            (r#"{"Key":"x"}"#, 500, base64.clone()),
            ("", 400, decode("EOF")),
            (
                r#"{"Bogus":1}"#,
                400,
                decode("json: unknown field \"Bogus\""),
            ),
            (
                r#"{"RelayFactor":300}"#,
                400,
                decode(
                    "json: cannot unmarshal number 300 into Go struct field keyringArgs.RelayFactor of type uint8",
                ),
            ),
        ] {
            consul
                .expect(method, KEYRING, body, (status, &text))
                .await?;
        }
        consul.expect(method, &local, KEY, (400, only)).await?;
        consul
            .expect(method, &local, "{", (400, &decode("unexpected EOF")))
            .await?;
    }
    Ok(())
}

async fn operator_parameters_of_the_keyring_are_checked(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let range = "Bad request: Invalid relay-factor: Relay factor must be in range: [0, 5]";
    for (parameters, text) in [
        ("relay-factor=6", range),
        ("relay-factor=-1", range),
        (
            "relay-factor=x",
            "Bad request: Error parsing relay factor: strconv.Atoi: parsing \"x\": invalid syntax",
        ),
        (
            "local-only=x",
            "Bad request: Error parsing local-only: strconv.ParseBool: parsing \"x\": invalid syntax",
        ),
    ] {
        let target = format!("{KEYRING}?{parameters}");
        consul.expect("GET", &target, "", (400, text)).await?;
    }
    Ok(())
}

async fn operator_keys_of_a_gossip_in_the_clear_are_a_typed_refusal(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let keyring = consul.client.operator().keyring();
    let kind = |error: quorate_consul::Error| error.kind();
    equal(
        "list",
        keyring.list().await.map_err(kind),
        Err(ErrorKind::Unsupported),
    )?;
    let key = "pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s=".into();
    equal(
        "install",
        keyring.install(&key).await.map_err(kind),
        Err(ErrorKind::Unsupported),
    )?;
    equal(
        "use",
        keyring.use_key(&key).await.map_err(kind),
        Err(ErrorKind::Unsupported),
    )?;
    equal(
        "remove",
        keyring.remove(&key).await.map_err(kind),
        Err(ErrorKind::Unsupported),
    )?;
    let bad = keyring.install(&"*".into()).await.map_err(kind);
    equal("no base64", bad, Err(ErrorKind::InvalidArgument))?;
    let (far, options) = (
        KeyringOptions::new().with_relay_factor(6),
        QueryOptions::new(),
    );
    let far = keyring.list_with(&far, &options).await.map_err(kind);
    equal("relays", far.map(|_| ()), Err(ErrorKind::InvalidArgument))
}

async fn operator_answers_have_no_index(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for target in [RAFT, AUTOPILOT, HEALTH] {
        let answer = consul.send("GET", target, "").await?;
        equal(target, answer.header("X-Consul-Index"), None)?;
        equal(target, answer.header("X-Consul-KnownLeader"), None)?;
    }
    for (method, target, allow) in [
        ("PUT", RAFT, "OPTIONS,GET"),
        ("GET", PEER, "OPTIONS,DELETE"),
        ("POST", AUTOPILOT, "OPTIONS,GET,PUT"),
        ("PUT", HEALTH, "OPTIONS,GET"),
        ("PATCH", KEYRING, "OPTIONS,GET,POST,PUT,DELETE"),
    ] {
        let answer = consul.send(method, target, "").await?;
        equal(target, answer.status, 405)?;
        equal(target, answer.header("Allow"), Some(allow))?;
    }
    Ok(())
}

async fn operator_endpoints_of_the_enterprise_are_not_there(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    for name in ["area", "license", "segment"] {
        let target = format!("/v1/operator/{name}");
        consul.expect("GET", &target, "", (404, "")).await?;
    }
    Ok(())
}
