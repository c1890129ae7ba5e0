//! `null` where a list or a map is meant.

use serde::{Deserialize, Deserializer};

/// Reads `null` as the empty value: Go writes a list or map that was never made so.
pub(crate) fn empty<'de, D, T>(deserializer: D) -> Result<T, D::Error>
where
    D: Deserializer<'de>,
    T: Default + Deserialize<'de>,
{
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}
