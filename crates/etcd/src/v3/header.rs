//! What every answer says about the cluster.

use bytes::Bytes;
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::prost::Message as _;

/// Who answered, and when in the history of the store.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Header {
    /// The cluster.
    pub cluster_id: u64,
    /// The member that answered.
    pub member_id: u64,
    /// The revision of the store when it was answered; 0 where the store was not asked.
    pub revision: i64,
    /// The term of the member's raft.
    pub raft_term: u64,
}

impl From<pb::ResponseHeader> for Header {
    fn from(header: pb::ResponseHeader) -> Self {
        Self {
            cluster_id: header.cluster_id,
            member_id: header.member_id,
            revision: header.revision,
            raft_term: header.raft_term,
        }
    }
}

impl From<Option<pb::ResponseHeader>> for Header {
    fn from(header: Option<pb::ResponseHeader>) -> Self {
        header.map(Self::from).unwrap_or_default()
    }
}

/// The tag of field 1, a message: where each answer has its header, before all else.
const FIRST_FIELD: u8 = 0x0a;

/// The header of an answer that is not decoded otherwise; `None` if it does not begin with one.
pub(crate) fn of(body: &Bytes) -> Option<Header> {
    let (tag, rest) = body.split_first()?;
    if *tag != FIRST_FIELD {
        return None;
    }
    let header = pb::ResponseHeader::decode_length_delimited(rest).ok()?;
    Some(header.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_read_from_the_beginning_of_an_answer() {
        let header = pb::ResponseHeader {
            cluster_id: 1,
            member_id: 2,
            revision: 3,
            raft_term: 4,
        };
        let response = pb::PutResponse {
            header: Some(header),
            prev_kv: Some(Default::default()),
        };
        let found = of(&response.encode_to_vec().into()).unwrap();
        assert_eq!((found.cluster_id, found.member_id), (1, 2));
        assert_eq!((found.revision, found.raft_term), (3, 4));
        assert_eq!(of(&Bytes::new()), None);
        assert_eq!(of(&Bytes::from_static(b"\x0a\x05\x08")), None);
        assert_eq!(of(&Bytes::from_static(b"\x12\x00")), None);
    }
}
