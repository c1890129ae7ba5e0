//! What goes over the wire for the agent's services, checks, members and log, and what comes back.

use std::time::Duration;

use quorate_consul::agent::{LogFormat, MonitorOptions};
use quorate_consul::wire::agent::{AuthorizeRequest, ScriptCheck};
use quorate_consul::{
    AgentToken, CheckDefinition, CheckRegistration, ErrorKind, HealthStatus, LogLevel, Outcome,
    RegisterOptions, Secret, ServiceRegistration, WriteOptions,
};

use crate::script::{Act, Say, Server};

const TEN: Duration = Duration::from_secs(10);

#[tokio::test]
async fn every_write_is_a_put_without_a_datacenter() {
    let server = Server::new((0..17).map(|_| Say::ok("")));
    let agent = server.builder().datacenter("dc2").build().unwrap().agent();
    let last = |line: &str, body: &str| {
        let request = server.last();
        assert_eq!(request.line, line);
        assert_eq!(String::from_utf8_lossy(&request.body), body, "{line}");
    };
    let web = ServiceRegistration::new("web").with_check(CheckDefinition::ttl(TEN));
    agent.register_service(&web).await.unwrap();
    let body = r#"{"Name":"web","Checks":[{"TTL":"10s"}]}"#;
    last("PUT /v1/agent/service/register", body);
    let options = RegisterOptions::new().with_replace_existing_checks();
    agent.register_service_with(&web, &options).await.unwrap();
    last(
        "PUT /v1/agent/service/register?replace-existing-checks=true",
        body,
    );
    agent.deregister_service("a b").await.unwrap();
    last("PUT /v1/agent/service/deregister/a%20b", "");
    let check = CheckRegistration::new("c", ScriptCheck::shell("true", TEN).into());
    agent.register_check(&check).await.unwrap();
    let body = r#"{"Name":"c","Interval":"10s","Args":["sh","-c","true"]}"#;
    last("PUT /v1/agent/check/register", body);
    agent.deregister_check("service:web").await.unwrap();
    last("PUT /v1/agent/check/deregister/service%3Aweb", "");
    agent.pass_ttl("c", "ok").await.unwrap();
    last(
        "PUT /v1/agent/check/update/c",
        r#"{"Status":"passing","Output":"ok"}"#,
    );
    agent.warn_ttl("c", "").await.unwrap();
    last(
        "PUT /v1/agent/check/update/c",
        r#"{"Status":"warning","Output":""}"#,
    );
    agent.fail_ttl("c", "no").await.unwrap();
    last(
        "PUT /v1/agent/check/update/c",
        r#"{"Status":"critical","Output":"no"}"#,
    );
    agent.enable_maintenance("a & b").await.unwrap();
    last(
        "PUT /v1/agent/maintenance?enable=true&reason=a%20%26%20b",
        "",
    );
    agent.disable_maintenance().await.unwrap();
    last("PUT /v1/agent/maintenance?enable=false", "");
    agent.enable_service_maintenance("web", "").await.unwrap();
    last("PUT /v1/agent/service/maintenance/web?enable=true", "");
    agent.disable_service_maintenance("web").await.unwrap();
    last("PUT /v1/agent/service/maintenance/web?enable=false", "");
    agent.join_wan("10.0.0.1:8302").await.unwrap();
    last("PUT /v1/agent/join/10.0.0.1%3A8302?wan=1", "");
    agent.force_leave_prune("n").await.unwrap();
    last("PUT /v1/agent/force-leave/n?prune", "");
    agent.reload().await.unwrap();
    last("PUT /v1/agent/reload", "");
    let token = Secret::new("hunter2");
    agent
        .update_token(AgentToken::AgentMaster, &token)
        .await
        .unwrap();
    last("PUT /v1/agent/token/agent_master", r#"{"Token":"hunter2"}"#);
    agent
        .leave_with(&WriteOptions::new().with_datacenter("dc3"))
        .await
        .unwrap();
    last("PUT /v1/agent/leave", "");
}

#[tokio::test]
async fn what_an_agent_would_refuse_is_not_sent() {
    let server = Server::new([Say::ok("")]);
    let agent = server.client().agent();
    let nameless = ServiceRegistration::new("");
    let zero = CheckRegistration::new("c", CheckDefinition::ttl(Duration::ZERO));
    for error in [
        agent.register_service(&nameless).await.unwrap_err(),
        agent.register_check(&zero).await.unwrap_err(),
        agent.deregister_service("").await.unwrap_err(),
        agent.deregister_check("a/../b").await.unwrap_err(),
        agent
            .update_ttl("c", &HealthStatus::Maintenance, "")
            .await
            .unwrap_err(),
        agent.force_leave("").await.unwrap_err(),
        agent.service("").await.unwrap_err(),
    ] {
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
        assert_eq!(error.status(), None, "{error}");
    }
}

#[tokio::test]
async fn the_agents_words_decide_what_an_error_is() {
    for (status, text, kind) in [
        (
            500,
            "agent: No node found with name 'x'",
            ErrorKind::NotFound,
        ),
        (
            500,
            "1 error occurred:\n\t* Failed to join 127.0.0.1: refused\n\n",
            ErrorKind::Unavailable,
        ),
        (
            500,
            "1 error occurred:\n\t* Failed to resolve x: no such host\n\n",
            ErrorKind::Unavailable,
        ),
        (500, "ServiceID \"x\" does not exist", ErrorKind::NotFound),
        (
            500,
            "CheckID \"x\" does not have associated TTL",
            ErrorKind::InvalidArgument,
        ),
        (
            404,
            "No service registered with ID \"x\"",
            ErrorKind::NotFound,
        ),
        (401, "ACL support disabled", ErrorKind::Unsupported),
        (
            500,
            "Connect must be enabled in order to use this endpoint",
            ErrorKind::Unsupported,
        ),
    ] {
        let server = Server::new([Say::status(status, text)]);
        let error = server.client().agent().force_leave("x").await.unwrap_err();
        assert_eq!(error.kind(), kind, "{error}");
        assert_eq!(error.outcome(), Outcome::DidNotHappen, "{error}");
    }
}

#[tokio::test]
async fn agents_before_1_4_are_asked_by_the_old_name_of_a_token() {
    let server = Server::new([
        Say::status(404, "Token \"default\" is unknown"),
        Say::ok(""),
    ]);
    let agent = server.client().agent();
    agent
        .update_token(AgentToken::Default, &Secret::new("t"))
        .await
        .unwrap();
    assert_eq!(server.last().line, "PUT /v1/agent/token/acl_token");
}

const WEB: &str = r#"{"AggregatedStatus":"STATUS","Service":{"ID":"web","Service":"web","Tags":null,"Meta":{},"Port":80,"Address":"","Weights":{"Passing":1,"Warning":1},"EnableTagOverride":false},"Checks":[]}"#;

#[tokio::test]
async fn every_health_is_an_answer() {
    for (status, word, health) in [
        (200, "passing", HealthStatus::Passing),
        (429, "warning", HealthStatus::Warning),
        (503, "critical", HealthStatus::Critical),
        (503, "maintenance", HealthStatus::Maintenance),
    ] {
        let one = WEB.replace("STATUS", word);
        let list = format!("[{one}]");
        let server = Server::new([Say::status(status, &one), Say::status(status, &list)]);
        let agent = server.client().agent();
        let found = agent.service_health("web").await.unwrap().unwrap();
        assert_eq!((found.aggregated_status, found.service.port), (health, 80));
        assert_eq!(agent.service_health_by_name("web").await.unwrap().len(), 1);
        assert_eq!(server.last().line, "GET /v1/agent/health/service/name/web");
    }
}

#[tokio::test]
async fn what_is_no_health_is_an_error_and_an_absence_is_none() {
    let absent = r#"{"AggregatedStatus":"critical","Service":null,"Checks":null}"#;
    let server = Server::new([
        Say::status(404, absent),
        Say::status(404, "[]"),
        Say::status(404, "unknown service ID: x"),
        Say::status(404, ""),
        Say::status(503, "upstream connect error"),
    ]);
    let agent = server.client().agent();
    assert_eq!(agent.service_health("x").await.unwrap(), None);
    assert_eq!(agent.service_health_by_name("x").await.unwrap(), []);
    assert_eq!(agent.service("x").await.unwrap(), None);
    let error = agent.service("x").await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Unsupported,
        "there is no such route"
    );
    let error = agent.service_health("x").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable);
}

