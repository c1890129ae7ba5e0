//! Putting a configuration together.

use std::collections::BTreeMap;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use serde::Serialize;
use serde::de::DeserializeOwned;
use tokio::sync::mpsc;

use super::checks::{Checks, Validate};
use super::follow::{Follower, Shared};
use super::remote::Remote;
use super::stack::{EnvironmentLayer, File, FileLayer, Layer, Stack};
use super::{
    Config, ConfigError, ConfigSnapshot, Format, Origin, Parameter, Parameters, Refusal, Secrets,
    Store, codec,
};
use crate::{Coordinator, WatchOptions};

/// How long [`ConfigBuilder::load`] waits unless told otherwise.
const TIMEOUT: Duration = Duration::from_secs(15);
/// The quiet time on backends that have no transactions, unless told otherwise.
const QUIET: Duration = Duration::from_millis(100);

/// Puts a [`Config`] together: [`Config::builder`].
///
/// The layers lie over each other in the order in which they are named here: the last one that has
/// a parameter is right. Customary is: defaults, files, backends, environment.
#[must_use = "a builder does nothing until it loads"]
pub struct ConfigBuilder<T> {
    layers: Vec<Planned>,
    secrets: Secrets,
    checks: Checks<T>,
    fallback: Option<T>,
    wait: bool,
    timeout: Duration,
    quiet: Option<Duration>,
    watch: WatchOptions,
    /// The first thing that was wrong.
    wrong: Option<ConfigError>,
}

enum Planned {
    Layer(Layer),
    Store(Store),
}

