//! How fast a member probes and gossips.

use std::time::Duration;

/// The times and numbers of the failure detector and of gossip. All members of a cluster should
/// have the same.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Profile {
    /// How often to probe a member.
    pub probe_interval: Duration,
    /// How long to wait for the answer before others are asked to probe it too.
    pub probe_timeout: Duration,
    /// How many others are asked.
    pub indirect_probes: usize,
    /// Whether a probe that fails is tried over TCP as well.
    pub tcp_probes: bool,
    /// How many probe intervals (times the decimal logarithm of the cluster's size) a suspected
    /// member has to say that it is there.
    pub suspicion_mult: u32,
    /// How many times longer it has while nobody else suspects it.
    pub suspicion_max_mult: u32,
    /// The worst health score and one: how much slower a member that seems to be ill itself probes.
    pub awareness_max: u32,
    /// How often to gossip.
    pub gossip_interval: Duration,
    /// With how many members.
    pub gossip_nodes: usize,
    /// For how long a failed member still hears gossip, so that it can say that it is there.
    pub gossip_to_the_dead: Duration,
    /// How often a message is passed on, times the decimal digits of the cluster's size.
    pub retransmit_mult: u32,
    /// How often to exchange everything with one member. Larger clusters do so less often.
    pub push_pull_interval: Duration,
    /// How long a stream may take, connecting included.
    pub stream_timeout: Duration,
    /// After what time somebody else may have the name of a failed member at once; zero means
    /// never, then the failed one has to be forgotten first.
    pub dead_reclaim: Duration,
}

impl Profile {
    /// For one data centre: a failure is noticed after 6 to 13 s in small clusters. The default.
    pub fn lan() -> Self {
        Self {
            probe_interval: Duration::from_secs(1),
            probe_timeout: Duration::from_millis(500),
            indirect_probes: 3,
            tcp_probes: true,
            suspicion_mult: 4,
            suspicion_max_mult: 6,
            awareness_max: 8,
            gossip_interval: Duration::from_millis(200),
            gossip_nodes: 3,
            gossip_to_the_dead: Duration::from_secs(30),
            retransmit_mult: 4,
            push_pull_interval: Duration::from_secs(30),
            stream_timeout: Duration::from_secs(10),
            dead_reclaim: Duration::ZERO,
        }
    }

    /// For links between data centres.
    pub fn wan() -> Self {
        Self {
            probe_interval: Duration::from_secs(5),
            probe_timeout: Duration::from_secs(3),
            suspicion_mult: 6,
            gossip_interval: Duration::from_millis(500),
            gossip_nodes: 4,
            gossip_to_the_dead: Duration::from_secs(60),
            push_pull_interval: Duration::from_secs(60),
            stream_timeout: Duration::from_secs(30),
            ..Self::lan()
        }
    }

    /// For members on one machine, and for tests.
    pub fn local() -> Self {
        Self {
            probe_timeout: Duration::from_millis(200),
            indirect_probes: 1,
            suspicion_mult: 3,
            gossip_interval: Duration::from_millis(100),
            gossip_to_the_dead: Duration::from_secs(15),
            retransmit_mult: 2,
            push_pull_interval: Duration::from_secs(15),
            stream_timeout: Duration::from_secs(1),
            ..Self::lan()
        }
    }

    /// How long a suspected member has in a cluster of `nodes`: at least, when enough others
    /// suspect it too, and at most.
    pub fn suspicion_bounds(&self, nodes: usize) -> (Duration, Duration) {
        let scale = digits(nodes).max(1.0) * f64::from(self.suspicion_mult);
        let least = self.probe_interval.mul_f64(scale);
        (least, least * self.suspicion_max_mult)
    }

    /// How often a message is passed on in a cluster of `nodes`.
    pub fn retransmit_limit(&self, nodes: usize) -> u32 {
        self.retransmit_mult * whole(digits(nodes + 1).ceil())
    }

    /// The time between two exchanges in a cluster of `nodes`.
    pub fn push_pull_every(&self, nodes: usize) -> Duration {
        const FEW: usize = 32;
        if nodes <= FEW {
            return self.push_pull_interval;
        }
        let more = (count(nodes).log2() - count(FEW).log2()).ceil() + 1.0;
        self.push_pull_interval * whole(more)
    }

    /// How long a query waits for answers in a cluster of `nodes`.
    pub(crate) fn query_timeout(&self, mult: u32, nodes: usize) -> Duration {
        self.gossip_interval * mult * whole(digits(nodes + 1).ceil())
    }
}

impl Default for Profile {
    fn default() -> Self {
        Self::lan()
    }
}

fn count(nodes: usize) -> f64 {
    u32::try_from(nodes).map_or(f64::from(u32::MAX), f64::from)
}

fn digits(nodes: usize) -> f64 {
    count(nodes).max(1.0).log10()
}

fn whole(number: f64) -> u32 {
    // Logarithms of counts: from 0 to 64.
    (0..=64_u32)
        .find(|whole| f64::from(*whole) >= number)
        .unwrap_or(64)
}
