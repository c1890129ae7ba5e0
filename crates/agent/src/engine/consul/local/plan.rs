use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// How much of an output is kept unless the check says otherwise, in bytes.
pub const MAX_OUTPUT_BYTES: usize = 4096;
/// The shortest interval between two runs; shorter ones are raised to it.
pub const MIN_INTERVAL: Duration = Duration::from_secs(1);
/// The shortest time after which a critical check takes its service along; shorter ones are
/// raised to it.
pub const MIN_REAP: Duration = Duration::from_secs(60);

/// How a check is run.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct CheckPlan {
    /// What is done.
    pub kind: CheckKind,
    /// How often; at least [`MIN_INTERVAL`].
    pub interval: Duration,
    /// How long one run may take; `None` is the kind's default.
    pub timeout: Option<Duration>,
    /// How many bytes of the output are kept. Default: [`MAX_OUTPUT_BYTES`].
    pub output_max_bytes: usize,
    /// How many successes in a row it takes to pass. Default: 1.
    pub success_before_passing: u32,
    /// How many failures in a row it takes to be critical. Default: 1.
    pub failures_before_critical: u32,
    /// After how long in a critical state the service goes; at least [`MIN_REAP`].
    pub deregister_after: Option<Duration>,
}

impl Default for CheckPlan {
    fn default() -> Self {
        Self {
            kind: CheckKind::Outside,
            interval: MIN_INTERVAL,
            timeout: None,
            output_max_bytes: MAX_OUTPUT_BYTES,
            success_before_passing: 1,
            failures_before_critical: 1,
            deregister_after: None,
        }
    }
}

/// What a check does to know its status.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum CheckKind {
    /// Nothing: maintenance.
    #[default]
    Outside,
    /// Waits for reports, and is critical when none comes in time.
    Ttl {
        /// How long a report lasts.
        ttl: Duration,
    },
    /// Sends an HTTP request.
    Http {
        /// Where to.
        url: String,
        /// The method.
        method: String,
        /// Further headers.
        header: BTreeMap<String, Vec<String>>,
        /// The body.
        body: String,
        /// Whether any certificate will do.
        tls_skip_verify: bool,
    },
    /// Connects.
    Tcp {
        /// Host and port.
        address: String,
    },
    /// Asks the health service of gRPC.
    Grpc {
        /// Host and port, and behind a slash the name of the service.
        target: String,
        /// Whether by TLS.
        tls: bool,
        /// Whether any certificate will do.
        tls_skip_verify: bool,
    },
    /// Runs a program.
    Script {
        /// The program and its arguments.
        args: Vec<String>,
    },
    /// Is as bad as the worst check of something else.
    Alias {
        /// That node; empty for this agent's own.
        node: String,
        /// That service's id; empty for the node itself.
        service_id: String,
    },
}