impl<T: 'static> ConfigBuilder<T> {
    pub(super) fn new() -> Self {
        Self {
            layers: Vec::new(),
            secrets: Secrets::default(),
            checks: Checks::default(),
            fallback: None,
            wait: false,
            timeout: TIMEOUT,
            quiet: None,
            watch: WatchOptions::default(),
            wrong: None,
        }
    }

    /// Adds a layer with the values of the program, such as `&Settings::default()`. They also tell
    /// [`environment`](Self::environment) how the parameters are spelled.
    pub fn defaults(mut self, defaults: &impl Serialize) -> Self {
        match codec::encode(defaults) {
            Ok(values) => {
                let one = |value| Parameter::new(value, Origin::Defaults, None);
                let values = values.into_iter().map(|(path, value)| (path, one(value)));
                self.add(Layer::Defaults(values.collect()));
            }
            Err(error) => self.refuse(error),
        }
        self
    }

    /// Adds a file, whose name tells its [`Format`]. It has to be there. It is read again by
    /// [`Config::reload`], and not when it changes.
    pub fn file(self, path: impl Into<PathBuf>) -> Self {
        self.add_file(path.into(), None, true)
    }

    /// Adds a file that may be missing.
    pub fn optional_file(self, path: impl Into<PathBuf>) -> Self {
        self.add_file(path.into(), None, false)
    }

    /// Adds a file in a format that its name does not tell.
    pub fn file_as(self, path: impl Into<PathBuf>, format: Format) -> Self {
        self.add_file(path.into(), Some(format), true)
    }

    /// Adds the variables of the environment that begin with `prefix` and a `_`.
    /// `APP_HTTP__MAX_BODY` is the parameter `HTTP/max-body`: `__` stands between segments, and
    /// where a lower layer knows the parameter or its category, case and punctuation do not matter.
    /// What no lower layer knows is in lower case: `http/max_body`. Names with an empty segment, or
    /// one that begins with `_`, are no parameters. It is read again by [`Config::reload`].
    pub fn environment(mut self, prefix: &str) -> Self {
        if prefix.is_empty() {
            self.refuse(ConfigError::usage("the prefix of the environment is empty"));
        }
        self.add(Layer::Environment(EnvironmentLayer {
            prefix: prefix.to_owned(),
            variables: Vec::new(),
        }));
        self
    }

    /// Adds the keys beneath `path`: see [`Store::subtree`].
    pub fn subtree(mut self, coordinator: &Coordinator, path: &str) -> Self {
        match Store::subtree(coordinator, path) {
            Ok(store) => self.layers.push(Planned::Store(store)),
            Err(error) => self.refuse(error),
        }
        self
    }

    /// Adds the document at `key`: see [`Store::document`].
    pub fn document(mut self, coordinator: &Coordinator, key: &str, format: Format) -> Self {
        match Store::document(coordinator, key, format) {
            Ok(store) => self.layers.push(Planned::Store(store)),
            Err(error) => self.refuse(error),
        }
        self
    }

    /// Adds a store. The last store is the one that [`Config::set`] and its like write.
    pub fn store(mut self, store: Store) -> Self {
        self.layers.push(Planned::Store(store));
        self
    }

    /// Says what a value has to fulfil before it becomes the current one. Several are asked in
    /// their order.
    pub fn validate(mut self, check: impl Validate<T>) -> Self {
        self.checks.add(check);
        self
    }

    /// Says which parameters messages do not show: default [`Secrets::default`].
    pub fn secrets(mut self, secrets: Secrets) -> Self {
        self.secrets = secrets;
        self
    }

    /// Begins with `value` if there is no valid configuration in time, instead of failing. The
    /// first valid one replaces it.
    pub fn fallback(mut self, value: T) -> Self {
        self.fallback = Some(value);
        self
    }

    /// Waits for a valid configuration as long as [`timeout`](Self::timeout) allows. Default: what
    /// is invalid at the beginning is an error at once.
    pub fn wait_until_valid(mut self) -> Self {
        self.wait = true;
        self
    }

    /// How long [`load`](Self::load) may take: default 15 s. `Duration::MAX` is for ever.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Takes a change when nothing else has changed for this long, and at the latest after 20 times
    /// as long. Default: 0 where every store is on a backend with transactions, and 100 ms
    /// elsewhere, because there several parameters can only be written one after the other.
    pub fn settle(mut self, quiet: Duration) -> Self {
        self.quiet = Some(quiet);
        self
    }

    /// How the stores are watched.
    pub fn watch(mut self, options: WatchOptions) -> Self {
        self.watch = options;
        self
    }

    fn add(&mut self, layer: Layer) {
        self.layers.push(Planned::Layer(layer));
    }

    fn add_file(mut self, path: PathBuf, format: Option<Format>, required: bool) -> Self {
        match format.or_else(|| Format::of_path(&path)) {
            Some(format) => self.add(Layer::File(FileLayer {
                file: File {
                    path,
                    format,
                    required,
                },
                found: BTreeMap::new(),
            })),
            None => {
                let path = path.display();
                let message = format!("the name of {path} tells no format: json, toml, yaml");
                self.refuse(ConfigError::usage(message));
            }
        }
        self
    }

    fn refuse(&mut self, error: ConfigError) {
        self.wrong.get_or_insert(error);
    }
}

