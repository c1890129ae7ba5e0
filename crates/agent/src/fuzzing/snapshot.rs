//! The state in a snapshot that is to be restored.

use std::collections::BTreeSet;
use std::time::Duration;

use quorate_wire::consul::snapshot::StateSink as _;

use crate::engine::{Command, Engine, Row, Time};
use crate::snapshot::{Rows, inspect};
use crate::store::{decode_row, encode_row};

/// Longer than anything lasts.
const LONG: Duration = Duration::from_secs(1_000_000_000);

/// The state of a snapshot, without its envelope, whose checksums no fuzzer gets right: every row that
/// is taken is the same when it is stored and loaded, and so is the state that they are. The bytes are
/// tried as a whole file too.
pub fn snapshot(data: &[u8]) {
    let _ = inspect(data);
    let mut rows = Rows::default();
    let began = rows.take(b"quorate state 1\n");
    assert_eq!(began, Ok(()), "the format's own first line is refused");
    // In two pieces, as it may arrive.
    let (first, second) = data.split_at(data.len() / 2);
    if rows.take(first).is_err() || rows.take(second).is_err() {
        return;
    }
    let Ok(rows) = rows.finish() else {
        return;
    };
    let rows: Vec<Row> = rows.into_iter().map(Row::Consul).collect();
    for row in &rows {
        if let (key, Some(value)) = encode_row(row) {
            let again = decode_row(&key, &value).unwrap();
            assert_eq!(encode_row(&again), (key, Some(value)), "{row:?}");
        }
    }
    let mut engine = Engine::restore(rows, Time::START);
    let again = Engine::restore(engine.rows(), Time::START);
    assert_eq!(stored(&again), stored(&engine));
    engine.apply(Command::Expire, Time::since_start(LONG));
    let again = Engine::restore(engine.rows(), Time::START);
    assert_eq!(stored(&again), stored(&engine));
}

fn stored(engine: &Engine) -> BTreeSet<(Vec<u8>, Option<Vec<u8>>)> {
    engine.rows().map(|row| encode_row(&row)).collect()
}
