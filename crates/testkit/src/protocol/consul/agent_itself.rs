//! The agent itself: what it says of itself, its pool, its log, its tokens, the mesh, its end.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_consul::agent::{LogFormat, MonitorOptions};
use quorate_consul::wire::agent::AuthorizeRequest;
use quorate_consul::{AgentToken, ErrorKind, LogLevel, Secret};
use serde_json::{Value, json};
use tokio::time::timeout;

use super::target::{ALONE, Consul};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

/// Longer than anything here takes unless it is broken.
const PATIENCE: Duration = Duration::from_secs(30);

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        the_agent_describes_itself,
        the_machine_is_described,
        the_agent_counts,
        prometheus_is_off_by_default needs [ALONE],
        the_pools_have_members,
        segments_are_not_supported,
        nobody_is_joined_where_nobody_listens,
        the_agent_joins_itself,
        an_unknown_node_is_not_forced_to_leave,
        the_log_is_streamed,
        the_log_is_streamed_as_json,
        an_unknown_level_of_the_log_is_refused,
        a_reload_keeps_what_is_registered needs [ALONE],
        there_are_no_tokens_without_acls,
        the_mesh_of_the_agent_is_off,
        everybody_may_connect_without_rules,
        an_intention_decides_who_may_connect,
        what_no_service_may_ask_is_refused,
        an_agent_that_is_told_to_leave_answers_and_ends needs [ALONE],
    ]
    .into()
}

fn keys(value: &Value) -> BTreeSet<String> {
    let fields = value.as_object().into_iter().flatten();
    fields.map(|(name, _)| name.clone()).collect()
}

fn set(names: &[&str]) -> BTreeSet<String> {
    names.iter().map(|name| (*name).to_owned()).collect()
}

async fn the_agent_describes_itself(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let answer = consul
        .send("GET", "/v1/agent/self?index=1&dc=other", "")
        .await?;
    equal("status", answer.status, 200)?;
    equal("index", answer.header("X-Consul-Index"), None)?;
    let agent: Value = serde_json::from_slice(&answer.body)?;
    let parts = ["Config", "Coord", "DebugConfig", "Member", "Meta", "Stats"];
    equal("parts", keys(&agent), set(&parts))?;
    let config = [
        "Datacenter",
        "NodeID",
        "NodeName",
        "Revision",
        "Server",
        "Version",
    ];
    ensure!(keys(&agent["Config"]).is_superset(&set(&config)));
    ensure!(
        keys(&agent["DebugConfig"]).len() > 200,
        "a part of the configuration is missing"
    );
    equal(
        "dimensions",
        agent["Coord"]["Vec"].as_array().map(Vec::len),
        Some(8),
    )?;
    equal(
        "labels",
        &agent["Meta"],
        &json!({"consul-network-segment": ""}),
    )?;
    let sections = [
        "agent", "build", "consul", "raft", "runtime", "serf_lan", "serf_wan",
    ];
    equal("sections", keys(&agent["Stats"]), set(&sections))?;
    for (section, text) in agent["Stats"].as_object().into_iter().flatten() {
        let texts = text.as_object().context("no section")?;
        ensure!(
            texts.values().all(Value::is_string),
            "{section} has more than texts"
        );
    }
    let typed = consul.client.agent().self_info().await?;
    equal("version", typed.config.version.as_str(), "1.8.7")?;
    equal("server", typed.stat("consul", "server"), Some("true"))?;
    equal(
        "state",
        typed.stat("consul", "known_datacenters"),
        Some("1"),
    )?;
    equal("member", &typed.member.name, &typed.config.node_name)?;
    equal(
        "id",
        typed.member.node_id(),
        Some(typed.config.node_id.as_str()),
    )?;
    ensure!(
        typed
            .stat("raft", "applied_index")
            .is_some_and(|index| index.parse::<u64>().is_ok())
    );
    Ok(())
}

