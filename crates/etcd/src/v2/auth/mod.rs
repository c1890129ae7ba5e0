//! Users, roles, and whether they count: `/v2/auth`.

mod role;
mod user;

use http::Method;
use quorate_wire::etcd2::{AuthEnabled, path};
use serde::Serialize;

use super::call::{Call, Operation};
use super::client::Client;
use super::error::Error;

pub use role::Roles;
pub use user::Users;

/// Users, roles, and whether they count.
///
/// Access control is basic authentication, so use TLS. Enabling it makes a role `guest` that lets
/// everybody do everything with keys: revoke that from it, or nothing is locked.
///
/// ```no_run
/// # async fn example(client: quorate_etcd::v2::Client) -> Result<(), quorate_etcd::v2::Error> {
/// use quorate_etcd::v2::Permissions;
///
/// let auth = client.auth();
/// auth.users().create("root", "r00t").await?;
/// auth.enable().await?;
/// let client = client.with_basic_auth("root", "r00t")?;
/// let everything = Permissions::new(["/*"], ["/*"]);
/// client.auth().roles().revoke("guest", everything).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Auth {
    client: Client,
}

impl Auth {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Users and their passwords.
    #[must_use]
    pub fn users(&self) -> Users {
        Users::new(self.client.clone())
    }

    /// Roles and their permissions.
    #[must_use]
    pub fn roles(&self) -> Roles {
        Roles::new(self.client.clone())
    }

    /// Whether access control is on.
    ///
    /// `GET /v2/auth/enable`
    ///
    /// # Errors
    /// See [`ErrorKind`](super::ErrorKind).
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn is_enabled(&self) -> Result<bool, Error> {
        let call = Call::read(
            Operation::new("ask about access control", ""),
            path::AUTH_ENABLE,
        );
        let answer = self.client.execute(call).await?.json::<AuthEnabled>()?;
        Ok(answer.value.enabled)
    }

    /// Switches access control on. There must be a user `root`.
    ///
    /// `PUT /v2/auth/enable`
    ///
    /// # Errors
    /// `Conflict` if there is no user `root`, or it is on already.
    ///
    /// # Cancel safety
    /// Dropping the future does not take back what was sent.
    pub async fn enable(&self) -> Result<(), Error> {
        self.switch("enable access control", Method::PUT).await
    }

    /// Switches access control off. Users and roles stay.
    ///
    /// `DELETE /v2/auth/enable`
    ///
    /// # Errors
    /// `Conflict` if it is off already; `PermissionDenied` for anybody but a `root`.
    ///
    /// # Cancel safety
    /// As [`enable`](Self::enable).
    pub async fn disable(&self) -> Result<(), Error> {
        self.switch("disable access control", Method::DELETE).await
    }

    async fn switch(&self, verb: &'static str, method: Method) -> Result<(), Error> {
        let call = Call::write(Operation::new(verb, ""), method, path::AUTH_ENABLE);
        self.client.execute(call).await?.success()?;
        Ok(())
    }
}

/// A PUT with a body in JSON.
fn put<'a>(
    operation: Operation<'a>,
    url: String,
    body: &impl Serialize,
) -> Result<Call<'a>, Error> {
    check(operation)?;
    let body = serde_json::to_vec(body)
        .map_err(|error| Error::invalid(operation.to_string(), "the body").with_source(error))?;
    Ok(Call::write(operation, Method::PUT, url).with_json(body))
}

/// Refuses names that would lead elsewhere.
fn check(operation: Operation<'_>) -> Result<(), Error> {
    let name = operation.subject;
    if name.is_empty() || name.contains('/') || matches!(name, "." | "..") {
        let why = format_args!("name: {name:?} is empty, has a slash, or is a dot");
        return Err(Error::invalid(operation.to_string(), why));
    }
    Ok(())
}
