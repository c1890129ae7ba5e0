//! `quorate etcd2 lock`, `semaphore` and `election`.

use quorate_etcd::v2::Holder;
use serde::Serialize;

use super::Context;
use crate::args::etcd2::queue::{ElectionArgs, SemaphoreArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::failure::etcd2::is_lasting;
use crate::signals::{self, Signals};
use crate::view::rows::{Column, Rows, Tone};
use crate::view::said::Said;

/// Somebody in a queue.
#[derive(Clone, Debug, Serialize)]
struct Contender {
    key: String,
    id: String,
    value: String,
    fencing_token: u64,
    holds: bool,
}

const COLUMNS: &[Column<Contender>] = &[
    Column::new("STATE", |row: &Contender| match row.holds {
        true => "holds".into(),
        false => "waits".into(),
    })
    .toned(|row| match row.holds {
        true => Tone::Good,
        false => Tone::Plain,
    }),
    Column::new("TOKEN", |row| row.fencing_token.to_string()),
    Column::new("ID", |row| row.id.clone()),
    Column::new("VALUE", |row| row.value.clone()),
    Column::new("KEY", |row| row.key.clone()),
];

impl Contender {
    fn new(holder: Holder, holds: bool) -> Self {
        Self {
            key: holder.key,
            id: holder.id,
            value: holder.value,
            fencing_token: holder.created_index,
            holds,
        }
    }
}

pub(super) async fn lock(context: Context<'_>, name: &str) -> Result<Exit, Failure> {
    let queue = context.client.lock(name).queue().await?;
    show(context, queue, 1, "nobody holds it")
}

pub(super) async fn semaphore(context: Context<'_>, args: &SemaphoreArgs) -> Result<Exit, Failure> {
    let semaphore = context.client.semaphore(&args.name, args.limit.into());
    let holders = semaphore.holders().await?;
    show(context, holders, usize::MAX, "nobody holds a slot of it")
}

pub(super) async fn election(context: Context<'_>, args: &ElectionArgs) -> Result<Exit, Failure> {
    if args.follow {
        return follow(context, &args.name).await;
    }
    let candidates = context.client.election(&args.name).candidates().await?;
    show(context, candidates, 1, "nobody leads")
}

/// Shows a queue of which the first `slots` hold.
fn show(
    context: Context<'_>,
    queue: Vec<Holder>,
    slots: usize,
    nobody: &str,
) -> Result<Exit, Failure> {
    if queue.is_empty() {
        return Err(Failure::new(Exit::NotFound, nobody));
    }
    let contender = |(at, holder)| Contender::new(holder, at < slots);
    let rows = queue.into_iter().enumerate().map(contender).collect();
    context.config.screen.show(&Rows::new(rows, COLUMNS))?;
    Ok(Exit::Success)
}

/// Says who leads, whenever that changes, until a signal.
async fn follow(context: Context<'_>, name: &str) -> Result<Exit, Failure> {
    let screen = &context.config.screen;
    let mut signals = Signals::listen(&Signals::END)?;
    let mut leaders = context.client.election(name).observe();
    let mut told = false;
    loop {
        let leader = tokio::select! {
            leader = leaders.next() => leader,
            signal = signals.next() => return Ok(Exit::Signal(signals::number(signal))),
        };
        match leader {
            Ok(leader) => {
                let leader = leader.map(|holder| Contender::new(holder, true));
                let text = match &leader {
                    Some(leader) => format!(
                        "{} leads, fencing token {}",
                        shown(leader),
                        leader.fencing_token
                    ),
                    None => "nobody leads".to_owned(),
                };
                screen.show(&Said::new(leader, text))?;
                told = true;
            }
            Err(error) if !told || is_lasting(&error) => return Err(error.into()),
            Err(error) => screen.note(&Failure::from(error).view())?,
        }
    }
}

/// What a leader calls itself, or else its id.
fn shown(leader: &Contender) -> &str {
    match leader.value.as_str() {
        "" => &leader.id,
        value => value,
    }
}
