//! Requests of keys as lines.

use anyhow::bail;
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::etcdserverpb::range_request::{SortOrder, SortTarget};

use super::words::Words;

/// `put KEY VALUE`, and `lease=5`, `prev`, `keep-value`, `keep-lease`.
pub(super) fn put(words: &mut Words<'_>) -> anyhow::Result<pb::PutRequest> {
    let mut put = pb::PutRequest {
        key: words.key()?,
        value: words.value()?,
        ..pb::PutRequest::default()
    };
    while let Some(option) = words.option() {
        match option.split_once('=').unwrap_or((option, "")) {
            ("lease", lease) => put.lease = words.names.lease(lease)?,
            ("prev", _) => put.prev_kv = true,
            ("keep-value", _) => put.ignore_value = true,
            ("keep-lease", _) => put.ignore_lease = true,
            _ => bail!("no put has {option}"),
        }
    }
    Ok(put)
}

/// `del RANGE`, and `prev`.
pub(super) fn delete(words: &mut Words<'_>) -> anyhow::Result<pb::DeleteRangeRequest> {
    let (key, range_end) = words.range()?;
    let mut prev_kv = false;
    while let Some(option) = words.option() {
        match option {
            "prev" => prev_kv = true,
            _ => bail!("no deletion has {option}"),
        }
    }
    Ok(pb::DeleteRangeRequest {
        key,
        range_end,
        prev_kv,
    })
}

/// `get RANGE`, and `limit=2`, `rev=A`, `up=mod`, `down=value`, `keys`, `count`, `old` (need not be
/// the newest), `mod=A..B`, `made=A..`.
pub(super) fn range(words: &mut Words<'_>) -> anyhow::Result<pb::RangeRequest> {
    let (key, range_end) = words.range()?;
    let mut range = pb::RangeRequest {
        key,
        range_end,
        ..pb::RangeRequest::default()
    };
    while let Some(option) = words.option() {
        let (name, value) = option.split_once('=').unwrap_or((option, ""));
        match name {
            "limit" => range.limit = value.parse()?,
            "rev" => range.revision = words.names.revision(value)?,
            "up" => {
                (range.sort_order, range.sort_target) = (SortOrder::Ascend.into(), sort(value)?);
            }
            "down" => {
                (range.sort_order, range.sort_target) = (SortOrder::Descend.into(), sort(value)?);
            }
            "by" => range.sort_target = sort(value)?,
            "order" => range.sort_order = value.parse()?,
            "keys" => range.keys_only = true,
            "count" => range.count_only = true,
            "old" => range.serializable = true,
            "mod" => (range.min_mod_revision, range.max_mod_revision) = between(words, value)?,
            "made" => {
                (range.min_create_revision, range.max_create_revision) = between(words, value)?;
            }
            _ => bail!("no range has {option}"),
        }
    }
    Ok(range)
}

fn sort(by: &str) -> anyhow::Result<i32> {
    let target = match by {
        "key" => SortTarget::Key,
        "version" => SortTarget::Version,
        "made" => SortTarget::Create,
        "mod" => SortTarget::Mod,
        "value" => SortTarget::Value,
        number => return Ok(number.parse()?),
    };
    Ok(target.into())
}

fn between(words: &Words<'_>, text: &str) -> anyhow::Result<(i64, i64)> {
    let (min, max) = text.split_once("..").unwrap_or((text, ""));
    let bound = |text: &str| match text {
        "" => Ok(0),
        text => words.names.revision(text),
    };
    Ok((bound(min)?, bound(max)?))
}
