//! The language of the scripts: a line is a request, or stands for many.
//!
//! ```text
//! # a remark
//! GET /v1/catalog/nodes                     a request
//! PUT /v1/kv/a @X-Consul-Token:x value      with a header and a body
//! PUT /v1/kv/a <chunked> value              without a length; also <300 bytes> and <hex>00ff
//! ~ GET /v1/query                           the order of lists does not count
//! = GET /v1/agent/self                      of a success, only status and headers count
//! q := POST /v1/query {"Name":"q"}          ⟦q⟧ is the ID of the answer from here on,
//! GET /v1/query/⟦q⟧                         ⟦q.ModifyIndex⟧ another field of it
//! each {a|b} GET /v1/kv/{}                  the line with each of these
//! methods GET,PUT /v1/kv/a                  every method but these
//! params GET /v1/catalog/nodes              with each of the parameters that any request may have
//! bodies PUT /v1/txn                        with bodies that are no JSON, or not this one
//! fields PUT /v1/x {"A":{"B":1}} => GET /v1/x   each part of the body replaced by wrong values,
//!                                               and left out; the reads after `=>` follow each
//! random 50                                 draws 50 requests from the lines up to `end`, in which
//!                                           ‹a|b› is one of these, drawn anew each time
//! ```

use quorate_conformance::random::Random;

use crate::draw::draw;
use crate::vary::{BODIES, METHODS, PARAMETERS, varied};

/// How much of what could be asked is asked.
#[derive(Debug)]
pub(crate) struct Amount {
    /// 1 in the gate; at 10, everything.
    pub(crate) rounds: u64,
    pub(crate) random: Random,
}

impl Amount {
    /// Whether one of many wrong values is tried.
    fn includes(&mut self) -> bool {
        self.random.below(10) < self.rounds * 2
    }
}

/// Each request of a script, with the number of its line.
pub(crate) fn requests(text: &str, amount: &mut Amount) -> Vec<(usize, String)> {
    let mut requests = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((at, line)) = lines.next() {
        let line = line.trim_end();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let made = match line.strip_prefix("random ") {
            None => expand(line, amount),
            Some(count) => {
                let lines: Vec<_> = lines
                    .by_ref()
                    .map(|(_, line)| line)
                    .take_while(|line| *line != "end")
                    .filter(|line| !line.is_empty() && !line.starts_with('#'))
                    .collect();
                let count = count.parse::<u64>().unwrap() * amount.rounds;
                (0..count)
                    .map(|_| draw(&lines, &mut amount.random))
                    .collect()
            }
        };
        requests.extend(made.into_iter().map(|request| (at + 1, request)));
    }
    requests
}

/// The requests that a line stands for.
fn expand(line: &str, amount: &mut Amount) -> Vec<String> {
    let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
    match word {
        "each" => each(rest),
        "methods" => {
            let (but, target) = rest.split_once(' ').unwrap();
            let others = METHODS
                .iter()
                .filter(|it| !but.split(',').any(|but| but == **it));
            others.map(|method| format!("{method} {target}")).collect()
        }
        "params" => PARAMETERS
            .iter()
            .map(|it| with_parameter(rest, it))
            .collect(),
        "bodies" => BODIES.iter().map(|body| format!("{rest} {body}")).collect(),
        "fields" => fields(rest, amount),
        _ => vec![line.to_owned()],
    }
}

fn each(rest: &str) -> Vec<String> {
    let (items, line) = rest
        .strip_prefix('{')
        .and_then(|rest| rest.split_once("} "))
        .unwrap();
    items
        .split('|')
        .map(|item| line.replace("{}", item))
        .collect()
}

/// The line with one more parameter behind its target.
fn with_parameter(line: &str, parameter: &str) -> String {
    let at = line.find('/').unwrap();
    let end = line[at..]
        .find(' ')
        .map_or(line.len(), |length| at + length);
    let joint = if line[at..end].contains('?') {
        '&'
    } else {
        '?'
    };
    format!("{}{joint}{parameter}{}", &line[..end], &line[end..])
}

fn fields(rest: &str, amount: &mut Amount) -> Vec<String> {
    let mut parts = rest.split(" => ");
    let mut head = parts.next().unwrap().splitn(3, ' ');
    let (method, target) = (head.next().unwrap(), head.next().unwrap());
    let body = serde_json::from_str(head.next().unwrap()).unwrap();
    let reads: Vec<_> = parts.collect();
    let mut requests = Vec::new();
    for body in varied(&body) {
        if amount.includes() {
            requests.push(format!("{method} {target} {body}"));
            requests.extend(reads.iter().map(|read| (*read).to_owned()));
        }
    }
    requests
}
