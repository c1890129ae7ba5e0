//! The gossip pool: members, joining, leaving.

use std::time::Duration;

use quorate_wire::consul::agent::Member;
use quorate_wire::consul::path;

use super::{Agent, check_name};
use crate::answer::Answer;
use crate::call::{Effect, Operation};
use crate::error::Error;
use crate::options::{QueryOptions, WriteOptions};
use crate::url::Url;

/// How long an agent may take to leave.
const LEAVING: Duration = Duration::from_secs(60);

impl Agent {
    /// The members of the pool of the agent's datacenter.
    ///
    /// `GET /v1/agent/members`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind). Members that the token may not see are
    /// left out.
    pub async fn members(&self) -> Result<Vec<Member>, Error> {
        Ok(self.members_with(&QueryOptions::default()).await?.value)
    }

    /// [`members`](Self::members) with options; only the token and the timeout matter here.
    ///
    /// # Errors
    /// As [`members`](Self::members).
    pub async fn members_with(&self, options: &QueryOptions) -> Result<Answer<Vec<Member>>, Error> {
        let operation = Operation::new("list the members", "");
        self.read(operation, Url::new(path::AGENT_MEMBERS), options)
            .await
    }

    /// The members of the pool between datacenters: servers, called `node.datacenter`. Empty where
    /// the agent is no server.
    ///
    /// `GET /v1/agent/members?wan=1`
    ///
    /// # Errors
    /// As [`members`](Self::members).
    pub async fn members_wan(&self) -> Result<Vec<Member>, Error> {
        let options = QueryOptions::default();
        Ok(self.members_wan_with(&options).await?.value)
    }

    /// [`members_wan`](Self::members_wan) with options; only the token and the timeout matter
    /// here.
    ///
    /// # Errors
    /// As [`members`](Self::members).
    pub async fn members_wan_with(
        &self,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<Member>>, Error> {
        let operation = Operation::new("list the members of all datacenters", "");
        let mut url = Url::new(path::AGENT_MEMBERS);
        url.pair("wan", "1");
        self.read(operation, url, options).await
    }

    /// Joins the pool that the agent at `address` is in: a host, with or without a port. Sent
    /// again when the answer is lost.
    ///
    /// `PUT /v1/agent/join/ADDRESS`
    ///
    /// # Errors
    /// As every write, see [`ErrorKind`](crate::ErrorKind); `Unavailable` with the agent's words
    /// when it can't reach the address; `PermissionDenied` without `agent:write`.
    pub async fn join(&self, address: &str) -> Result<(), Error> {
        self.join_with(address, &WriteOptions::default()).await
    }

    /// [`join`](Self::join) with options; only the token and the timeout matter here.
    ///
    /// # Errors
    /// As [`join`](Self::join).
    pub async fn join_with(&self, address: &str, options: &WriteOptions) -> Result<(), Error> {
        let operation = Operation::new("join", address);
        check_name(operation, "address", address)?;
        self.write(operation, Url::named(path::AGENT_JOIN, address), options)
            .await
    }

    /// [`join`](Self::join) for the pool between datacenters.
    ///
    /// `PUT /v1/agent/join/ADDRESS?wan=1`
    ///
    /// # Errors
    /// As [`join`](Self::join).
    pub async fn join_wan(&self, address: &str) -> Result<(), Error> {
        self.join_wan_with(address, &WriteOptions::default()).await
    }

    /// [`join_wan`](Self::join_wan) with options; only the token and the timeout matter here.
    ///
    /// # Errors
    /// As [`join`](Self::join).
    pub async fn join_wan_with(&self, address: &str, options: &WriteOptions) -> Result<(), Error> {
        let operation = Operation::new("join the datacenter of", address);
        check_name(operation, "address", address)?;
        let mut url = Url::named(path::AGENT_JOIN, address);
        url.pair("wan", "1");
        self.write(operation, url, options).await
    }

    /// Makes the agent leave its pool in good order and end. A server takes some seconds
    /// (`leave_drain_time` and more) before it answers; unless the options say otherwise, it has a
    /// minute.
    ///
    /// `PUT /v1/agent/leave`
    ///
    /// # Errors
    /// As every write, see [`ErrorKind`](crate::ErrorKind); `PermissionDenied` without
    /// `agent:write`; `Indeterminate` when the agent was gone before its answer.
    pub async fn leave(&self) -> Result<(), Error> {
        self.leave_with(&WriteOptions::default()).await
    }

    /// [`leave`](Self::leave) with options; only the token and the timeout matter here.
    ///
    /// # Errors
    /// As [`leave`](Self::leave).
    pub async fn leave_with(&self, options: &WriteOptions) -> Result<(), Error> {
        let operation = Operation::new("make the agent leave", "");
        let mut call = self.put(operation, Url::new(path::AGENT_LEAVE), options);
        // Servers wait for their peers and their requests first.
        call.attempt = Some(options.timeout.unwrap_or(LEAVING));
        call.timeout = call.attempt;
        // The second one might reach an agent that was started again meanwhile.
        call.effect = Effect::Write;
        self.finish(call).await
    }

    /// Counts the failed node `node` as one that has left, without waiting until the pool does so
    /// by itself (72 hours). A node that is alive joins again.
    ///
    /// `PUT /v1/agent/force-leave/NODE`
    ///
    /// # Errors
    /// As every write, see [`ErrorKind`](crate::ErrorKind); `NotFound` for an unknown node;
    /// `PermissionDenied` without `operator:write`.
    pub async fn force_leave(&self, node: &str) -> Result<(), Error> {
        self.force_leave_with(node, &WriteOptions::default()).await
    }

    /// [`force_leave`](Self::force_leave) with options; only the token and the timeout matter here.
    ///
    /// # Errors
    /// As [`force_leave`](Self::force_leave).
    pub async fn force_leave_with(&self, node: &str, options: &WriteOptions) -> Result<(), Error> {
        let operation = Operation::new("take out of the pool node", node);
        check_name(operation, "node", node)?;
        self.write(
            operation,
            Url::named(path::AGENT_FORCE_LEAVE, node),
            options,
        )
        .await
    }

    /// [`force_leave`](Self::force_leave), and forgets the node at once: it is no longer listed.
    ///
    /// `PUT /v1/agent/force-leave/NODE?prune`
    ///
    /// # Errors
    /// As [`force_leave`](Self::force_leave).
    pub async fn force_leave_prune(&self, node: &str) -> Result<(), Error> {
        let options = WriteOptions::default();
        self.force_leave_prune_with(node, &options).await
    }

    /// [`force_leave_prune`](Self::force_leave_prune) with options; only the token and the timeout
    /// matter here.
    ///
    /// # Errors
    /// As [`force_leave`](Self::force_leave).
    pub async fn force_leave_prune_with(
        &self,
        node: &str,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let operation = Operation::new("take out of the pool and forget node", node);
        check_name(operation, "node", node)?;
        let mut url = Url::named(path::AGENT_FORCE_LEAVE, node);
        url.flag("prune");
        self.write(operation, url, options).await
    }
}
