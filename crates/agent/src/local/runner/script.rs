use std::process::{ExitStatus, Stdio};
use std::time::Duration;

use quorate_wire::consul::GoDuration;
use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::{Child, Command};
use tokio::time::timeout;

use super::outcome::Outcome;
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

/// Reads both outputs to their end, and waits for the program.
async fn finish(child: &mut Child, tail: &mut Tail) -> std::io::Result<ExitStatus> {
    let (mut stdout, mut stderr) = (child.stdout.take(), child.stderr.take());
    let mut pieces = [[0; 4096]; 2];
    let [out, err] = &mut pieces;
    while stdout.is_some() || stderr.is_some() {
        let read = tokio::select! {
            read = read(&mut stdout, out), if stdout.is_some() => {
                let piece = out.get(..read).unwrap_or_default();
                tail.push(piece);
                (read == 0, false)
            }
            read = read(&mut stderr, err), if stderr.is_some() => {
                let piece = err.get(..read).unwrap_or_default();
                tail.push(piece);
                (false, read == 0)
            }
        };
        match read {
            (true, _) => stdout = None,
            (_, true) => stderr = None,
            _ => {}
        }
    }
    child.wait().await
}

/// The next bytes; none at the end, and when it can't be read on.
async fn read(from: &mut Option<impl AsyncRead + Unpin>, into: &mut [u8]) -> usize {
    match from {
        Some(from) => from.read(into).await.unwrap_or(0),
        None => 0,
    }
}

/// The last bytes of an output, and how many there were.
struct Tail {
    most: usize,
    total: usize,
    kept: Vec<u8>,
}

impl Tail {
    fn new(most: usize) -> Self {
        Self {
            most,
            total: 0,
            kept: Vec::new(),
        }
    }

    fn push(&mut self, bytes: &[u8]) {
        self.total = self.total.saturating_add(bytes.len());
        self.kept.extend_from_slice(bytes);
        let surplus = self.kept.len().saturating_sub(self.most);
        self.kept.drain(..surplus);
    }

    fn text(&self) -> String {
        let kept = String::from_utf8_lossy(&self.kept);
        if self.total <= self.most {
            return kept.into_owned();
        }
        let (most, total) = (self.most, self.total);
        format!("Captured {most} of {total} bytes\n...\n{kept}")
    }
}

/// A program and everything that it started, which is killed when this is dropped.
struct Group {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

impl Group {
    #[cfg(unix)]
    fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self {
            leader: id.and_then(rustix::process::Pid::from_raw),
        }
    }

    /// The program has ended by itself; its number may be another's from now on.
    fn spare(&mut self) {
        #[cfg(unix)]
        {
            self.leader = None;
        }
    }

    #[cfg(not(unix))]
    fn of(_: &Child) -> Self {
        Self {}
    }
}

impl Drop for Group {
    fn drop(&mut self) {
        #[cfg(unix)]
        if let Some(leader) = self.leader {
            use rustix::process::{Signal, kill_process_group};
            // An error says that nothing of it is left.
            let _ = kill_process_group(leader, Signal::KILL);
        }
    }
}
