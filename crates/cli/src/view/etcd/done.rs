//! That something was done.

use quorate_etcd::v3::raw::proto::etcdserverpb::{PutResponse, ResponseHeader};
use quorate_etcd::v3::raw::proto::prost::Message as _;

use super::fields::Fields;
use super::json::Object;
use super::{Answer, line};

/// An answer that has a header and nothing else.
pub(crate) struct Done {
    text: Vec<u8>,
    header: Option<ResponseHeader>,
}

impl Done {
    /// `text` says what was done.
    pub(crate) fn new(text: impl Into<Vec<u8>>, header: Option<ResponseHeader>) -> Self {
        Self {
            text: text.into(),
            header,
        }
    }
}

impl Answer for Done {
    fn simple(&self, out: &mut Vec<u8>, _: bool) {
        line(out, &self.text, false);
    }

    fn fields(&self, out: &mut Fields) -> bool {
        out.header(self.header.as_ref());
        true
    }

    fn json(&self, _: bool) -> String {
        Object::of(|object| object.header(self.header.as_ref()))
    }

    /// The header is the first field of every answer.
    fn message(&self) -> Option<Vec<u8>> {
        let answer = PutResponse {
            header: self.header,
            prev_kv: None,
        };
        Some(answer.encode_to_vec())
    }
}
