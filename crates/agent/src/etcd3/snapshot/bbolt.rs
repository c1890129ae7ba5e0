//! A file of bbolt, the database in which etcd keeps its data: written once, from rows in order.
//!
//! The file is pages of 4 KiB. The first two say where the tree of buckets begins; each bucket is
//! a tree of its own, of leaves with rows and branches with the first key of each page below. A row
//! that is larger than a page has pages of its own behind the one it is in. There is no list of free
//! pages, as in the files of etcd: none is free.

use std::mem::size_of;

use ring::digest::{SHA256, digest};

/// A row: its key and its value.
pub(super) type Row = (Vec<u8>, Vec<u8>);

const PAGE: usize = 4096;
/// What each page begins with: its number, kind, how much is in it, and how many more it has.
const HEAD: usize = 16;
/// What says where a row or a page below is.
const ELEMENT: usize = 16;

const BRANCH: u16 = 1;
const LEAF: u16 = 2;
const META: u16 = 4;
/// The row is a bucket, its value says where.
const IS_BUCKET: u32 = 1;

const MAGIC: u32 = 0xED0C_DAED;
const VERSION: u32 = 2;
/// There is no list of free pages.
const NO_FREELIST: u64 = u64::MAX;
/// The number of the last change, of which the second page tells, and the first one of that before.
const LAST_CHANGE: u64 = 3;

/// A file that is being written.
pub(super) struct File {
    bytes: Vec<u8>,
}

/// What a page has: rows, or pages below.
struct Element<'a> {
    /// Whether a row is a bucket. Of a page below it is nothing.
    flags: u32,
    key: &'a [u8],
    value: &'a [u8],
    /// The page below. Of a row it is nothing.
    below: u64,
}

/// A page that is written, and the first key in it.
struct Written {
    first: Vec<u8>,
    page: u64,
}

impl File {
    /// An empty file, with room for what it begins with.
    pub(super) fn new() -> Self {
        Self {
            bytes: vec![0; 2 * PAGE],
        }
    }

    /// Adds a bucket, and says where it is. The keys come in order, each once.
    pub(super) fn bucket(&mut self, rows: impl Iterator<Item = Row>) -> u64 {
        self.tree(rows, 0)
    }

    /// Ends the file with the tree of its buckets, whose names come in order, and a digest of all
    /// of it, as etcd wants it behind a snapshot.
    pub(super) fn finish(mut self, buckets: &[(&str, u64)]) -> Vec<u8> {
        let rows = buckets.iter().map(|(name, page)| {
            // Where it is, and the number that it has counted to.
            let value = [page.to_le_bytes(), [0; 8]].concat();
            (name.as_bytes().to_vec(), value)
        });
        let root = self.tree(rows, IS_BUCKET);
        let pages = number(self.bytes.len() / PAGE);
        for (page, change) in [(0, LAST_CHANGE - 1), (1, LAST_CHANGE)] {
            let meta = meta(number(page), root, pages, change);
            let at = page * PAGE;
            self.bytes[at..at + meta.len()].copy_from_slice(&meta);
        }
        let sum = digest(&SHA256, &self.bytes);
        self.bytes.extend_from_slice(sum.as_ref());
        self.bytes
    }

    fn tree(&mut self, rows: impl Iterator<Item = Row>, flags: u32) -> u64 {
        let mut level = Vec::new();
        let mut waiting: Vec<Row> = Vec::new();
        let mut size = HEAD;
        for row in rows {
            let more = ELEMENT + row.0.len() + row.1.len();
            if size + more > PAGE && !waiting.is_empty() {
                level.push(self.leaf(&waiting, flags));
                waiting.clear();
                size = HEAD;
            }
            size += more;
            waiting.push(row);
        }
        if !waiting.is_empty() || level.is_empty() {
            level.push(self.leaf(&waiting, flags));
        }
        while level.len() > 1 {
            level = self.branches(&level);
        }
        level.pop().map_or(0, |root| root.page)
    }

    fn leaf(&mut self, rows: &[Row], flags: u32) -> Written {
        let elements = rows.iter().map(|(key, value)| Element {
            flags,
            key,
            value,
            below: 0,
        });
        self.page(LEAF, &elements.collect::<Vec<_>>())
    }

