//! What the cases run against.

use std::sync::Arc;

use futures_util::FutureExt as _;
use futures_util::future::BoxFuture;
use tokio::sync::OnceCell;

use crate::server::Located;

type Start<T> = Box<dyn Fn() -> BoxFuture<'static, anyhow::Result<T>> + Send + Sync>;
type End<T> = Box<dyn FnOnce(Arc<T>, usize) -> BoxFuture<'static, ()> + Send + Sync>;

/// One target: its name, what it is able to do, and how to start it.
///
/// It is started when its first trial runs, once for all of them; then it is there until all trials
/// have ended.
pub struct Target<T> {
    name: String,
    able: &'static [&'static str],
    start: Result<Start<T>, String>,
    end: Option<End<T>>,
    /// The started value, or why it could not be started.
    started: OnceCell<Result<Arc<T>, String>>,
}

impl<T: Send + Sync + 'static> Target<T> {
    /// A target that can always be started. The name is for people: `embedded`; in the names of its
    /// trials, blanks become hyphens.
    pub fn new<F>(name: impl Into<String>, start: impl Fn() -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = anyhow::Result<T>> + Send + 'static,
    {
        Self::with_start(name.into(), Ok(Box::new(move || start().boxed())))
    }

    /// A real server, which may be missing: then its trials are ignored with the reason, or fail
    /// under `QUORATE_REQUIRE_REAL=1`.
    pub fn real<F>(
        name: impl Into<String>,
        located: Located,
        start: impl Fn() -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = anyhow::Result<T>> + Send + 'static,
    {
        match located {
            Located::Found(_) => Self::new(name, start),
            Located::Missing(reason) => Self::with_start(name.into(), Err(reason)),
        }
    }

    fn with_start(name: String, start: Result<Start<T>, String>) -> Self {
        Self {
            name,
            able: &[],
            start,
            end: None,
            started: OnceCell::new(),
        }
    }

    /// What it can do of what cases [need](super::Case::new). Where something is lacking, the trial
    /// is ignored and says so.
    #[must_use]
    pub fn able(mut self, able: &'static [&'static str]) -> Self {
        self.able = able;
        self
    }

    /// Runs after all trials, if the target was started, with the number of those that failed; for
    /// example to keep a log. Without it the value is just dropped.
    #[must_use]
    pub fn with_end<F>(
        mut self,
        end: impl FnOnce(Arc<T>, usize) -> F + Send + Sync + 'static,
    ) -> Self
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.end = Some(Box::new(move |value, failed| end(value, failed).boxed()));
        self
    }

    pub(super) fn name(&self) -> &str {
        &self.name
    }

    /// The name as a part of the names of trials and keys.
    pub(super) fn slug(&self) -> String {
        self.name.replace(' ', "-")
    }

    pub(super) fn is_able(&self, need: &str) -> bool {
        self.able.contains(&need)
    }

    /// Why it is not there.
    pub(super) fn missing(&self) -> Option<&str> {
        self.start.as_ref().err().map(String::as_str)
    }

    /// The running target.
    pub(super) async fn value(&self) -> anyhow::Result<Arc<T>> {
        let start = async {
            match &self.start {
                Ok(start) => start()
                    .await
                    .map(Arc::new)
                    .map_err(|error| format!("{error:?}")),
                Err(reason) => Err(reason.clone()),
            }
        };
        let started = self.started.get_or_init(|| start).await;
        let started = started
            .as_ref()
            .map_err(|error| anyhow::anyhow!("{}: {error}", self.name));
        started.cloned()
    }

    /// Ends it, if it was started.
    pub(super) async fn end(self, failed: usize) {
        if let (Some(Ok(value)), Some(end)) = (self.started.into_inner(), self.end) {
            end(value, failed).await;
        }
    }
}

impl<T> std::fmt::Debug for Target<T> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Target")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}
