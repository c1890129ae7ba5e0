//! `quorate tree`: values of any shape as trees of keys.

use std::ffi::OsStr;

use quorate::tree::{ListNames, Scalars, Tree, TreeOptions, Written};
use quorate::{Coordinator, ErrorKind};
use serde_json::Value;

use crate::args::trees::{AppendArgs, Form, GetArgs, RmArgs, SetArgs, TreesCommand};
use crate::config::Config;
use crate::connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::prompt;
use crate::view::json::Json;
use crate::view::report::count;
use crate::view::said::Said;
use crate::view::trees::ValueTree;

/// The largest JSON that is read.
const MAX_JSON: usize = 64 * 1024 * 1024;

/// Opens the backend, runs one verb, and closes the backend whatever came of it.
pub(crate) async fn run(config: &Config, command: TreesCommand) -> Result<Exit, Failure> {
    let verb = async |coordinator: &Coordinator| match command {
        TreesCommand::Get(args) => get(config, coordinator, &args).await,
        TreesCommand::Set(args) => set(config, coordinator, &args).await,
        TreesCommand::Append(args) => append(config, coordinator, &args).await,
        TreesCommand::Rm(args) => rm(config, coordinator, &args).await,
        TreesCommand::Ls(args) => ls(config, coordinator, &args).await,
    };
    connect::with(config, verb).await.map(|()| Exit::Success)
}

fn tree(coordinator: &Coordinator, form: Form, padded: bool) -> Tree {
    let scalars = if form.typed {
        Scalars::Json
    } else {
        Scalars::Text
    };
    let names = if padded {
        ListNames::Padded
    } else {
        ListNames::Plain
    };
    let options = TreeOptions::default()
        .with_scalars(scalars)
        .with_list_names(names);
    coordinator.tree().with_options(options)
}

async fn read(coordinator: &Coordinator, args: &GetArgs) -> Result<Value, Failure> {
    let read = tree(coordinator, args.form, false).get(&args.path).await;
    read.map_err(|error| match error.kind() {
        ErrorKind::NotFound => {
            Failure::new(Exit::NotFound, format!("there is nothing at {}", args.path))
                .with_next("quorate tree ls")
        }
        _ => error.into(),
    })
}

async fn get(config: &Config, coordinator: &Coordinator, args: &GetArgs) -> Result<(), Failure> {
    let value = read(coordinator, args).await?;
    Ok(config.screen.show(&Json(value))?)
}

async fn ls(config: &Config, coordinator: &Coordinator, args: &GetArgs) -> Result<(), Failure> {
    let value = read(coordinator, args).await?;
    Ok(config.screen.show(&ValueTree::new(&args.path, value))?)
}

fn parse(text: &OsStr) -> Result<Value, Failure> {
    let bytes = input::plain(text, MAX_JSON)?;
    serde_json::from_slice(&bytes).map_err(|error| {
        Failure::usage(format!("the value is no JSON: {error}"))
            .with_next("a text needs quotes within: '\"text\"'")
    })
}

async fn set(config: &Config, coordinator: &Coordinator, args: &SetArgs) -> Result<(), Failure> {
    let value = parse(&args.value)?;
    let mut tree = tree(coordinator, args.form, args.padded);
    if args.atomic {
        tree = tree.atomic();
    }
    let written = if args.replace {
        tree.replace(&args.path, &value).await?
    } else {
        tree.set(&args.path, &value).await?
    };
    Ok(config.screen.show(&told(&args.path, &written))?)
}

fn told(path: &str, written: &Written) -> Said<Value> {
    let steps = if written.atomic {
        "in one step"
    } else {
        "in several steps"
    };
    let text = format!(
        "{path}: wrote {} and deleted {}, {steps}",
        count(written.puts),
        count(written.deletes)
    );
    let thing = serde_json::json!({
        "path": path,
        "puts": written.puts,
        "deletes": written.deletes,
        "atomic": written.atomic,
        "revision": written.revision.map(|revision| revision.0),
    });
    Said::new(thing, text)
}

async fn append(
    config: &Config,
    coordinator: &Coordinator,
    args: &AppendArgs,
) -> Result<(), Failure> {
    let item = parse(&args.value)?;
    let tree = tree(coordinator, args.form, false);
    let path = tree.append(&args.path, &item).await?;
    let thing = serde_json::json!({ "path": path });
    Ok(config.screen.show(&Said::new(thing, path))?)
}

async fn rm(config: &Config, coordinator: &Coordinator, args: &RmArgs) -> Result<(), Failure> {
    let tree = coordinator.tree();
    let keys = tree.entries(&args.path).await?.len();
    let path = args.path.as_str();
    if keys > 0 {
        let plan = format!("delete {} at {path} on {}", count(keys), config.target());
        prompt::confirm(&plan, args.yes, false)?;
        tree.remove(path).await?;
    }
    let text = format!("deleted {} at {path}", count(keys));
    let thing = serde_json::json!({ "path": path, "deletes": keys });
    Ok(config.screen.show(&Said::new(thing, text))?)
}
