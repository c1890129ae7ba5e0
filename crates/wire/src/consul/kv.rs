//! Keys and values: `/v1/kv/…`.

use bytes::Bytes;
use serde::{Deserialize, Deserializer, Serialize};

use super::{bytes64, json};

/// The largest value that a Consul server takes by default: 512 KiB.
pub const MAX_VALUE_BYTES: usize = 512 * 1024;

/// One key with its value and its history, as every read returns it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase")]
#[non_exhaustive]
pub struct KvEntry {
    /// How many times the key was acquired by a lock. A plain write over it resets this to 0, so
    /// it is no fencing token.
    #[serde(default)]
    pub lock_index: u64,
    /// The key's full path.
    pub key: String,
    /// A number of the user's beside the value; the lock recipes mark their keys with it.
    #[serde(default)]
    pub flags: u64,
    /// The bytes; empty when the server says `null`.
    #[serde(default, with = "bytes64")]
    pub value: Bytes,
    /// The session that holds the key, if one does.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        deserialize_with = "empty_is_none"
    )]
    pub session: Option<String>,
    /// The index at which the key was created.
    #[serde(default)]
    pub create_index: u64,
    /// The index of the key's last change: what compare-and-set compares.
    #[serde(default)]
    pub modify_index: u64,
}

fn empty_is_none<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<String>, D::Error> {
    let text = Option::<String>::deserialize(deserializer)?;
    Ok(text.filter(|text| !text.is_empty()))
}

impl KvEntry {
    /// An entry of `key` and `value` that has no history yet.
    #[must_use]
    pub fn new(key: impl Into<String>, value: impl Into<Bytes>) -> Self {
        Self {
            key: key.into(),
            value: value.into(),
            ..Self::default()
        }
    }

    /// The entry as the encoder takes it.
    #[must_use]
    pub fn as_entry_ref(&self) -> KvEntryRef<'_> {
        KvEntryRef {
            lock_index: self.lock_index,
            key: self.key.as_bytes(),
            flags: self.flags,
            value: Some(&self.value),
            session: self.session.as_deref(),
            create_index: self.create_index,
            modify_index: self.modify_index,
        }
    }
}

/// A borrowed [`KvEntry`], for encoding without a copy.
#[derive(Clone, Copy, Debug)]
#[expect(missing_docs, reason = "the fields are those of KvEntry")]
pub struct KvEntryRef<'a> {
    pub lock_index: u64,
    /// The key's bytes; what is not UTF-8 becomes U+FFFD, as the real server writes it.
    pub key: &'a [u8],
    pub flags: u64,
    /// `None` and an empty value are both `null`.
    pub value: Option<&'a [u8]>,
    pub session: Option<&'a str>,
    pub create_index: u64,
    pub modify_index: u64,
}

impl KvEntryRef<'_> {
    /// Appends the entry's JSON object to `out`, byte for byte as Consul writes it.
    pub fn encode(&self, out: &mut Vec<u8>) {
        out.reserve(160 + self.key.len() + self.value.map_or(0, |v| v.len() * 4 / 3));
        out.extend_from_slice(b"{\"LockIndex\":");
        json::write_u64(out, self.lock_index);
        out.extend_from_slice(b",\"Key\":");
        json::write_lossy(out, self.key);
        out.extend_from_slice(b",\"Flags\":");
        json::write_u64(out, self.flags);
        out.extend_from_slice(b",\"Value\":");
        bytes64::write(out, self.value.unwrap_or_default());
        if let Some(session) = self.session {
            out.extend_from_slice(b",\"Session\":");
            json::write_str(out, session);
        }
        out.extend_from_slice(b",\"CreateIndex\":");
        json::write_u64(out, self.create_index);
        out.extend_from_slice(b",\"ModifyIndex\":");
        json::write_u64(out, self.modify_index);
        out.push(b'}');
    }
}

/// The body of a read: a JSON list of `entries`.
pub fn encode_entries<'a>(entries: impl IntoIterator<Item = KvEntryRef<'a>>) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    out.push(b'[');
    for (at, entry) in entries.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        entry.encode(&mut out);
    }
    out.push(b']');
    out
}

/// The body of a read of key names (`?keys`): a JSON list of texts.
pub fn encode_keys<'a>(keys: impl IntoIterator<Item = &'a [u8]>) -> Vec<u8> {
    let mut out = Vec::with_capacity(256);
    out.push(b'[');
    for (at, key) in keys.into_iter().enumerate() {
        if at > 0 {
            out.push(b',');
        }
        json::write_lossy(&mut out, key);
    }
    out.push(b']');
    out
}

/// Reads the body of `GET /v1/kv/…`.
///
/// # Errors
/// When the body is not a list of entries.
pub fn decode_entries(body: &[u8]) -> Result<Vec<KvEntry>, serde_json::Error> {
    Ok(serde_json::from_slice::<Option<Vec<KvEntry>>>(body)?.unwrap_or_default())
}

/// Reads the body of `GET /v1/kv/…?keys`.
///
/// # Errors
/// When the body is not a list of texts.
pub fn decode_keys(body: &[u8]) -> Result<Vec<String>, serde_json::Error> {
    Ok(serde_json::from_slice::<Option<Vec<String>>>(body)?.unwrap_or_default())
}

