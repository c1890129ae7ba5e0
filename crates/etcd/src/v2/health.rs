//! Whether servers work: `/health`.

use quorate_wire::etcd2::{Health, path};

use super::call::{Call, Operation};
use super::client::{Client, peer};
use super::error::Error;

/// Whether servers work.
#[derive(Clone, Debug)]
pub struct HealthApi {
    client: Client,
}

impl HealthApi {
    pub(super) fn new(client: Client) -> Self {
        Self { client }
    }

    /// Whether the server that answers works: whether it can write. One that can't is an answer
    /// and no error.
    ///
    /// `GET /health`
    ///
    /// # Errors
    /// Only when no server answers, or one answers something else.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn check(&self) -> Result<Health, Error> {
        self.ask(call()).await
    }

    /// The same of each server of the client, in the order of
    /// [`Client::addresses`](Client::addresses).
    ///
    /// # Cancel safety
    /// As [`check`](Self::check).
    pub async fn check_all(&self) -> Vec<(String, Result<Health, Error>)> {
        let http = self.client.inner.cluster.http();
        let mut all = Vec::new();
        for (id, _) in http.endpoints().iter() {
            let mut call = call();
            call.endpoint = Some(id);
            // One attempt: another would ask the same server.
            call.timeout = Some(http.timeouts().attempt);
            all.push((peer(&http, id), self.ask(call).await));
        }
        all
    }

    async fn ask(&self, call: Call<'_>) -> Result<Health, Error> {
        let reply = self.client.execute(call).await?;
        if reply.status.is_success() || reply.status.as_u16() == 503 {
            return reply.decode();
        }
        Err(reply.refused())
    }
}

fn call() -> Call<'static> {
    let mut call = Call::read(Operation::new("ask for the health", ""), path::HEALTH);
    call.answers = &[503];
    call
}
