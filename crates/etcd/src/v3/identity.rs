//! Which cluster answers, and whether it is of today.

use std::sync::atomic::{AtomicU64, Ordering::SeqCst};

use super::header::Header;

/// What the answers so far have shown of the cluster.
#[derive(Debug, Default)]
pub(crate) struct Identity {
    /// Whether any cluster may answer, even another one than before.
    any: bool,
    /// 0 until it is known.
    cluster: AtomicU64,
    term: AtomicU64,
}

/// Why an answer is not to be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Stranger {
    #[error("cluster {found:x} instead of {expected:x}")]
    Cluster { expected: u64, found: u64 },
    #[error("the member is at the raft term {found} and others were at {known}: it is cut off")]
    Term { known: u64, found: u64 },
}

impl Identity {
    /// Takes the first cluster that answers, or only the one that is named.
    pub(crate) fn new(expected: Option<u64>) -> Self {
        Self {
            any: false,
            cluster: AtomicU64::new(expected.unwrap_or_default()),
            term: AtomicU64::new(0),
        }
    }

    /// Takes every cluster.
    pub(crate) fn any() -> Self {
        Self {
            any: true,
            ..Self::default()
        }
    }

    /// The highest term seen by now: to be asked before a call is sent.
    pub(crate) fn term(&self) -> u64 {
        self.term.load(SeqCst)
    }

    /// Looks at the header of an answer to a call that was sent when `term` was the highest. Only
    /// `current` answers have to be of a member that is up to date.
    pub(crate) fn check(&self, header: &Header, term: u64, current: bool) -> Result<(), Stranger> {
        let found = header.cluster_id;
        if found == 0 {
            return Ok(());
        }
        match self.cluster.compare_exchange(0, found, SeqCst, SeqCst) {
            Ok(_) => {}
            Err(expected) if expected == found => {}
            Err(_) if self.any => {
                self.cluster.store(found, SeqCst);
                self.term.store(0, SeqCst);
                return Ok(());
            }
            Err(expected) => return Err(Stranger::Cluster { expected, found }),
        }
        if current && header.raft_term != 0 && header.raft_term < term {
            return Err(Stranger::Term {
                known: term,
                found: header.raft_term,
            });
        }
        self.term.fetch_max(header.raft_term, SeqCst);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(cluster_id: u64, raft_term: u64) -> Header {
        Header {
            cluster_id,
            raft_term,
            ..Header::default()
        }
    }

    #[test]
    fn the_first_cluster_that_answers_is_the_one() {
        let identity = Identity::new(None);
        identity.check(&header(7, 2), 0, true).unwrap();
        identity.check(&header(0, 0), 0, true).unwrap();
        let stranger = Stranger::Cluster {
            expected: 7,
            found: 8,
        };
        assert_eq!(identity.check(&header(8, 9), 0, true), Err(stranger));
        assert_eq!(identity.term(), 2, "a stranger's term does not count");
        assert!(
            Identity::new(Some(1))
                .check(&header(7, 2), 0, true)
                .is_err()
        );
        let any = Identity::any();
        any.check(&header(7, 9), 0, true).unwrap();
        any.check(&header(8, 1), any.term(), true).unwrap();
    }

    #[test]
    fn a_lower_term_counts_only_if_the_higher_was_seen_before_the_call() {
        let identity = Identity::new(None);
        identity.check(&header(7, 5), 0, true).unwrap();
        identity.check(&header(7, 4), 0, true).unwrap();
        let stale = Stranger::Term { known: 5, found: 4 };
        assert_eq!(identity.check(&header(7, 4), 5, true), Err(stale));
        assert_eq!(identity.check(&header(7, 4), 5, false), Ok(()));
    }
}
