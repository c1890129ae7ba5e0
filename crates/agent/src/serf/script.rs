//! Scripts, run as Serf's agent runs them.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::io;
use std::process::{ExitStatus, Stdio};

use quorate_gossip::{Event, Member};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::process::{Group, Tail, finish};

/// How much is kept of what a script writes.
const OUTPUT: usize = 8 * 1024;

/// What came of a script.
pub(super) struct Ran {
    /// The last of what it wrote, errors included.
    pub(super) output: Vec<u8>,
    pub(super) truncated: bool,
    /// How it failed, in Go's words.
    pub(super) problem: Option<String>,
}

/// Runs a script for an event. Dropping the future kills it, and all that it started.
pub(super) async fn run(
    script: &str,
    event: &Event,
    name: &str,
    tags: &BTreeMap<String, String>,
) -> io::Result<Ran> {
    let mut command = shell(script);
    command
        .envs(environment(event, name, tags))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    let mut child = command.spawn()?;
    let mut group = Group::of(&child);
    let stdin = child.stdin.take();
    let mut tail = Tail::new(OUTPUT);
    let feed = async {
        if let Some(mut stdin) = stdin {
            // A script need not read what it is told.
            let _ = stdin.write_all(&input(event)).await;
        }
    };
    let ((), status) = tokio::join!(feed, finish(&mut child, &mut tail));
    let status = status?;
    group.spare();
    let (output, truncated) = tail.into_bytes();
    Ok(Ran {
        output,
        truncated,
        problem: problem(status),
    })
}

#[cfg(unix)]
fn shell(script: &str) -> Command {
    let mut command = Command::new("/bin/sh");
    command.arg("-c").arg(script);
    command
}

#[cfg(not(unix))]
fn shell(script: &str) -> Command {
    let mut command = Command::new("cmd");
    command.arg("/C").arg(script);
    command
}

fn problem(status: ExitStatus) -> Option<String> {
    match status.code() {
        Some(0) => None,
        Some(code) => Some(format!("exit status {code}")),
        None => Some(status.to_string()),
    }
}

fn environment(
    event: &Event,
    name: &str,
    tags: &BTreeMap<String, String>,
) -> Vec<(String, String)> {
    let role = tags.get("role").cloned().unwrap_or_default();
    let mut variables = vec![
        ("SERF_SELF_NAME".to_owned(), name.to_owned()),
        ("SERF_SELF_ROLE".to_owned(), role),
    ];
    for (tag, value) in tags {
        variables.push((format!("SERF_TAG_{}", as_variable(tag)), value.clone()));
    }
    let mut set = |name: &str, value: String| variables.push((name.to_owned(), value));
    match event {
        Event::Members(event) => set("SERF_EVENT", event.change.to_string()),
        Event::User(event) => {
            set("SERF_EVENT", "user".into());
            set("SERF_USER_EVENT", event.name.clone());
            set("SERF_USER_LTIME", event.ltime.to_string());
        }
        Event::Query(event) => {
            set("SERF_EVENT", "query".into());
            set("SERF_QUERY_NAME", event.name.clone());
            set("SERF_QUERY_LTIME", event.ltime.to_string());
        }
        _ => {}
    }
    // No variable can hold one, and the script would not be started at all.
    variables.retain(|(_, value)| !value.contains('\0'));
    variables
}

/// A tag's name in capitals, with `_` for all but letters, digits and `_`.
fn as_variable(tag: &str) -> String {
    let upper = tag.to_uppercase();
    let plain = |c: char| {
        if c.is_ascii_uppercase() || c.is_ascii_digit() {
            c
        } else {
            '_'
        }
    };
    upper.chars().map(plain).collect()
}

/// What stands on the standard input: a line for each member, or the payload with an end of line.
fn input(event: &Event) -> Vec<u8> {
    match event {
        Event::Members(event) => event.members.iter().map(line).collect::<String>().into(),
        Event::User(event) => payload(&event.payload),
        Event::Query(event) => payload(&event.payload),
        _ => Vec::new(),
    }
}

fn payload(payload: &[u8]) -> Vec<u8> {
    let mut bytes = payload.to_vec();
    if bytes.last().is_some_and(|last| *last != b'\n') {
        bytes.push(b'\n');
    }
    bytes
}

fn line(member: &Member) -> String {
    let clean = |text: &str| text.replace('\t', "\\t").replace('\n', "\\n");
    let role = member.tags.get("role").map_or("", String::as_str);
    let tags: Vec<_> = member
        .tags
        .iter()
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    let mut line = String::new();
    // Writing to a text can't fail.
    let _ = writeln!(
        line,
        "{}\t{}\t{}\t{}",
        clean(&member.name),
        member.address.ip(),
        clean(role),
        clean(&tags.join(","))
    );
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_tags_become_names_of_variables() {
        assert_eq!(as_variable("my-tag.x_1"), "MY_TAG_X_1");
        assert_eq!(as_variable("ö"), "_");
    }

    #[test]
    fn a_payload_ends_with_its_line() {
        assert_eq!(payload(b"a"), b"a\n");
        assert_eq!(payload(b"a\n"), b"a\n");
        assert_eq!(payload(b""), b"");
    }
}
