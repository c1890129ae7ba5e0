//! Snapshots, which are the whole state in one file: `/v1/snapshot`.
//!
//! A gzipped tar of three files: `meta.json` says what it is, `state.bin` holds the state in a form
//! that only the program knows that wrote it, and `SHA256SUMS` proves that both are whole.

mod error;
mod meta;
mod read;
mod sums;
mod tar;
mod write;

pub use error::SnapshotError;
pub use meta::{SnapshotMeta, SnapshotServer, SnapshotServers};
pub use read::{SnapshotReader, StateSink};
pub use write::SnapshotWriter;

/// The files of a snapshot, in their order.
const META: &str = "meta.json";
const STATE: &str = "state.bin";
const SUMS: &str = "SHA256SUMS";

#[cfg(test)]
mod tests {
    use super::*;

    /// Notes what it is given.
    #[derive(Debug, Default, PartialEq)]
    struct Noted(Vec<u8>);

    impl StateSink for Noted {
        fn take(&mut self, bytes: &[u8]) -> Result<(), String> {
            self.0.extend_from_slice(bytes);
            Ok(())
        }
    }

    fn archive(state: &[u8]) -> Vec<u8> {
        let meta = SnapshotMeta {
            size: state.len().try_into().unwrap(),
            ..SnapshotMeta::default()
        };
        let mut writer = SnapshotWriter::new(&meta, 1).unwrap();
        let mut archive = Vec::new();
        for piece in state.chunks(1000) {
            writer.state(piece).unwrap();
            archive.extend(writer.take());
        }
        archive.extend(writer.finish().unwrap());
        archive
    }

    fn read(archive: &[u8], piece: usize) -> Result<Noted, SnapshotError> {
        let mut reader = SnapshotReader::new(Noted::default());
        for piece in archive.chunks(piece) {
            reader.push(piece)?;
        }
        Ok(reader.finish()?.1)
    }

    #[test]
    fn a_snapshot_is_read_as_it_was_written_however_it_is_cut() {
        for size in [0, 1, 511, 512, 5000] {
            let state: Vec<u8> = (0..size)
                .map(|at: u32| (at % 251).try_into().unwrap())
                .collect();
            let archive = archive(&state);
            for piece in [1, 7, 512, archive.len()] {
                assert_eq!(read(&archive, piece).unwrap().0, state);
            }
        }
    }

    #[test]
    fn a_snapshot_that_is_cut_or_altered_is_never_taken() {
        let archive = archive(&[7; 700]);
        for end in 0..archive.len() {
            assert!(read(&archive[..end], 100).is_err(), "cut at {end}");
        }
        for at in 10..archive.len() {
            let mut altered = archive.clone();
            altered[at] ^= 0x10;
            if let Ok(state) = read(&altered, 100) {
                // A bit of no meaning to gzip.
                assert_eq!(state.0, [7; 700], "altered at {at}");
            }
        }
    }

    #[test]
    fn what_a_sink_refuses_is_told_in_its_words_also_at_the_end() {
        #[derive(Debug)]
        struct Picky;
        impl StateSink for Picky {
            fn take(&mut self, _: &[u8]) -> Result<(), String> {
                Err("no".to_owned())
            }
        }
        let archive = archive(&[7; 700]);
        for piece in [1, 100, archive.len()] {
            let mut reader = SnapshotReader::new(Picky);
            let pushed = archive.chunks(piece).try_for_each(|it| reader.push(it));
            let refused = pushed.and_then(|()| reader.finish().map(drop));
            assert_eq!(
                refused,
                Err(SnapshotError::State("no".to_owned())),
                "{piece}"
            );
        }
    }

    #[test]
    fn a_writer_keeps_its_word_about_the_size() {
        let meta = SnapshotMeta {
            size: 3,
            ..SnapshotMeta::default()
        };
        let mut writer = SnapshotWriter::new(&meta, 0).unwrap();
        assert!(writer.state(b"1234").is_err());
        assert_eq!(
            SnapshotWriter::new(&meta, 0).unwrap().finish(),
            Err(SnapshotError::Cut)
        );
    }
}
