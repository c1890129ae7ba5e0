use std::fmt::Write as _;

use sha2::digest::Output;
use sha2::{Digest, Sha256};

use super::{META, STATE, SnapshotError};

/// The digests of the two files that `SHA256SUMS` speaks of.
#[derive(Clone, Debug, Default)]
pub(super) struct Sums {
    pub(super) meta: Sha256,
    pub(super) state: Sha256,
}

impl Sums {
    /// The text of `SHA256SUMS`.
    pub(super) fn text(self) -> String {
        let lines = self
            .named()
            .map(|(name, digest)| format!("{digest}  {name}\n"));
        lines.concat()
    }

    fn named(self) -> [(&'static str, String); 2] {
        [
            (META, hex(&self.meta.finalize())),
            (STATE, hex(&self.state.finalize())),
        ]
    }

    /// Checks the files against a text of that form.
    pub(super) fn check(self, text: &str) -> Result<(), SnapshotError> {
        let integrity = |text: String| Err(SnapshotError::Integrity(text));
        let files = self.named();
        for line in text.lines().filter(|line| !line.is_empty()) {
            let mut words = line.split_ascii_whitespace();
            let (Some(digest), Some(name)) = (words.next(), words.next()) else {
                return integrity(format!("malformed line {line:?}"));
            };
            let Some((_, own)) = files.iter().find(|(of, _)| *of == name) else {
                return integrity(format!("list missing hash for {name:?}"));
            };
            if own != digest {
                return integrity(format!("hash check failed for {name:?}"));
            }
        }
        let names: Vec<&str> = text.split_ascii_whitespace().collect();
        match files.iter().find(|(name, _)| !names.contains(name)) {
            Some((name, _)) => integrity(format!("file missing for {name:?}")),
            None => Ok(()),
        }
    }
}

fn hex(digest: &Output<Sha256>) -> String {
    digest
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            // Writing to a text does not fail.
            let _ = write!(text, "{byte:02x}");
            text
        })
}
