//! The database of an etcd server as a file: a tree of pages, as its library bbolt writes them.

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::etcd::snapshot::SnapshotStatus;

const MAGIC: u32 = 0xED0C_DAED;
const VERSION: u32 = 2;
/// Bytes before what a page holds.
const HEADER: usize = 16;
/// Bytes of each entry in the table of a page.
const ENTRY: usize = 16;
const BRANCH: u16 = 1;
const LEAF: u16 = 2;
/// The flag of an entry that is a bucket within a bucket.
const BUCKET: u32 = 1;
/// No sound tree is deeper.
const MAX_DEPTH: usize = 64;
/// The largest run of pages that is read at once: a key with its value fits in it.
const MAX_RUN: u64 = 1 << 30;
/// The bucket that has the keys of etcd's users, by revision.
const KEYS: &[u8] = b"key";

/// What a file holds.
pub(super) fn status(path: &Path) -> Result<SnapshotStatus, Failure> {
    let file = File::open(path).map_err(Failure::from)?;
    let database = Database::open(file)?;
    let mut status = SnapshotStatus {
        hash: 0,
        revision: 0,
        keys: 0,
        bytes: database.high_water * database.page_size,
    };
    let mut hash = Crc32c::new();
    let mut buckets = Vec::new();
    database.walk(database.root, 0, &mut |flags, name, value| {
        if flags & BUCKET == 0 {
            return Err(damaged("an entry beside the buckets"));
        }
        buckets.push((name.to_vec(), value.to_vec()));
        Ok(())
    })?;
    for (name, header) in buckets {
        hash.write(&name);
        database.bucket(&header, &mut |flags, key, value| {
            hash.write(key);
            if flags & BUCKET == 0 {
                hash.write(value);
            }
            if name == KEYS {
                status.revision = revision(key)?;
            }
            status.keys += 1;
            Ok(())
        })?;
    }
    status.hash = hash.end();
    Ok(status)
}

/// The revision that a key of the bucket `key` begins with.
fn revision(key: &[u8]) -> Result<i64, Failure> {
    let first = key.first_chunk();
    first
        .map(|bytes| i64::from_be_bytes(*bytes))
        .ok_or_else(|| damaged("a revision that is too short"))
}

type Visit<'a> = dyn FnMut(u32, &[u8], &[u8]) -> Result<(), Failure> + 'a;

struct Database {
    file: File,
    page_size: u64,
    /// The page of the bucket that has all buckets.
    root: u64,
    /// The first page that was never used.
    high_water: u64,
}

/// One of the two pages that describe the whole.
struct Meta {
    page_size: u64,
    root: u64,
    high_water: u64,
    transaction: u64,
}

impl Meta {
    /// `None` if it is none, or was not written to its end.
    fn read(page: &[u8]) -> Option<Self> {
        let meta = page.get(HEADER..HEADER + 64)?;
        let number = |at| u64_at(meta, at);
        if u32_at(meta, 0)? != MAGIC || u32_at(meta, 4)? != VERSION {
            return None;
        }
        (number(56)? == fnv1a(meta.get(..56)?)).then_some(())?;
        Some(Self {
            page_size: u32_at(meta, 8)?.into(),
            root: number(16)?,
            high_water: number(40)?,
            transaction: number(48)?,
        })
    }
}

impl Database {
    /// Takes the newer description of the whole.
    fn open(file: File) -> Result<Self, Failure> {
        let mut page = [0; HEADER + 64];
        let mut read = |at| {
            let read = file.read_exact_at(&mut page, at);
            read.ok().and_then(|()| Meta::read(&page))
        };
        let first = read(0);
        let sizes = (10..=16).map(|bits| 1_u64 << bits);
        let second = match &first {
            Some(meta) => read(meta.page_size),
            None => sizes.into_iter().find_map(read),
        };
        let newest = first
            .into_iter()
            .chain(second)
            .max_by_key(|meta| meta.transaction);
        let Some(meta) = newest.filter(|meta| meta.page_size >= 1024) else {
            return Err(
                Failure::new(Exit::Failure, "the file is no database of an etcd").with_next(
                    "quorate snapshot inspect FILE, for the snapshot of a quorate agent",
                ),
            );
        };
        Ok(Self {
            file,
            page_size: meta.page_size,
            root: meta.root,
            high_water: meta.high_water,
        })
    }

    /// Visits what a bucket has: within its own entry, or in pages of its own.
    fn bucket(&self, header: &[u8], visit: &mut Visit<'_>) -> Result<(), Failure> {
        let root = u64_at(header, 0).ok_or_else(|| damaged("a bucket that is too short"))?;
        match (root, header.get(16..)) {
            (0, Some(page)) => leaf(page, visit),
            (0, None) => Err(damaged("a bucket without a page")),
            (root, _) => self.walk(root, 0, visit),
        }
    }

