use std::io::{self, Write};

use flate2::write::GzDecoder;
use sha2::Digest;

use super::meta::SnapshotMeta;
use super::sums::Sums;
use super::tar::{self, BLOCK};
use super::{META, STATE, SUMS, SnapshotError};

/// The fixed part of gzip's header.
const GZIP_HEADER: usize = 10;
/// The most that is read of the small files.
const MAX_SMALL: usize = 1024 * 1024;

/// Where the state in a snapshot goes, piece by piece.
pub trait StateSink {
    /// Takes the next bytes of `state.bin`.
    ///
    /// # Errors
    /// Why this state is not taken. Reading ends with it.
    fn take(&mut self, bytes: &[u8]) -> Result<(), String>;
}

/// Nowhere: only the checksums count.
impl StateSink for () {
    fn take(&mut self, _bytes: &[u8]) -> Result<(), String> {
        Ok(())
    }
}

/// Reads a snapshot piece by piece. It is never in memory as a whole, and nothing that it says
/// counts before [`finish`](Self::finish) has found it sound.
///
/// ```
/// use quorate_wire::consul::snapshot::{SnapshotMeta, SnapshotReader, SnapshotWriter};
///
/// let mut meta = SnapshotMeta::default();
/// meta.size = 5;
/// let mut writer = SnapshotWriter::new(&meta, 0)?;
/// writer.state(b"state")?;
/// let archive = writer.finish()?;
///
/// let mut reader = SnapshotReader::new(());
/// for piece in archive.chunks(7) {
///     reader.push(piece)?;
/// }
/// let (read, ()) = reader.finish()?;
/// assert_eq!(read, meta);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct SnapshotReader<K: StateSink> {
    header: Vec<u8>,
    decoder: GzDecoder<Archive<K>>,
}

impl<K: StateSink> SnapshotReader<K> {
    /// A reader whose state goes to `sink`.
    pub fn new(sink: K) -> Self {
        Self {
            header: Vec::new(),
            decoder: GzDecoder::new(Archive::new(Some(sink))),
        }
    }

    /// Takes the next bytes of the file.
    ///
    /// # Errors
    /// When it is no snapshot. Reading ends with it.
    pub fn push(&mut self, bytes: &[u8]) -> Result<(), SnapshotError> {
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

    /// The file has ended: what it says of itself, and the sink, if it was whole and unchanged.
    ///
    /// # Errors
    /// When it was not.
    pub fn finish(mut self) -> Result<(SnapshotMeta, K), SnapshotError> {
        match self.header.len() {
            0 => return Err(SnapshotError::Compression("EOF")),
            1..GZIP_HEADER => return Err(SnapshotError::Compression("unexpected EOF")),
            _ => {}
        }
        if let Err(error) = self.decoder.try_finish() {
            if let Some(problem) = self.decoder.get_mut().problem.take() {
                return Err(problem);
            }
            // What is cut short has no checksum either.
            let problem = self.cause(&error);
            return Err(self.decoder.get_ref().cut().unwrap_or(problem));
        }
        let archive = std::mem::replace(self.decoder.get_mut(), Archive::new(None));
        archive.finish()
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
    sink: Option<K>,
    problem: Option<SnapshotError>,
}

impl<K> Archive<K> {
    fn new(sink: Option<K>) -> Self {
        Self {
            place: Place::Header,
            block: Vec::new(),
            padding: 0,
            meta: Vec::new(),
            listed: Vec::new(),
            sums: Sums::default(),
            sink,
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

impl<K: StateSink> Archive<K> {
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
                let taken = self.sink.as_mut().map_or(Ok(()), |sink| sink.take(bytes));
                taken.map_err(SnapshotError::State)
            }
        }
    }

    fn finish(mut self) -> Result<(SnapshotMeta, K), SnapshotError> {
        if let Some(cut) = self.cut() {
            return Err(cut);
        }
        let meta = match self.meta.as_slice() {
            // The checksums say that it is missing.
            b"" => SnapshotMeta::default(),
            meta => SnapshotMeta::read(meta).map_err(SnapshotError::Metadata)?,
        };
        let listed = String::from_utf8_lossy(&self.listed).into_owned();
        self.sums.check(&listed)?;
        match self.sink.take() {
            Some(sink) => Ok((meta, sink)),
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

impl<K: StateSink> Write for Archive<K> {
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
