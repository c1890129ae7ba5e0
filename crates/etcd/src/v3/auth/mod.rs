//! Who may do what: the service `Auth`.

mod permission;
mod role;
mod user;

use quorate_etcd_proto::etcdserverpb as pb;

use super::call::{Operation, Rpc};
use super::client::Client;
use super::error::Error;

pub use permission::{Access, Permission};

const STATUS: Rpc<pb::AuthStatusRequest, pb::AuthStatusResponse> =
    Rpc::read("/etcdserverpb.Auth/AuthStatus");
const ENABLE: Rpc<pb::AuthEnableRequest, pb::AuthEnableResponse> =
    Rpc::idempotent("/etcdserverpb.Auth/AuthEnable");
const DISABLE: Rpc<pb::AuthDisableRequest, pb::AuthDisableResponse> =
    Rpc::idempotent("/etcdserverpb.Auth/AuthDisable");

/// Users, roles, and whether they count. From [`Client::auth`]; clones are the same.
#[derive(Clone, Debug)]
pub struct Auth {
    client: Client,
}

/// Whether access control is on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct AuthStatus {
    /// Whether it is.
    pub enabled: bool,
    /// How often users, roles and permissions were changed.
    pub revision: u64,
}

impl Client {
    /// Users, roles, and whether they count: the service `Auth`.
    #[must_use]
    pub fn auth(&self) -> Auth {
        Auth {
            client: self.clone(),
        }
    }
}

impl Auth {
    /// Whether access control is on.
    ///
    /// `Auth.AuthStatus`, from 3.5 on
    ///
    /// # Errors
    /// `Unsupported` before 3.5; what any read answers.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn status(&self) -> Result<AuthStatus, Error> {
        let operation = Operation::new("ask for access control", "");
        let request = pb::AuthStatusRequest {};
        let response = self.client.ask(operation, &STATUS, &request).await?;
        Ok(AuthStatus {
            enabled: response.enabled,
            revision: response.auth_revision,
        })
    }

    /// Turns access control on. There has to be a user `root` with the role `root`.
    ///
    /// `Auth.AuthEnable`
    ///
    /// # Errors
    /// `NotFound` or `Conflict` without that user or role; what any write answers.
    ///
    /// # Cancel safety
    /// It may be done or not.
    pub async fn enable(&self) -> Result<(), Error> {
        let operation = Operation::new("turn access control on", "");
        let request = pb::AuthEnableRequest {};
        self.client.ask(operation, &ENABLE, &request).await?;
        Ok(())
    }

    /// Turns access control off.
    ///
    /// `Auth.AuthDisable`
    ///
    /// # Errors
    /// `PermissionDenied`; what any write answers.
    ///
    /// # Cancel safety
    /// It may be done or not.
    pub async fn disable(&self) -> Result<(), Error> {
        let operation = Operation::new("turn access control off", "");
        let request = pb::AuthDisableRequest {};
        self.client.ask(operation, &DISABLE, &request).await?;
        Ok(())
    }
}
