use std::path::PathBuf;
use std::process::Stdio;

use anyhow::{Context as _, ensure};
use quorate_testkit::server::{Located, locate};
use tokio::io::AsyncWriteExt as _;
use tokio::process::Command;

use crate::program::Server;
use crate::program::run::words;

/// What a target needs for cases that compare: `etcdctl` 3.5.
pub(crate) const ETCDCTL: &str = "etcdctl";

/// The forms of `-w` that most answers have.
const FORMS: [&str; 3] = ["simple", "json", "fields"];
/// All of them; `table` is for lists alone.
pub(crate) const ALL: [&str; 5] = ["simple", "json", "fields", "protobuf", "table"];

/// Where `etcdctl` 3.5 is, if it is there.
pub(crate) fn etcdctl() -> Option<PathBuf> {
    match locate("etcdctl-3.5") {
        Located::Found(path) => Some(path),
        Located::Missing(_) => None,
    }
}

/// What is compared of two outputs.
#[derive(Clone, Copy)]
pub(crate) enum Compare {
    /// All bytes.
    Bytes,
    /// All but numbers: ids, revisions and times that no two calls have in common.
    Words,
}

impl Server {
    /// Runs `etcdctl LINE`, and gives whether it succeeded and what it printed.
    pub(crate) async fn etcdctl(&self, line: &str, stdin: &str) -> anyhow::Result<(bool, Vec<u8>)> {
        let program = etcdctl().context("there is no etcdctl")?;
        let mut child = Command::new(program)
            .env_clear()
            .env("ETCDCTL_ENDPOINTS", &self.url)
            .args(words(line))
            .current_dir(self.home.path())
            .kill_on_drop(true)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let mut input = child.stdin.take().context("no standard input")?;
        let _ = input.write_all(stdin.as_bytes()).await;
        drop(input);
        let output = child.wait_with_output().await?;
        Ok((output.status.success(), output.stdout))
    }

    /// In the usual forms, `quorate etcd LINE` prints what `etcdctl LINE` prints, and both succeed or
    /// both fail.
    pub(crate) async fn same(&self, line: &str, compare: Compare) -> anyhow::Result<()> {
        self.same_with(line, "", compare, &FORMS).await
    }

    /// The same with something on standard input, in some of the forms.
    pub(crate) async fn same_with(
        &self,
        line: &str,
        stdin: &str,
        compare: Compare,
        forms: &[&str],
    ) -> anyhow::Result<()> {
        for form in forms {
            let (succeeded, theirs) = self.etcdctl(&format!("-w {form} {line}"), stdin).await?;
            let done = self
                .output(&format!("etcd -w {form} {line}"), stdin)
                .await?;
            let (ours, status) = (done.stdout, done.status);
            let shown = String::from_utf8_lossy(&ours);
            ensure!(
                succeeded == status.success(),
                "-w {form} {line}: etcdctl {succeeded}, ours {status}: {shown}{}",
                String::from_utf8_lossy(&done.stderr)
            );
            // What is said of a failure is ours.
            if !succeeded {
                continue;
            }
            let equal = match (compare, *form) {
                (Compare::Bytes, _) => theirs == ours,
                (Compare::Words, "protobuf") => !ours.is_empty(),
                (Compare::Words, _) => without_numbers(&theirs) == without_numbers(&ours),
            };
            let theirs = String::from_utf8_lossy(&theirs);
            ensure!(
                equal,
                "-w {form} {line}:\n{theirs}is etcdctl's, and ours\n{shown}"
            );
        }
        Ok(())
    }
}

/// A text whose numbers, also hexadecimal ones of 16 digits, are `#`.
fn without_numbers(text: &[u8]) -> String {
    let text = String::from_utf8_lossy(text);
    let mut out = String::new();
    let mut word = String::new();
    let end = |word: &mut String, out: &mut String| {
        let id = word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
        let begins = word.starts_with(|c: char| c.is_ascii_digit());
        match id || begins {
            true => out.push('#'),
            false => out.push_str(word),
        }
        word.clear();
    };
    for c in text.chars() {
        if c.is_alphanumeric() || c == '.' {
            word.push(c);
        } else {
            end(&mut word, &mut out);
            out.push(c);
        }
    }
    end(&mut word, &mut out);
    out
}
