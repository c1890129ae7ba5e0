use std::sync::Arc;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use crate::engine::consul::{Command, LocalChange, LocalWrite, NodeSpec};
use crate::identity::random;

/// How the agent treats its own services and checks.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    /// The agent's node, as it belongs into the catalog.
    pub(crate) node: Arc<NodeSpec>,
    /// Whether checks may run programs.
    pub(crate) script_checks: bool,
    /// About how long a new output without a new status is kept from the catalog.
    pub(crate) check_update_interval: Duration,
    /// How often, at least, the catalog is made to agree with the agent.
    pub(crate) sync_interval: Duration,
    /// How often it is looked for what has been critical for too long.
    pub(crate) reap_interval: Duration,
    /// The shortest time that a check may be critical before its service goes.
    pub(crate) reap_min: Duration,
}

impl Settings {
    /// A write of the agent's own services and checks.
    pub(crate) fn command(&self, change: LocalChange) -> Command {
        let clock = SystemTime::now().duration_since(UNIX_EPOCH);
        Command::Local(Box::new(LocalWrite {
            node: Arc::clone(&self.node),
            clock: clock.unwrap_or_default(),
            defer: self.defer(),
            change,
        }))
    }

    /// Between half and one and a half of the interval, so that outputs do not come all at once.
    fn defer(&self) -> Duration {
        let interval = self.check_update_interval;
        interval / 2 + up_to(interval)
    }
}

/// A random time below `most`.
pub(crate) fn up_to(most: Duration) -> Duration {
    let most = u64::try_from(most.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(random().checked_rem(most).unwrap_or(0))
}
