/// Why a request was refused, in the words of etcd 3.5. Nothing was changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The key is empty.
    #[error("etcdserver: key is not provided")]
    EmptyKey,
    /// What is to be kept of a key is not there, or an operation of a transaction is empty.
    #[error("etcdserver: key not found")]
    KeyNotFound,
    /// A value, where the old one is to be kept.
    #[error("etcdserver: value is provided")]
    ValueProvided,
    /// A lease, where the old one is to be kept.
    #[error("etcdserver: lease is provided")]
    LeaseProvided,
    /// More operations than a transaction may have.
    #[error("etcdserver: too many operations in txn request")]
    TooManyOps,
    /// A transaction changes a key twice.
    #[error("etcdserver: duplicate key given in txn request")]
    DuplicateKey,
    /// An order, or something to sort by, that does not exist.
    #[error("etcdserver: invalid sort option")]
    InvalidSort,
    /// The revision is too old.
    #[error("etcdserver: mvcc: required revision has been compacted")]
    Compacted,
    /// The revision is not there yet.
    #[error("etcdserver: mvcc: required revision is a future revision")]
    Future,
    /// An alarm says that there is no room for writes.
    #[error("etcdserver: mvcc: database space exceeded")]
    NoSpace,
    /// An alarm says that the data is damaged.
    #[error("etcdserver: corrupt cluster")]
    Corrupt,
    /// There is no such lease.
    #[error("etcdserver: requested lease not found")]
    LeaseNotFound,
    /// There is such a lease.
    #[error("etcdserver: lease already exists")]
    LeaseExists,
    /// The lease would live too long.
    #[error("etcdserver: too large lease TTL")]
    LeaseTtlTooLarge,
    /// Users can't count before there is `root`.
    #[error("etcdserver: root user does not exist")]
    NoRootUser,
    /// Users can't count before the user `root` has the role `root`.
    #[error("etcdserver: root user does not have root role")]
    NoRootRole,
    /// There is such a user.
    #[error("etcdserver: user name already exists")]
    UserExists,
    /// A user needs a name; or users count, and the request brings none along.
    #[error("etcdserver: user name is empty")]
    UserEmpty,
    /// There is no such user.
    #[error("etcdserver: user name not found")]
    UserNotFound,
    /// There is such a role.
    #[error("etcdserver: role name already exists")]
    RoleExists,
    /// There is no such role.
    #[error("etcdserver: role name not found")]
    RoleNotFound,
    /// A role needs a name.
    #[error("etcdserver: role name is empty")]
    RoleEmpty,
    /// Name and password do not fit.
    #[error("etcdserver: authentication failed, invalid user ID or password")]
    AuthFailed,
    /// The user has no password to log in with.
    #[error("auth: authentication failed, password was given for no password user")]
    NoPasswordUser,
    /// There is nothing to grant.
    #[error("etcdserver: permission not given")]
    PermissionNotGiven,
    /// The user may not do that.
    #[error("etcdserver: permission denied")]
    PermissionDenied,
    /// The user does not have the role.
    #[error("etcdserver: role is not granted to the user")]
    RoleNotGranted,
    /// The role does not permit that.
    #[error("etcdserver: permission is not granted to the role")]
    PermissionNotGranted,
    /// Users do not count.
    #[error("etcdserver: authentication is not enabled")]
    AuthNotEnabled,
    /// The token is not, or no longer, one of ours.
    #[error("etcdserver: invalid auth token")]
    InvalidAuthToken,
    /// `root` is needed while users count; or a permission is for no key at all.
    #[error("etcdserver: invalid auth management")]
    InvalidAuthManagement,
}

/// The kind of a refusal: the number that gRPC gives it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Code {
    /// Anything.
    Unknown = 2,
    /// The request makes no sense.
    InvalidArgument = 3,
    /// What is asked for is not there.
    NotFound = 5,
    /// The user may not.
    PermissionDenied = 7,
    /// There is no room.
    ResourceExhausted = 8,
    /// Not as things are.
    FailedPrecondition = 9,
    /// A number is beyond its limits.
    OutOfRange = 11,
    /// Data is damaged.
    DataLoss = 15,
    /// Nobody knows who asks.
    Unauthenticated = 16,
}

impl Refusal {
    /// The kind of the refusal.
    #[must_use]
    pub fn code(self) -> Code {
        match self {
            Self::EmptyKey | Self::KeyNotFound | Self::ValueProvided | Self::LeaseProvided => {
                Code::InvalidArgument
            }
            Self::TooManyOps | Self::DuplicateKey | Self::InvalidSort | Self::UserEmpty => {
                Code::InvalidArgument
            }
            Self::RoleEmpty | Self::AuthFailed | Self::PermissionNotGiven => Code::InvalidArgument,
            Self::InvalidAuthManagement => Code::InvalidArgument,
            Self::Compacted | Self::Future | Self::LeaseTtlTooLarge => Code::OutOfRange,
            Self::NoSpace => Code::ResourceExhausted,
            Self::Corrupt => Code::DataLoss,
            Self::LeaseNotFound => Code::NotFound,
            Self::LeaseExists | Self::NoRootUser | Self::NoRootRole | Self::UserExists => {
                Code::FailedPrecondition
            }
            Self::UserNotFound | Self::RoleExists | Self::RoleNotFound | Self::RoleNotGranted => {
                Code::FailedPrecondition
            }
            Self::PermissionNotGranted | Self::AuthNotEnabled => Code::FailedPrecondition,
            Self::PermissionDenied => Code::PermissionDenied,
            Self::InvalidAuthToken => Code::Unauthenticated,
            Self::NoPasswordUser => Code::Unknown,
        }
    }
}
