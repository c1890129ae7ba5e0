//! Checks that ask the health service of gRPC.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request, Response};
use serde_json::json;
use tokio::net::{TcpListener, TcpStream};

use super::agent_service::check;
use super::target::Consul;
use crate::cases;
use crate::eventually::eventually_ok;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul; a_grpc_check_says_how_the_service_is].into()
}

async fn a_grpc_check_says_how_the_service_is(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let address = listener.local_addr()?.to_string();
    let mut server = tokio::task::JoinSet::new();
    server.spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            // A connection that breaks is the check's to notice.
            let _ = serve(stream).await;
        }
    });
    let unwell = "gRPC application didn't report service healthy";
    for (name, service, status, output) in [
        (
            "grpc-all",
            "",
            "passing",
            format!("gRPC check {address}: success"),
        ),
        (
            "grpc-up",
            "/up",
            "passing",
            format!("gRPC check {address}/up: success"),
        ),
        ("grpc-down", "/down", "critical", unwell.to_owned()),
        (
            "grpc-none",
            "/none",
            "critical",
            "rpc error: code = NotFound desc = unknown service".to_owned(),
        ),
    ] {
        let target = format!("{address}{service}");
        let body = json!({"Name": name, "GRPC": target, "Interval": "1s"});
        consul
            .ask("PUT", "/v1/agent/check/register", body.to_string())
            .await?;
        let wanted = (Some(status), Some(output.as_str()));
        eventually_ok(Duration::from_secs(20), name, async || {
            let check = check(consul, name).await?;
            equal(
                name,
                (check["Status"].as_str(), check["Output"].as_str()),
                wanted,
            )
        })
        .await?;
        let target = format!("/v1/agent/check/deregister/{name}");
        consul.ask("PUT", &target, "").await?;
    }
    Ok(())
}

/// Serves `grpc.health.v1.Health` on one connection.
async fn serve(stream: TcpStream) -> anyhow::Result<()> {
    let mut connection = h2::server::handshake(stream).await?;
    let mut answers = tokio::task::JoinSet::new();
    while let Some(accepted) = connection.accept().await {
        let (request, respond) = accepted?;
        answers.spawn(async move {
            // A call that breaks is the check's to notice.
            let _ = answer(request, respond).await;
        });
    }
    Ok(())
}

/// Answers one call: `down` is not well, and `none` does not exist.
async fn answer(
    request: Request<h2::RecvStream>,
    mut respond: h2::server::SendResponse<Bytes>,
) -> anyhow::Result<()> {
    ensure!(request.uri().path() == "/grpc.health.v1.Health/Check");
    let mut body = request.into_body();
    let mut asked = Vec::new();
    while let Some(piece) = body.data().await {
        let piece = piece?;
        body.flow_control().release_capacity(piece.len())?;
        asked.extend_from_slice(&piece);
    }
    ensure!(asked.len() >= 5, "no message");
    // Behind five bytes of framing, the field's key and its length.
    let (state, status) = match asked.get(7..).unwrap_or_default() {
        b"none" => (None, "5"),
        b"down" => (Some(2), "0"),
        _ => (Some(1), "0"),
    };
    let head = Response::builder().header("content-type", "application/grpc");
    let mut sending = respond.send_response(head.body(())?, false)?;
    if let Some(state) = state {
        sending.send_data(vec![0, 0, 0, 0, 2, 0x08, state].into(), false)?;
    }
    let mut trailers = HeaderMap::new();
    trailers.insert("grpc-status", HeaderValue::from_static(status));
    if status != "0" {
        trailers.insert("grpc-message", HeaderValue::from_static("unknown service"));
    }
    sending.send_trailers(trailers).context("the end")
}