    /// Visits the entries below a page, in their order.
    fn walk(&self, id: u64, depth: usize, visit: &mut Visit<'_>) -> Result<(), Failure> {
        if depth == MAX_DEPTH {
            return Err(damaged("a tree that is too deep"));
        }
        let page = self.page(id)?;
        match u16_at(&page, 8).unwrap_or_default() {
            LEAF => leaf(&page, visit),
            BRANCH => {
                for at in 0..count(&page) {
                    let child = u64_at(&page, HEADER + at * ENTRY + 8);
                    let child = child.ok_or_else(|| damaged("a branch that is too short"))?;
                    self.walk(child, depth + 1, visit)?;
                }
                Ok(())
            }
            flags => Err(damaged(&format!("page {id} of the kind {flags}"))),
        }
    }

    /// A page, with those that follow it as its overflow.
    fn page(&self, id: u64) -> Result<Vec<u8>, Failure> {
        let at = id.checked_mul(self.page_size);
        let at = at.filter(|_| id < self.high_water);
        let at = at.ok_or_else(|| damaged(&format!("page {id} behind the end")))?;
        let mut header = [0; HEADER];
        self.read(&mut header, at)?;
        let overflow = u32_at(&header, 12).unwrap_or_default();
        let run = (u64::from(overflow) + 1) * self.page_size;
        let run = usize::try_from(run.min(MAX_RUN)).unwrap_or(HEADER);
        let mut page = vec![0; run];
        self.read(&mut page, at)?;
        Ok(page)
    }

    fn read(&self, bytes: &mut [u8], at: u64) -> Result<(), Failure> {
        self.file
            .read_exact_at(bytes, at)
            .map_err(|error| match error.kind() {
                io::ErrorKind::UnexpectedEof => damaged("pages behind the end"),
                _ => error.into(),
            })
    }
}

fn count(page: &[u8]) -> usize {
    u16_at(page, 10).unwrap_or_default().into()
}

/// Visits the entries of a page without further pages below it.
fn leaf(page: &[u8], visit: &mut Visit<'_>) -> Result<(), Failure> {
    for at in 0..count(page) {
        let (flags, key, value) =
            entry(page, HEADER + at * ENTRY).ok_or_else(|| damaged("an entry behind the end"))?;
        visit(flags, key, value)?;
    }
    Ok(())
}

/// The flags, key and value of an entry of a table.
fn entry(page: &[u8], at: usize) -> Option<(u32, &[u8], &[u8])> {
    let size = |offset| usize::try_from(u32_at(page, at + offset)?).ok();
    let (position, key, value) = (at + size(4)?, size(8)?, size(12)?);
    let middle = position.checked_add(key)?;
    let end = middle.checked_add(value)?;
    let flags = u32_at(page, at)?;
    Some((flags, page.get(position..middle)?, page.get(middle..end)?))
}

fn damaged(what: &str) -> Failure {
    Failure::new(Exit::Failure, format!("the file is damaged: {what}"))
        .with_next("quorate etcd snapshot save FILE")
}

fn u16_at(bytes: &[u8], at: usize) -> Option<u16> {
    Some(u16::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u32_at(bytes: &[u8], at: usize) -> Option<u32> {
    Some(u32::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

fn u64_at(bytes: &[u8], at: usize) -> Option<u64> {
    Some(u64::from_le_bytes(*bytes.get(at..)?.first_chunk()?))
}

/// The check sum of the pages that describe the whole.
fn fnv1a(bytes: &[u8]) -> u64 {
    bytes.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// The check sum by which etcd's tools compare databases: CRC-32 with Castagnoli's polynomial.
struct Crc32c {
    table: [u32; 256],
    state: u32,
}

impl Crc32c {
    fn new() -> Self {
        let mut table = [0; 256];
        for (byte, row) in (0_u32..).zip(&mut table) {
            *row = (0..8).fold(byte, |crc, _| {
                (crc >> 1) ^ if crc & 1 == 1 { 0x82F6_3B78 } else { 0 }
            });
        }
        Self { table, state: !0 }
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            let [low, ..] = self.state.to_le_bytes();
            self.state = (self.state >> 8) ^ self.table[usize::from(low ^ byte)];
        }
    }

    fn end(self) -> u32 {
        !self.state
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn check_sums_are_the_known_ones() {
        let mut crc = Crc32c::new();
        crc.write(b"123456789");
        assert_eq!(crc.end(), 0xE306_9283);
        assert_eq!(fnv1a(b"a"), 0xaf63_dc4c_8601_ec8c);
    }

    #[test]
    fn a_file_that_is_no_database_is_refused_whatever_it_holds() {
        let home = tempfile::tempdir().unwrap();
        let path = home.path().join("file");
        for content in [vec![], b"hello".to_vec(), vec![0xff; 100_000]] {
            std::fs::write(&path, content).unwrap();
            let failure = status(&path).err().unwrap().view().error;
            assert!(
                failure.message.contains("no database"),
                "{}",
                failure.message
            );
        }
        assert!(status(&home.path().join("none")).is_err());
    }
}
