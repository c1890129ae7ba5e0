//! Numbers with a fraction, as Go writes them in JSON (for `#[serde(with = …)]`).

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;

/// Writes a number: whole ones without `.0`, very small and very large ones with an exponent.
///
/// # Errors
/// For what JSON has no number for: NaN and the infinities.
pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    if !value.is_finite() {
        return Err(serde::ser::Error::custom(
            "a number that JSON does not have",
        ));
    }
    let raw = RawValue::from_string(text(*value)).map_err(serde::ser::Error::custom)?;
    raw.serialize(serializer)
}

/// Reads a number.
///
/// # Errors
/// When there is none.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

fn text(value: f64) -> String {
    let size = value.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return value.to_string();
    }
    let text = format!("{value:e}");
    if size < 1.0 {
        text
    } else {
        text.replace('e', "e+")
    }
}

/// Lists of numbers.
pub mod list {
    use super::{Deserialize, Deserializer, Serialize, Serializer};

    #[derive(Serialize, Deserialize)]
    struct One(#[serde(with = "super")] f64);

    /// Writes a list.
    ///
    /// # Errors
    /// As [`serialize`](super::serialize).
    pub fn serialize<S: Serializer>(values: &[f64], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(|value| One(*value)))
    }

    /// Reads a list; `null` is an empty one.
    ///
    /// # Errors
    /// When there is none.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<f64>, D::Error> {
        let values: Option<Vec<One>> = Option::deserialize(deserializer)?;
        Ok(values
            .unwrap_or_default()
            .into_iter()
            .map(|one| one.0)
            .collect())
    }
}

#[cfg(test)]
mod tests {
    use super::text;

    #[test]
    fn numbers_look_as_go_writes_them() {
        for (value, expected) in [
            (0.0, "0"),
            (1.5, "1.5"),
            (0.00001, "0.00001"),
            (1e-6, "0.000001"),
            (9.5e-7, "9.5e-7"),
            (-1e-12, "-1e-12"),
            (1e20, "100000000000000000000"),
            (1.5e21, "1.5e+21"),
            (-0.001, "-0.001"),
        ] {
            assert_eq!(text(value), expected);
        }
    }
}
