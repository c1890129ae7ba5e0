//! The journal's frames: one for each commit.
//!
//! `[checksum u32][length u32][sequence u64]`, then `length` bytes of rows, each
//! `[key length u32][value length u32, or all ones for a row that is gone][key][value]`.
//! Numbers are big-endian. The checksum covers everything behind it, and starts from the
//! journal's salt, so that no value that a client writes can pass for a frame.

use super::StoreError;

/// The bytes of a frame before its rows.
pub(super) const FRAME_HEADER: usize = 4 + 4 + 8;
/// The value length of a row that is gone.
const GONE: u32 = u32::MAX;

/// One commit, as it was found in the journal.
#[derive(Clone, Copy, Debug)]
pub(super) struct Frame<'a> {
    /// Its number; each frame's is one more than that of the one before.
    pub(super) sequence: u64,
    rows: &'a [u8],
}

/// A row in a frame: its key, and its value unless it is gone.
pub(super) type RawRow<'a> = (&'a [u8], Option<&'a [u8]>);

impl<'a> Frame<'a> {
    /// The frame that starts where `bytes` start, if there is a whole and sound one.
    pub(super) fn at(bytes: &'a [u8], salt: u32) -> Option<Self> {
        let (checksum, covered) = bytes.split_first_chunk::<4>()?;
        let (length, rest) = covered.split_first_chunk::<4>()?;
        let (sequence, rest) = rest.split_first_chunk::<8>()?;
        let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
        let rows = rest.get(..length)?;
        let covered = covered.get(..FRAME_HEADER - 4 + length)?;
        let sound = checksum_of(covered, salt) == u32::from_be_bytes(*checksum);
        sound.then(|| Self {
            sequence: u64::from_be_bytes(*sequence),
            rows,
        })
    }

    /// How many bytes the frame takes.
    pub(super) fn len(&self) -> usize {
        FRAME_HEADER + self.rows.len()
    }

    /// Its rows, in the order of the commit. A sound frame has nothing else in it.
    pub(super) fn rows(&self) -> impl Iterator<Item = RawRow<'a>> {
        let mut rest = self.rows;
        std::iter::from_fn(move || {
            let (key_length, after) = rest.split_first_chunk::<4>()?;
            let (value_length, after) = after.split_first_chunk::<4>()?;
            let value_length = u32::from_be_bytes(*value_length);
            let key_length = usize::try_from(u32::from_be_bytes(*key_length)).ok()?;
            let (key, after) = after.split_at_checked(key_length)?;
            if value_length == GONE {
                rest = after;
                return Some((key, None));
            }
            let value_length = usize::try_from(value_length).ok()?;
            let (value, after) = after.split_at_checked(value_length)?;
            rest = after;
            Some((key, Some(value)))
        })
    }
}

/// Writes a frame, row by row, into a buffer that is kept for the next one.
#[derive(Debug, Default)]
pub(super) struct FrameWriter {
    buffer: Vec<u8>,
}

impl FrameWriter {
    /// Starts a frame of that number.
    pub(super) fn begin(&mut self, sequence: u64) {
        self.buffer.clear();
        self.buffer.extend_from_slice(&[0; 8]);
        self.buffer.extend_from_slice(&sequence.to_be_bytes());
    }

    /// Adds a row.
    pub(super) fn push(&mut self, key: &[u8], value: Option<&[u8]>) -> Result<(), StoreError> {
        let key_length = length_of(key)?;
        let value_length = value.map_or(Ok(GONE), length_of)?;
        self.buffer.extend_from_slice(&key_length.to_be_bytes());
        self.buffer.extend_from_slice(&value_length.to_be_bytes());
        self.buffer.extend_from_slice(key);
        self.buffer.extend_from_slice(value.unwrap_or_default());
        Ok(())
    }

    /// Ends the frame and gives its bytes.
    pub(super) fn end(&mut self, salt: u32) -> Result<&[u8], StoreError> {
        let length = self.buffer.len() - FRAME_HEADER;
        let length = u32::try_from(length).map_err(|_| StoreError::TooLarge)?;
        self.buffer[4..8].copy_from_slice(&length.to_be_bytes());
        let checksum = checksum_of(&self.buffer[4..], salt);
        self.buffer[..4].copy_from_slice(&checksum.to_be_bytes());
        Ok(&self.buffer)
    }

    /// Gives back the memory of an unusually large frame.
    pub(super) fn shrink(&mut self, capacity: usize) {
        self.buffer.clear();
        self.buffer.shrink_to(capacity);
    }
}

fn length_of(bytes: &[u8]) -> Result<u32, StoreError> {
    let length = u32::try_from(bytes.len())
        .ok()
        .filter(|length| *length != GONE);
    length.ok_or(StoreError::TooLarge)
}

fn checksum_of(covered: &[u8], salt: u32) -> u32 {
    let mut hasher = crc32fast::Hasher::new_with_initial(salt);
    hasher.update(covered);
    hasher.finalize()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn frame(sequence: u64, salt: u32) -> Vec<u8> {
        let mut writer = FrameWriter::default();
        writer.begin(sequence);
        writer.push(b"key", Some(b"value")).unwrap();
        writer.push(b"gone", None).unwrap();
        writer.push(b"", Some(b"")).unwrap();
        writer.end(salt).unwrap().to_vec()
    }

    #[test]
    fn a_frame_is_read_as_it_was_written() {
        let bytes = frame(7, 99);
        let read = Frame::at(&bytes, 99).unwrap();
        assert_eq!((read.sequence, read.len()), (7, bytes.len()));
        let rows: Vec<RawRow<'_>> = read.rows().collect();
        let expected: [RawRow<'_>; 3] =
            [(b"key", Some(b"value")), (b"gone", None), (b"", Some(b""))];
        assert_eq!(rows, expected);
    }

    #[test]
    fn a_frame_that_is_cut_or_altered_anywhere_is_none() {
        let bytes = frame(7, 99);
        for at in 0..bytes.len() {
            assert!(Frame::at(&bytes[..at], 99).is_none(), "cut at {at}");
            let mut altered = bytes.clone();
            altered[at] ^= 1;
            assert!(Frame::at(&altered, 99).is_none(), "altered at {at}");
        }
        assert!(Frame::at(&bytes, 98).is_none(), "another journal's salt");
    }
}
