use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use quorate_wire::consul::GoDuration;
use tokio::process::Command;
use tokio::time::timeout;

use super::outcome::Outcome;
use crate::process::{Group, Tail, finish};
use crate::quote::quote;

/// For how long the rest of an output is waited for when its program was killed.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// Runs a program: 0 passes, 1 warns, anything else is critical. When its time is up it is
/// killed, with everything that it started.
pub(super) async fn run(args: &[String], limit: Duration, most: usize) -> Outcome {
    let Some((program, rest)) = args.split_first() else {
        return Outcome::critical("need an executable to run");
    };
    let mut command = Command::new(program);
    command
        .args(rest)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    #[cfg(unix)]
    command.process_group(0);
    let mut child = match command.spawn() {
        Ok(child) => child,
        Err(error) => return Outcome::critical(not_started(program, &error)),
    };
    // Also when the check is removed while it runs, nothing is left of it.
    let mut group = Group::of(&child);
    let mut tail = Tail::new(most);
    match timeout(limit, finish(&mut child, &mut tail)).await {
        Ok(Ok(status)) => {
            group.spare();
            judge(status, tail.text())
        }
        Ok(Err(error)) => Outcome::critical(error.to_string()),
        Err(_) => {
            drop(group);
            // The output that is there already is worth showing; what was killed adds none.
            let _ = timeout(LAST_WORDS, finish(&mut child, &mut tail)).await;
            Outcome::critical(too_late(limit, &tail.text()))
        }
    }
}

fn judge(status: ExitStatus, output: String) -> Outcome {
    match status.code() {
        Some(0) => Outcome::passing(output),
        Some(1) => Outcome::warning(output),
        _ => Outcome::critical(output),
    }
}

fn too_late(limit: Duration, output: &str) -> String {
    let text = format!("Timed out ({}) running check", GoDuration::from(limit));
    match output {
        "" => text,
        output => format!("{text}\n\n{output}"),
    }
}

fn not_started(program: &str, error: &std::io::Error) -> String {
    let missing = error.kind() == std::io::ErrorKind::NotFound;
    if missing && !program.contains('/') {
        let program = quote(program);
        return format!("exec: {program}: executable file not found in $PATH");
    }
    let problem = match error.kind() {
        std::io::ErrorKind::NotFound => "no such file or directory".into(),
        std::io::ErrorKind::PermissionDenied => "permission denied".into(),
        _ => error.to_string(),
    };
    format!("fork/exec {program}: {problem}")
}
