//! The handle that a program keeps.

use std::fmt;
use std::sync::Arc;

use quorate_net::task::Task;
use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::{mpsc, oneshot};

use super::follow::{Command, Shared};
use super::{
    Changes, ConfigBuilder, ConfigError, ConfigSnapshot, ConfigStatus, Current, Edit, Reader,
    Refusal, Store,
};
use crate::{Coordinator, Revision};

/// A configuration of type `T` that keeps itself up to date. See the [module](super).
///
/// Cheap to clone; clones share it. The task behind it ends with the last of them.
pub struct Config<T> {
    inner: Arc<Inner<T>>,
}

struct Inner<T> {
    shared: Arc<Shared<T>>,
    commands: mpsc::Sender<Command>,
    stores: Vec<Store>,
    _task: Task<()>,
}

impl<T: 'static> Config<T> {
    /// Puts a configuration together.
    pub fn builder() -> ConfigBuilder<T> {
        ConfigBuilder::new()
    }

    pub(super) fn new(
        shared: Arc<Shared<T>>,
        commands: mpsc::Sender<Command>,
        stores: Vec<Store>,
        task: Task<()>,
    ) -> Self {
        let inner = Inner {
            shared,
            commands,
            stores,
            _task: task,
        };
        Self {
            inner: Arc::new(inner),
        }
    }

    /// The current value: for reading it here and now, as often as you like. It takes no lock and
    /// copies nothing.
    #[must_use]
    pub fn get(&self) -> Current<T> {
        self.inner.shared.slot.load()
    }

    /// Reads the current value even faster, in a loop of one thread.
    #[must_use]
    pub fn reader(&self) -> Reader<T> {
        Reader::new(&self.inner.shared)
    }

    /// The current value, to keep, with the parameters that it was made of and their origins.
    #[must_use]
    pub fn snapshot(&self) -> Arc<ConfigSnapshot<T>> {
        self.inner.shared.slot.load_full()
    }

    /// How it is: how old, what was refused, which store can't be reached.
    #[must_use]
    pub fn status(&self) -> ConfigStatus {
        let now = self.inner.shared.slot.load();
        let (version, age) = (now.snapshot().version, now.snapshot().taken_at.elapsed());
        self.inner.shared.with_state(|state| ConfigStatus {
            version,
            age,
            refused: state.refused.clone(),
            refusals: state.refusals,
            stores: state.stores.clone(),
            is_closed: state.is_closed,
        })
    }
}

impl<T: Send + Sync + 'static> Config<T> {
    /// What happens from now on.
    pub fn changes(&self) -> Changes<T> {
        Changes::new(self.inner.shared.published.subscribe())
    }
}

impl<T: DeserializeOwned + Send + Sync + 'static> Config<T> {
    /// Follows what is beneath `path` on one backend: the builder with one layer.
    ///
    /// # Errors
    /// As [`ConfigBuilder::load`].
    ///
    /// # Panics
    /// Outside a tokio runtime.
    ///
    /// # Cancel safety
    /// Safe.
    pub async fn load(coordinator: &Coordinator, path: &str) -> Result<Self, ConfigError> {
        Self::builder().subtree(coordinator, path).load().await
    }

    /// Reads files and the environment again, and takes what they say: for a SIGHUP, for example.
    ///
    /// # Errors
    /// Why it was not taken; the last good value stays.
    ///
    /// # Cancel safety
    /// It may be read and taken although the future was dropped.
    pub async fn reload(&self) -> Result<(), Arc<Refusal>> {
        let (answer, answered) = oneshot::channel();
        let sent = self.inner.commands.send(Command::Reload(answer)).await;
        match (sent, answered.await) {
            (Ok(()), Ok(done)) => done,
            // The task ends only with the handles, of which this is one.
            _ => Ok(()),
        }
    }

    /// Sets one parameter in the last store: read, checked, and written if nobody else has changed
    /// it since it was read. Gives the revision that it has now, `None` if it had this value.
    ///
    /// When this returns, it is written; that [`get`](Self::get) tells it takes the time of a watch,
    /// and does not happen at all if a later layer has the same parameter.
    ///
    /// # Errors
    /// `Decode` and `Invalid` if the configuration would not be valid with it, and nothing is
    /// written; `Backend` with `Conflict` if somebody else was faster; `Usage` if there is no store.
    ///
    /// # Cancel safety
    /// It may be written although the future was dropped.
    pub async fn set(
        &self,
        path: &str,
        value: &(impl Serialize + ?Sized),
    ) -> Result<Option<Revision>, ConfigError> {
        self.edit(|edit| edit.set(path, value)).await
    }

    /// Changes several parameters of the last store together, as [`set`](Self::set) does one. Where
    /// the backend has no transactions they are written one after the other.
    ///
    /// # Errors
    /// Those of `change`; as [`set`](Self::set).
    ///
    /// # Cancel safety
    /// As [`set`](Self::set).
    pub async fn edit(
        &self,
        change: impl FnOnce(&mut Edit) -> Result<(), ConfigError>,
    ) -> Result<Option<Revision>, ConfigError> {
        let (number, store) = self.last_store()?;
        let mut edit = store.edit().await?;
        change(&mut edit)?;
        let (answer, answered) = oneshot::channel();
        let check = Command::Check {
            store: number,
            parameters: edit.result()?,
            answer,
        };
        // The task ends only with the handles, of which this is one.
        if self.inner.commands.send(check).await.is_ok()
            && let Ok(checked) = answered.await
        {
            checked?;
        }
        if store.coordinator().capabilities().transactions {
            edit.commit().await
        } else {
            edit.commit_in_steps().await
        }
    }

    /// Writes each parameter of `defaults` that the last store does not have, and none that it has:
    /// see [`Store::write_defaults`].
    ///
    /// # Errors
    /// As [`Store::write_defaults`]; `Usage` if there is no store.
    ///
    /// # Cancel safety
    /// As [`Store::write_defaults`].
    pub async fn write_defaults(
        &self,
        defaults: &impl Serialize,
    ) -> Result<Vec<String>, ConfigError> {
        self.last_store()?.1.write_defaults(defaults).await
    }

    fn last_store(&self) -> Result<(usize, &Store), ConfigError> {
        let last = self.inner.stores.iter().enumerate().next_back();
        last.ok_or_else(|| ConfigError::usage("there is no store that could be written"))
    }
}

impl<T> Clone for Config<T> {
    fn clone(&self) -> Self {
        Self {
            inner: self.inner.clone(),
        }
    }
}

impl<T: 'static> fmt::Debug for Config<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Config")
            .field("stores", &self.inner.stores)
            .field("status", &self.status())
            .finish_non_exhaustive()
    }
}
