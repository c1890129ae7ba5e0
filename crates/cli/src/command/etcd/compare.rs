//! The conditions of `quorate etcd txn`: `mod("key") > "0"`.

use quorate_etcd::v3::raw::proto::etcdserverpb::Compare;
use quorate_etcd::v3::raw::proto::etcdserverpb::compare::{
    CompareResult, CompareTarget, TargetUnion,
};

use super::words::quoted;
use crate::failure::Failure;

/// A condition.
pub(super) fn parse(line: &str) -> Result<Compare, Failure> {
    let malformed = || {
        Failure::usage(format!("malformed comparison: {line}"))
            .with_next(r#"a comparison such as mod("key") > "0""#)
    };
    let (target, rest) = line.split_once('(').ok_or_else(malformed)?;
    let (key, rest) = text(rest).ok_or_else(malformed)?;
    let rest = rest.trim_start().strip_prefix(')').ok_or_else(malformed)?;
    let rest = rest.trim_start();
    let end = rest.find([' ', '"', '\t']).ok_or_else(malformed)?;
    let (sign, rest) = rest.split_at(end);
    let (right, rest) = text(rest).ok_or_else(malformed)?;
    if !rest.trim().is_empty() {
        return Err(malformed());
    }
    let (target, union) = side(line, target.trim(), &right)?;
    Ok(Compare {
        result: result(line, sign)?.into(),
        target: target.into(),
        key: key.into(),
        range_end: Default::default(),
        target_union: Some(union),
    })
}

/// A text in double quotes, and what follows it.
fn text(line: &str) -> Option<(String, &str)> {
    let mut chars = line.trim_start().strip_prefix('"')?.chars();
    let text = quoted(&mut chars, '"')?;
    Some((text, chars.as_str()))
}

fn result(line: &str, sign: &str) -> Result<CompareResult, Failure> {
    Ok(match sign {
        "=" => CompareResult::Equal,
        "!=" => CompareResult::NotEqual,
        ">" => CompareResult::Greater,
        "<" => CompareResult::Less,
        _ => {
            let why = format!("invalid txn compare request: {line} (unknown sign {sign})");
            return Err(Failure::usage(why).with_next("one of = != < >"));
        }
    })
}

fn side(line: &str, target: &str, right: &str) -> Result<(CompareTarget, TargetUnion), Failure> {
    let number = || {
        right.parse::<i64>().map_err(|_| {
            let why = format!("{right} is no number");
            Failure::usage(format!("invalid txn compare request: {line} ({why})"))
        })
    };
    Ok(match target {
        "ver" | "version" => (CompareTarget::Version, TargetUnion::Version(number()?)),
        "c" | "create" => (
            CompareTarget::Create,
            TargetUnion::CreateRevision(number()?),
        ),
        "m" | "mod" => (CompareTarget::Mod, TargetUnion::ModRevision(number()?)),
        "val" | "value" => {
            let right = right.to_owned().into();
            (CompareTarget::Value, TargetUnion::Value(right))
        }
        "lease" => {
            let lease = crate::args::etcd::value::lease_or_none(right).map_err(Failure::usage)?;
            (CompareTarget::Lease, TargetUnion::Lease(lease))
        }
        _ => {
            let why = format!("malformed comparison: {line} (unknown target {target})");
            return Err(Failure::usage(why).with_next("one of mod create version value lease"));
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn conditions_are_written_as_for_etcdctl() {
        let compare = parse(r#"mod("a b") > "0""#).ok().unwrap();
        assert_eq!(compare.target(), CompareTarget::Mod);
        assert_eq!(compare.result(), CompareResult::Greater);
        assert_eq!(compare.key, "a b");
        assert_eq!(compare.target_union, Some(TargetUnion::ModRevision(0)));
        let compare = parse(r#"val("k") != "x \" y""#).ok().unwrap();
        assert_eq!(
            compare.target_union,
            Some(TargetUnion::Value("x \" y".into()))
        );
        let compare = parse(r#"lease("k") = "0a""#).ok().unwrap();
        assert_eq!(compare.target_union, Some(TargetUnion::Lease(10)));
        for wrong in [
            "foo",
            r#"mod("foo" > 1"#,
            r#"foo("foo") > "1""#,
            r#"mod("foo") ~ "1""#,
            r#"mod("foo") = "x""#,
            r#"mod("foo") = "1" x"#,
        ] {
            assert!(parse(wrong).is_err(), "{wrong}");
        }
    }
}
