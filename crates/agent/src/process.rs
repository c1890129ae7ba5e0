//! Programs that the agent runs: what they say, within a bound, and their end.

use std::process::ExitStatus;

use tokio::io::{AsyncRead, AsyncReadExt};
use tokio::process::Child;

/// Reads both outputs to their end, and waits for the program.
pub(crate) async fn finish(child: &mut Child, tail: &mut Tail) -> std::io::Result<ExitStatus> {
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
pub(crate) struct Tail {
    most: usize,
    total: usize,
    kept: Vec<u8>,
}

impl Tail {
    pub(crate) fn new(most: usize) -> Self {
        Self {
            most,
            total: 0,
            kept: Vec::new(),
        }
    }

    /// The last bytes, and whether there were more before them.
    pub(crate) fn into_bytes(self) -> (Vec<u8>, bool) {
        (self.kept, self.total > self.most)
    }

    fn push(&mut self, bytes: &[u8]) {
        self.total = self.total.saturating_add(bytes.len());
        self.kept.extend_from_slice(bytes);
        let surplus = self.kept.len().saturating_sub(self.most);
        self.kept.drain(..surplus);
    }

    pub(crate) fn text(&self) -> String {
        let kept = String::from_utf8_lossy(&self.kept);
        if self.total <= self.most {
            return kept.into_owned();
        }
        let (most, total) = (self.most, self.total);
        format!("Captured {most} of {total} bytes\n...\n{kept}")
    }
}

/// A program and everything that it started, which is killed when this is dropped.
pub(crate) struct Group {
    #[cfg(unix)]
    leader: Option<rustix::process::Pid>,
}

impl Group {
    #[cfg(unix)]
    pub(crate) fn of(child: &Child) -> Self {
        let id = child.id().and_then(|id| i32::try_from(id).ok());
        Self {
            leader: id.and_then(rustix::process::Pid::from_raw),
        }
    }

    /// The program has ended by itself; its number may be another's from now on.
    pub(crate) fn spare(&mut self) {
        #[cfg(unix)]
        {
            self.leader = None;
        }
    }

    #[cfg(not(unix))]
    pub(crate) fn of(_: &Child) -> Self {
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