async fn the_machine_is_described(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let host = consul.client.agent().host().await?;
    let memory = host.memory.context("no memory")?;
    ensure!(memory.total >= memory.available && memory.available > 0);
    ensure!(!host.cpu.is_empty() && host.collection_time > 0);
    let system = host.host.context("no system")?;
    equal("system", system.os.as_str(), std::env::consts::OS)?;
    ensure!(!system.hostname.is_empty() && system.uptime > 0);
    let disk = host.disk.context("no disk")?;
    ensure!(disk.total > 0 && disk.used_percent > 0.0);
    let answer = consul.send("GET", "/v1/agent/host", "").await?;
    let parts = ["CPU", "CollectionTime", "Disk", "Errors", "Host", "Memory"];
    equal(
        "parts",
        keys(&serde_json::from_slice(&answer.body)?),
        set(&parts),
    )
}

async fn the_agent_counts(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let answer = consul.send("GET", "/v1/agent/metrics", "").await?;
    let parts = ["Counters", "Gauges", "Points", "Samples", "Timestamp"];
    equal(
        "parts",
        keys(&serde_json::from_slice(&answer.body)?),
        set(&parts),
    )?;
    let metrics = consul.client.agent().metrics().await?;
    ensure!(
        metrics.timestamp.ends_with("+0000 UTC"),
        "{}",
        metrics.timestamp
    );
    Ok(())
}

async fn prometheus_is_off_by_default(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    let text = "Prometheus is not enabled since its retention time is not positive";
    let target = "/v1/agent/metrics?format=prometheus";
    consul.expect("GET", target, "", (415, text)).await?;
    let refused = consul.client.agent().metrics_prometheus().await;
    let kind = refused.err().context("it is on")?.kind();
    equal("kind", kind, ErrorKind::Unsupported)
}

async fn the_pools_have_members(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let agent = consul.client.agent();
    let members = agent.members().await?;
    let name = agent.node_name().await?;
    let own = members.iter().find(|member| member.name == name);
    let own = own.context("the agent is no member of its pool")?;
    ensure!(own.is_alive() && own.is_server() && own.ip().is_some());
    equal("version", own.version(), Some("1.8.7"))?;
    equal("datacenter", own.datacenter(), Some("dc1"))?;
    ensure!(own.server_port().is_some());
    let numbers = (own.protocol_min, own.protocol_max, own.protocol_cur);
    equal("protocol", numbers, (1, 5, 2))?;
    let numbers = (own.delegate_min, own.delegate_max, own.delegate_cur);
    equal("delegate", numbers, (2, 5, 4))?;
    let wan = agent.members_wan().await?;
    let between = wan
        .iter()
        .find(|member| member.name == format!("{name}.dc1"));
    let between = between.context("the agent is not in the pool between datacenters")?;
    let mut tags = own.tags.clone();
    tags.remove("wan_join_port").context("no port to join")?;
    equal("tags", &tags, &between.tags)?;
    ensure!(own.port != between.port);
    // Whatever stands there asks for it.
    let text = consul.ask("GET", "/v1/agent/members?wan=0", "").await?;
    ensure!(text.contains(".dc1"), "{text}");
    Ok(())
}

async fn segments_are_not_supported(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for (query, status, text) in [
        (
            "segment=x",
            500,
            "Network segments are not supported in this version of Consul",
        ),
        (
            "segment=x&wan=1",
            400,
            "Cannot provide a segment with wan=true",
        ),
    ] {
        let target = format!("/v1/agent/members?{query}");
        consul.expect("GET", &target, "", (status, text)).await?;
    }
    consul
        .ask("GET", "/v1/agent/members?segment=_all", "")
        .await?;
    Ok(())
}

async fn nobody_is_joined_where_nobody_listens(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for query in ["", "?wan=1"] {
        let target = format!("/v1/agent/join/127.0.0.1:9{query}");
        let answer = consul.send("PUT", &target, "").await?;
        equal("status", answer.status, 500)?;
        let text = answer.text();
        let start = "1 error occurred:\n\t* Failed to join 127.0.0.1: ";
        ensure!(
            text.starts_with(start) && text.ends_with("\n\n"),
            "{text:?}"
        );
    }
    let agent = consul.client.agent();
    for refused in [
        agent.join("127.0.0.1:9").await,
        agent.join_wan("127.0.0.1:9").await,
    ] {
        let error = refused.err().context("joined nobody")?;
        equal("kind", error.kind(), ErrorKind::Unavailable)?;
    }
    Ok(())
}

