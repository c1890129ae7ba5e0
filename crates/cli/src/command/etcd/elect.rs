//! `quorate etcd elect`.

use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use quorate_etcd::v3::raw;
use quorate_etcd::v3::raw::proto::etcdserverpb::RangeRequest;
use quorate_etcd::v3::{Holder, QueueOptions};

use super::lock::{CLOSE, show_key};
use super::{Context, held};
use crate::args::etcd::elect::ElectArgs;
use crate::command::lock::ending;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::failure::etcd::is_lasting;
use crate::signals::{self, Signals};
use crate::view::etcd::key::RangeView;

pub(super) async fn run(context: Context<'_>, args: ElectArgs) -> Result<Exit, Failure> {
    let mut signals = Signals::listen(&Signals::END)?;
    let Some(proposal) = &args.proposal else {
        return listen(context, &args.name, &mut signals).await;
    };
    let options = QueueOptions::new().with_ttl(Duration::from_secs(args.ttl));
    let election = context.client.election(&args.name).with_options(options);
    let proposal = proposal.as_bytes().to_vec();
    let elected = tokio::select! {
        elected = election.campaign(proposal) => Ok(elected?),
        signal = ending(&mut signals) => Err(Exit::Signal(signals::number(signal))),
    };
    let leadership = match elected {
        Ok(leadership) => leadership,
        Err(exit) => {
            context.client.close(CLOSE).await;
            return Ok(exit);
        }
    };
    show_key(context, leadership.key()).await?;
    let ended = tokio::select! {
        _ = leadership.lost() => Err(held::lost_lock()),
        signal = ending(&mut signals) => Ok(Exit::Signal(signals::number(signal))),
    };
    if let Err(error) = leadership.resign().await {
        tracing::debug!(%error, "the office was not given back and ends with its time");
    }
    ended
}

/// Prints who leads, whenever that changes, until a signal.
async fn listen(context: Context<'_>, name: &str, signals: &mut Signals) -> Result<Exit, Failure> {
    let mut leaders = context.client.election(name).observe();
    let mut told = false;
    loop {
        let leader = tokio::select! {
            leader = leaders.next() => leader,
            signal = ending(signals) => return Ok(Exit::Signal(signals::number(signal))),
        };
        match leader {
            Ok(Some(leader)) => show(context, &leader).await?,
            Ok(None) => {}
            Err(error) if !told || is_lasting(&error) => return Err(error.into()),
            Err(error) => context.config.screen.note(&Failure::from(error).view())?,
        }
        told = true;
    }
}

/// Prints a leader, unless it leads no more.
async fn show(context: Context<'_>, leader: &Holder) -> Result<(), Failure> {
    let request = RangeRequest {
        key: leader.key.clone(),
        ..RangeRequest::default()
    };
    let mut response = context.client.raw().send(&raw::RANGE, &request).await?;
    let first = response.kvs.first().map(|kv| kv.create_revision);
    if first == Some(leader.create_revision) {
        // As etcdctl shows it: there is no range of which it would be the number.
        response.count = 0;
        context.show(&RangeView::from(response))?;
    }
    Ok(())
}
