//! What the headers of an answer say.

use std::fmt::Write as _;

/// The cluster that answered, in hexadecimal digits. On keys, members, users and roles.
pub const CLUSTER_ID: &str = "x-etcd-cluster-id";
/// The index of the store: for a watch, when it started.
pub const INDEX: &str = "x-etcd-index";
/// The index of the log. On keys that are no refusal.
pub const RAFT_INDEX: &str = "x-raft-index";
/// The term of the log. On keys that are no refusal.
pub const RAFT_TERM: &str = "x-raft-term";

/// The type of bodies of keys, members, statistics, users and roles.
pub const JSON: &str = "application/json";
/// The only type of a body that `/v2/keys` reads.
pub const FORM: &str = "application/x-www-form-urlencoded";
/// The type of `/v2/machines`, `/health` and of plain refusals.
pub const TEXT: &str = "text/plain; charset=utf-8";

/// The headers of an answer. Fields that were not sent are `None`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Meta {
    /// The cluster that answered. It changes when the servers are made anew.
    pub cluster_id: Option<u64>,
    /// The index of the store: for a watch, when it started. 0 when the store was not asked.
    pub index: Option<u64>,
    /// The index of the log.
    pub raft_index: Option<u64>,
    /// The term of the log.
    pub raft_term: Option<u64>,
}

impl Meta {
    /// Reads the headers; `header` finds the value of a name in lower case. What is no number is
    /// as if it had not been sent.
    #[must_use]
    pub fn from_headers<'a>(header: impl Fn(&str) -> Option<&'a str>) -> Self {
        let number = |name: &str| header(name)?.trim().parse().ok();
        let cluster = header(CLUSTER_ID);
        Self {
            cluster_id: cluster.and_then(|text| u64::from_str_radix(text.trim(), 16).ok()),
            index: number(INDEX),
            raft_index: number(RAFT_INDEX),
            raft_term: number(RAFT_TERM),
        }
    }

    /// Calls `set` with the name and the value of each header.
    pub fn to_headers(&self, mut set: impl FnMut(&'static str, &str)) {
        let mut text = String::with_capacity(20);
        if let Some(id) = self.cluster_id {
            let _ = write!(text, "{id:x}");
            set(CLUSTER_ID, &text);
        }
        let numbers = [
            (INDEX, self.index),
            (RAFT_INDEX, self.raft_index),
            (RAFT_TERM, self.raft_term),
        ];
        for (name, number) in numbers {
            if let Some(number) = number {
                text.clear();
                let _ = write!(text, "{number}");
                set(name, &text);
            }
        }
    }

    /// With the cluster that answers.
    #[must_use]
    pub fn with_cluster_id(mut self, id: u64) -> Self {
        self.cluster_id = Some(id);
        self
    }

    /// With the index of the store.
    #[must_use]
    pub fn with_index(mut self, index: u64) -> Self {
        self.index = Some(index);
        self
    }

    /// With the index and the term of the log.
    #[must_use]
    pub fn with_raft(mut self, index: u64, term: u64) -> Self {
        self.raft_index = Some(index);
        self.raft_term = Some(term);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeMap;

    #[test]
    fn headers_are_written_and_read_back() {
        let meta = Meta::default()
            .with_cluster_id(0x05dd_7f8a_e38f_a604)
            .with_index(3)
            .with_raft(5, 2);
        let mut headers = BTreeMap::new();
        meta.to_headers(|name, value| {
            headers.insert(name.to_owned(), value.to_owned());
        });
        assert_eq!(headers[CLUSTER_ID], "5dd7f8ae38fa604");
        let read = Meta::from_headers(|name| headers.get(name).map(String::as_str));
        assert_eq!(read, meta);
    }

    #[test]
    fn what_is_no_number_was_not_sent() {
        assert_eq!(Meta::from_headers(|_| Some("x y")), Meta::default());
    }
}