async fn the_agent_joins_itself(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let agent = consul.client.agent();
    let name = agent.node_name().await?;
    for (wan, members) in [
        (false, agent.members().await?),
        (true, agent.members_wan().await?),
    ] {
        let own = members.iter().find(|member| member.name.starts_with(&name));
        let own = own.context("no member")?;
        let address = format!("{}:{}", own.addr, own.port);
        if wan {
            agent.join_wan(&address).await?;
        } else {
            agent.join(&address).await?;
        }
    }
    Ok(())
}

async fn an_unknown_node_is_not_forced_to_leave(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for query in ["", "?prune", "?prune=1"] {
        let target = format!("/v1/agent/force-leave/nobody{query}");
        let text = "agent: No node found with name 'nobody'";
        consul.expect("PUT", &target, "", (500, text)).await?;
    }
    let agent = consul.client.agent();
    for refused in [
        agent.force_leave("nobody").await,
        agent.force_leave_prune("nobody").await,
    ] {
        let error = refused.err().context("nobody left")?;
        equal("kind", error.kind(), ErrorKind::NotFound)?;
    }
    agent.force_leave(&agent.node_name().await?).await?;
    ensure!(
        agent
            .members()
            .await?
            .iter()
            .any(|member| member.is_alive())
    );
    Ok(())
}

async fn the_log_is_streamed(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let agent = consul.client.agent();
    let mut lines = timeout(PATIENCE, agent.monitor(LogLevel::Debug)).await??;
    let name = consul.key("nothing").replace('/', "-");
    let path = format!("/v1/agent/service/{name}");
    agent.service(&name).await?;
    loop {
        let line = timeout(PATIENCE, lines.next()).await??;
        let line = line.context("the log has ended")?;
        if line.contains(&path) && line.contains("Request finished") {
            ensure!(
                line.contains("[DEBUG] agent.http: Request finished: method=GET url="),
                "{line}"
            );
            ensure!(line.contains(" latency="), "{line}");
            return Ok(());
        }
    }
}

async fn the_log_is_streamed_as_json(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let agent = consul.client.agent();
    let options = MonitorOptions::new()
        .with_level(LogLevel::Debug)
        .with_format(LogFormat::Json);
    let mut lines = timeout(PATIENCE, agent.monitor_with(&options)).await??;
    let name = consul.key("nothing").replace('/', "-");
    let path = format!("/v1/agent/service/{name}");
    agent.service(&name).await?;
    loop {
        let line = timeout(PATIENCE, lines.next_object()).await??;
        let line = line.context("the log has ended")?;
        let url = line.fields.get("url").and_then(Value::as_str);
        if url == Some(path.as_str()) && line.message == "Request finished" {
            equal("level", line.level(), Some(LogLevel::Debug))?;
            equal("module", line.module.as_str(), "agent.http")?;
            ensure!(line.timestamp.contains('T'), "{}", line.timestamp);
            return equal("method", &line.fields["method"], &json!("GET"));
        }
    }
}

async fn an_unknown_level_of_the_log_is_refused(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for word in ["off", "warning", "x"] {
        let target = format!("/v1/agent/monitor?loglevel={word}");
        let text = format!("Bad request: Unknown log level: {word}");
        consul.expect("GET", &target, "", (400, &text)).await?;
    }
    Ok(())
}

async fn a_reload_keeps_what_is_registered(consul: &Subject<Consul>) -> anyhow::Result<()> {
    // The real one has no service at all for a moment.
    let consul = consul.alone().await?;
    let (agent, name) = (consul.client.agent(), "kept".to_owned());
    agent
        .register_service(&quorate_consul::ServiceRegistration::new(&name))
        .await?;
    agent.reload().await?;
    ensure!(agent.service(&name).await?.is_some(), "it is forgotten");
    agent.deregister_service(&name).await?;
    Ok(())
}

