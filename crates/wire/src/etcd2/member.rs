//! Members: `/v2/members`.

use serde::{Deserialize, Serialize};

use crate::consul::null::empty;

/// A member of the cluster. Written with a line feed behind it where it stands alone.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Member {
    /// The id, in hexadecimal digits.
    pub id: String,
    /// The name. Empty until it has started.
    pub name: String,
    /// Where the other members reach it.
    #[serde(rename = "peerURLs", deserialize_with = "empty")]
    pub peer_urls: Vec<String>,
    /// Where clients reach it. Empty until it has started.
    #[serde(rename = "clientURLs", deserialize_with = "empty")]
    pub client_urls: Vec<String>,
}

impl Member {
    /// Whether it has ever started: before that it has no name.
    #[must_use]
    pub fn is_started(&self) -> bool {
        !self.name.is_empty()
    }
}

/// The body of `GET /v2/members`, followed by a line feed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberList {
    /// The members, by id.
    #[serde(deserialize_with = "empty", default)]
    pub members: Vec<Member>,
}

/// The body of `POST /v2/members` and `PUT /v2/members/ID`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MemberRequest {
    /// Where the other members reach it: `http://host:port`, no path.
    #[serde(rename = "peerURLs", deserialize_with = "empty", default)]
    pub peer_urls: Vec<String>,
}

impl MemberRequest {
    /// A member that is reached there.
    pub fn new(peer_urls: impl IntoIterator<Item = impl Into<String>>) -> Self {
        Self {
            peer_urls: peer_urls.into_iter().map(Into::into).collect(),
        }
    }
}
