//! `quorate etcd get`, `put` and `del`.

use std::ffi::OsStr;
use std::io::{self, IsTerminal};
use std::os::unix::ffi::OsStrExt;

use bytes::Bytes;
use quorate_etcd::v3::KeyRange;
use quorate_etcd::v3::raw;
use quorate_etcd::v3::raw::proto::etcdserverpb::range_request::{SortOrder, SortTarget};
use quorate_etcd::v3::raw::proto::etcdserverpb::{DeleteRangeRequest, PutRequest, RangeRequest};

use super::Context;
use crate::args::etcd::connection::WriteOut;
use crate::args::etcd::key::{Consistency, DelArgs, GetArgs, Order, PutArgs, RangeArgs, SortBy};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::view::etcd::key::RangeView;

pub(super) async fn get(context: Context<'_>, args: &GetArgs) -> Result<Exit, Failure> {
    if args.print_value_only && context.printing.form != WriteOut::Simple {
        let why = "--print-value-only is for -w simple";
        return Err(Failure::usage(why).with_next("the same command without -w"));
    }
    let request = range(args)?;
    let response = context.client.raw().send(&raw::RANGE, &request).await?;
    context.show(&RangeView {
        response,
        value_only: args.print_value_only,
        count_only: args.count_only,
    })
}

/// What is asked for.
pub(super) fn range(args: &GetArgs) -> Result<RangeRequest, Failure> {
    let (key, range_end) = keys(&args.range)?;
    let sort = args.sort_by.map_or(SortTarget::Key, |by| match by {
        SortBy::Create => SortTarget::Create,
        SortBy::Key => SortTarget::Key,
        SortBy::Modify => SortTarget::Mod,
        SortBy::Value => SortTarget::Value,
        SortBy::Version => SortTarget::Version,
    });
    let order = match (args.order, args.sort_by) {
        (Some(Order::Ascend), _) => SortOrder::Ascend,
        (Some(Order::Descend), _) => SortOrder::Descend,
        // Keys are in their order anyway.
        (None, Some(SortBy::Key) | None) => SortOrder::None,
        (None, Some(_)) => SortOrder::Ascend,
    };
    Ok(RangeRequest {
        key,
        range_end,
        limit: args.limit,
        revision: args.rev,
        sort_order: order.into(),
        sort_target: sort.into(),
        serializable: args.consistency == Consistency::Serializable,
        keys_only: args.keys_only,
        count_only: args.count_only,
        ..RangeRequest::default()
    })
}

/// The bounds as servers read them.
fn keys(args: &RangeArgs) -> Result<(Bytes, Bytes), Failure> {
    let end = args.range_end.as_deref();
    let range = key_range(&args.key, end, args.prefix, args.from_key)?;
    Ok((range.start().clone(), range.range_end().clone()))
}

/// Which keys. The empty key is the least one in a range, and none alone.
pub(super) fn key_range(
    key: &OsStr,
    end: Option<&OsStr>,
    prefix: bool,
    from_key: bool,
) -> Result<KeyRange, Failure> {
    let bytes = key.as_bytes();
    match end {
        Some(end) => Ok(KeyRange::between(bytes, end.as_bytes())),
        None if prefix => Ok(KeyRange::prefix(bytes)),
        None if from_key => Ok(KeyRange::from(bytes)),
        None if key.is_empty() => {
            Err(Failure::usage("the key is empty").with_next("--prefix '', for all keys"))
        }
        None => Ok(KeyRange::key(bytes)),
    }
}

pub(super) async fn put(context: Context<'_>, args: PutArgs) -> Result<Exit, Failure> {
    let mut request = written(&args)?;
    if args.value.is_none() && !args.ignore_value {
        let limit = context.client.limits().max_request_bytes;
        request.value = value(&args.key, limit)?.into();
    }
    let response = context.client.raw().send(&raw::PUT, &request).await?;
    context.show(&response)
}

/// What is to be written, as far as it was typed.
pub(super) fn written(args: &PutArgs) -> Result<PutRequest, Failure> {
    if args.key.is_empty() {
        return Err(Failure::usage("the key is empty"));
    }
    if args.ignore_lease && args.lease != 0 {
        return Err(Failure::usage("--lease says what --ignore-lease leaves"));
    }
    Ok(PutRequest {
        key: bytes_of(&args.key),
        value: args.value.as_deref().map(bytes_of).unwrap_or_default(),
        lease: args.lease,
        prev_kv: args.prev_kv,
        ignore_value: args.ignore_value,
        ignore_lease: args.ignore_lease,
    })
}

/// What standard input has.
fn value(key: &OsStr, limit: usize) -> Result<Vec<u8>, Failure> {
    if io::stdin().is_terminal() {
        let why = "there is no value, neither on the command line nor on standard input";
        return Err(Failure::usage(why));
    }
    let value = input::read(io::stdin().lock(), "standard input", limit)?;
    if value.is_empty() {
        let next = format!("quorate etcd put {} '', for an empty value", key.display());
        return Err(Failure::usage("standard input is empty").with_next(next));
    }
    Ok(value)
}

fn bytes_of(text: &OsStr) -> Bytes {
    Bytes::copy_from_slice(text.as_bytes())
}

pub(super) async fn del(context: Context<'_>, args: DelArgs) -> Result<Exit, Failure> {
    let request = deleted(&args)?;
    let response = context
        .client
        .raw()
        .send(&raw::DELETE_RANGE, &request)
        .await?;
    context.show(&response)
}

/// What is to be deleted.
pub(super) fn deleted(args: &DelArgs) -> Result<DeleteRangeRequest, Failure> {
    let (key, range_end) = keys(&args.range)?;
    Ok(DeleteRangeRequest {
        key,
        range_end,
        prev_kv: args.prev_kv,
    })
}
