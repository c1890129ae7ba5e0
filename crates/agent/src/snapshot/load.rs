use std::io::{self, Write};

use flate2::write::GzDecoder;
use sha2::Digest;

use super::meta::Meta;
use super::state::{RawRow, Reader};
use super::sums::Sums;
use super::tar::{self, BLOCK};
use super::{META, STATE, SUMS, SnapshotError};
use crate::engine::Row;
use crate::engine::consul;

/// The fixed part of gzip's header.
const GZIP_HEADER: usize = 10;
/// The most that is read of the small files.
const MAX_SMALL: usize = 1024 * 1024;

/// What is done with the rows of a snapshot.
pub(crate) trait Keep {
    /// Takes one row.
    fn keep(&mut self, row: KeptRow<'_>) -> Result<(), SnapshotError>;
}

/// A row of a snapshot.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeptRow<'a>(pub(super) RawRow<'a>);

/// Keeps the rows themselves.
impl Keep for Vec<consul::Row> {
    fn keep(&mut self, row: KeptRow<'_>) -> Result<(), SnapshotError> {
        if let Some(Row::Consul(row)) = row.0.decode()? {
            self.push(row);
        }
        Ok(())
    }
}

/// Reads a snapshot piece by piece. What is compressed is never in memory as a whole, and nothing
/// counts before [`Loader::finish`] has found it sound.
#[derive(Debug)]
pub(crate) struct Loader<K: Keep> {
    header: Vec<u8>,
    decoder: GzDecoder<Archive<K>>,
}

/// A snapshot whose checksums are right.
#[derive(Debug)]
pub(super) struct Loaded<K> {
    pub(super) meta: Meta,
    pub(super) kept: K,
    /// Whether the state is of another program.
    pub(super) foreign: bool,
}

impl<K: Keep + Default> Default for Loader<K> {
    fn default() -> Self {
        Self {
            header: Vec::new(),
            decoder: GzDecoder::new(Archive::default()),
        }
    }
}

impl<K: Keep> Loader<K> {
    /// Takes the next bytes of the file.
    pub(crate) fn push(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
        let missing = GZIP_HEADER.saturating_sub(self.header.len());
        self.header.extend(bytes.iter().take(missing));
        if missing > 0
            && self.header.len() >= GZIP_HEADER
            && !self.header.starts_with(b"\x1f\x8b\x08")
        {
            return Err(SnapshotError::Compression("gzip: invalid header"));
        }
        match self.decoder.write_all(bytes) {
            Ok(()) => Ok(()),
            Err(error) => Err(self.cause(&error)),
        }
    }

    /// Why the decoder stopped: what is in it was wrong, or it was itself.
    fn cause(&mut self, error: &io::Error) -> SnapshotError {
        if let Some(problem) = self.decoder.get_mut().problem.take() {
            return problem;
        }
        match error.kind() {
            io::ErrorKind::UnexpectedEof => SnapshotError::Archive("unexpected EOF"),
            _ if error.to_string().contains("checksum") => SnapshotError::Checksum,
            _ => SnapshotError::Compression("flate: corrupt input"),
        }
    }

    fn loaded(mut self) -> Result<Loaded<K>, SnapshotError> {
        match self.header.len() {
            0 => return Err(SnapshotError::Compression("EOF")),
            1..GZIP_HEADER => return Err(SnapshotError::Compression("unexpected EOF")),
            _ => {}
        }
        if let Err(error) = self.decoder.try_finish() {
            // What is cut short has no checksum either.
            let problem = self.cause(&error);
            return Err(self.decoder.get_ref().cut().unwrap_or(problem));
        }
        let archive = std::mem::replace(self.decoder.get_mut(), Archive::ended());
        archive.finish()
    }
}

impl Loader<Vec<consul::Row>> {
    /// The rows, if the file was whole, unchanged, and written by this program.
    pub(crate) fn finish(self) -> Result<Vec<consul::Row>, SnapshotError> {
        let loaded = self.loaded()?;
        if loaded.foreign {
            return Err(SnapshotError::Foreign);
        }
        Ok(loaded.kept)
    }
}

impl<K: Keep> Loader<K> {
    /// As [`Loader::finish`], also for snapshots of others.
    pub(super) fn finish_any(self) -> Result<Loaded<K>, SnapshotError> {
        self.loaded()
    }
}

/// Where the archive is read at.
#[derive(Debug, PartialEq, Eq)]
enum Place {
    /// In a header, of which so much is there.
    Header,
    /// In a file that so much is missing of.
    File(Name, u64),
    /// In the zeros behind a file.
    Padding(usize),
    /// Behind the last file.
    End,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Name {
    Meta,
    State,
    Sums,
}

/// The archive inside, read as it is decompressed.
#[derive(Debug)]
struct Archive<K> {
    place: Place,
    block: Vec<u8>,
    padding: usize,
    meta: Vec<u8>,
    listed: Vec<u8>,
    sums: Sums,
    state: Reader,
    kept: Option<K>,
    problem: Option<SnapshotError>,
}

impl<K: Default> Default for Archive<K> {
    fn default() -> Self {
        Self {
            kept: Some(K::default()),
            ..Self::ended()
        }
    }
}

impl<K> Archive<K> {
    /// One that nothing is read from.
    fn ended() -> Self {
        Self {
            place: Place::Header,
            block: Vec::new(),
            padding: 0,
            meta: Vec::new(),
            listed: Vec::new(),
            sums: Sums::default(),
            state: Reader::default(),
            kept: None,
            problem: None,
        }
    }

