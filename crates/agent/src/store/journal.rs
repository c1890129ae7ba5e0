use std::fs::{File, OpenOptions, TryLockError};
use std::hash::{BuildHasher, RandomState};
use std::io::{Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

use super::StoreError;
use super::codec::FORMAT;
use super::frame::{FRAME_HEADER, Frame, FrameWriter};

/// How the file starts; then follow the format, three zeros and the salt.
const MAGIC: &[u8; 8] = b"quorate\n";
const HEADER: usize = 16;
/// The file grows in steps of this much: overwriting a block that exists is twice as quick to sync
/// as adding one.
const GROWTH: usize = 256 * 1024;
/// A frame buffer beyond this is not kept.
const KEPT_BUFFER: usize = 1024 * 1024;

/// The newest commits, one after the other in a file.
///
/// A commit is one write and one `fdatasync`, no more. When everything in the journal is in the
/// table too, writing starts over at the beginning of the file: what is behind the newest frame is
/// older than it, and so recognised.
#[derive(Debug)]
pub(super) struct Journal {
    path: PathBuf,
    file: File,
    salt: u32,
    /// Where the next frame goes.
    end: usize,
    /// How long the file is.
    allocated: usize,
    /// The number of the next frame.
    next: u64,
    writer: FrameWriter,
}

/// The permissions of new files: tokens are in them.
#[cfg(unix)]
pub(super) const PRIVATE: u32 = 0o600;

impl Journal {
    /// Opens the journal at `path`, or starts one.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        let mut options = OpenOptions::new();
        options.read(true).write(true).create(true).truncate(false);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, PRIVATE);
        let file = options
            .open(path)
            .map_err(StoreError::storage("open", path))?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StoreError::Locked(path.into())),
            Err(TryLockError::Error(error)) => {
                return Err(StoreError::storage("open", path)(error));
            }
        }
        let mut journal = Self {
            path: path.into(),
            file,
            salt: 0,
            end: HEADER,
            allocated: 0,
            next: 1,
            writer: FrameWriter::default(),
        };
        journal.read_header()?;
        Ok(journal)
    }

    fn read_header(&mut self) -> Result<(), StoreError> {
        let mut header = Vec::new();
        let read = (&self.file).take(16).read_to_end(&mut header);
        read.map_err(StoreError::storage("read", &self.path))?;
        let header: [u8; HEADER] = match header.try_into() {
            Ok(header) => header,
            // A file that is shorter than its header was never used.
            Err(_) => return self.start(),
        };
        let (magic, rest) = header.split_at(MAGIC.len());
        if magic != MAGIC {
            return Err(StoreError::damaged(
                &self.path,
                "it does not start as a journal does",
            ));
        }
        if rest[0] > FORMAT {
            return Err(StoreError::NewerFormat {
                path: self.path.clone(),
                found: rest[0],
                supported: FORMAT,
            });
        }
        self.salt = u32::from_be_bytes([rest[4], rest[5], rest[6], rest[7]]);
        Ok(())
    }

    /// Writes the header of a new journal, and makes the file itself durable.
    fn start(&mut self) -> Result<(), StoreError> {
        let random = RandomState::new().hash_one(MAGIC);
        self.salt = u32::try_from(random >> 32).unwrap_or_default();
        let mut header = MAGIC.to_vec();
        header.extend_from_slice(&[FORMAT, 0, 0, 0]);
        header.extend_from_slice(&self.salt.to_be_bytes());
        let written = self
            .file
            .rewind()
            .and_then(|()| self.file.write_all(&header))
            .and_then(|()| self.file.sync_all())
            .and_then(|()| sync_entry(&self.path));
        written.map_err(StoreError::storage("write", &self.path))
    }

    /// Reads every commit after the one numbered `applied`, and gets ready to write. A commit that
    /// was cut short by a crash was never answered, and is not there.
    ///
    /// # Errors
    /// When commits are missing or damaged between sound ones.
    pub(super) fn replay(
        &mut self,
        applied: u64,
        mut each: impl FnMut(&Frame<'_>) -> Result<(), StoreError>,
    ) -> Result<(), StoreError> {
        let bytes = self.read_all()?;
        let mut at = HEADER.min(bytes.len());
        let mut last = None;
        while let Some(frame) = Frame::at(&bytes[at..], self.salt) {
            if last.is_some_and(|last: u64| frame.sequence != last.saturating_add(1)) {
                break;
            }
            if last.is_none() && frame.sequence > applied.saturating_add(1) {
                return Err(StoreError::damaged(&self.path, "older commits are missing"));
            }
            if frame.sequence > applied {
                each(&frame)?;
            }
            last = Some(frame.sequence);
            at += frame.len();
        }
        let newest = last.unwrap_or(0).max(applied);
        refuse_later_frames(&self.path, &bytes[at..], self.salt, newest)?;
        self.next = newest.saturating_add(1);
        self.allocated = bytes.len();
        self.end = if newest == applied { HEADER } else { at };
        // What is read may not have reached the disk before a crash; what is shown must have.
        self.sync()
    }

    /// Makes rows durable as one frame.
    pub(super) fn append(
        &mut self,
        rows: impl IntoIterator<Item = (Vec<u8>, Option<Vec<u8>>)>,
    ) -> Result<(), StoreError> {
        self.writer.begin(self.next);
        for (key, value) in rows {
            self.writer.push(&key, value.as_deref())?;
        }
        let frame = self.writer.end(self.salt)?;
        let length = frame.len();
        let room = self.allocated.saturating_sub(self.end);
        let zeros = if length > room {
            vec![0; GROWTH]
        } else {
            Vec::new()
        };
        let end = u64::try_from(self.end).map_err(|_| StoreError::TooLarge)?;
        let written = self
            .file
            .seek(SeekFrom::Start(end))
            .and_then(|_| self.file.write_all(frame))
            .and_then(|()| self.file.write_all(&zeros));
        written.map_err(StoreError::storage("write", &self.path))?;
        self.sync()?;
        self.end += length;
        self.allocated = self.allocated.max(self.end + zeros.len());
        self.next = self.next.saturating_add(1);
        if length > KEPT_BUFFER {
            self.writer.shrink(KEPT_BUFFER);
        }
        Ok(())
    }

    /// How many bytes of commits there are since [`Journal::rewind`].
    pub(super) fn len(&self) -> usize {
        self.end - HEADER
    }

    /// The number of the newest commit.
    pub(super) fn newest(&self) -> u64 {
        self.next.saturating_sub(1)
    }

    /// Hands every commit since the last [`Journal::rewind`] to `each`.
    pub(super) fn read(&mut self, mut each: impl FnMut(&Frame<'_>)) -> Result<(), StoreError> {
        let bytes = self.read_all()?;
        let used = bytes.get(HEADER..self.end).unwrap_or_default();
        frames(used, self.salt).for_each(|frame| each(&frame));
        Ok(())
    }

    /// Starts over at the beginning of the file, whose commits are all elsewhere by now; a file
    /// longer than `keep` bytes is cut.
    pub(super) fn rewind(&mut self, keep: usize) -> Result<(), StoreError> {
        self.end = HEADER;
        if self.allocated > keep {
            let length = u64::try_from(keep).map_err(|_| StoreError::TooLarge)?;
            let cut = self.file.set_len(length);
            cut.map_err(StoreError::storage("write", &self.path))?;
            self.allocated = keep;
        }
        Ok(())
    }

    fn read_all(&mut self) -> Result<Vec<u8>, StoreError> {
        let mut bytes = Vec::new();
        let read = self.file.rewind();
        let read = read.and_then(|()| self.file.read_to_end(&mut bytes));
        read.map_err(StoreError::storage("read", &self.path))?;
        Ok(bytes)
    }

    fn sync(&self) -> Result<(), StoreError> {
        self.file
            .sync_data()
            .map_err(StoreError::storage("write", &self.path))
    }
}

/// Makes it durable that there is a file of that name.
pub(super) fn sync_entry(path: &Path) -> std::io::Result<()> {
    let directory = path.parent().unwrap_or(Path::new("."));
    File::open(directory)?.sync_all()
}

fn frames(mut bytes: &[u8], salt: u32) -> impl Iterator<Item = Frame<'_>> {
    std::iter::from_fn(move || {
        let frame = Frame::at(bytes, salt)?;
        bytes = &bytes[frame.len()..];
        Some(frame)
    })
}

/// Only the newest commit can be cut short. A sound one that is newer still says that what lies
/// before it was damaged afterwards, and then commits that were answered are lost.
fn refuse_later_frames(
    path: &Path,
    bytes: &[u8],
    salt: u32,
    newest: u64,
) -> Result<(), StoreError> {
    for (at, header) in bytes.windows(FRAME_HEADER).enumerate() {
        let sequence = header
            .last_chunk::<8>()
            .map_or(0, |it| u64::from_be_bytes(*it));
        let plausible = sequence > newest && sequence - newest <= u64::from(u32::MAX);
        if plausible && Frame::at(&bytes[at..], salt).is_some() {
            let problem = format!("commit {} is damaged", newest.saturating_add(1));
            return Err(StoreError::damaged(path, problem));
        }
    }
    Ok(())
}
