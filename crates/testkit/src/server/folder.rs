//! Where a server keeps its data and its log.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

use tempfile::TempDir;

use crate::say;

/// How much of the end of a log goes into an error.
const LOG_LINES: usize = 20;

/// A temporary folder that outlives a failed test.
#[derive(Debug)]
pub(crate) struct Folder {
    program: &'static str,
    /// Taken when the folder is kept.
    dir: Option<TempDir>,
    path: PathBuf,
    keep: AtomicBool,
}

impl Folder {
    pub(crate) fn create(program: &'static str) -> io::Result<Self> {
        let dir = tempfile::Builder::new()
            .prefix(&format!("quorate-{program}-"))
            .tempdir()?;
        let keep = AtomicBool::new(std::env::var_os("QUORATE_KEEP_LOGS").is_some());
        Ok(Self {
            program,
            path: dir.path().to_owned(),
            dir: Some(dir),
            keep,
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn log_path(&self) -> PathBuf {
        self.path.join("log")
    }

    /// The log, to append to: a server that is restarted writes on.
    pub(crate) fn open_log(&self) -> io::Result<File> {
        File::options()
            .create(true)
            .append(true)
            .open(self.log_path())
    }

    /// How long the log is now.
    pub(crate) fn log_len(&self) -> usize {
        fs::read(self.log_path()).map_or(0, |log| log.len())
    }

    /// The last lines of what was written after the first `skip` bytes.
    pub(crate) fn log_tail(&self, skip: usize) -> String {
        let log = fs::read(self.log_path()).unwrap_or_default();
        let text = String::from_utf8_lossy(log.get(skip..).unwrap_or_default()).into_owned();
        let lines: Vec<_> = text.lines().collect();
        lines[lines.len().saturating_sub(LOG_LINES)..].join("\n")
    }

    /// Leaves the folder in place when the value is dropped.
    pub(crate) fn keep(&self) {
        self.keep.store(true, Ordering::Relaxed);
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let keep = std::thread::panicking() || self.keep.load(Ordering::Relaxed);
        if let Some(dir) = self.dir.take_if(|_| keep) {
            let log = dir.keep().join("log");
            say::hint(&format!(
                "{}: its log is kept in {}",
                self.program,
                log.display()
            ));
        }
    }
}

#[cfg(test)]
mod tests {
    use std::io::Write as _;

    use super::*;

    #[test]
    fn the_folder_goes_with_the_value() {
        let folder = Folder::create("test").unwrap();
        let path = folder.path().to_owned();
        assert!(path.is_dir());
        drop(folder);
        assert!(!path.exists());
    }

    #[test]
    fn the_folder_of_a_failed_test_stays() {
        let folder = Folder::create("test").unwrap();
        let path = folder.path().to_owned();
        let test = std::thread::spawn(move || {
            let _folder = folder;
            panic!("expected in this test");
        });
        assert!(test.join().is_err());
        assert!(path.is_dir());
        fs::remove_dir_all(path).unwrap();
    }

    #[test]
    fn the_tail_of_the_log_begins_after_what_was_there() {
        let folder = Folder::create("test").unwrap();
        writeln!(folder.open_log().unwrap(), "old").unwrap();
        let old = folder.log_len();
        for line in 0..30 {
            writeln!(folder.open_log().unwrap(), "line {line}").unwrap();
        }
        let tail = folder.log_tail(old);
        assert!(
            tail.starts_with("line 10\n") && tail.ends_with("line 29"),
            "{tail}"
        );
        assert_eq!(folder.log_tail(1_000_000), "");
    }
}
