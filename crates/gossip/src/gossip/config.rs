//! What a member is started with.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use crate::codec::{Key, Keyring, Label};
use crate::engine::Limits;
use crate::error::Error;
use crate::profile::Profile;
use crate::serf::Coalesce;

/// How to start a member. By default it listens on `127.0.0.1:7946`, where only this machine
/// reaches it.
#[derive(Clone, Debug)]
#[must_use]
#[non_exhaustive]
pub struct Config {
    pub(super) name: String,
    pub(super) bind: SocketAddr,
    pub(super) advertise: Option<SocketAddr>,
    pub(super) public_without_key: bool,
    pub(super) tags: BTreeMap<String, String>,
    pub(super) tags_file: Option<PathBuf>,
    pub(super) profile: Profile,
    pub(super) limits: Limits,
    pub(super) keyring: Keyring,
    pub(super) keyring_file: Option<PathBuf>,
    pub(super) encrypt_outgoing: bool,
    pub(super) verify_incoming: bool,
    pub(super) label: Label,
    pub(super) compression: bool,
    pub(super) coalesce_members: Option<Coalesce>,
    pub(super) coalesce_users: Option<Coalesce>,
    pub(super) coordinates: bool,
    pub(super) resolve_conflicts: bool,
    pub(super) snapshot: Option<PathBuf>,
    pub(super) rejoin_after_leave: bool,
    pub(super) seeds: Vec<String>,
    pub(super) seed_interval: Duration,
    pub(super) replay: bool,
    pub(super) event_buffer: usize,
}

/// The port of memberlist and Serf.
pub(super) const PORT: u16 = 7946;

