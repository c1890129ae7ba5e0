//! The keys of a gossip that is encrypted.

use anyhow::ensure;
use quorate_consul::operator::KeyringOptions;
use quorate_consul::{Client, ErrorKind, QueryOptions, Secret};
use quorate_testkit::server::{ConsulOptions, ConsulServer};
use quorate_testkit::trial::Subject;

use crate::{Consul, kind};

const OLD: &str = "pUqJrVyVRj5jsiYEkM/tFQYfWyJIv4s3XkvDwy7Cu5s=";
const NEW: &str = "aUlAW4ST3TsgQtJVcaOmqfA0PAWNXCo2jD3CNpvzhuM=";

pub(crate) async fn the_key_of_the_gossip_is_changed(_: &Subject<Consul>) -> anyhow::Result<()> {
    let options = ConsulOptions::default().with_setting("encrypt", OLD);
    let server = ConsulServer::start(options).await?;
    let keyring = Client::new(&server.url())?.operator().keyring();
    let (old, new) = (Secret::new(OLD), Secret::new(NEW));
    let rings = keyring.list().await?;
    ensure!(rings.len() == 2 && rings[0].wan, "{rings:?}");
    let local = KeyringOptions::new().with_local_only(true);
    let rings = keyring.list_with(&local, &QueryOptions::new()).await?;
    ensure!(rings.value.len() == 1, "{rings:?}");
    ensure!(kind(keyring.use_key(&new).await) == Some(ErrorKind::NotFound));
    keyring.install(&new).await?;
    keyring.install(&new).await?;
    keyring.use_key(&new).await?;
    ensure!(kind(keyring.remove(&new).await) == Some(ErrorKind::InvalidArgument));
    keyring.remove(&old).await?;
    keyring.remove(&old).await?;
    let rings = keyring.list().await?;
    for ring in &rings {
        let keys: Vec<_> = ring
            .keys
            .iter()
            .map(|(key, n)| (key.expose(), *n))
            .collect();
        ensure!(
            keys == [(NEW, 1)] && ring.primary_keys == ring.keys,
            "{rings:?}"
        );
    }
    let short = keyring.install(&Secret::new("cHVx")).await;
    ensure!(kind(short) == Some(ErrorKind::InvalidArgument));
    Ok(())
}
