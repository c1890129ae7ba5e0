//! Calls by their messages: for tools that show answers as they are, and for fields that nothing
//! else here has.
//!
//! ```no_run
//! # async fn example(client: quorate_etcd::v3::Client) -> Result<(), quorate_etcd::v3::Error> {
//! use quorate_etcd::v3::raw::{self, proto::etcdserverpb::RangeRequest};
//!
//! let request = RangeRequest {
//!     key: "jobs/7".into(),
//!     min_mod_revision: 100,
//!     ..RangeRequest::default()
//! };
//! let response = client.raw().send(&raw::RANGE, &request).await?;
//! assert!(response.header.is_some());
//! # Ok(())
//! # }
//! ```

use std::fmt;
use std::time::Duration;

pub use quorate_etcd_proto as proto;

use proto::etcdserverpb as pb;
use proto::prost::Message;

use super::call::{Call, Effect, Operation, Rpc};
use super::client::Client;
use super::error::Error;

/// Calls by their messages. From [`Client::raw`]; clones are the same.
///
/// They have what every call has: time limits, fail-over, authentication, and errors that say
/// whether anything happened.
#[derive(Clone, Debug)]
pub struct Raw {
    client: Client,
    member: bool,
    limit: Option<Duration>,
}

/// A method that has one answer, with the types of its messages.
pub struct Method<Q, R>(Rpc<Q, R>);

impl<Q, R> Method<Q, R> {
    /// The service and the method: `/etcdserverpb.KV/Range`.
    #[must_use]
    pub fn path(&self) -> &'static str {
        self.0.path
    }

    /// Whether it changes nothing.
    #[must_use]
    pub fn is_read(&self) -> bool {
        self.0.effect == Effect::Read
    }
}

impl<Q, R> fmt::Debug for Method<Q, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Method({})", self.path())
    }
}

impl Client {
    /// Calls by their messages.
    #[must_use]
    pub fn raw(&self) -> Raw {
        Raw {
            client: self.clone(),
            member: false,
            limit: None,
        }
    }
}

impl Raw {
    /// The same, for what each server knows by itself: it need not have a leader.
    #[must_use]
    pub fn of_any_member(mut self) -> Self {
        self.member = true;
        self
    }

    /// The same, with this time for a call with all of its attempts.
    #[must_use]
    pub fn within(mut self, limit: Duration) -> Self {
        self.limit = Some(limit);
        self
    }

    /// Sends a request.
    ///
    /// # Errors
    /// What the server answers, or what any call does.
    ///
    /// # Cancel safety
    /// Of a method that changes something: it may be done or not.
    pub async fn send<Q: Message, R: Message + Default>(
        &self,
        method: &Method<Q, R>,
        request: &Q,
    ) -> Result<R, Error> {
        let name = method.path().trim_start_matches('/');
        let mut call = Call::new(Operation::new("call", name), &method.0, request);
        if self.member {
            call = call.of_a_member(None);
        }
        self.client.send(&call.within(self.limit)).await
    }
}

macro_rules! methods {
    ($($name:ident: $effect:ident $path:literal $request:ident -> $response:ident;)*) => {
        $(
            #[doc = concat!("`", $path, "`")]
            pub const $name: Method<pb::$request, pb::$response> =
                Method(Rpc::$effect(concat!("/etcdserverpb.", $path)));
        )*
    };
}

