//! A store that does as the test says.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex};

use quorate_agent::engine::Row;
use quorate_agent::store::{Store, StoreError};

/// What the test sees of a [`Scripted`] store, and tells it.
#[derive(Clone, Debug, Default)]
pub(crate) struct Script {
    inner: Arc<Mutex<Inner>>,
}

#[derive(Debug, Default)]
struct Inner {
    rows: Vec<Row>,
    commits: Vec<usize>,
    fail_commits: bool,
    fail_tidy: bool,
    gate: Option<Receiver<()>>,
    dropped: Option<Sender<()>>,
}

impl Script {
    /// Rows that the store has from the start.
    pub(crate) fn with_rows(rows: Vec<Row>) -> Self {
        let script = Self::default();
        script.inner.lock().unwrap().rows = rows;
        script
    }

    pub(crate) fn store(&self) -> Box<dyn Store> {
        Box::new(Scripted(self.clone()))
    }

    /// How many rows each commit so far had.
    pub(crate) fn commits(&self) -> Vec<usize> {
        self.inner.lock().unwrap().commits.clone()
    }

    /// Every row of every commit, in order.
    pub(crate) fn rows(&self) -> Vec<Row> {
        self.inner.lock().unwrap().rows.clone()
    }

    pub(crate) fn fail_commits(&self) {
        self.inner.lock().unwrap().fail_commits = true;
    }

    pub(crate) fn fail_tidy(&self) {
        self.inner.lock().unwrap().fail_tidy = true;
    }

    /// Every commit from now on waits for a message.
    pub(crate) fn gate(&self) -> Sender<()> {
        let (open, gate) = channel();
        self.inner.lock().unwrap().gate = Some(gate);
        open
    }

    /// Tells when the store is dropped.
    pub(crate) fn dropped(&self) -> Receiver<()> {
        let (tell, dropped) = channel();
        self.inner.lock().unwrap().dropped = Some(tell);
        dropped
    }
}

#[derive(Debug)]
struct Scripted(Script);

impl Drop for Scripted {
    fn drop(&mut self) {
        let dropped = self.0.inner.lock().unwrap().dropped.take();
        drop(dropped);
    }
}

fn failure() -> StoreError {
    StoreError::Storage {
        action: "write",
        path: "scripted".into(),
        source: "the disk is full".into(),
    }
}

impl Store for Scripted {
    fn load(&mut self) -> Result<Vec<Row>, StoreError> {
        Ok(self.0.rows())
    }

    fn replace(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        self.0.inner.lock().unwrap().rows.clear();
        self.commit(rows)
    }

    fn commit(&mut self, rows: &[Row]) -> Result<(), StoreError> {
        let gate = self.0.inner.lock().unwrap().gate.take();
        if let Some(gate) = gate {
            gate.recv().ok();
            self.0.inner.lock().unwrap().gate = Some(gate);
        }
        let mut inner = self.0.inner.lock().unwrap();
        if inner.fail_commits {
            return Err(failure());
        }
        inner.commits.push(rows.len());
        inner.rows.extend_from_slice(rows);
        Ok(())
    }

    fn tidy(&mut self) -> Result<(), StoreError> {
        let failed = self.0.inner.lock().unwrap().fail_tidy;
        if failed { Err(failure()) } else { Ok(()) }
    }
}
