use std::collections::BTreeMap;

/// What one key must look like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Cell {
    pub(crate) value: String,
    pub(crate) session: Option<String>,
    /// The ModifyIndex, where the answer to the write told it.
    pub(crate) index: Option<u64>,
}

/// What a writer does.
#[derive(Clone, Debug)]
pub(crate) enum Op {
    Put {
        key: String,
        value: String,
    },
    /// Two keys in one transaction: both or none.
    Pair {
        keys: [String; 2],
        value: String,
    },
    Delete {
        key: String,
    },
    DeleteTree {
        prefix: String,
    },
    Acquire {
        key: String,
        value: String,
        session: String,
    },
    Release {
        key: String,
        value: String,
        session: String,
    },
    CreateSession,
    DestroySession {
        session: String,
    },
}

/// The part of the server's state that one writer owns.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Model {
    pub(crate) cells: BTreeMap<String, Cell>,
    pub(crate) session: Option<String>,
}

impl Model {
    /// What `op` makes of it; `index` is the new ModifyIndex where it is known.
    pub(crate) fn apply(&mut self, op: &Op, index: Option<u64>) {
        match op {
            Op::Put { key, value } => self.write(key, value, None, index),
            Op::Pair { keys, value } => {
                keys.iter()
                    .for_each(|key| self.write(key, value, None, index));
            }
            Op::Delete { key } => {
                self.cells.remove(key);
            }
            Op::DeleteTree { prefix } => self.cells.retain(|key, _| !key.starts_with(prefix)),
            Op::Acquire {
                key,
                value,
                session,
            } => self.write(key, value, Some(session), index),
            Op::Release { key, value, .. } => {
                self.write(key, value, None, index);
                if let Some(cell) = self.cells.get_mut(key) {
                    cell.session = None;
                }
            }
            // The id of a session whose answer was lost is unknown: nobody uses it.
            Op::CreateSession => {}
            Op::DestroySession { session } => self.destroy(session),
        }
    }

    /// A plain write keeps the session that holds the key.
    fn write(&mut self, key: &str, value: &str, session: Option<&String>, index: Option<u64>) {
        let before = self.cells.get(key).and_then(|cell| cell.session.clone());
        let session = session.cloned().or(before);
        self.cells.insert(
            key.into(),
            Cell {
                value: value.into(),
                session,
                index,
            },
        );
    }

    fn destroy(&mut self, session: &str) {
        for cell in self.cells.values_mut() {
            if cell.session.as_deref() == Some(session) {
                cell.session = None;
                cell.index = None;
            }
        }
        self.session = None;
    }

    /// Whether `found`, what the server has, is this.
    pub(crate) fn describes(&self, found: &Self) -> bool {
        self.session == found.session
            && self.cells.len() == found.cells.len()
            && self.cells.iter().all(|(key, cell)| {
                found.cells.get(key).is_some_and(|found| {
                    found.value == cell.value
                        && found.session == cell.session
                        && (cell.index.is_none() || cell.index == found.index)
                })
            })
    }
}
