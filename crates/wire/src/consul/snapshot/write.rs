use std::io::{self, Write};

use flate2::Compression;
use flate2::write::GzEncoder;
use sha2::Digest;

use super::meta::SnapshotMeta;
use super::sums::Sums;
use super::{META, STATE, SUMS, SnapshotError, tar};

/// Writes a snapshot piece by piece.
#[derive(Debug)]
pub struct SnapshotWriter {
    /// When it was begun, in seconds since 1970.
    time: u64,
    /// What is missing of the state.
    left: u64,
    size: u64,
    sums: Sums,
    encoder: GzEncoder<Vec<u8>>,
}

impl SnapshotWriter {
    /// Begins a snapshot at `time`, in seconds since 1970. The state must have as many bytes as
    /// `meta` says.
    ///
    /// # Errors
    /// None that a caller could cause.
    pub fn new(meta: &SnapshotMeta, time: u64) -> Result<Self, SnapshotError> {
        let mut writer = Self {
            time,
            left: meta.size,
            size: meta.size,
            sums: Sums::default(),
            encoder: GzEncoder::new(Vec::new(), Compression::fast()),
        };
        let begun = writer.begin(meta);
        begun.map_err(|error| SnapshotError::State(error.to_string()))?;
        Ok(writer)
    }

    fn begin(&mut self, meta: &SnapshotMeta) -> io::Result<()> {
        let mut text = serde_json::to_vec(meta)?;
        text.push(b'\n');
        self.sums.meta.update(&text);
        self.file(META, &text)?;
        let header = tar::header(STATE, meta.size, self.time);
        self.encoder.write_all(&header)
    }

    /// Adds the next bytes of the state.
    ///
    /// # Errors
    /// When there are more than were announced.
    pub fn state(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        let left = self.left.checked_sub(len(bytes));
        self.left = left.ok_or_else(|| SnapshotError::State("it grew".to_owned()))?;
        self.sums.state.update(bytes);
        let written = self.encoder.write_all(bytes);
        written.map_err(|error| SnapshotError::State(error.to_string()))
    }

    /// What can be sent of it by now; nothing if nothing can.
    pub fn take(&mut self) -> Vec<u8> {
        std::mem::take(self.encoder.get_mut())
    }

    /// Ends the snapshot, and gives what is left of it to send.
    ///
    /// # Errors
    /// When the state has fewer bytes than were announced.
    pub fn finish(mut self) -> Result<Vec<u8>, SnapshotError> {
        if self.left > 0 {
            return Err(SnapshotError::Cut);
        }
        let ended = self.end();
        ended.map_err(|error| SnapshotError::State(error.to_string()))?;
        Ok(self.take())
    }

    fn end(&mut self) -> io::Result<()> {
        self.pad(self.size)?;
        let sums = std::mem::take(&mut self.sums).text();
        self.file(SUMS, sums.as_bytes())?;
        self.encoder.write_all(&[0; 2 * tar::BLOCK])?;
        self.encoder.try_finish()
    }

    /// A whole file.
    fn file(&mut self, name: &str, content: &[u8]) -> io::Result<()> {
        let size = len(content);
        let header = tar::header(name, size, self.time);
        self.encoder.write_all(&header)?;
        self.encoder.write_all(content)?;
        self.pad(size)
    }

    fn pad(&mut self, size: u64) -> io::Result<()> {
        let zeros = [0; tar::BLOCK];
        self.encoder.write_all(&zeros[..tar::padding(size)])
    }
}

fn len(bytes: &[u8]) -> u64 {
    u64::try_from(bytes.len()).unwrap_or(u64::MAX)
}
