//! `MessagePack` as JSON: what is sent, and what comes. Texts and bytes are the same here; where a
//! case is about the difference, it looks at the bytes themselves.
//!
//! Reading has nothing in common with the code that is tested.

use anyhow::bail;
use quorate_wire::msgpack::Writer;
use serde_json::{Map, Value};

/// A value as bytes.
pub(super) fn encode(value: &Value) -> Vec<u8> {
    let mut writer = Writer::new();
    put(&mut writer, value);
    writer.into_bytes()
}

fn put(writer: &mut Writer, value: &Value) {
    match value {
        Value::Null => writer.nil(),
        Value::Bool(value) => writer.boolean(*value),
        Value::Number(number) => match (number.as_u64(), number.as_i64()) {
            (Some(number), _) => writer.unsigned(number),
            (_, Some(number)) => writer.signed(number),
            _ => writer.float(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => writer.text(text),
        Value::Array(values) => {
            writer.list(values.len());
            values.iter().for_each(|value| put(writer, value));
        }
        Value::Object(fields) => {
            writer.map(fields.len());
            for (name, value) in fields {
                writer.text(name);
                put(writer, value);
            }
        }
    }
}

/// The first value of `bytes`, and how long it is; `None` while it is not all there.
pub(super) fn decode(bytes: &[u8]) -> anyhow::Result<Option<(Value, usize)>> {
    let mut rest = Rest { bytes, at: 0 };
    match rest.value() {
        Ok(value) => Ok(Some((value, rest.at))),
        Err(Stop::Short) => Ok(None),
        Err(Stop::Unknown(marker)) => bail!("no value begins with {marker:#x}"),
    }
}

enum Stop {
    Short,
    Unknown(u8),
}

struct Rest<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl Rest<'_> {
    fn take(&mut self, count: u64) -> Result<&[u8], Stop> {
        let count = usize::try_from(count).map_err(|_| Stop::Short)?;
        let end = self.at.checked_add(count).ok_or(Stop::Short)?;
        let taken = self.bytes.get(self.at..end).ok_or(Stop::Short)?;
        self.at = end;
        Ok(taken)
    }

    fn number(&mut self, bytes: u64) -> Result<u64, Stop> {
        let taken = self.take(bytes)?.iter();
        Ok(taken.fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn value(&mut self) -> Result<Value, Stop> {
        let marker = self.take(1)?[0];
        let low = u64::from(marker);
        Ok(match marker {
            0..=0x7f => marker.into(),
            0x80..=0x8f => self.map(low & 15)?,
            0x90..=0x9f => self.list(low & 15)?,
            0xa0..=0xbf => self.text(low & 31)?,
            0xc0 => Value::Null,
            0xc2 | 0xc3 => Value::Bool(marker == 0xc3),
            0xc4..=0xc6 => self.sized(1 << (marker - 0xc4))?,
            0xcb => f64::from_bits(self.number(8)?).into(),
            0xcc..=0xcf => self.number(1 << (marker - 0xcc))?.into(),
            0xd9..=0xdb => self.sized(1 << (marker - 0xd9))?,
            0xdc | 0xdd => {
                let count = self.number(2 << (marker - 0xdc))?;
                self.list(count)?
            }
            0xde | 0xdf => {
                let count = self.number(2 << (marker - 0xde))?;
                self.map(count)?
            }
            // Agents send no negative numbers.
            _ => return Err(Stop::Unknown(marker)),
        })
    }

    fn sized(&mut self, bytes: u64) -> Result<Value, Stop> {
        let length = self.number(bytes)?;
        self.text(length)
    }

    fn text(&mut self, length: u64) -> Result<Value, Stop> {
        Ok(String::from_utf8_lossy(self.take(length)?).into())
    }

    fn list(&mut self, count: u64) -> Result<Value, Stop> {
        (0..count).map(|_| self.value()).collect()
    }

    fn map(&mut self, count: u64) -> Result<Value, Stop> {
        let mut fields = Map::new();
        for _ in 0..count {
            let name = self.value()?;
            let name = name.as_str().unwrap_or_default().to_owned();
            fields.insert(name, self.value()?);
        }
        Ok(fields.into())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;
    use serde_json::json;

    #[test]
    fn a_value_is_read_back_when_it_is_all_there() {
        let value = json!({"a": [null, true, 1, 200, 70000, u64::MAX, 1.5], "b": "x".repeat(300)});
        let bytes = encode(&value);
        let whole = decode(&bytes).unwrap();
        assert_eq!(whole, Some((value, bytes.len())));
        assert_eq!(decode(&bytes[..bytes.len() - 1]).unwrap(), None);
        assert!(decode(b"\xc1").is_err());
    }
}
