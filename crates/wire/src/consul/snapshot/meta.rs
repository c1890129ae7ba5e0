use serde::{Deserialize, Serialize};

/// `meta.json`: what a snapshot says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct SnapshotMeta {
    /// The version of its form: 1 for those of real servers, which restore no other.
    pub version: u64,
    /// Its id: the term, the index, and the milliseconds since 1970 when it was made.
    #[serde(rename = "ID")]
    pub id: String,
    /// The index of the newest write in it.
    pub index: u64,
    /// The term of the leader that wrote it.
    pub term: u64,
    /// The servers in the form of Raft, in base64.
    pub peers: Option<String>,
    /// The servers of the cluster.
    pub configuration: SnapshotServers,
    /// The index at which the servers were the ones they are.
    pub configuration_index: u64,
    /// The length of `state.bin`.
    pub size: u64,
}

/// The servers of a cluster.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct SnapshotServers {
    /// All of them; `None` is shown as `null`.
    pub servers: Option<Vec<SnapshotServer>>,
}

/// One server.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct SnapshotServer {
    /// 0 for one that votes.
    pub suffrage: u64,
    /// The node's id.
    #[serde(rename = "ID")]
    pub id: String,
    /// Its address among servers.
    pub address: String,
}

impl SnapshotMeta {
    /// Reads the file, or says in Go's words what is wrong with it.
    pub(super) fn read(text: &[u8]) -> Result<Self, String> {
        let mut values = serde_json::Deserializer::from_slice(text).into_iter();
        let meta = match values.next() {
            Some(Ok(meta)) => meta,
            Some(Err(error)) if !error.is_eof() => return Err(error.to_string()),
            _ => return Err("unexpected end of JSON input".to_owned()),
        };
        let rest = text.get(values.byte_offset()..).unwrap_or_default();
        match rest.trim_ascii().first() {
            None => Ok(meta),
            Some(byte) => {
                let byte = char::from(*byte);
                Err(format!("invalid character {byte:?} after top-level value"))
            }
        }
    }
}