#[tokio::test]
async fn an_authorization_is_asked_for_again_when_its_answer_is_lost() {
    let server = Server::new([
        Act::Cut,
        Act::from(Say::ok(r#"{"Authorized":false,"Reason":"no"}"#)),
    ]);
    let request = AuthorizeRequest::new("web", "spiffe://x", "00");
    let answer = server
        .client()
        .agent()
        .connect_authorize(&request)
        .await
        .unwrap();
    assert_eq!((answer.authorized, answer.reason.as_str()), (false, "no"));
    let asked = server.last();
    assert_eq!(asked.line, "POST /v1/agent/connect/authorize");
    let body = r#"{"Target":"web","ClientCertURI":"spiffe://x","ClientCertSerial":"00"}"#;
    assert_eq!(asked.body, body.as_bytes());
}

fn chunked(chunks: &[&str]) -> Vec<u8> {
    let mut bytes = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n".to_vec();
    for chunk in chunks {
        bytes.extend(format!("{:x}\r\n{chunk}\r\n", chunk.len()).into_bytes());
    }
    bytes
}

#[tokio::test]
async fn lines_are_told_whole_however_they_arrive() {
    let mut bytes = chunked(&["one\ntw", "o\r\n", "\nlast"]);
    bytes.extend(b"0\r\n\r\n");
    let server = Server::new([Act::Stall(bytes)]);
    let agent = server.client().agent();
    let mut lines = agent.monitor(LogLevel::Warn).await.unwrap();
    assert_eq!(server.last().line, "GET /v1/agent/monitor?loglevel=warn");
    let mut told = Vec::new();
    while let Some(line) = lines.next().await.unwrap() {
        told.push(line);
    }
    assert_eq!(told, ["one", "two", "", "last"]);
    assert_eq!(lines.next().await.unwrap(), None);
}

#[tokio::test(start_paused = true)]
async fn a_silent_log_is_waited_for_and_dropping_the_future_loses_nothing() {
    let server = Server::new([Act::Stall(chunked(&[
        "{\"@level\":\"warn\",\"@message\":\"m\"}\n",
        "old",
    ]))]);
    let agent = server.client().agent();
    let options = MonitorOptions::new().with_format(LogFormat::Json);
    let mut lines = agent.monitor_with(&options).await.unwrap();
    assert_eq!(
        server.last().line,
        "GET /v1/agent/monitor?loglevel=info&logjson"
    );
    let object = lines.next_object().await.unwrap().unwrap();
    assert_eq!(
        (object.level(), object.message.as_str()),
        (Some(LogLevel::Warn), "m")
    );
    for _ in 0..2 {
        let waited = tokio::time::timeout(Duration::from_secs(100_000), lines.next()).await;
        assert!(waited.is_err(), "half a line is no line");
    }
}

#[tokio::test]
async fn a_log_that_breaks_off_is_an_error_and_then_nothing() {
    let server = Server::new([Act::CutAfter(chunked(&["one\n"]))]);
    let mut lines = server
        .client()
        .agent()
        .monitor(LogLevel::Info)
        .await
        .unwrap();
    assert_eq!(lines.next().await.unwrap().as_deref(), Some("one"));
    assert_eq!(
        lines.next().await.unwrap_err().kind(),
        ErrorKind::Unavailable
    );
    assert_eq!(lines.next().await.unwrap(), None);
}

#[tokio::test]
async fn a_line_without_an_end_is_an_error() {
    let long = "x".repeat(64 * 1024);
    let chunks: Vec<&str> = (0..17).map(|_| long.as_str()).collect();
    let server = Server::new([Act::Stall(chunked(&chunks))]);
    let mut lines = server
        .client()
        .agent()
        .monitor(LogLevel::Info)
        .await
        .unwrap();
    assert_eq!(lines.next().await.unwrap_err().kind(), ErrorKind::Protocol);
    assert_eq!(lines.next().await.unwrap(), None);
}

#[tokio::test]
async fn a_log_that_is_refused_says_why() {
    let server = Server::new([Say::status(403, "Permission denied")]);
    let error = server
        .client()
        .agent()
        .monitor(LogLevel::Info)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(error.text(), Some("Permission denied"));
}

fn service(port: u16, hash: &str) -> Say {
    Say::ok(format!(
        r#"{{"ID":"web","Service":"web","Tags":[],"Meta":{{}},"Port":{port},"Address":"","Weights":{{"Passing":1,"Warning":1}},"EnableTagOverride":false,"ContentHash":"{hash}"}}"#
    ))
}

#[tokio::test(start_paused = true)]
async fn a_service_is_followed_by_its_digest() {
    let server = Server::new([
        service(1, "a1"),
        service(1, "a1"),
        service(2, "b2"),
        Say::status(404, "unknown service ID: web"),
        Say::status(404, "unknown service ID: web"),
        Say::status(500, "rpc error"),
        service(3, "c3"),
    ]);
    let mut watch = server.client().agent().watch_service("web");
    assert_eq!(watch.next().await.unwrap().unwrap().port, 1);
    assert_eq!(server.last().line, "GET /v1/agent/service/web");
    assert_eq!(watch.next().await.unwrap().unwrap().port, 2);
    assert_eq!(
        server.last().line,
        "GET /v1/agent/service/web?hash=a1&wait=300000ms"
    );
    assert_eq!(watch.next().await.unwrap(), None);
    assert_eq!(watch.next().await.unwrap().unwrap().port, 3);
    assert_eq!(
        server.last().line,
        "GET /v1/agent/service/web",
        "it begins anew"
    );
}