impl<T: DeserializeOwned + Send + Sync + 'static> ConfigBuilder<T> {
    /// Reads all layers, and follows the stores from then on.
    ///
    /// # Errors
    /// `Usage` if it was put together in a way that can't work; what is wrong with a file, a
    /// document, a parameter or the value, unless there is a [`fallback`](Self::fallback);
    /// `TimedOut`, with why, when a store can't be reached.
    ///
    /// # Panics
    /// Outside a tokio runtime.
    ///
    /// # Cancel safety
    /// Dropping this future leaves nothing behind.
    pub async fn load(mut self) -> Result<Config<T>, ConfigError> {
        if let Some(error) = self.wrong.take() {
            return Err(error);
        }
        let (mut stack, stores, quiet) = self.open()?;
        let patience = Patience {
            timeout: self.timeout,
            wait: self.wait,
        };
        let first = first(&mut stack, &self.checks, patience).await;
        let (first, refusal) = match (first, self.fallback.take()) {
            (Ok(first), _) => (first, None),
            (Err(error), Some(value)) => (fallback(value), Some(refusal(error))),
            (Err(error), None) => return Err(error),
        };
        let shared = Arc::new(Shared::new(first, refusal));
        let (sender, commands) = mpsc::channel(16);
        let follower = Follower {
            stack,
            checks: self.checks,
            shared: shared.clone(),
            commands,
            quiet,
            sequence: 2,
        };
        let task = quorate_net::task::spawn(follower.run());
        Ok(Config::new(shared, sender, stores, task))
    }

    /// Begins to follow the stores.
    fn open(&mut self) -> Result<(Stack, Vec<Store>, Duration), ConfigError> {
        let (mut layers, mut stores) = (Vec::new(), Vec::new());
        for planned in std::mem::take(&mut self.layers) {
            layers.push(match planned {
                Planned::Layer(layer) => layer,
                Planned::Store(store) => {
                    stores.push(store.clone());
                    Layer::Store(Box::new(Remote::open(store, &self.watch)?))
                }
            });
        }
        if layers.is_empty() {
            return Err(ConfigError::usage("a configuration needs a layer"));
        }
        let at_once = stores.iter().all(|store| store.comes_at_once());
        let usual = if at_once { Duration::ZERO } else { QUIET };
        let secrets = std::mem::take(&mut self.secrets);
        let stack = Stack { layers, secrets };
        Ok((stack, stores, self.quiet.unwrap_or(usual)))
    }
}

/// How the first value is waited for.
#[derive(Clone, Copy)]
struct Patience {
    timeout: Duration,
    /// Whether to wait until it is valid.
    wait: bool,
}

/// The first value.
async fn first<T: DeserializeOwned + Send + Sync + 'static>(
    stack: &mut Stack,
    checks: &Checks<T>,
    patience: Patience,
) -> Result<ConfigSnapshot<T>, ConfigError> {
    stack.reload().await?;
    let mut last = None;
    let waited = tokio::time::timeout(patience.timeout, async {
        loop {
            if stack.is_ready() {
                match value(stack, checks) {
                    Err(error) if patience.wait => last = Some(error),
                    done => return done,
                }
            }
            if stack.is_ended() {
                return Err(crate::Error::closed("load the configuration").into());
            }
            stack.next().await;
        }
    });
    match waited.await {
        Ok(done) => done,
        Err(_) => Err(last.unwrap_or_else(|| late(patience.timeout, stack))),
    }
}

fn value<T: DeserializeOwned + 'static>(
    stack: &Stack,
    checks: &Checks<T>,
) -> Result<ConfigSnapshot<T>, ConfigError> {
    let parameters = stack.compose()?;
    let value = checks.value(&parameters, None)?;
    Ok(ConfigSnapshot {
        value,
        parameters,
        version: 1,
        taken_at: Instant::now(),
    })
}

/// What was awaited in vain.
fn late(after: Duration, stack: &Stack) -> ConfigError {
    let missing = stack.stores().filter(|remote| !remote.is_ready());
    let missing: Vec<&Remote> = missing.collect();
    let awaited: Vec<_> = missing.iter().map(|remote| remote.awaited()).collect();
    let source = missing.iter().find_map(|remote| remote.last_error());
    ConfigError::TimedOut {
        after,
        awaited: awaited.join(" and "),
        source,
    }
}

fn fallback<T>(value: T) -> ConfigSnapshot<T> {
    ConfigSnapshot {
        value,
        parameters: Parameters::default(),
        version: 0,
        taken_at: Instant::now(),
    }
}

fn refusal(error: ConfigError) -> Arc<Refusal> {
    Arc::new(Refusal {
        error,
        parameters: None,
        at: SystemTime::now(),
        sequence: 2,
    })
}

impl<T> fmt::Debug for ConfigBuilder<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ConfigBuilder")
            .field("layers", &self.layers.len())
            .field("checks", &self.checks)
            .field("timeout", &self.timeout)
            .finish_non_exhaustive()
    }
}
