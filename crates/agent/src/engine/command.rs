use super::{consul, etcd2, etcd3};

/// Something that the engine is asked to do.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Command {
    /// A write of Consul's API.
    Consul(consul::Command),
    /// A write of etcd's v2 API.
    Etcd2(etcd2::Command),
    /// A write of etcd's v3 API.
    Etcd3(etcd3::Command),
    /// Ends what is due: sessions and keys whose TTL has passed, tombstones that have lived long
    /// enough.
    Expire,
}

impl Command {
    /// About how many bytes the command brings along.
    #[must_use]
    pub fn payload_bytes(&self) -> usize {
        match self {
            Self::Consul(command) => command.payload_bytes(),
            Self::Etcd2(command) => command.payload_bytes(),
            Self::Etcd3(command) => command.payload_bytes(),
            Self::Expire => 0,
        }
    }
}

impl From<consul::Command> for Command {
    fn from(command: consul::Command) -> Self {
        Self::Consul(command)
    }
}

impl From<etcd2::Command> for Command {
    fn from(command: etcd2::Command) -> Self {
        Self::Etcd2(command)
    }
}

impl From<etcd3::Command> for Command {
    fn from(command: etcd3::Command) -> Self {
        Self::Etcd3(command)
    }
}

/// The engine's answer to a [`Command`], of the same protocol.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Reply {
    /// To a write of Consul's API.
    Consul(Result<consul::Reply, consul::Refusal>),
    /// To a write of etcd's v2 API.
    Etcd2(Result<etcd2::Reply, etcd2::Refusal>),
    /// To a write of etcd's v3 API.
    Etcd3(Result<etcd3::Reply, etcd3::Refusal>),
    /// To [`Command::Expire`].
    Expired,
}
