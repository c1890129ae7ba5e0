//! `quorate etcd endpoint`.

use std::time::{Duration, Instant};

use futures_util::future::join_all;
use quorate_etcd::v3::raw;
use quorate_etcd::v3::raw::proto::etcdserverpb as pb;
use quorate_etcd::v3::{Error, ErrorKind};
use quorate_wire::consul::GoDuration;

use super::Context;
use crate::args::etcd::connection::WriteOut;
use crate::args::etcd::endpoint::{EndpointArgs, EndpointVerb};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::etcd::Answer;
use crate::view::etcd::endpoint::{
    HashView, HealthView, ServerHash, ServerHealth, ServerStatus, StatusView,
};

/// What servers are asked for to see whether they work. It need not be there.
const PROBE: &str = "health";

pub(super) async fn run(context: Context<'_>, args: &EndpointArgs) -> Result<Exit, Failure> {
    let endpoints = context.servers.each(args.cluster).await?;
    match args.verb {
        EndpointVerb::Health => health(context, endpoints).await,
        EndpointVerb::Status => {
            let asked = endpoints.into_iter().map(|endpoint| async move {
                let asked = status(context, &endpoint).await;
                (
                    endpoint.clone(),
                    asked.map(|status| ServerStatus { endpoint, status }),
                )
            });
            told(context, "status", join_all(asked).await, |rows| {
                Box::new(StatusView(rows))
            })
        }
        EndpointVerb::Hashkv(hash) => {
            let revision = hash.rev;
            let asked = endpoints.into_iter().map(|endpoint| async move {
                let asked = hash_of(context, &endpoint, revision).await;
                (
                    endpoint.clone(),
                    asked.map(|hash| ServerHash { endpoint, hash }),
                )
            });
            told(context, "hash", join_all(asked).await, |rows| {
                Box::new(HashView(rows))
            })
        }
    }
}

/// What one server says of itself.
pub(super) async fn status(
    context: Context<'_>,
    endpoint: &str,
) -> Result<pb::StatusResponse, Failure> {
    let raw = context.servers.one(endpoint)?.raw().of_any_member();
    Ok(raw.send(&raw::STATUS, &pb::StatusRequest {}).await?)
}

async fn hash_of(
    context: Context<'_>,
    endpoint: &str,
    revision: i64,
) -> Result<pb::HashKvResponse, Failure> {
    let raw = context.servers.one(endpoint)?.raw().of_any_member();
    let request = pb::HashKvRequest { revision };
    Ok(raw.send(&raw::HASH_KV, &request).await?)
}

/// Shows what was found, and says which servers did not answer: the first of them decides how the
/// program ends.
fn told<T>(
    context: Context<'_>,
    what: &str,
    asked: Vec<(String, Result<T, Failure>)>,
    view: impl FnOnce(Vec<T>) -> Box<dyn Answer>,
) -> Result<Exit, Failure> {
    let (mut rows, mut exit) = (Vec::new(), None);
    for (endpoint, asked) in asked {
        match asked {
            Ok(row) => rows.push(row),
            Err(failure) => {
                let what = format!("Failed to get the {what} of endpoint {endpoint}");
                let failure = failure.context(what);
                context.config.screen.note(&failure.view())?;
                exit.get_or_insert(failure.exit());
            }
        }
    }
    context.show(&*view(rows))?;
    Ok(exit.unwrap_or(Exit::Success))
}

/// Whether servers work: they agree on something, and no alarm keeps them from taking writes.
async fn health(context: Context<'_>, endpoints: Vec<String>) -> Result<Exit, Failure> {
    let asked = endpoints.into_iter().map(|endpoint| async move {
        let begun = Instant::now();
        let error = ask(context, &endpoint).await;
        ServerHealth {
            endpoint,
            healthy: error.is_none(),
            took: shown(begun.elapsed()),
            error: error.unwrap_or_default(),
        }
    });
    let rows = join_all(asked).await;
    let sick: Vec<_> = rows.iter().filter(|row| !row.healthy).cloned().collect();
    if context.printing.form == WriteOut::Simple {
        for row in &sick {
            let (endpoint, error) = (&row.endpoint, &row.error);
            let why = format!("{endpoint} is unhealthy: failed to commit proposal: {error}");
            let failure = Failure::new(Exit::Failure, why);
            context.config.screen.note(&failure.view())?;
        }
    }
    context.show(&HealthView(rows))?;
    match sick.is_empty() {
        true => Ok(Exit::Success),
        false => Err(Failure::new(Exit::Failure, "unhealthy cluster")
            .with_next("quorate etcd endpoint status --cluster; quorate etcd alarm list")),
    }
}

/// What is wrong with a server, if anything is.
async fn ask(context: Context<'_>, endpoint: &str) -> Option<String> {
    let client = match context.servers.one(endpoint) {
        Ok(client) => client,
        Err(failure) => return Some(failure.view().error.message),
    };
    let request = pb::RangeRequest {
        key: PROBE.into(),
        ..pb::RangeRequest::default()
    };
    match client.raw().send(&raw::RANGE, &request).await {
        Ok(_) => {}
        // It had to agree with the others to know that.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => {}
        Err(error) => return Some(why(&error)),
    }
    match client
        .raw()
        .send(&raw::ALARM, &pb::AlarmRequest::default())
        .await
    {
        Ok(response) if response.alarms.is_empty() => None,
        Ok(response) => {
            let kinds = response.alarms.iter();
            let kinds: Vec<_> = kinds.map(|alarm| alarm.alarm().as_str_name()).collect();
            Some(format!("Active Alarm(s): {}", kinds.join(", ")))
        }
        // Only root may ask for alarms.
        Err(error) if error.kind() == ErrorKind::PermissionDenied => None,
        Err(_) => Some("Unable to fetch the alarm list".to_owned()),
    }
}

/// What stood in the way, on one line.
fn why(error: &Error) -> String {
    let mut text = error.to_string();
    let mut cause = std::error::Error::source(error);
    while let Some(error) = cause {
        text = format!("{text}: {error}");
        cause = error.source();
    }
    text
}

/// A time as Go writes it.
fn shown(time: Duration) -> String {
    GoDuration::from(time).to_string()
}
