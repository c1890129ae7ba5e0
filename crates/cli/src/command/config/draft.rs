//! A text that a person edits: in a file that only they can read, and kept if it can't be used.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::{SystemTime, UNIX_EPOCH};

use tokio::process::Command;

use super::MAX_FILE;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;

/// The file; removed when it is dropped, unless it is kept.
#[derive(Debug)]
pub(super) struct Draft {
    path: PathBuf,
    kept: bool,
}

impl Draft {
    /// Writes `text` into a file for the owner alone.
    pub(super) fn new(text: &[u8], ending: &str) -> Result<Self, Failure> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        let now = now.map_or(0, |now| now.as_nanos());
        let name = format!("quorate-{}-{now}.{ending}", std::process::id());
        let path = std::env::temp_dir().join(name);
        let write = || {
            let mut options = OpenOptions::new();
            let mut file = options
                .write(true)
                .create_new(true)
                .mode(0o600)
                .open(&path)?;
            file.write_all(text)
        };
        write().map_err(|error| {
            Failure::caused(Exit::Failure, error).context(format!("write {}", path.display()))
        })?;
        Ok(Self { path, kept: false })
    }

    /// Opens the editor on it, and gives what it has become.
    pub(super) async fn edit(&self) -> Result<Vec<u8>, Failure> {
        let editor = editor();
        // Through a shell, as git does it: the variable may have arguments in it.
        let status = Command::new("sh")
            .arg("-c")
            .arg(format!("{editor} \"$@\""))
            .arg(&editor)
            .arg(&self.path)
            .stdin(Stdio::inherit())
            .status()
            .await?;
        if !status.success() {
            let message = format!("the editor {editor} ended with {status}; nothing was written");
            return Err(Failure::new(Exit::Failure, message));
        }
        input::file(&self.path, MAX_FILE)
    }

    /// Leaves the file there and says where it is.
    pub(super) fn keep(&mut self, failure: Failure) -> Failure {
        self.kept = true;
        let path = self.path.display();
        failure.context(format!("not written; your text is in {path}"))
    }

    #[cfg(test)]
    fn path(&self) -> &Path {
        &self.path
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        if !self.kept {
            remove(&self.path);
        }
    }
}

fn remove(path: &Path) {
    if let Err(error) = fs::remove_file(path) {
        tracing::debug!(%error, "the draft was not removed");
    }
}

/// What the user edits with.
fn editor() -> String {
    let named = ["VISUAL", "EDITOR"]
        .into_iter()
        .filter_map(|name| std::env::var(name).ok());
    let mut named = named.filter(|editor| !editor.trim().is_empty());
    named.next().unwrap_or_else(|| "vi".to_owned())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use std::os::unix::fs::PermissionsExt;

    use super::*;

    #[test]
    fn a_draft_is_for_its_owner_and_goes_unless_it_is_kept() {
        let mut draft = Draft::new(b"x", "json").ok().unwrap();
        let path = draft.path().to_owned();
        let mode = fs::metadata(&path).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        let failure = draft.keep(Failure::new(Exit::Conflict, "changed"));
        assert!(failure.view().error.message.contains("your text is in"));
        drop(draft);
        assert_eq!(fs::read(&path).unwrap(), b"x");
        drop(Draft {
            path: path.clone(),
            kept: false,
        });
        assert!(!path.exists());
    }
}
