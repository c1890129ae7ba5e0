//! Snapshots.

use quorate_wire::consul::snapshot::{SnapshotError, SnapshotMeta, SnapshotReader, StateSink};

use super::message::Message;

#[derive(Default)]
struct Length(u64);

impl StateSink for Length {
    fn take(&mut self, bytes: &[u8]) -> Result<(), String> {
        self.0 += u64::try_from(bytes.len()).unwrap();
        Ok(())
    }
}

fn read(archive: &[u8]) -> Result<(SnapshotMeta, Length), SnapshotError> {
    let mut reader = SnapshotReader::new(Length::default());
    for piece in archive.chunks(100) {
        reader.push(piece)?;
    }
    reader.finish()
}

#[test]
fn a_snapshot_of_the_real_server_is_read_and_verified() {
    let answer = Message::answer("snapshot-save");
    let (meta, state) = read(&answer.body).unwrap();
    assert_eq!((meta.version, Some(meta.index)), (1, answer.meta().index));
    assert_eq!(meta.size, state.0);
    let servers = meta.configuration.servers.unwrap();
    assert_eq!(servers[0].address, "127.0.0.1:18300");
}

#[test]
fn what_is_no_snapshot_is_refused_in_the_servers_words() {
    for name in ["nothing", "no-gzip", "altered"] {
        let name = format!("snapshot-restore-{name}");
        let answer = Message::answer(&name);
        let refused = read(&Message::request(&name).body).err().unwrap();
        assert_eq!(
            (500, refused.to_string().as_str()),
            (answer.status(), answer.text())
        );
    }
    assert!(read(&Message::request("snapshot-restore-cut").body).is_err());
}