    /// The branches above pages.
    fn branches(&mut self, pages: &[Written]) -> Vec<Written> {
        let mut above = Vec::new();
        let mut waiting = Vec::new();
        let mut size = HEAD;
        for Written { first, page } in pages {
            let more = ELEMENT + first.len();
            // A branch has two pages below it at least, so that each level is shorter.
            if size + more > PAGE && waiting.len() >= 2 {
                above.push(self.page(BRANCH, &waiting));
                waiting.clear();
                size = HEAD;
            }
            size += more;
            waiting.push(Element {
                flags: 0,
                key: first,
                value: &[],
                below: *page,
            });
        }
        above.push(self.page(BRANCH, &waiting));
        above
    }

    fn page(&mut self, kind: u16, elements: &[Element<'_>]) -> Written {
        let page = self.bytes.len() / PAGE;
        let sizes = elements.iter().map(|it| it.key.len() + it.value.len());
        let size = HEAD + elements.len() * ELEMENT + sizes.sum::<usize>();
        let pages = size.div_ceil(PAGE);
        let out = &mut self.bytes;
        out.reserve(pages * PAGE);
        out.extend_from_slice(&number(page).to_le_bytes());
        out.extend_from_slice(&kind.to_le_bytes());
        // A row takes 16 bytes at least, so a page of 4 KiB has few.
        let count = u16::try_from(elements.len()).unwrap_or(u16::MAX);
        out.extend_from_slice(&count.to_le_bytes());
        out.extend_from_slice(&short(pages - 1).to_le_bytes());
        // Where the first key is, from the beginning of the elements on.
        let mut at = elements.len() * ELEMENT;
        for (index, element) in elements.iter().enumerate() {
            let from_here = short(at - index * ELEMENT).to_le_bytes();
            let key = short(element.key.len()).to_le_bytes();
            if kind == LEAF {
                out.extend_from_slice(&element.flags.to_le_bytes());
                out.extend_from_slice(&from_here);
                out.extend_from_slice(&key);
                out.extend_from_slice(&short(element.value.len()).to_le_bytes());
            } else {
                out.extend_from_slice(&from_here);
                out.extend_from_slice(&key);
                out.extend_from_slice(&element.below.to_le_bytes());
            }
            at += element.key.len() + element.value.len();
        }
        for element in elements {
            out.extend_from_slice(element.key);
            out.extend_from_slice(element.value);
        }
        out.resize((page + pages) * PAGE, 0);
        Written {
            first: elements
                .first()
                .map(|it| it.key.to_vec())
                .unwrap_or_default(),
            page: number(page),
        }
    }
}

/// What says where everything begins.
fn meta(page: u64, root: u64, pages: u64, change: u64) -> Vec<u8> {
    let mut head = Vec::with_capacity(HEAD + 64);
    head.extend_from_slice(&page.to_le_bytes());
    head.extend_from_slice(&META.to_le_bytes());
    head.extend_from_slice(&[0; size_of::<u16>() + size_of::<u32>()]);
    let mut meta = Vec::with_capacity(64);
    for part in [MAGIC, VERSION, short(PAGE), 0] {
        meta.extend_from_slice(&part.to_le_bytes());
    }
    for part in [root, 0, NO_FREELIST, pages, change] {
        meta.extend_from_slice(&part.to_le_bytes());
    }
    let sum = fnv(&meta);
    meta.extend_from_slice(&sum.to_le_bytes());
    [head, meta].concat()
}

/// The hash FNV-1a of 64 bits.
fn fnv(bytes: &[u8]) -> u64 {
    let begin = 0xcbf2_9ce4_8422_2325_u64;
    bytes.iter().fold(begin, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}

/// What is never larger: a row is far below 4 GiB.
fn short(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

#[cfg(test)]
pub(super) mod tests {
    use std::collections::BTreeMap;

    use super::*;

    fn u16_at(bytes: &[u8], at: usize) -> u16 {
        u16::from_le_bytes(bytes[at..at + 2].try_into().unwrap())
    }

    fn u32_at(bytes: &[u8], at: usize) -> usize {
        let number = u32::from_le_bytes(bytes[at..at + 4].try_into().unwrap());
        usize::try_from(number).unwrap()
    }

    fn u64_at(bytes: &[u8], at: usize) -> usize {
        let number = u64::from_le_bytes(bytes[at..at + 8].try_into().unwrap());
        usize::try_from(number).unwrap()
    }

    /// The rows below a page, in order; those that are buckets say where they are.
    fn rows(file: &[u8], page: usize, out: &mut Vec<Row>) {
        let at = page * PAGE;
        assert_eq!(u64_at(file, at), page);
        let (kind, count) = (u16_at(file, at + 8), usize::from(u16_at(file, at + 10)));
        for index in 0..count {
            let element = at + HEAD + index * ELEMENT;
            if kind == LEAF {
                let key = element + u32_at(file, element + 4);
                let value = key + u32_at(file, element + 8);
                let end = value + u32_at(file, element + 12);
                out.push((file[key..value].to_vec(), file[value..end].to_vec()));
            } else {
                assert_eq!(kind, BRANCH);
                let key = element + u32_at(file, element);
                let first = file[key..key + u32_at(file, element + 4)].to_vec();
                let before = out.len();
                rows(file, u64_at(file, element + 8), out);
                assert_eq!(out[before].0, first, "a branch names the first key below");
            }
        }
    }

    /// Every bucket of a file with its rows.
    pub(in crate::etcd3::snapshot) fn buckets(file: &[u8]) -> BTreeMap<String, Vec<Row>> {
        let (file, sum) = file.split_at(file.len() - 32);
        assert_eq!(digest(&SHA256, file).as_ref(), sum);
        for page in [0, PAGE] {
            assert_eq!(u32_at(file, page + HEAD), usize::try_from(MAGIC).unwrap());
            let meta = &file[page + HEAD..page + HEAD + 56];
            let sum =
                u64::from_le_bytes(file[page + HEAD + 56..page + HEAD + 64].try_into().unwrap());
            assert_eq!(fnv(meta), sum);
            assert_eq!(u64_at(file, page + HEAD + 40), file.len() / PAGE);
        }
        let mut found = Vec::new();
        rows(file, u64_at(file, PAGE + HEAD + 16), &mut found);
        let read = |(name, place): Row| {
            let mut inner = Vec::new();
            rows(file, u64_at(&place, 0), &mut inner);
            (String::from_utf8(name).unwrap(), inner)
        };
        found.into_iter().map(read).collect()
    }

    fn some_rows(count: usize, value: usize) -> Vec<Row> {
        let row = |index: usize| (format!("key-{index:06}").into_bytes(), vec![b'v'; value]);
        (0..count).map(row).collect()
    }

    #[test]
    fn every_row_is_found_again_however_many_and_large_they_are() {
        for (count, value) in [
            (0, 0),
            (1, 0),
            (100, 10),
            (20_000, 30),
            (10, 5000),
            (3, 100_000),
        ] {
            let written = some_rows(count, value);
            let mut file = File::new();
            let page = file.bucket(written.clone().into_iter());
            let empty = file.bucket(std::iter::empty());
            let file = file.finish(&[("a", page), ("b", empty)]);
            let read = buckets(&file);
            assert_eq!(read["a"], written, "{count} of {value}");
            assert!(read["b"].is_empty());
        }
    }

    #[test]
    fn long_keys_need_no_more_than_two_below_a_branch() {
        let row = |index: usize| (format!("{index:06000}").into_bytes(), Vec::new());
        let written: Vec<Row> = (0..9).map(row).collect();
        let mut file = File::new();
        let page = file.bucket(written.clone().into_iter());
        assert_eq!(buckets(&file.finish(&[("a", page)]))["a"], written);
    }

    #[test]
    fn the_hash_is_fnv_1a() {
        assert_eq!(fnv(b""), 0xcbf2_9ce4_8422_2325);
        assert_eq!(fnv(b"foobar"), 0x8594_4171_f739_67e8);
    }
}
