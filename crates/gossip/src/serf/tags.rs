//! Tags in the meta data of an alive message.

use std::collections::BTreeMap;

use crate::engine::Failure;
use crate::msgpack::{Field, Reader, Writer};

/// How large the meta data may be.
pub(crate) const LIMIT: usize = 512;

/// Says that tags follow. Without it, the meta data is the value of the tag `role`.
const MAGIC: u8 = 255;

/// The meta data for `tags`.
pub(crate) fn encode(tags: &BTreeMap<String, String>) -> Result<Vec<u8>, Failure> {
    let mut out = Writer::old(&[MAGIC]);
    tags.put(&mut out);
    let bytes = out.into_bytes();
    if bytes.len() > LIMIT {
        return Err(Failure::TagsTooLarge { len: bytes.len() });
    }
    Ok(bytes)
}

/// The tags in `meta`; those that can be read.
pub(crate) fn decode(meta: &[u8]) -> BTreeMap<String, String> {
    match meta.split_first() {
        Some((&MAGIC, map)) => Field::take(&mut Reader::new(map)).unwrap_or_default(),
        _ => BTreeMap::from([(
            "role".to_owned(),
            String::from_utf8_lossy(meta).into_owned(),
        )]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_come_back_and_old_members_have_a_role() {
        let tags = BTreeMap::from([("role".to_owned(), "web".to_owned())]);
        assert_eq!(decode(&encode(&tags).unwrap()), tags);
        assert_eq!(decode(b"web"), tags);
        assert_eq!(decode(&encode(&BTreeMap::new()).unwrap()), BTreeMap::new());
    }

    #[test]
    fn too_many_tags_are_refused() {
        let tags = BTreeMap::from([("a".to_owned(), "x".repeat(600))]);
        assert_eq!(encode(&tags), Err(Failure::TagsTooLarge { len: 607 }));
    }
}
