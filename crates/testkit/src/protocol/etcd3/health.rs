//! Whether a server is well, over gRPC and HTTP, and what else its port says.

use anyhow::{Context as _, ensure};
use http_body_util::BodyExt as _;

use super::target::{Etcd, PATIENCE, SINCE_3_5};
use crate::protocol::equal;
use crate::trial::{Case, Subject};
use crate::{cases, eventually_ok};

pub(super) fn cases() -> Vec<Case<Etcd>> {
    cases![Etcd;
        the_health_service_says_serving,
        an_unknown_service_is_unimplemented,
        what_is_no_grpc_is_415 needs [SINCE_3_5],
        health_over_http_is_a_text_in_json,
        the_version_is_told_over_http,
    ]
    .into()
}

/// Asks a service, and gives the message and the code of the answer.
async fn call(etcd: &Etcd, path: &str, message: &[u8]) -> anyhow::Result<(Vec<u8>, String)> {
    let channel = etcd.channel().await?;
    let mut body = vec![0];
    body.extend(u32::try_from(message.len())?.to_be_bytes());
    body.extend(message);
    let answer = channel.send(path, "application/grpc", body).await?;
    let head = answer.headers().get("grpc-status").cloned();
    let collected = answer.into_body().collect().await?;
    let trailer = collected
        .trailers()
        .and_then(|it| it.get("grpc-status"))
        .cloned();
    let code = trailer.or(head).context("no code")?.to_str()?.to_owned();
    let bytes = collected.to_bytes();
    Ok((bytes.get(5..).unwrap_or_default().to_vec(), code))
}

async fn the_health_service_says_serving(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    // A HealthCheckResponse whose status, the first field, is 1: SERVING.
    let serving = (vec![8, 1], "0".to_owned());
    equal(
        "health",
        call(etcd, "/grpc.health.v1.Health/Check", &[]).await?,
        serving,
    )
}

async fn an_unknown_service_is_unimplemented(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    equal(
        "service",
        call(etcd, "/nobody.Nothing/Do", &[]).await?.1,
        "12",
    )?;
    equal(
        "method",
        call(etcd, "/etcdserverpb.KV/Nothing", &[]).await?.1,
        "12",
    )
}

async fn what_is_no_grpc_is_415(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let channel = etcd.channel().await?;
    let answer = channel.send("/health", "text/plain", Vec::new()).await?;
    equal("status", answer.status().as_u16(), 415)
}

async fn health_over_http_is_a_text_in_json(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    // A server that is too busy to look at its store for a second says that it is not well.
    let well = || async {
        let answer = etcd.send("GET", "/health", &[], "").await;
        let answer = answer.map_err(|error| error.to_string())?;
        match answer.status {
            200 => Ok(answer),
            status => Err(format!("{status} {}", answer.text())),
        }
    };
    let answer = eventually_ok(PATIENCE, "it is well", well).await?;
    equal("health", &answer.json()?["health"], "true")?;
    let answer = etcd.send("POST", "/health", &[], "").await?;
    equal("method", answer.status, 405)
}

async fn the_version_is_told_over_http(etcd: &Subject<Etcd>) -> anyhow::Result<()> {
    let answer = etcd.send("GET", "/version", &[], "").await?;
    let version = answer.json()?["etcdserver"]
        .as_str()
        .unwrap_or_default()
        .to_owned();
    ensure!(version.starts_with("3."), "{version}");
    Ok(())
}
