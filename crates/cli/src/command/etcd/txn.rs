//! `quorate etcd txn`.

use std::io::{self, BufRead};

use clap::Parser as _;
use quorate_etcd::v3::raw;
use quorate_etcd::v3::raw::proto::etcdserverpb::request_op::Request as Op;
use quorate_etcd::v3::raw::proto::etcdserverpb::{RequestOp, TxnRequest};

use super::{Context, compare, key, words};
use crate::args::etcd::txn::Request;
use crate::exit::Exit;
use crate::failure::Failure;

/// More lines than servers take in one transaction, unless they are told to take more.
const MAX_LINES: usize = 100_000;

pub(super) async fn run(context: Context<'_>, interactive: bool) -> Result<Exit, Failure> {
    let mut input = io::stdin().lock();
    let screen = &context.config.screen;
    let mut part = |title: &str| {
        if interactive {
            screen.raw(format!("{title}:\n").as_bytes())?;
        }
        lines(&mut input)
    };
    let conditions = part("compares")?;
    let compare = conditions.iter().map(|line| compare::parse(line));
    let request = TxnRequest {
        compare: compare.collect::<Result<_, _>>()?,
        success: operations(&part("success requests (get, put, del)")?)?,
        failure: operations(&part("failure requests (get, put, del)")?)?,
    };
    let response = context.client.raw().send(&raw::TXN, &request).await?;
    context.show(&response)
}

/// The lines up to an empty one, or to the end.
fn lines(input: &mut impl BufRead) -> Result<Vec<String>, Failure> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        let read = input.read_line(&mut line)?;
        let line = line.trim();
        if read == 0 || line.is_empty() {
            return Ok(lines);
        }
        if lines.len() == MAX_LINES {
            return Err(Failure::usage(format!("more than {MAX_LINES} lines")));
        }
        lines.push(line.to_owned());
    }
}

fn operations(lines: &[String]) -> Result<Vec<RequestOp>, Failure> {
    lines.iter().map(|line| operation(line)).collect()
}

/// One line that does something.
fn operation(line: &str) -> Result<RequestOp, Failure> {
    let words = words::split(line)?;
    let request = Request::try_parse_from(words).map_err(|error| {
        let error = error.to_string();
        let why = error.lines().next().unwrap_or_default();
        let why = why.trim_start_matches("error: ");
        Failure::usage(format!("invalid txn request: {line} ({why})"))
            .with_next("quorate etcd txn --help")
    })?;
    let op = match request {
        Request::Get(args) => Op::RequestRange(key::range(&args)?),
        Request::Put(args) if args.value.is_none() && !args.ignore_value => {
            return Err(Failure::usage(format!(
                "invalid txn request: {line} (no value)"
            )));
        }
        Request::Put(args) => Op::RequestPut(key::written(&args)?),
        Request::Del(args) => Op::RequestDeleteRange(key::deleted(&args)?),
    };
    Ok(RequestOp { request: Some(op) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_parts_with_an_empty_line_between() {
        let mut input = &b"mod(\"a\") > \"0\"\n\nput a 1\n get a \n\n"[..];
        assert_eq!(lines(&mut input).ok().unwrap(), ["mod(\"a\") > \"0\""]);
        assert_eq!(lines(&mut input).ok().unwrap(), ["put a 1", "get a"]);
        assert_eq!(lines(&mut input).ok().unwrap(), [""; 0]);
    }

    #[test]
    fn what_is_done_has_the_options_of_the_commands() {
        let op = operation(r#"put "x y" 'z' --prev-kv"#).ok().unwrap();
        let Some(Op::RequestPut(put)) = op.request else {
            panic!("{op:?}");
        };
        assert!(put.prev_kv && put.key == "x y" && put.value == "z");
        let op = operation("get --prefix=true foo --limit=3").ok().unwrap();
        let Some(Op::RequestRange(range)) = op.request else {
            panic!("{op:?}");
        };
        assert_eq!((&*range.range_end, range.limit), (&b"fop"[..], 3));
        for wrong in ["get", "watch x", "put a", "del", "put a b c"] {
            assert!(operation(wrong).is_err(), "{wrong}");
        }
    }
}
