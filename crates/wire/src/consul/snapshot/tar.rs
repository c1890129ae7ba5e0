//! The archive: a header of 512 bytes, the file, zeros up to the next 512, and at the end two
//! headers of zeros.

use super::SnapshotError;

/// What everything is a multiple of.
pub(super) const BLOCK: usize = 512;
const MAGIC: &[u8; 8] = b"ustar\x0000";
const NAME: std::ops::Range<usize> = 0..100;
const SIZE: std::ops::Range<usize> = 124..136;
const CHECKSUM: std::ops::Range<usize> = 148..156;

/// The header of a file that its owner may read and write, last changed at `time`, in seconds
/// since 1970.
pub(super) fn header(name: &str, size: u64, time: u64) -> [u8; BLOCK] {
    let mut block = [0; BLOCK];
    put(&mut block, 0, name.as_bytes());
    put(&mut block, 100, b"0000600\0");
    put(&mut block, 108, b"0000000\0");
    put(&mut block, 116, b"0000000\0");
    put(&mut block, SIZE.start, &number(size));
    put(&mut block, 136, &number(time));
    block[156] = b'0';
    put(&mut block, 257, MAGIC);
    put(&mut block, 329, b"0000000\0");
    put(&mut block, 337, b"0000000\0");
    let sum = checksum(&block);
    put(
        &mut block,
        CHECKSUM.start,
        format!("{sum:06o}\0 ").as_bytes(),
    );
    block
}

fn put(block: &mut [u8; BLOCK], at: usize, bytes: &[u8]) {
    for (slot, byte) in block.iter_mut().skip(at).zip(bytes) {
        *slot = *byte;
    }
}

/// A number of twelve bytes: octal digits, or binary behind a mark if they do not suffice.
fn number(value: u64) -> [u8; 12] {
    let mut field = [0; 12];
    let digits = format!("{value:011o}");
    if digits.len() == 11 {
        field[..11].copy_from_slice(digits.as_bytes());
    } else {
        field[0] = 0x80;
        field[4..].copy_from_slice(&value.to_be_bytes());
    }
    field
}

/// The sum of all bytes, with blanks in the place of the sum itself.
fn checksum(block: &[u8; BLOCK]) -> u32 {
    let bytes = block.iter().enumerate();
    bytes
        .map(|(at, byte)| u32::from(if CHECKSUM.contains(&at) { b' ' } else { *byte }))
        .sum()
}

/// The name and the size in a header.
pub(super) fn read_header(block: &[u8; BLOCK]) -> Result<(String, u64), SnapshotError> {
    const INVALID: SnapshotError = SnapshotError::Archive("archive/tar: invalid tar header");
    let sum = octal(&block[CHECKSUM]).ok_or(INVALID)?;
    if sum != u64::from(checksum(block)) {
        return Err(INVALID);
    }
    let name = block[NAME]
        .split(|byte| *byte == 0)
        .next()
        .unwrap_or_default();
    let size = match block[SIZE.start] {
        0x80 => block[SIZE][4..].try_into().map(u64::from_be_bytes).ok(),
        _ => octal(&block[SIZE]),
    };
    Ok((
        String::from_utf8_lossy(name).into_owned(),
        size.ok_or(INVALID)?,
    ))
}

fn octal(field: &[u8]) -> Option<u64> {
    let text = std::str::from_utf8(field).ok()?;
    let digits = text.trim_matches([' ', '\0']);
    u64::from_str_radix(digits, 8).ok()
}

/// How many zeros follow a file of that size.
pub(super) fn padding(size: u64) -> usize {
    let over = usize::try_from(size % 512).unwrap_or_default();
    (BLOCK - over) % BLOCK
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_as_it_is_written() {
        for size in [0, 511, 0o77_777_777_777, 1 << 40] {
            let block = header("state.bin", size, 1_600_000_000);
            let (name, read) = read_header(&block).unwrap();
            assert_eq!((name.as_str(), read), ("state.bin", size));
        }
    }

    #[test]
    fn a_header_that_was_changed_is_none() {
        let mut block = header("state.bin", 7, 0);
        block[3] ^= 1;
        assert!(read_header(&block).is_err());
        assert!(read_header(&[b'y'; BLOCK]).is_err());
    }

    #[test]
    fn files_end_at_a_block() {
        for (size, zeros) in [(0, 0), (1, 511), (512, 0), (513, 511)] {
            assert_eq!(padding(size), zeros);
        }
    }
}
