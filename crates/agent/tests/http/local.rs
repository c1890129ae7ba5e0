//! The agent's own services and checks: what stays, what old clients may send, and what ends.

use std::time::Duration;

use quorate_agent::{Agent, AgentConfig, Compat};
use serde_json::{Value, json};

use crate::client::{Client, agent, eventually, start, strict_agent};

async fn register(client: &mut Client, kind: &str, body: Value) {
    let target = format!("/v1/agent/{kind}/register");
    let answer = client.put(&target, body.to_string()).await;
    assert_eq!((answer.status, answer.text()), (200, ""), "{body}");
}

async fn check(agent: &Agent, id: &str) -> Value {
    let mut client = Client::connect(agent).await;
    client.get("/v1/agent/checks").await.json()[id].clone()
}

#[tokio::test]
async fn registrations_ttls_and_maintenance_survive_a_restart() {
    let folder = tempfile::tempdir().unwrap();
    let config = AgentConfig::directory(folder.path());
    let before = start(config.clone()).await;
    let mut client = Client::connect(&before).await;
    let web = json!({"Name": "web", "Tags": ["a"], "Meta": {"k": "v"}, "Check": {"TTL": "1h"}});
    register(&mut client, "service", web).await;
    register(&mut client, "check", json!({"Name": "brief", "TTL": "1s"})).await;
    let http = json!({"Name": "http", "HTTP": "http://127.0.0.1:1/", "Interval": "1h"});
    register(&mut client, "check", http).await;
    for target in [
        "check/pass/service:web?note=fine",
        "check/pass/brief",
        "maintenance?enable=true&reason=r",
        "service/maintenance/web?enable=true",
    ] {
        let target = format!("/v1/agent/{target}");
        assert_eq!(client.put(&target, "").await.status, 200);
    }
    let targets = ["/v1/agent/services", "/v1/agent/service/web"];
    let mut shown = Vec::new();
    for target in targets {
        shown.push(client.get(target).await.text().to_owned());
    }
    before.shutdown().await;

    let after = start(config).await;
    let mut client = Client::connect(&after).await;
    for (target, before) in targets.into_iter().zip(shown) {
        assert_eq!(client.get(target).await.text(), before);
    }
    let stats = client.get("/v1/agent/self").await.json()["Stats"]["agent"].clone();
    let counted = json!({"check_monitors": "0", "check_ttls": "2", "checks": "5", "services": "1"});
    assert_eq!(stats, counted);
    let checks = client.get("/v1/agent/checks").await.json();
    let web = &checks["service:web"];
    assert_eq!(
        (&web["Status"], &web["Output"]),
        (&json!("passing"), &json!("fine"))
    );
    assert_eq!(checks["_node_maintenance"]["Notes"], "r");
    assert_eq!(checks["_service_maintenance:web"]["ServiceID"], "web");
    assert_eq!(checks["http"]["Status"], "critical");
    eventually("the brief TTL", async || {
        check(&after, "brief").await["Output"] == "TTL expired"
    })
    .await;
    after.shutdown().await;
}

#[tokio::test]
async fn old_clients_may_use_get_and_fields_that_no_longer_exist_unless_strict() {
    let allowing = start(AgentConfig::memory().with_script_checks(true)).await;
    let mut client = Client::connect(&allowing).await;
    let web = json!({"Name": "web", "Check": {"Script": "exit 1", "Interval": "1s", "ID": "x"}});
    register(&mut client, "service", web).await;
    let script = json!({"Name": "old", "Script": "echo of old", "Interval": "1s", "Near": ""});
    register(&mut client, "check", script).await;
    register(&mut client, "check", json!({"Name": "ttl", "TTL": "1h"})).await;
    eventually("the script of old", async || {
        let check = check(&allowing, "old").await;
        check["Status"] == "passing" && check["Output"] == "of old\n"
    })
    .await;
    eventually("the nested script", async || {
        check(&allowing, "service:web").await["Status"] == "warning"
    })
    .await;
    let targets = [
        "check/pass/ttl",
        "check/warn/ttl",
        "check/fail/ttl",
        "check/deregister/ttl",
        "service/deregister/web",
    ];
    for target in targets {
        let target = format!("/v1/agent/{target}");
        assert_eq!(client.get(&target).await.status, 200, "{target}");
    }
    assert_eq!(client.get("/v1/agent/services").await.text(), "{}");
    allowing.shutdown().await;

    let strict = strict_agent().await;
    let mut client = Client::connect(&strict).await;
    for target in targets {
        let target = format!("/v1/agent/{target}");
        assert_eq!(client.get(&target).await.status, 405, "{target}");
    }
    strict.shutdown().await;
}

