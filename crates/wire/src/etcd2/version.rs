//! Versions: `/version`.

use serde::{Deserialize, Serialize};

/// The body of `GET /version`, without a line feed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Version {
    /// The version of the server that answered, such as `3.5.16`.
    #[serde(rename = "etcdserver")]
    pub server: String,
    /// The version that all members agreed on, such as `3.5.0`; `not_decided` at first.
    #[serde(rename = "etcdcluster")]
    pub cluster: String,
    /// The version of the files, which 3.6 and newer say.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub storage: Option<String>,
}

impl Version {
    /// Reads a body, also the plain text of servers up to 2.0.
    ///
    /// # Errors
    /// That of the JSON, if it is neither.
    pub fn decode(body: &[u8]) -> Result<Self, serde_json::Error> {
        let text = std::str::from_utf8(body).unwrap_or_default().trim();
        match text
            .strip_prefix("etcd ")
            .filter(|rest| !rest.contains(char::is_whitespace))
        {
            Some(server) => Ok(Self {
                server: server.to_owned(),
                ..Self::default()
            }),
            None => serde_json::from_slice(body),
        }
    }

    /// The first two numbers of the server's version.
    #[must_use]
    pub fn server_numbers(&self) -> Option<(u32, u32)> {
        let mut parts = self.server.split(['.', '-', '+']);
        Some((parts.next()?.parse().ok()?, parts.next()?.parse().ok()?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn old_and_new_servers_are_read() {
        let old = Version::decode(b"etcd 0.4.9\n").unwrap();
        assert_eq!(
            (old.server.as_str(), old.server_numbers()),
            ("0.4.9", Some((0, 4)))
        );
        let body = br#"{"etcdserver":"3.6.0-rc.1","etcdcluster":"3.6.0","storage":"3.6.0"}"#;
        let new = Version::decode(body).unwrap();
        assert_eq!(new.server_numbers(), Some((3, 6)));
        assert_eq!(serde_json::to_vec(&new).unwrap(), body);
        assert!(Version::decode(b"nonsense").is_err());
    }
}
