//! An etcd client, as a URL and the environment say.

use std::env;
use std::time::Duration;

use quorate_etcd::v2::{Client, Timeouts};

use super::{Etcd2Options, error, from_client};
use crate::Result;
use crate::backend::Backend;
use crate::backend::access::Access;
use crate::builder::Settings;
use crate::target::EtcdTarget;

/// Servers hold a call for 7 s while there is no leader.
const ATTEMPT: Duration = Duration::from_secs(10);

/// The backend that `target` names. No server is asked but those of the names in DNS.
pub(crate) async fn open(target: &EtcdTarget, settings: &Settings) -> Result<Backend> {
    let (url, operation) = (target.to_string(), format!("connect to `{target}`"));
    let timeouts = Timeouts::default().with_attempt(ATTEMPT);
    let mut access = Access::new(target, settings, timeouts, |name| env::var(name).ok())?;
    access.discover(target).await?;
    let client = client(access);
    let client = client.map_err(|error| error::from_native(error, operation, &url))?;
    let options = Etcd2Options {
        prefix: target.prefix.clone(),
        consistency: target.consistency,
        poll: target.wait,
    };
    Ok(from_client(client, url, &options))
}

fn client(access: Access) -> Result<Client, quorate_etcd::v2::Error> {
    let mut builder = Client::builder()
        .addresses(access.addresses)
        .tls(access.tls)
        .timeouts(access.timeouts);
    if let Some((name, password)) = access.user {
        builder = builder.basic_auth(name, password);
    }
    if let Some(every) = access.sync {
        builder = builder.sync_every(every);
    }
    builder.build()
}
