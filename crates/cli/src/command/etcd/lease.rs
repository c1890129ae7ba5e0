//! `quorate etcd lease`.

use std::time::Duration;

use quorate_etcd::v3::raw;
use quorate_etcd::v3::raw::proto::etcdserverpb as pb;
use quorate_etcd::v3::{LeaseId, MAX_TTL};
use tokio::time::{Instant, sleep_until};

use super::Context;
use crate::args::etcd::lease::{KeepAliveArgs, LeaseVerb};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::failure::etcd::is_lasting;
use crate::signals::{self, Signals};
use crate::view::etcd::done::Done;
use crate::view::etcd::lease::TimeToLiveView;

pub(super) async fn run(context: Context<'_>, verb: LeaseVerb) -> Result<Exit, Failure> {
    let raw = context.client.raw();
    match verb {
        LeaseVerb::Grant(args) => {
            let most = i64::try_from(MAX_TTL.as_secs()).unwrap_or(i64::MAX);
            if args.ttl > most {
                return Err(Failure::usage(format!("a TTL has at most {most} seconds")));
            }
            let request = pb::LeaseGrantRequest {
                ttl: args.ttl,
                id: 0,
            };
            context.show(&raw.send(&raw::LEASE_GRANT, &request).await?)
        }
        LeaseVerb::Revoke(args) => {
            let request = pb::LeaseRevokeRequest {
                id: args.id.number(),
            };
            let response = raw.send(&raw::LEASE_REVOKE, &request).await?;
            let text = format!("lease {:016x} revoked", args.id.number());
            context.show(&Done::new(text, response.header))
        }
        LeaseVerb::Timetolive(args) => {
            let request = pb::LeaseTimeToLiveRequest {
                id: args.id.number(),
                keys: args.keys,
            };
            let response = raw.send(&raw::LEASE_TIME_TO_LIVE, &request).await?;
            let keys = args.keys;
            context.show(&TimeToLiveView { response, keys })
        }
        LeaseVerb::List => {
            let request = pb::LeaseLeasesRequest {};
            context.show(&raw.send(&raw::LEASE_LIST, &request).await?)
        }
        LeaseVerb::KeepAlive(args) => keep_alive(context, &args).await,
    }
}

/// Renews a lease, every third of its time, and says so.
async fn keep_alive(context: Context<'_>, args: &KeepAliveArgs) -> Result<Exit, Failure> {
    let mut signals = Signals::listen(&Signals::END)?;
    let request = pb::LeaseKeepAliveRequest {
        id: args.id.number(),
    };
    let mut until = None;
    loop {
        let begun = Instant::now();
        let raw = context.client.raw();
        let renewed = tokio::select! {
            renewed = raw.send(&raw::LEASE_KEEP_ALIVE, &request) => renewed,
            signal = signals.next() => return Ok(Exit::Signal(signals::number(signal))),
        };
        let next = match renewed {
            Ok(response) if response.ttl <= 0 => return Err(gone(args)),
            Ok(response) => {
                context.show(&response)?;
                if args.once {
                    return Ok(Exit::Success);
                }
                let ttl = Duration::from_secs(u64::try_from(response.ttl).unwrap_or_default());
                until = Some(begun + ttl);
                begun + ttl / 3
            }
            // It lives as long as the last renewal said.
            Err(error) => {
                let over = until.is_none_or(|until| Instant::now() >= until);
                if args.once || over || is_lasting(&error) {
                    return Err(error.into());
                }
                context.config.screen.note(&Failure::from(error).view())?;
                Instant::now() + Duration::from_millis(500)
            }
        };
        tokio::select! {
            () = sleep_until(next) => {}
            signal = signals.next() => return Ok(Exit::Signal(signals::number(signal))),
        }
    }
}

fn gone(args: &KeepAliveArgs) -> Failure {
    let id: LeaseId = args.id;
    let why = format!("lease {:016x} expired or revoked.", id.number());
    Failure::new(Exit::NotFound, why).with_next("quorate etcd lease list")
}