/// How `GET /v1/kv/…` reads.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum KvRead {
    /// One key.
    #[default]
    Entry,
    /// One key's bytes alone (`raw`).
    Raw,
    /// Every key under a prefix (`recurse`).
    Recurse,
    /// The names under a prefix (`keys`), cut after the first separator behind the prefix.
    Keys {
        /// Where names are cut; `None` lists them whole.
        separator: Option<String>,
    },
}

impl KvRead {
    /// The query parameters, as name and value.
    #[must_use]
    pub fn to_pairs(&self) -> Vec<(&'static str, Option<&str>)> {
        match self {
            Self::Entry => vec![],
            Self::Raw => vec![("raw", None)],
            Self::Recurse => vec![("recurse", None)],
            Self::Keys { separator: None } => vec![("keys", None)],
            Self::Keys {
                separator: Some(separator),
            } => {
                vec![("keys", None), ("separator", Some(separator))]
            }
        }
    }

    /// Reads the parameters as the server does: `keys` goes before `recurse`, both before `raw`;
    /// the misspelling `seperator` of old clients is understood.
    #[must_use]
    pub fn from_pairs<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Self {
        let (mut raw, mut recurse, mut keys, mut separator) = (false, false, false, None);
        for (name, value) in pairs {
            match name {
                "raw" => raw = true,
                "recurse" => recurse = true,
                "keys" => keys = true,
                "separator" | "seperator" => {
                    separator = separator.or((!value.is_empty()).then(|| value.to_owned()));
                }
                _ => {}
            }
        }
        match (keys, recurse, raw) {
            (true, ..) => Self::Keys { separator },
            (_, true, _) => Self::Recurse,
            (_, _, true) => Self::Raw,
            _ => Self::Entry,
        }
    }
}

/// What must hold for `PUT /v1/kv/…` to write.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum KvPrecondition {
    /// Nothing.
    #[default]
    None,
    /// The key's ModifyIndex is this one; 0 means that the key does not exist (`cas`).
    Index(u64),
    /// The key is free or already this session's; then the session holds it (`acquire`).
    Acquire(String),
    /// The session holds the key; then nobody does (`release`).
    Release(String),
}

/// The query parameters of `PUT /v1/kv/…`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct KvWrite {
    /// The user's number; what was there is replaced by it (0 too).
    pub flags: u64,
    /// What must hold.
    pub precondition: KvPrecondition,
}

impl KvWrite {
    /// The query parameters, as name and value. Flags of 0 are the default and not sent.
    #[must_use]
    pub fn to_pairs(&self) -> Vec<(&'static str, String)> {
        let mut pairs = Vec::with_capacity(2);
        if self.flags != 0 {
            pairs.push(("flags", self.flags.to_string()));
        }
        match &self.precondition {
            KvPrecondition::None => {}
            KvPrecondition::Index(index) => pairs.push(("cas", index.to_string())),
            KvPrecondition::Acquire(session) => pairs.push(("acquire", session.clone())),
            KvPrecondition::Release(session) => pairs.push(("release", session.clone())),
        }
        pairs
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry() -> KvEntry {
        KvEntry {
            lock_index: 1,
            key: "a b".into(),
            flags: u64::MAX,
            value: Bytes::from_static(b"hi"),
            session: Some("88945905-3aca-9bf0-6b80-f7665bd9cc91".into()),
            create_index: 10,
            modify_index: 11,
        }
    }

    #[test]
    fn the_fast_encoder_writes_what_the_serializer_writes() {
        let mut plain = KvEntry::new("k", Bytes::new());
        plain.modify_index = 7;
        for entry in [entry(), plain] {
            let fast = encode_entries([entry.as_entry_ref()]);
            assert_eq!(fast, serde_json::to_vec(&[&entry]).unwrap());
            assert_eq!(decode_entries(&fast).unwrap(), [entry]);
        }
    }

    #[test]
    fn a_null_list_is_an_empty_one() {
        assert!(decode_entries(b"null").unwrap().is_empty());
        assert!(decode_keys(b"null").unwrap().is_empty());
    }

    #[test]
    fn a_value_that_is_not_base64_is_refused() {
        let body = br#"[{"Key":"a","Value":"%%"}]"#;
        assert!(
            decode_entries(body)
                .unwrap_err()
                .to_string()
                .contains("base64")
        );
    }

    #[test]
    fn a_key_that_is_not_utf8_is_shown_with_replacement_characters() {
        assert_eq!(encode_keys([&b"a\xffb"[..]]), br#"["a\ufffdb"]"#);
    }

    #[test]
    fn read_parameters_round_trip() {
        for read in [
            KvRead::Entry,
            KvRead::Raw,
            KvRead::Recurse,
            KvRead::Keys { separator: None },
            KvRead::Keys {
                separator: Some("/".into()),
            },
        ] {
            let pairs = read.to_pairs();
            let pairs = pairs
                .iter()
                .map(|(name, value)| (*name, value.unwrap_or("")));
            assert_eq!(KvRead::from_pairs(pairs), read);
        }
    }
}
