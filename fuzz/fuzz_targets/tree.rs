#![no_main]

use quorate::tree::{Scalars, TreeOptions, from_entries, to_entries};
use serde_json::Value;

// Lines of `key=value`: whatever can be read as a value is written as keys that are read as the
// same value, and writing them anew changes nothing.
libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    let pairs = data.split(|byte| *byte == b'\n').filter_map(|line| {
        let at = line.iter().position(|byte| *byte == b'=')?;
        let key = std::str::from_utf8(&line[..at]).ok()?;
        Some((key, line[at + 1..].to_vec()))
    });
    let pairs: Vec<(&str, Vec<u8>)> = pairs.collect();
    for scalars in [Scalars::Text, Scalars::Json] {
        let options = TreeOptions::default().with_scalars(scalars);
        let Ok(value) = from_entries::<Value, _, _, _>("", pairs.clone(), &options) else {
            continue;
        };
        let entries = to_entries(&value, &options).expect("what was read can be written");
        let back: Value = from_entries("", entries.clone(), &options).expect("and read again");
        assert_eq!(back, value);
        assert_eq!(to_entries(&back, &options).expect("and written again"), entries);
    }
});