#[tokio::test]
async fn scripts_are_refused_unless_they_are_allowed() {
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    for body in [
        json!({"Name": "a", "Args": ["true"], "Interval": "1s"}),
        json!({"Name": "a", "Script": "true", "Interval": "1s"}),
        json!({"Name": "a", "Args": ["true"], "DockerContainerID": "d", "Interval": "1s"}),
    ] {
        let answer = client
            .put("/v1/agent/check/register", body.to_string())
            .await;
        assert_eq!(answer.status, 500, "{body}");
        assert!(
            answer
                .text()
                .starts_with("Scripts are disabled on this agent")
        );
    }
    agent.shutdown().await;
    let allowing = start(AgentConfig::memory().with_script_checks(true)).await;
    let mut client = Client::connect(&allowing).await;
    let docker = json!({"Name": "a", "Args": ["true"], "DockerContainerID": "d", "Interval": "1s"});
    let answer = client
        .put("/v1/agent/check/register", docker.to_string())
        .await;
    let text = "Docker checks are not run by this agent";
    assert_eq!((answer.status, answer.text()), (500, text));
    assert_eq!(client.get("/v1/agent/checks").await.text(), "{}");
    allowing.shutdown().await;
}

#[tokio::test]
async fn clients_of_0_7_find_the_agents_service_and_may_give_a_ttl_an_interval() {
    let both = json!({"Name": "both", "TTL": "1h", "Interval": "10s"});
    let of_old = start(AgentConfig::memory().with_compat(Compat::V0_7)).await;
    let mut client = Client::connect(&of_old).await;
    register(&mut client, "check", both.clone()).await;
    assert_eq!(
        client.put("/v1/agent/check/pass/both", "").await.status,
        200
    );
    let services = client.get("/v1/agent/services").await.json();
    assert_eq!(services["consul"]["Service"], "consul");
    of_old.shutdown().await;

    let today = agent().await;
    let mut client = Client::connect(&today).await;
    let answer = client
        .put("/v1/agent/check/register", both.to_string())
        .await;
    let text = "Invalid check: Interval and TTL cannot both be specified";
    assert_eq!((answer.status, answer.text()), (400, text));
    assert_eq!(client.get("/v1/agent/services").await.text(), "{}");
    today.shutdown().await;
}

#[cfg(unix)]
#[tokio::test]
async fn a_program_that_runs_is_killed_with_everything_that_it_started_at_the_end() {
    let folder = tempfile::tempdir().unwrap();
    let note = folder.path().join("pid");
    let script = format!(
        "sh -c 'echo $$ > {0}.new; mv {0}.new {0}; sleep 1000' ; true",
        note.display()
    );
    let agent = start(AgentConfig::memory().with_script_checks(true)).await;
    let mut client = Client::connect(&agent).await;
    let body = json!({"Name": "slow", "Args": ["sh", "-c", script], "Interval": "1s"});
    register(&mut client, "check", body).await;
    eventually("the program", async || note.exists()).await;
    let pid = std::fs::read_to_string(&note).unwrap();
    let process = format!("/proc/{}/stat", pid.trim());
    let runs = || {
        let stat = std::fs::read_to_string(&process).unwrap_or_default();
        !stat.is_empty() && !stat.contains(") Z ")
    };
    assert!(runs() || !std::path::Path::new("/proc/self").exists());
    agent.shutdown().await;
    eventually("its end", async || !runs()).await;
}

#[tokio::test]
async fn a_check_that_hangs_keeps_no_other_waiting() {
    let hanging = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", hanging.local_addr().unwrap());
    let agent = agent().await;
    let mut client = Client::connect(&agent).await;
    for at in 0..50 {
        let body = json!({"Name": format!("slow-{at}"), "HTTP": url, "Interval": "1s"});
        register(&mut client, "check", body).await;
    }
    let tcp = json!({"Name": "tcp", "TCP": url.trim_matches(|c: char| !c.is_ascii_digit()), "Interval": "1s"});
    register(&mut client, "check", tcp).await;
    eventually("the one that does not hang", async || {
        check(&agent, "tcp").await["Status"] == "passing"
    })
    .await;
    let grace = Duration::from_secs(4);
    let ended = tokio::time::timeout(grace, agent.shutdown()).await;
    assert!(ended.is_ok(), "what hangs keeps the agent from ending");
}