async fn there_are_no_tokens_without_acls(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for name in ["default", "agent", "acl_token", "nothing", ""] {
        let target = format!("/v1/agent/token/{name}");
        let refusal = (401, "ACL support disabled");
        consul
            .expect("PUT", &target, r#"{"Token":"t"}"#, refusal)
            .await?;
        consul.expect("PUT", &target, "{", refusal).await?;
    }
    let set = consul.client.agent();
    let refused = set.update_token(AgentToken::Agent, &Secret::new("t")).await;
    let kind = refused.err().context("there are tokens")?.kind();
    equal("kind", kind, ErrorKind::Unsupported)
}

async fn the_mesh_of_the_agent_is_off(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let text = "Connect must be enabled in order to use this endpoint";
    for target in ["ca/roots", "ca/leaf/web", "ca/leaf/"] {
        let target = format!("/v1/agent/connect/{target}");
        consul.expect("GET", &target, "", (500, text)).await?;
    }
    let agent = consul.client.agent();
    let roots = agent.ca_roots().await.err().context("there are roots")?;
    equal("roots", roots.kind(), ErrorKind::Unsupported)?;
    let leaf = agent
        .ca_leaf("web")
        .await
        .err()
        .context("there is a certificate")?;
    equal("leaf", leaf.kind(), ErrorKind::Unsupported)
}

async fn everybody_may_connect_without_rules(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (target, source) = (consul.key("to"), consul.key("from"));
    let (target, source) = (target.replace('/', "-"), source.replace('/', "-"));
    let uri = format!(
        "spiffe://11111111-2222-4333-8444-555555555555.consul/ns/default/dc/dc1/svc/{source}"
    );
    let request = AuthorizeRequest::new(&target, uri, "00:01");
    let answer = consul.client.agent().connect_authorize(&request).await?;
    ensure!(answer.authorized, "{}", answer.reason);
    let reason = "ACLs disabled, access is allowed by default";
    equal("reason", answer.reason.as_str(), reason)
}

async fn an_intention_decides_who_may_connect(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let (target, source) = (consul.key("to"), consul.key("from"));
    let (target, source) = (target.replace('/', "-"), source.replace('/', "-"));
    let body = json!({"SourceName": source, "DestinationName": target, "Action": "deny"});
    let text = consul
        .ask("POST", "/v1/connect/intentions", body.to_string())
        .await?;
    let made: Value = serde_json::from_str(&text)?;
    let id = made["ID"].as_str().context("no id")?;
    let uri = format!("spiffe://1.consul/ns/default/dc/dc1/svc/{source}");
    let request = AuthorizeRequest::new(&target, uri, "00:01");
    let answer = consul.client.agent().connect_authorize(&request).await?;
    let reason = format!(
        "Matched intention: DENY default/{source} => default/{target} (ID: {id}, Precedence: 9)"
    );
    equal(
        "answer",
        (answer.authorized, answer.reason),
        (false, reason),
    )
}

async fn what_no_service_may_ask_is_refused(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let root = "spiffe://11111111-2222-4333-8444-555555555555.consul";
    for (body, text) in [
        (json!({}), "Target service must be specified"),
        (
            json!({"Target": "web"}),
            "ClientCertURI not a valid Connect identifier",
        ),
        (
            json!({"Target": "web", "ClientCertURI": "https://x/ns/a/dc/b/svc/c"}),
            "ClientCertURI not a valid Connect identifier",
        ),
        (
            json!({"Target": "web", "ClientCertURI": root}),
            "ClientCertURI not a valid Service identifier",
        ),
        (
            json!({"Target": "web", "ClientCertURI": format!("{root}/agent/client/dc/dc1/id/n")}),
            "ClientCertURI not a valid Service identifier",
        ),
        (
            json!({"Target": 1}),
            "Request decode failed: json: cannot unmarshal number into Go struct field ConnectAuthorizeRequest.Target of type string",
        ),
    ] {
        let refusal = (400, &*format!("Bad request: {text}"));
        let target = "/v1/agent/connect/authorize";
        consul
            .expect("POST", target, body.to_string(), refusal)
            .await?;
    }
    let empty = (400, "Bad request: Request decode failed: EOF");
    consul
        .expect("POST", "/v1/agent/connect/authorize", "", empty)
        .await?;
    Ok(())
}

async fn an_agent_that_is_told_to_leave_answers_and_ends(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    consul.client.agent().leave().await?;
    let gone = async {
        while consul.connect().await.is_ok() {
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(PATIENCE, gone).await.context("it still listens")?;
    Ok(())
}