    /// What is missing when the data end here.
    fn cut(&self) -> Option<SnapshotError> {
        match self.place {
            Place::Header if self.block.is_empty() => None,
            Place::Header | Place::Padding(_) => Some(SnapshotError::Archive("unexpected EOF")),
            Place::File(Name::State, _) => Some(SnapshotError::Cut),
            Place::File(Name::Meta, _) => Some(SnapshotError::Metadata("unexpected EOF".into())),
            Place::File(Name::Sums, _) => Some(SnapshotError::Archive("unexpected EOF")),
            Place::End => None,
        }
    }
}

impl<K: Keep> Archive<K> {
    /// Takes some of the bytes, and says how many.
    fn take(&mut self, bytes: &[u8]) -> Result<usize, SnapshotError> {
        match self.place {
            Place::Header => {
                let count = bytes.len().min(BLOCK - self.block.len());
                self.block.extend_from_slice(&bytes[..count]);
                if let Some(block) = self.block.first_chunk::<BLOCK>().copied() {
                    self.block.clear();
                    self.enter(&block)?;
                }
                Ok(count)
            }
            Place::File(name, left) => {
                let most = usize::try_from(left).unwrap_or(usize::MAX);
                let count = bytes.len().min(most);
                self.content(name, &bytes[..count])?;
                let left = left - u64::try_from(count).unwrap_or(left);
                self.place = match left {
                    0 => Place::Padding(self.padding),
                    left => Place::File(name, left),
                };
                self.leave_padding();
                Ok(count)
            }
            Place::Padding(left) => {
                let count = bytes.len().min(left);
                self.place = Place::Padding(left - count);
                self.leave_padding();
                Ok(count)
            }
            // Archivers differ in how many zeros they put behind the end.
            Place::End => Ok(bytes.len()),
        }
    }

    fn leave_padding(&mut self) {
        if self.place == Place::Padding(0) {
            self.place = Place::Header;
        }
    }

    fn enter(&mut self, block: &[u8; BLOCK]) -> Result<(), SnapshotError> {
        if block.iter().all(|byte| *byte == 0) {
            self.place = Place::End;
            return Ok(());
        }
        let (name, size) = tar::read_header(block)?;
        let name = match name.as_str() {
            META => Name::Meta,
            STATE => Name::State,
            SUMS => Name::Sums,
            _ => return Err(SnapshotError::UnexpectedFile(name)),
        };
        self.padding = tar::padding(size);
        self.place = match size {
            0 => Place::Header,
            size => Place::File(name, size),
        };
        Ok(())
    }

    fn content(&mut self, name: Name, bytes: &[u8]) -> Result<(), SnapshotError> {
        match name {
            Name::Meta => {
                self.sums.meta.update(bytes);
                collect(&mut self.meta, bytes, META)
            }
            Name::Sums => collect(&mut self.listed, bytes, SUMS),
            Name::State => {
                self.sums.state.update(bytes);
                let Some(kept) = &mut self.kept else {
                    return Ok(());
                };
                self.state.push(bytes, |row| kept.keep(KeptRow(row)))
            }
        }
    }

    fn finish(mut self) -> Result<Loaded<K>, SnapshotError> {
        if let Some(cut) = self.cut() {
            return Err(cut);
        }
        let meta = Meta::read(&self.meta).map_err(SnapshotError::Metadata)?;
        let listed = String::from_utf8_lossy(&self.listed).into_owned();
        self.sums.check(&listed)?;
        self.state.finish()?;
        let foreign = self.state.is_foreign();
        match self.kept.take() {
            Some(kept) => Ok(Loaded {
                meta,
                kept,
                foreign,
            }),
            None => Err(SnapshotError::Archive("EOF")),
        }
    }
}

fn collect(into: &mut Vec<u8>, bytes: &[u8], name: &'static str) -> Result<(), SnapshotError> {
    if into.len() + bytes.len() > MAX_SMALL {
        return Err(SnapshotError::TooLong {
            name,
            limit: MAX_SMALL,
        });
    }
    into.extend_from_slice(bytes);
    Ok(())
}

impl<K: Keep> Write for Archive<K> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.problem.is_some() {
            return Err(io::ErrorKind::Other.into());
        }
        self.take(bytes).map_err(|problem| {
            self.problem = Some(problem);
            io::ErrorKind::Other.into()
        })
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
