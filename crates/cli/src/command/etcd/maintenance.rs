//! `quorate etcd compaction`, `defrag` and `move-leader`.

use std::time::Duration;

use quorate_etcd::v3::raw;
use quorate_etcd::v3::raw::proto::etcdserverpb as pb;

use super::{Context, endpoint};
use crate::args::etcd::compaction::CompactionArgs;
use crate::args::etcd::defrag::DefragArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::etcd::done::Done;

/// A large database takes its time.
const DEFRAGMENT: Duration = Duration::from_secs(600);

pub(super) async fn compaction(
    context: Context<'_>,
    args: CompactionArgs,
) -> Result<Exit, Failure> {
    let request = pb::CompactionRequest {
        revision: args.revision,
        physical: args.physical,
    };
    let raw = context.client.raw();
    let response = raw.send(&raw::COMPACT, &request).await?;
    let text = format!("compacted revision {}", args.revision);
    context.say(&text, &Done::new(text.clone(), response.header))
}

pub(super) async fn defrag(context: Context<'_>, args: &DefragArgs) -> Result<Exit, Failure> {
    if let Some(path) = &args.data_dir {
        let why = "the files of a server that does not run are no client's business";
        let next = format!("etcdutl defrag --data-dir {}", path.display());
        return Err(Failure::usage(why).with_next(next));
    }
    let mut failed = None;
    for endpoint in context.servers.each(args.cluster).await? {
        match defrag_one(context, &endpoint).await {
            Ok(header) => {
                let text = format!("Finished defragmenting etcd member[{endpoint}]");
                context.say(&text, &Done::new(text.clone(), header))?;
            }
            Err(failure) => {
                let what = format!("Failed to defragment etcd member[{endpoint}]");
                let failure = failure.context(what);
                context.config.screen.note(&failure.view())?;
                failed.get_or_insert(failure.exit());
            }
        }
    }
    Ok(failed.unwrap_or(Exit::Success))
}

pub(super) async fn defrag_one(
    context: Context<'_>,
    endpoint: &str,
) -> Result<Option<pb::ResponseHeader>, Failure> {
    let limit = DEFRAGMENT.max(context.servers.limit());
    let raw = context.servers.one(endpoint)?.raw().of_any_member();
    let request = pb::DefragmentRequest {};
    let response = raw.within(limit).send(&raw::DEFRAGMENT, &request).await?;
    Ok(response.header)
}

/// Asks the leader, which has to be among the servers that were named.
pub(super) async fn move_leader(context: Context<'_>, id: u64) -> Result<Exit, Failure> {
    for server in &context.servers.endpoints {
        let Ok(status) = endpoint::status(context, server).await else {
            continue;
        };
        let leader = status.leader;
        if leader == 0 || status.header.unwrap_or_default().member_id != leader {
            continue;
        }
        let request = pb::MoveLeaderRequest { target_id: id };
        let raw = context.servers.one(server)?.raw();
        let response = raw.send(&raw::MOVE_LEADER, &request).await?;
        let text = format!("Leadership transferred from {leader:x} to {id:x}");
        return context.say(&text, &Done::new(text.clone(), response.header));
    }
    let named = context.servers.endpoints.join(" ");
    let why = format!("no leader endpoint given at [{named}]");
    Err(Failure::usage(why).with_next("quorate etcd endpoint status --cluster"))
}
