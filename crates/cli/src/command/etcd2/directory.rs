//! `quorate etcd2 ls`, `mkdir`, `setdir`, `updatedir` and `rmdir`.

use quorate_etcd::v2::{DeleteOptions, ErrorKind};

use super::key::{got, options, read_options, show_answer};
use super::{Context, missing};
use crate::args::etcd2::directory::{DirectoryArgs, LsArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::etcd2::event::EventView;
use crate::view::etcd2::listing::ListingView;

pub(super) async fn ls(context: Context<'_>, args: &LsArgs) -> Result<Exit, Failure> {
    let (keys, screen) = (context.client.keys(), &context.config.screen);
    let mut options = read_options(args.read);
    options.recursive = args.recursive;
    let answer = keys.get_with(&args.key, &options).await?;
    let index = answer.meta.index;
    let Some(node) = answer.value else {
        return Err(missing("directory", &args.key).with_next("quorate etcd2 ls /"));
    };
    if screen.is_extended() {
        screen.show(&EventView::new(got(node), index, true))?;
    } else {
        screen.show(&ListingView::new(got(node), args.slash))?;
    }
    Ok(Exit::Success)
}

pub(super) async fn mkdir(context: Context<'_>, what: &DirectoryArgs) -> Result<Exit, Failure> {
    let options = options(what.ttl).with_dir().with_prev_exist(false);
    let keys = context.client.keys();
    let made = keys.set_with(&what.key, "", &options).await?;
    show_answer(context, made)
}

/// Makes a directory, or gives one that is there the TTL: etcdctl only says that it would.
pub(super) async fn setdir(context: Context<'_>, what: &DirectoryArgs) -> Result<Exit, Failure> {
    let (keys, options) = (context.client.keys(), options(what.ttl).with_dir());
    let answer = match keys.set_with(&what.key, "", &options).await {
        Err(error) if error.kind() == ErrorKind::NotFile => {
            let options = options.with_prev_exist(true);
            keys.set_with(&what.key, "", &options).await?
        }
        made => made?,
    };
    show_answer(context, answer)
}

pub(super) async fn updatedir(context: Context<'_>, what: &DirectoryArgs) -> Result<Exit, Failure> {
    let options = options(what.ttl).with_dir().with_prev_exist(true);
    let keys = context.client.keys();
    let updated = keys.set_with(&what.key, "", &options).await?;
    show_answer(context, updated)
}

pub(super) async fn rmdir(context: Context<'_>, key: &str) -> Result<Exit, Failure> {
    let options = DeleteOptions::new().with_dir();
    let removed = context.client.keys().delete_with(key, &options).await?;
    show_answer(context, removed)
}
