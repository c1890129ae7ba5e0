//! Keys: what was read, written and deleted.

use quorate_etcd::v3::raw::proto::etcdserverpb::{DeleteRangeResponse, PutResponse, RangeResponse};
use quorate_etcd::v3::raw::proto::mvccpb::KeyValue;
use quorate_etcd::v3::raw::proto::prost::Message as _;

use super::fields::Fields;
use super::json::Object;
use super::{Answer, line};

/// What a range has.
pub(crate) struct RangeView {
    pub(crate) response: RangeResponse,
    /// Only values are shown, where that is plain.
    pub(crate) value_only: bool,
    /// Only their number was asked for.
    pub(crate) count_only: bool,
}

impl From<RangeResponse> for RangeView {
    fn from(response: RangeResponse) -> Self {
        Self {
            response,
            value_only: false,
            count_only: false,
        }
    }
}

impl Answer for RangeView {
    fn simple(&self, out: &mut Vec<u8>, hex: bool) {
        if self.count_only {
            line(out, self.response.count.to_string().as_bytes(), false);
        }
        for kv in &self.response.kvs {
            if self.value_only {
                line(out, &kv.value, hex);
            } else {
                pair(out, kv, hex);
            }
        }
    }

    fn fields(&self, out: &mut Fields) -> bool {
        range_fields(out, &self.response);
        true
    }

    fn json(&self, _: bool) -> String {
        Object::of(|object| range(object, &self.response))
    }

    fn message(&self) -> Option<Vec<u8>> {
        Some(self.response.encode_to_vec())
    }
}

impl Answer for PutResponse {
    fn simple(&self, out: &mut Vec<u8>, hex: bool) {
        line(out, b"OK", false);
        if let Some(kv) = &self.prev_kv {
            pair(out, kv, hex);
        }
    }

    fn fields(&self, out: &mut Fields) -> bool {
        out.header(self.header.as_ref());
        if let Some(kv) = &self.prev_kv {
            key_value_fields(out, "Prev", kv);
        }
        true
    }

    fn json(&self, _: bool) -> String {
        Object::of(|object| put(object, self))
    }

    fn message(&self) -> Option<Vec<u8>> {
        Some(self.encode_to_vec())
    }
}

impl Answer for DeleteRangeResponse {
    fn simple(&self, out: &mut Vec<u8>, hex: bool) {
        line(out, self.deleted.to_string().as_bytes(), false);
        self.prev_kvs.iter().for_each(|kv| pair(out, kv, hex));
    }

    fn fields(&self, out: &mut Fields) -> bool {
        out.header(self.header.as_ref());
        out.field("Deleted", self.deleted);
        let kvs = self.prev_kvs.iter();
        kvs.for_each(|kv| key_value_fields(out, "Prev", kv));
        true
    }

    fn json(&self, _: bool) -> String {
        Object::of(|object| deleted(object, self))
    }

    fn message(&self) -> Option<Vec<u8>> {
        Some(self.encode_to_vec())
    }
}

/// A key and its value, each on its line.
pub(super) fn pair(out: &mut Vec<u8>, kv: &KeyValue, hex: bool) {
    line(out, &kv.key, hex);
    line(out, &kv.value, hex);
}

pub(super) fn range(object: &mut Object, response: &RangeResponse) {
    object.header(response.header.as_ref());
    object.list("kvs", &response.kvs, key_value);
    object.some("more", response.more);
    object.some("count", response.count);
}

pub(super) fn put(object: &mut Object, response: &PutResponse) {
    object.header(response.header.as_ref());
    if let Some(kv) = &response.prev_kv {
        object.always("prev_kv", key_value(kv));
    }
}

pub(super) fn deleted(object: &mut Object, response: &DeleteRangeResponse) {
    object.header(response.header.as_ref());
    object.some("deleted", response.deleted);
    object.list("prev_kvs", &response.prev_kvs, key_value);
}

pub(super) fn key_value(kv: &KeyValue) -> String {
    Object::of(|object| {
        object.bytes("key", &kv.key);
        object.some("create_revision", kv.create_revision);
        object.some("mod_revision", kv.mod_revision);
        object.some("version", kv.version);
        object.bytes("value", &kv.value);
        object.some("lease", kv.lease);
    })
}

fn range_fields(out: &mut Fields, response: &RangeResponse) {
    out.header(response.header.as_ref());
    let kvs = response.kvs.iter();
    kvs.for_each(|kv| key_value_fields(out, "", kv));
    out.field("More", response.more);
    out.field("Count", response.count);
}

pub(super) fn key_value_fields(out: &mut Fields, prefix: &str, kv: &KeyValue) {
    out.quoted(&format!("{prefix}Key"), &kv.key);
    out.field(&format!("{prefix}CreateRevision"), kv.create_revision);
    out.field(&format!("{prefix}ModRevision"), kv.mod_revision);
    out.field(&format!("{prefix}Version"), kv.version);
    out.quoted(&format!("{prefix}Value"), &kv.value);
    out.field(&format!("{prefix}Lease"), kv.lease);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_looks_as_etcdctl_shows_it() {
        let kv = KeyValue {
            key: "foo".into(),
            value: "bar".into(),
            create_revision: 2,
            mod_revision: 3,
            version: 2,
            lease: 0,
        };
        let json =
            r#"{"key":"Zm9v","create_revision":2,"mod_revision":3,"version":2,"value":"YmFy"}"#;
        assert_eq!(key_value(&kv), json);
        let mut out = Vec::new();
        pair(&mut out, &kv, true);
        assert_eq!(out, b"\\x66\\x6f\\x6f\n\\x62\\x61\\x72\n");
    }
}
