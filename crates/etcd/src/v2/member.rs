//! The members of the cluster: `/v2/members`.

use http::Method;
use quorate_wire::etcd2::{Member, MemberList, MemberRequest, path};

use super::call::{Call, Operation};
use super::client::Client;
use super::error::Error;

/// The members of the cluster.
#[derive(Clone, Debug)]
pub struct Members {
    client: Client,
}

impl Members {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// All members, also those that were added and have not started yet.
    ///
    /// `GET /v2/members`
    ///
    /// # Errors
    /// See [`ErrorKind`](super::ErrorKind).
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn list(&self) -> Result<Vec<Member>, Error> {
        let call = Call::read(Operation::new("list the members", ""), path::MEMBERS);
        let list = self.client.execute(call).await?.json::<MemberList>()?;
        Ok(list.value.members)
    }

    /// The member that leads. `None` during an election.
    ///
    /// `GET /v2/members/leader`
    ///
    /// # Errors
    /// As [`list`](Self::list).
    ///
    /// # Cancel safety
    /// As [`list`](Self::list).
    pub async fn leader(&self) -> Result<Option<Member>, Error> {
        let mut call = Call::read(
            Operation::new("ask for the leader", ""),
            path::MEMBERS_LEADER,
        );
        call.answers = &[503];
        let reply = self.client.execute(call).await?;
        if reply.status.as_u16() == 503 && reply.body.starts_with(b"{") {
            return Ok(None);
        }
        Ok(Some(reply.json()?.value))
    }

    /// Adds a member, which is then to be started. `peer_urls` are where the others reach it:
    /// `http://host:port`, without a path.
    ///
    /// From then on it counts: a cluster of one has no quorum until the second has started.
    ///
    /// `POST /v2/members`
    ///
    /// # Errors
    /// `AlreadyExists` if a member has one of the URLs; `InvalidArgument` for URLs that are none;
    /// `Indeterminate` when the answer was lost.
    ///
    /// # Cancel safety
    /// Dropping the future does not take back what was sent.
    pub async fn add(
        &self,
        peer_urls: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<Member, Error> {
        let operation = Operation::new("add a member", "");
        let body = body(&MemberRequest::new(peer_urls), operation)?;
        let call = Call::write(operation, Method::POST, path::MEMBERS).with_json(body);
        Ok(self.client.execute(call).await?.json()?.value)
    }

    /// Changes where the others reach a member.
    ///
    /// `PUT /v2/members/ID`
    ///
    /// # Errors
    /// `NotFound`; else as [`add`](Self::add).
    ///
    /// # Cancel safety
    /// As [`add`](Self::add).
    pub async fn update(
        &self,
        id: &str,
        peer_urls: impl IntoIterator<Item = impl Into<String>>,
    ) -> Result<(), Error> {
        let operation = Operation::new("update member", id);
        let url = url(operation)?;
        let body = body(&MemberRequest::new(peer_urls), operation)?;
        let call = Call::write(operation, Method::PUT, url).with_json(body);
        self.client.execute(call).await?.success()?;
        Ok(())
    }

    /// Removes a member for good: its id never comes back.
    ///
    /// `DELETE /v2/members/ID`
    ///
    /// # Errors
    /// `NotFound`, with status 410 if it was removed before; `Indeterminate` (status 500) also when
    /// the servers refuse because the rest would have no quorum: they do not say it otherwise.
    ///
    /// # Cancel safety
    /// As [`add`](Self::add).
    pub async fn remove(&self, id: &str) -> Result<(), Error> {
        let operation = Operation::new("remove member", id);
        let call = Call::write(operation, Method::DELETE, url(operation)?);
        self.client.execute(call).await?.success()?;
        Ok(())
    }
}

/// The path of a member. An empty id would be all of them.
fn url(operation: Operation<'_>) -> Result<String, Error> {
    if operation.subject.is_empty() {
        return Err(Error::invalid(operation.to_string(), "id: empty"));
    }
    Ok(path::member(operation.subject))
}

fn body(request: &MemberRequest, operation: Operation<'_>) -> Result<Vec<u8>, Error> {
    serde_json::to_vec(request)
        .map_err(|error| Error::invalid(operation.to_string(), "the body").with_source(error))
}
