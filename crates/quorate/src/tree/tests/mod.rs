mod any_value;
mod typed;

use bytes::Bytes;
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::*;

fn json() -> TreeOptions {
    TreeOptions::default().with_scalars(Scalars::Json)
}

fn entries<T: Serialize>(value: &T) -> Vec<(String, String)> {
    let entries = to_entries(value, &TreeOptions::default()).unwrap();
    let text = |value: Bytes| String::from_utf8(value.to_vec()).unwrap();
    entries.into_iter().map(|(k, v)| (k, text(v))).collect()
}

fn read<T: DeserializeOwned>(pairs: &[(&str, &str)], options: &TreeOptions) -> T {
    try_read(pairs, options).unwrap()
}

fn try_read<T: DeserializeOwned>(
    pairs: &[(&str, &str)],
    options: &TreeOptions,
) -> Result<T, TreeError> {
    let pairs = pairs.iter();
    let pairs = pairs.map(|(key, value)| (*key, Bytes::copy_from_slice(value.as_bytes())));
    from_entries("", pairs, options)
}
