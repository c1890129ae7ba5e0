//! The options of a client.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use super::HttpRequest;
use crate::backoff::Backoff;
use crate::deadline::Timeouts;
use crate::endpoint::EndpointSet;
use crate::retry::RetryPolicy;
use crate::tls::{TlsError, TlsOptions};
use crate::transport::Dial;

/// The options of an [`HttpClient`](super::HttpClient).
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpConfig {
    /// The servers.
    pub endpoints: EndpointSet,
    /// Makes every connection, instead of the client itself.
    pub dial: Option<Arc<dyn Dial>>,
    /// For the `https` servers among them.
    pub tls: TlsOptions,
    /// How long things may take. A request can have its own.
    pub timeouts: Timeouts,
    /// Idle connections kept to each server. Default 32; further ones are closed after use.
    pub max_idle_per_endpoint: usize,
    /// An idle connection older than this is not used again. Default 55 s, just below the minute
    /// after which load balancers commonly cut one.
    pub idle_timeout: Duration,
    /// The longest response body, unless a request says otherwise. Default 64 MiB.
    pub max_response_bytes: u64,
    /// The most attempts for one request. Default `None`: as many as fit into the overall time.
    pub max_attempts: Option<u32>,
    /// The bound of the first pause between rounds of attempts. Default 50 ms.
    pub backoff_base: Duration,
    /// The bound of every pause. Default 5 s.
    pub backoff_max: Duration,
    /// Makes the pauses the same in every run, for tests.
    pub seed: Option<u64>,
}

impl HttpConfig {
    /// The defaults, for these servers.
    pub fn new(endpoints: EndpointSet) -> Self {
        Self {
            endpoints,
            dial: None,
            tls: TlsOptions::default(),
            timeouts: Timeouts::default(),
            max_idle_per_endpoint: 32,
            idle_timeout: Duration::from_secs(55),
            max_response_bytes: 64 << 20,
            max_attempts: None,
            backoff_base: Backoff::DEFAULT_BASE,
            backoff_max: Backoff::DEFAULT_MAX,
            seed: None,
        }
    }

    /// Makes every connection with `dial`, which may be shared in an `Arc`.
    #[must_use]
    pub fn with_dial(mut self, dial: impl Dial + 'static) -> Self {
        self.dial = Some(Arc::new(dial));
        self
    }

    /// Sets whom to trust and who to be.
    #[must_use]
    pub fn with_tls(mut self, tls: TlsOptions) -> Self {
        self.tls = tls;
        self
    }

    /// Sets how long things may take.
    #[must_use]
    pub fn with_timeouts(mut self, timeouts: Timeouts) -> Self {
        self.timeouts = timeouts;
        self
    }

    /// Sets how many idle connections to keep to each server; 0 closes each after one request.
    #[must_use]
    pub fn with_max_idle_per_endpoint(mut self, max: usize) -> Self {
        self.max_idle_per_endpoint = max;
        self
    }

    /// Sets how long an idle connection may be used again.
    #[must_use]
    pub fn with_idle_timeout(mut self, idle_timeout: Duration) -> Self {
        self.idle_timeout = idle_timeout;
        self
    }

    /// Sets the longest response body.
    #[must_use]
    pub fn with_max_response_bytes(mut self, max: u64) -> Self {
        self.max_response_bytes = max;
        self
    }

    /// Sets the most attempts for one request; 1 means that nothing is repeated.
    #[must_use]
    pub fn with_max_attempts(mut self, max: Option<u32>) -> Self {
        self.max_attempts = max;
        self
    }

    /// Sets the bounds of the first pause between rounds of attempts, and of every pause.
    #[must_use]
    pub fn with_backoff(mut self, base: Duration, max: Duration) -> Self {
        self.backoff_base = base;
        self.backoff_max = max;
        self
    }

    /// Makes the pauses the same in every run.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// What may be done to get a request answered.
    pub(crate) fn policy(&self, request: &HttpRequest) -> RetryPolicy {
        let mut timeouts = self.timeouts;
        timeouts.attempt = request.attempt_timeout.unwrap_or(timeouts.attempt);
        timeouts.overall = request.overall_timeout.or(timeouts.overall);
        RetryPolicy::new(timeouts)
            .with_endpoint(request.endpoint)
            .with_max_attempts(request.max_attempts.or(self.max_attempts))
            .with_backoff(self.backoff_base, self.backoff_max)
            .with_seed(self.seed)
    }
}

impl fmt::Debug for HttpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpConfig")
            .field("endpoints", &self.endpoints)
            .field("dial", &self.dial)
            .field("tls", &self.tls)
            .field("timeouts", &self.timeouts)
            .field("max_idle_per_endpoint", &self.max_idle_per_endpoint)
            .field("idle_timeout", &self.idle_timeout)
            .field("max_response_bytes", &self.max_response_bytes)
            .field("max_attempts", &self.max_attempts)
            .finish_non_exhaustive()
    }
}

/// Why a client cannot be built from its options.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ConfigError {
    /// TLS cannot be set up.
    #[error("the TLS options cannot be used")]
    Tls(#[from] TlsError),
    /// A `memory:` server, and nothing that connects to it.
    #[error("a `memory:` server needs a dialer")]
    MemoryWithoutDialer,
    /// The host cannot stand in a request.
    #[error("the host of {endpoint} cannot stand in a request")]
    Host {
        /// The server.
        endpoint: String,
    },
}
