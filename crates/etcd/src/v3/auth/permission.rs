//! What a role may do with which keys.

use quorate_etcd_proto::authpb as pb;
use quorate_etcd_proto::authpb::permission::Type;

use crate::v3::kv::KeyRange;

/// What may be done.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Access {
    /// Reading.
    Read,
    /// Writing.
    Write,
    /// Both.
    ReadWrite,
}

/// What may be done with which keys.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Permission {
    /// What.
    pub access: Access,
    /// With which keys.
    pub range: KeyRange,
}

impl Permission {
    /// This, with these keys.
    #[must_use]
    pub fn new(access: Access, range: KeyRange) -> Self {
        Self { access, range }
    }

    pub(super) fn request(&self) -> pb::Permission {
        let access = match self.access {
            Access::Read => Type::Read,
            Access::Write => Type::Write,
            Access::ReadWrite => Type::Readwrite,
        };
        pb::Permission {
            perm_type: access.into(),
            key: self.range.start().clone(),
            range_end: self.range.range_end().clone(),
        }
    }

    pub(super) fn of(permission: pb::Permission) -> Self {
        let access = match permission.perm_type() {
            Type::Read => Access::Read,
            Type::Write => Access::Write,
            Type::Readwrite => Access::ReadWrite,
        };
        Self {
            access,
            range: KeyRange::of(permission.key, permission.range_end),
        }
    }
}