methods! {
    RANGE: read "KV/Range" RangeRequest -> RangeResponse;
    PUT: write "KV/Put" PutRequest -> PutResponse;
    DELETE_RANGE: write "KV/DeleteRange" DeleteRangeRequest -> DeleteRangeResponse;
    TXN: write "KV/Txn" TxnRequest -> TxnResponse;
    COMPACT: write "KV/Compact" CompactionRequest -> CompactionResponse;
    LEASE_GRANT: write "Lease/LeaseGrant" LeaseGrantRequest -> LeaseGrantResponse;
    LEASE_REVOKE: write "Lease/LeaseRevoke" LeaseRevokeRequest -> LeaseRevokeResponse;
    LEASE_KEEP_ALIVE: read "Lease/LeaseKeepAlive" LeaseKeepAliveRequest -> LeaseKeepAliveResponse;
    LEASE_TIME_TO_LIVE: read "Lease/LeaseTimeToLive" LeaseTimeToLiveRequest -> LeaseTimeToLiveResponse;
    LEASE_LIST: read "Lease/LeaseLeases" LeaseLeasesRequest -> LeaseLeasesResponse;
    MEMBER_LIST: read "Cluster/MemberList" MemberListRequest -> MemberListResponse;
    MEMBER_ADD: write "Cluster/MemberAdd" MemberAddRequest -> MemberAddResponse;
    MEMBER_REMOVE: write "Cluster/MemberRemove" MemberRemoveRequest -> MemberRemoveResponse;
    MEMBER_UPDATE: idempotent "Cluster/MemberUpdate" MemberUpdateRequest -> MemberUpdateResponse;
    MEMBER_PROMOTE: write "Cluster/MemberPromote" MemberPromoteRequest -> MemberPromoteResponse;
    STATUS: read "Maintenance/Status" StatusRequest -> StatusResponse;
    ALARM: idempotent "Maintenance/Alarm" AlarmRequest -> AlarmResponse;
    DEFRAGMENT: idempotent "Maintenance/Defragment" DefragmentRequest -> DefragmentResponse;
    HASH: read "Maintenance/Hash" HashRequest -> HashResponse;
    HASH_KV: read "Maintenance/HashKV" HashKvRequest -> HashKvResponse;
    MOVE_LEADER: write "Maintenance/MoveLeader" MoveLeaderRequest -> MoveLeaderResponse;
    DOWNGRADE: write "Maintenance/Downgrade" DowngradeRequest -> DowngradeResponse;
    AUTH_ENABLE: write "Auth/AuthEnable" AuthEnableRequest -> AuthEnableResponse;
    AUTH_DISABLE: write "Auth/AuthDisable" AuthDisableRequest -> AuthDisableResponse;
    AUTH_STATUS: read "Auth/AuthStatus" AuthStatusRequest -> AuthStatusResponse;
    USER_ADD: write "Auth/UserAdd" AuthUserAddRequest -> AuthUserAddResponse;
    USER_GET: read "Auth/UserGet" AuthUserGetRequest -> AuthUserGetResponse;
    USER_LIST: read "Auth/UserList" AuthUserListRequest -> AuthUserListResponse;
    USER_DELETE: write "Auth/UserDelete" AuthUserDeleteRequest -> AuthUserDeleteResponse;
    USER_CHANGE_PASSWORD: idempotent "Auth/UserChangePassword"
        AuthUserChangePasswordRequest -> AuthUserChangePasswordResponse;
    USER_GRANT_ROLE: write "Auth/UserGrantRole" AuthUserGrantRoleRequest -> AuthUserGrantRoleResponse;
    USER_REVOKE_ROLE: write "Auth/UserRevokeRole"
        AuthUserRevokeRoleRequest -> AuthUserRevokeRoleResponse;
    ROLE_ADD: write "Auth/RoleAdd" AuthRoleAddRequest -> AuthRoleAddResponse;
    ROLE_GET: read "Auth/RoleGet" AuthRoleGetRequest -> AuthRoleGetResponse;
    ROLE_LIST: read "Auth/RoleList" AuthRoleListRequest -> AuthRoleListResponse;
    ROLE_DELETE: write "Auth/RoleDelete" AuthRoleDeleteRequest -> AuthRoleDeleteResponse;
    ROLE_GRANT_PERMISSION: write "Auth/RoleGrantPermission"
        AuthRoleGrantPermissionRequest -> AuthRoleGrantPermissionResponse;
    ROLE_REVOKE_PERMISSION: write "Auth/RoleRevokePermission"
        AuthRoleRevokePermissionRequest -> AuthRoleRevokePermissionResponse;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_method_knows_its_path_and_whether_it_changes_anything() {
        assert_eq!(RANGE.path(), "/etcdserverpb.KV/Range");
        assert!(RANGE.is_read() && LEASE_KEEP_ALIVE.is_read());
        assert!(!PUT.is_read() && !ALARM.is_read());
    }
}
