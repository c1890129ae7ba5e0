//! `quorate etcd2 cluster-health` and `health`.

use std::time::Duration;

use quorate_etcd::v2::{Error, Health, Member};
use quorate_net::endpoint::Endpoint;
use serde::Serialize;

use super::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::{self, Signals};
use crate::view::etcd2::health::{Asked, ClusterHealth, ClusterView, MemberHealth};
use crate::view::rows::{Column, Rows, Tone};
use crate::view::said::Said;

/// How often a cluster is asked with `--forever`.
const EVERY: Duration = Duration::from_secs(10);

/// Asks every member, once or every 10 s.
pub(super) async fn cluster(context: Context<'_>, forever: bool) -> Result<Exit, Failure> {
    let screen = &context.config.screen;
    let mut signals = Signals::listen(&Signals::END)?;
    loop {
        let asked = tokio::select! {
            asked = ask(context) => asked,
            signal = signals.next() => return Ok(Exit::Signal(signals::number(signal))),
        };
        match asked {
            Ok(view) => {
                screen.show(&view)?;
                if !forever {
                    return match view.health {
                        ClusterHealth::Healthy => Ok(Exit::Success),
                        _ => Ok(Exit::Failure),
                    };
                }
            }
            Err(failure) if forever => screen.note(&failure.view())?,
            Err(failure) => return Err(failure),
        }
        if !screen.is_json() {
            screen.show(&Said::new((), "\nnext check after 10 second...\n"))?;
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            signal = signals.next() => return Ok(Exit::Signal(signals::number(signal))),
        }
    }
}

async fn ask(context: Context<'_>) -> Result<ClusterView, Failure> {
    let listed = async {
        let members = context.client.members().list().await?;
        // From here on the client knows where each of them is.
        context.client.sync().await?;
        Ok::<_, Error>(members)
    };
    let members = listed.await.map_err(|error| {
        let what = "cluster may be unhealthy: failed to list members";
        Failure::from(error).context(what)
    })?;
    let answers = context.client.health().check_all().await;
    let members = members.iter().map(|member| of_member(member, &answers));
    Ok(ClusterView::new(members.collect()))
}

/// What came of asking a member at its addresses, up to the first that answered.
fn of_member(member: &Member, answers: &[(String, Result<Health, Error>)]) -> MemberHealth {
    let mut asked = Vec::new();
    for url in &member.client_urls {
        let address = Endpoint::parse(url.trim_end_matches('/'));
        let address = address.map(|address| address.to_string());
        let same = |known: &str| address.as_deref().is_ok_and(|address| address == known);
        let answer = answers.iter().find(|(known, _)| same(known));
        let (healthy, error) = match answer.map(|(_, answer)| answer) {
            Some(Ok(health)) => (Some(health.healthy), health.reason.clone()),
            Some(Err(error)) => (None, Some(chain(error))),
            None => (None, Some("the address was not used".to_owned())),
        };
        asked.push(Asked {
            url: url.clone(),
            healthy,
            error: error.filter(|error| !error.is_empty()),
        });
        if healthy.is_some() {
            break;
        }
    }
    MemberHealth {
        id: member.id.clone(),
        asked,
    }
}

/// An error with its causes, on one line.
fn chain(error: &Error) -> String {
    let causes = std::iter::successors(Some(error as &dyn std::error::Error), |at| at.source());
    let texts: Vec<String> = causes.map(ToString::to_string).collect();
    texts.join(": ")
}

/// What a server said.
#[derive(Debug, Serialize)]
struct ServerHealth {
    address: String,
    healthy: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

const COLUMNS: &[Column<ServerHealth>] = &[
    Column::new("ADDRESS", |row| row.address.clone()),
    Column::new("HEALTHY", |row: &ServerHealth| row.healthy.to_string()).toned(|row| {
        match row.healthy {
            true => Tone::Good,
            false => Tone::Bad,
        }
    }),
    Column::new("REASON", |row| row.reason.clone().unwrap_or_default()),
];

/// Asks every server that was named; fails if one of them does not work.
pub(super) async fn servers(context: Context<'_>) -> Result<Exit, Failure> {
    let answers = context.client.health().check_all().await;
    let row = |(address, answer): (String, Result<Health, Error>)| match answer {
        Ok(health) => ServerHealth {
            address,
            healthy: health.healthy,
            reason: health.reason.filter(|reason| !reason.is_empty()),
        },
        Err(error) => ServerHealth {
            address,
            healthy: false,
            reason: Some(chain(&error)),
        },
    };
    let rows: Vec<_> = answers.into_iter().map(row).collect();
    let all = rows.iter().all(|row| row.healthy);
    context.config.screen.show(&Rows::new(rows, COLUMNS))?;
    Ok(if all { Exit::Success } else { Exit::Failure })
}
