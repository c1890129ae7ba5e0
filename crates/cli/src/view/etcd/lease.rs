//! Leases.

use quorate_etcd::v3::raw::proto::etcdserverpb::{
    LeaseGrantResponse, LeaseKeepAliveResponse, LeaseLeasesResponse, LeaseTimeToLiveResponse,
    ResponseHeader,
};
use quorate_etcd::v3::raw::proto::prost::Message as _;

use super::fields::Fields;
use super::json::{Object, array};
use super::{Answer, line};

impl Answer for LeaseGrantResponse {
    fn simple(&self, out: &mut Vec<u8>, _: bool) {
        let text = format!("lease {:016x} granted with TTL({}s)", self.id, self.ttl);
        line(out, text.as_bytes(), false);
    }

    fn fields(&self, out: &mut Fields) -> bool {
        id_and_ttl(out, self.header.as_ref(), self.id, self.ttl);
        true
    }

    fn json(&self, _: bool) -> String {
        Object::of(|object| {
            object.flat_header(self.header.as_ref());
            object.always("ID", self.id);
            object.always("TTL", self.ttl);
            object.always("Error", super::json::quoted(&self.error));
        })
    }

    fn message(&self) -> Option<Vec<u8>> {
        header(self.header.as_ref())
    }
}

impl Answer for LeaseKeepAliveResponse {
    fn simple(&self, out: &mut Vec<u8>, _: bool) {
        let text = format!("lease {:016x} keepalived with TTL({})", self.id, self.ttl);
        line(out, text.as_bytes(), false);
    }

    fn fields(&self, out: &mut Fields) -> bool {
        id_and_ttl(out, self.header.as_ref(), self.id, self.ttl);
        true
    }

    fn json(&self, _: bool) -> String {
        Object::of(|object| {
            object.flat_header(self.header.as_ref());
            object.always("ID", self.id);
            object.always("TTL", self.ttl);
        })
    }

    fn message(&self) -> Option<Vec<u8>> {
        header(self.header.as_ref())
    }
}

/// All that etcdctl prints of a lease as a message: the header, by itself.
fn header(header: Option<&ResponseHeader>) -> Option<Vec<u8>> {
    header.map(ResponseHeader::encode_to_vec)
}

fn id_and_ttl(out: &mut Fields, header: Option<&ResponseHeader>, id: i64, ttl: i64) {
    out.header(header);
    out.field("ID", id);
    out.field("TTL", ttl);
}

/// How long a lease lives still.
pub(crate) struct TimeToLiveView {
    pub(crate) response: LeaseTimeToLiveResponse,
    /// Whether its keys were asked for.
    pub(crate) keys: bool,
}

impl Answer for TimeToLiveView {
    fn simple(&self, out: &mut Vec<u8>, _: bool) {
        let lease = &self.response;
        if lease.granted_ttl == 0 && lease.ttl == -1 {
            let text = format!("lease {:016x} already expired", lease.id);
            return line(out, text.as_bytes(), false);
        }
        let (id, granted, left) = (lease.id, lease.granted_ttl, lease.ttl);
        let text = format!("lease {id:016x} granted with TTL({granted}s), remaining({left}s)");
        out.extend_from_slice(text.as_bytes());
        if self.keys {
            out.extend_from_slice(b", attached keys([");
            out.extend_from_slice(&lease.keys.join(&b' '));
            out.extend_from_slice(b"])");
        }
        out.push(b'\n');
    }

    fn fields(&self, out: &mut Fields) -> bool {
        let lease = &self.response;
        id_and_ttl(out, lease.header.as_ref(), lease.id, lease.ttl);
        out.field("GrantedTTL", lease.granted_ttl);
        lease.keys.iter().for_each(|key| out.quoted("Key", key));
        true
    }

    fn json(&self, _: bool) -> String {
        let lease = &self.response;
        let key = |key: &bytes::Bytes| {
            use base64::Engine as _;
            let text = base64::engine::general_purpose::STANDARD.encode(key);
            format!("\"{text}\"")
        };
        Object::of(|object| {
            object.flat_header(lease.header.as_ref());
            object.always("id", lease.id);
            object.always("ttl", lease.ttl);
            object.always("granted-ttl", lease.granted_ttl);
            match lease.keys.as_slice() {
                [] => object.always("keys", "null"),
                keys => object.always("keys", array(keys, key)),
            }
        })
    }

    fn message(&self) -> Option<Vec<u8>> {
        header(self.response.header.as_ref())
    }
}

impl Answer for LeaseLeasesResponse {
    fn simple(&self, out: &mut Vec<u8>, _: bool) {
        let text = format!("found {} leases", self.leases.len());
        line(out, text.as_bytes(), false);
        for lease in &self.leases {
            line(out, format!("{:016x}", lease.id).as_bytes(), false);
        }
    }

    fn fields(&self, out: &mut Fields) -> bool {
        out.header(self.header.as_ref());
        self.leases
            .iter()
            .for_each(|lease| out.field("ID", lease.id));
        true
    }

    fn json(&self, _: bool) -> String {
        let id = |id: i64| Object::of(|object| object.always("id", id));
        Object::of(|object| {
            object.flat_header(self.header.as_ref());
            object.always("leases", array(&self.leases, |lease| id(lease.id)));
        })
    }

    fn message(&self) -> Option<Vec<u8>> {
        header(self.header.as_ref())
    }
}