impl Config {
    /// A member of this name: 1 to 128 letters, digits, `-`, `_` and `.`, which nobody else in the
    /// cluster has.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            bind: SocketAddr::new(Ipv4Addr::LOCALHOST.into(), PORT),
            advertise: None,
            public_without_key: false,
            tags: BTreeMap::new(),
            tags_file: None,
            profile: Profile::lan(),
            limits: Limits::default(),
            keyring: Keyring::default(),
            keyring_file: None,
            encrypt_outgoing: true,
            verify_incoming: true,
            label: Label::default(),
            compression: true,
            coalesce_members: None,
            coalesce_users: None,
            coordinates: true,
            resolve_conflicts: true,
            snapshot: None,
            rejoin_after_leave: false,
            seeds: Vec::new(),
            seed_interval: Duration::from_secs(30),
            replay: false,
            event_buffer: 1024,
        }
    }

    /// Where to listen, by UDP and TCP. Port 0 takes a free one. An address that others reach needs
    /// a key, or [`with_public_bind_without_key`](Self::with_public_bind_without_key).
    pub fn with_bind(mut self, bind: SocketAddr) -> Self {
        self.bind = bind;
        self
    }

    /// Where others reach the member, if that is not where it listens. Default: where it listens;
    /// if that is every address, the one that this machine would send from.
    pub fn with_advertise(mut self, advertise: SocketAddr) -> Self {
        self.advertise = Some(advertise);
        self
    }

    /// Allows to listen without a key where others can reach the member: everybody there can then
    /// read, join and take over the cluster. Default: refused.
    pub fn with_public_bind_without_key(mut self, allowed: bool) -> Self {
        self.public_without_key = allowed;
        self
    }

    /// What the member says about itself; at most 512 bytes when encoded.
    pub fn with_tags<K, V>(mut self, tags: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: Into<String>,
        V: Into<String>,
    {
        let tags = tags
            .into_iter()
            .map(|(key, value)| (key.into(), value.into()));
        self.tags = tags.collect();
        self
    }

    /// Keeps the tags in this file (`-tags-file`): a JSON map of texts, written whenever they are
    /// changed. If the file is there its tags are taken, and those given otherwise are not.
    pub fn with_tags_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.tags_file = Some(path.into());
        self
    }

    /// How fast to probe and gossip; all members should have the same. Default: [`Profile::lan`].
    pub fn with_profile(mut self, profile: Profile) -> Self {
        self.profile = profile;
        self
    }

    /// Sizes and times of the Serf layer.
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Encrypts everything with this key (`serf agent -encrypt`).
    pub fn with_key(mut self, key: Key) -> Self {
        self.keyring = Keyring::new(key);
        self
    }

    /// Encrypts with the first of these keys, and decrypts with all.
    pub fn with_keyring(mut self, keyring: Keyring) -> Self {
        self.keyring = keyring;
        self
    }

    /// Keeps the keys in this file (`-keyring-file`): a JSON list of base64 texts, the key that
    /// encrypts first. If the file is there its keys are taken, and those given otherwise are not.
    pub fn with_keyring_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.keyring_file = Some(path.into());
        self
    }

    /// Whether to encrypt what is sent, and to drop what is not encrypted, if there is a key.
    /// Default: both. Encryption is rolled out without stopping a cluster by starting all members
    /// with neither, then with the first, then with both.
    pub fn with_encryption(mut self, encrypt_outgoing: bool, verify_incoming: bool) -> Self {
        self.encrypt_outgoing = encrypt_outgoing;
        self.verify_incoming = verify_incoming;
        self
    }

    /// Keeps clusters apart that can reach each other: members of another label are not heard.
    /// Default: none. Old members do not know labels.
    pub fn with_label(mut self, label: Label) -> Self {
        self.label = label;
        self
    }

    /// Whether to compress what is sent. Default: yes.
    pub fn with_compression(mut self, compression: bool) -> Self {
        self.compression = compression;
        self
    }

    /// Holds changes of members back to deliver them together. Default: no.
    pub fn with_coalesced_members(mut self, coalesce: Coalesce) -> Self {
        self.coalesce_members = Some(coalesce);
        self
    }

    /// Holds user events back that allow it, to deliver only the latest of each name. Default: no.
    pub fn with_coalesced_events(mut self, coalesce: Coalesce) -> Self {
        self.coalesce_users = Some(coalesce);
        self
    }

    /// Whether to keep a network coordinate. Default: yes.
    pub fn with_coordinates(mut self, coordinates: bool) -> Self {
        self.coordinates = coordinates;
        self
    }

    /// Whether to ask the others who is right when somebody else claims the same name, and to stop
    /// if it is he. Default: yes.
    pub fn with_conflict_resolution(mut self, resolve: bool) -> Self {
        self.resolve_conflicts = resolve;
        self
    }

    /// Remembers members and clocks in this file, to join again by itself after a restart and
    /// deliver no event twice. The format is Serf's.
    pub fn with_snapshot(mut self, path: impl Into<PathBuf>) -> Self {
        self.snapshot = Some(path.into());
        self
    }

    /// Whether a member that said goodbye joins again by its snapshot (`-rejoin`). Default: no.
    pub fn with_rejoin_after_leave(mut self, rejoin: bool) -> Self {
        self.rejoin_after_leave = rejoin;
        self
    }

    /// Members to join whenever nobody else is there, until one is reached (`-retry-join`), and in
    /// each tenth interval while none of them is there: heals a cluster whose parts have forgotten
    /// each other. Default: none.
    pub fn with_seeds<S: Into<String>>(mut self, seeds: impl IntoIterator<Item = S>) -> Self {
        self.seeds = seeds.into_iter().map(Into::into).collect();
        self
    }

    /// How often to try the seeds. Default: 30 s.
    pub fn with_seed_interval(mut self, interval: Duration) -> Self {
        self.seed_interval = interval;
        self
    }

    /// Whether events from before are delivered when a seed is joined for the first time
    /// (`-replay`). Default: no; what has happened while the cluster was cut always is.
    pub fn with_replay(mut self, replay: bool) -> Self {
        self.replay = replay;
        self
    }

    /// How many events wait for a reader before the oldest that follow are counted instead of
    /// kept: [`Missed`](super::Missed). Default: 1024.
    pub fn with_event_buffer(mut self, events: usize) -> Self {
        self.event_buffer = events.max(1);
        self
    }

    /// Refuses what would surprise.
    pub(super) fn check(&self) -> Result<(), Error> {
        let letters = |c: char| c.is_ascii_alphanumeric() || "-_.".contains(c);
        if self.name.is_empty() || self.name.len() > 128 || !self.name.chars().all(letters) {
            let name = self.name.clone();
            return Err(Error::Name { name });
        }
        let bind = self.bind;
        let open = self.keyring.is_empty() && !self.public_without_key;
        if !bind.ip().to_canonical().is_loopback() && open {
            return Err(Error::PublicWithoutKey { bind });
        }
        Ok(())
    }
}
