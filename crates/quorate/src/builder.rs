//! From a URL to a coordinator.

use std::path::PathBuf;
use std::time::Duration;

use quorate_net::secret::Secret;

use crate::backend::{consul, etcd2, etcd3, serf};
use crate::target::Target;
use crate::{Coordinator, Result};

/// Opens the backend at `url`: see [`Target`] for what a URL says.
///
/// An embedded agent is running when this returns. A server elsewhere is not asked yet, so a
/// program may start before its Consul; [`Coordinator::check`] asks.
///
/// # Errors
/// `Unsupported` for a scheme that is not in this build; `InvalidArgument` for a URL or file that
/// is wrong; `Unavailable` when the embedded agent can't open its data.
///
/// ```
/// # #[cfg(feature = "embedded")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> quorate::Result<()> {
/// let coordinator = quorate::connect("memory:").await?;
/// assert_eq!(coordinator.url(), "memory:");
/// coordinator.close().await
/// # }
/// # #[cfg(not(feature = "embedded"))] fn main() {}
/// ```
pub async fn connect(url: &str) -> Result<Coordinator> {
    Builder::new(url).connect().await
}

/// A coordinator that is about to be opened, with what does not belong in its URL.
#[derive(Clone, Debug)]
#[must_use = "it does nothing until `connect`"]
pub struct Builder {
    pub(crate) url: String,
    pub(crate) settings: Settings,
}

/// What a [`Builder`] was told beside the URL.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) token: Option<Secret>,
    pub(crate) token_file: Option<PathBuf>,
    pub(crate) basic_auth: Option<(String, Secret)>,
    pub(crate) timeout: Option<Duration>,
    pub(crate) reach: Option<Duration>,
    pub(crate) environment: bool,
}

impl Builder {
    /// A coordinator for the backend at `url`.
    pub fn new(url: impl Into<String>) -> Self {
        let settings = Settings {
            token: None,
            token_file: None,
            basic_auth: None,
            timeout: None,
            reach: None,
            environment: true,
        };
        Self {
            url: url.into(),
            settings,
        }
    }

    /// Sets the ACL token; on Serf the token of its RPC. It goes before a token file and the environment.
    pub fn token(mut self, token: impl Into<Secret>) -> Self {
        self.settings.token = Some(token.into());
        self
    }

    /// Reads the ACL token from this file, again whenever it changes (on Serf once). It goes before the
    /// environment, and the URL's `token-file` goes before it.
    pub fn token_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.settings.token_file = Some(path.into());
        self
    }

    /// Sets the name and password for etcd. They go before the environment, and the URL's
    /// `auth-file` goes before them. On Consul they come from `CONSUL_HTTP_AUTH` alone.
    pub fn basic_auth(mut self, name: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.settings.basic_auth = Some((name.into(), password.into()));
        self
    }

    /// Sets how long a call may take with all of its attempts: 15 s by default. The URL's
    /// `timeout` goes before it. Waiting for a lock or a change is not bounded by it.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.settings.timeout = Some(timeout);
        self
    }

    /// Gives up sooner where no server can be reached at all: then no attempt is begun after this
    /// time. Without it, and where the URL or [`timeout`](Self::timeout) names a time, a call tries
    /// for all of its time, as a service wants that may start before its Consul. The program
    /// `quorate` sets 2 s.
    pub fn reach(mut self, reach: Duration) -> Self {
        self.settings.reach = Some(reach);
        self
    }

    /// Leaves the environment alone: no `CONSUL_…`, `ETCDCTL_…` or `SERF_…` variable is
    /// read. `QUORATE_DATA` and its like
    /// still say where `embedded:` is.
    pub fn without_environment(mut self) -> Self {
        self.settings.environment = false;
        self
    }

    /// Opens the backend. See [`connect`].
    ///
    /// # Errors
    /// As [`connect`].
    ///
    /// # Cancel safety
    /// Dropping this future ends what was begun.
    pub async fn connect(self) -> Result<Coordinator> {
        let target = Target::parse(&self.url)?;
        let backend = match target {
            Target::Consul(target) => consul::open(&target, &self.settings)?,
            Target::Etcd2(target) => etcd2::open(&target, &self.settings).await?,
            Target::Etcd3(target) => etcd3::open(&target, &self.settings)?,
            Target::Serf(target) => serf::open(&target, &self.settings)?,
            #[cfg(feature = "embedded")]
            Target::Embedded(dir) => consul::embedded::open(dir, &self.settings).await?,
            #[cfg(feature = "embedded")]
            Target::Memory => consul::embedded::open_memory(&self.settings).await?,
            #[cfg(not(feature = "embedded"))]
            Target::Embedded(_) | Target::Memory => {
                let detail = "this build is without the feature `embedded`";
                return Err(crate::Error::unsupported(
                    format!("connect to `{}`", self.url),
                    detail,
                ));
            }
        };
        Ok(Coordinator::new(backend))
    }
}
