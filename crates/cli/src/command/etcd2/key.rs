//! `quorate etcd2 get`, `set`, `mk`, `update`, `refresh` and `rm`.

use std::io::{self, IsTerminal};
use std::os::unix::ffi::OsStrExt;
use std::time::Duration;

use quorate_etcd::v2::{
    Action, Answer, Condition, DeleteOptions, Event, GetOptions, Node, SetOptions,
};

use super::{Context, missing};
use crate::args::etcd2::key::{
    GetArgs, MkArgs, ReadArgs, RefreshArgs, RmArgs, SetArgs, UpdateArgs, ValueArgs,
};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::view::etcd2::event::EventView;

pub(super) async fn get(context: Context<'_>, args: &GetArgs) -> Result<Exit, Failure> {
    let options = read_options(args.read);
    let answer = context.client.keys().get_with(&args.key, &options).await?;
    let index = answer.meta.index;
    let Some(node) = answer.value else {
        return Err(missing("key", &args.key).with_next("quorate etcd2 ls /"));
    };
    if node.dir {
        let what = format!("{} is a directory", node.path());
        let next = format!("quorate etcd2 ls {}", node.path());
        return Err(Failure::new(Exit::Failure, what).with_next(next));
    }
    show(context, got(node), index)
}

/// The answer that a node came in.
pub(super) fn got(node: Node) -> Event {
    Event {
        action: Action::Get,
        node: Some(node),
        prev_node: None,
    }
}

pub(super) fn read_options(args: ReadArgs) -> GetOptions {
    let mut options = GetOptions::new();
    options.sorted = args.sort;
    options.quorum = args.quorum;
    options
}

pub(super) async fn set(context: Context<'_>, args: &SetArgs) -> Result<Exit, Failure> {
    let mut options = options(args.what.ttl);
    options.condition = condition(args.swap_with_value.as_deref(), args.swap_with_index);
    write(context, &args.what, &options).await
}

pub(super) async fn update(context: Context<'_>, args: &UpdateArgs) -> Result<Exit, Failure> {
    let options = options(args.what.ttl).with_prev_exist(true);
    write(context, &args.what, &options).await
}

pub(super) async fn mk(context: Context<'_>, args: &MkArgs) -> Result<Exit, Failure> {
    let options = options(args.what.ttl);
    if !args.in_order {
        return write(context, &args.what, &options.with_prev_exist(false)).await;
    }
    let (keys, value) = (context.client.keys(), value(context, &args.what)?);
    let made = keys.create_in_order_with(&args.what.key, &value, options.ttl);
    show_answer(context, made.await?)
}

pub(super) async fn refresh(context: Context<'_>, args: &RefreshArgs) -> Result<Exit, Failure> {
    let options = SetOptions::new()
        .with_ttl(args.ttl)
        .with_refresh()
        .with_prev_exist(true);
    let keys = context.client.keys();
    let refreshed = keys.set_with(&args.key, "", &options).await?;
    show_answer(context, refreshed)
}

pub(super) async fn rm(context: Context<'_>, args: &RmArgs) -> Result<Exit, Failure> {
    let mut options = DeleteOptions::new();
    options.dir = args.dir;
    options.recursive = args.recursive;
    options.condition = condition(args.with_value.as_deref(), args.with_index);
    let keys = context.client.keys();
    let removed = keys.delete_with(&args.key, &options).await?;
    show_answer(context, removed)
}

async fn write(
    context: Context<'_>,
    what: &ValueArgs,
    options: &SetOptions,
) -> Result<Exit, Failure> {
    let (keys, value) = (context.client.keys(), value(context, what)?);
    show_answer(context, keys.set_with(&what.key, &value, options).await?)
}

/// Options with a TTL, unless that is 0.
pub(super) fn options(ttl: Option<Duration>) -> SetOptions {
    let mut options = SetOptions::new();
    options.ttl = ttl.filter(|ttl| !ttl.is_zero());
    options
}

fn condition(value: Option<&str>, index: Option<u64>) -> Option<Condition> {
    let mut condition = Condition::default();
    condition.prev_value = value.map(str::to_owned);
    condition.prev_index = index;
    (condition != Condition::default()).then_some(condition)
}

/// The value that was typed; else what standard input has.
fn value(context: Context<'_>, what: &ValueArgs) -> Result<String, Failure> {
    let bytes = match &what.value {
        Some(value) => value.as_bytes().to_vec(),
        None if io::stdin().is_terminal() => {
            let why = "there is no value, neither on the command line nor on standard input";
            return Err(Failure::usage(why));
        }
        None => {
            let limit = context.client.limits().max_value_bytes;
            let bytes = input::read(io::stdin().lock(), "standard input", limit)?;
            if bytes.is_empty() {
                let next = format!("quorate etcd2 set {} '', for an empty value", what.key);
                return Err(Failure::usage("standard input is empty").with_next(next));
            }
            bytes
        }
    };
    String::from_utf8(bytes).map_err(|_| {
        Failure::usage("the value is no UTF-8: an etcd would change it")
            .with_next("base64 FILE | quorate etcd2 set KEY")
    })
}

/// Shows what a write did.
pub(super) fn show_answer(context: Context<'_>, answer: Answer<Event>) -> Result<Exit, Failure> {
    show(context, answer.value, answer.meta.index)
}

fn show(context: Context<'_>, event: Event, index: Option<u64>) -> Result<Exit, Failure> {
    let screen = &context.config.screen;
    screen.show(&EventView::new(event, index, screen.is_extended()))?;
    Ok(Exit::Success)
}
