//! The documentation of link.etcd 0.4, snippet by snippet, in Rust. As published, link.etcd can't
//! write; here each part asserts what its document means.

#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate::Coordinator;
use quorate::config::{Config, ConfigEvent};
use quorate::tree::{ListNames, TreeOptions};
use quorate_etcd::v2::{Client, Timeouts, TlsOptions};
use quorate_examples::{Etcd2, prefix};
use serde::{Deserialize, Serialize};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let etcd = Etcd2::start().await?;
    configured(&etcd)?;
    let root = prefix("link");
    let coordinator = quorate::connect(&format!("{}/{root}", etcd.url())).await?;
    let client = coordinator.native_etcd2().context("not an etcd")?.clone();
    dict(&coordinator, &client, &root).await?;
    lists(&coordinator, &client, &root).await?;
    driver(&coordinator, &client, &root).await?;
    client.keys().delete_tree(&root).await?;
    coordinator.close().await?;
    println!("every snippet did what it means");
    Ok(())
}

/// 1.1: `middleware.conf`, option by option. A URL says most of it, too:
/// `etcd2+tls://etcd-1:2379,etcd-2:2379/app?ca=ca.pem&auth-file=credentials&sync=60s`.
fn configured(etcd: &Etcd2) -> anyhow::Result<()> {
    let certificates = TlsOptions::default(); // cert, ca_cert: with_client_files, with_ca_file
    let client = Client::builder()
        .address("localhost:4001") // host and port, of the year 2016; today it is 2379
        .address(etcd.hosts()) // allow_reconnect: the next one is asked
        .timeouts(Timeouts::default().with_attempt(Duration::from_secs(60))) // read_timeout
        .tls(certificates)
        .basic_auth("ann", "b1gs33cr3t") // username, password
        .sync_every(Duration::from_secs(60)) // use_proxies = False
        .expected_cluster(0x64674cd17a494f9e) // expected_cluster_id
        .max_idle_connections(10) // per_host_pool_size
        .build()?;
    ensure!(client.addresses()[0] == "http://localhost:4001");
    ensure!(Client::builder().build()?.addresses() == ["http://127.0.0.1:2379"]);
    Ok(())
}

/// What the tutorial sets: `{'subcollection': ['item1', 'item2']}`.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct Collection {
    subcollection: Vec<String>,
}

/// 1.1: the dict protocol.
async fn dict(coordinator: &Coordinator, client: &Client, root: &str) -> anyhow::Result<()> {
    let tree = coordinator.tree();
    let collection = Collection {
        subcollection: vec!["item1".into(), "item2".into()],
    };
    // client['/collection'] = {…}
    tree.replace("/collection", &collection).await?;
    // item1 in /collection/subcollection/1, item2 in /collection/subcollection/2.
    for (number, item) in [(1, "item1"), (2, "item2")] {
        let key = format!("/{root}/collection/subcollection/{number}");
        let node = client
            .keys()
            .get(&key)
            .await?
            .context("it is a key of etcd")?;
        ensure!(node.value.as_deref() == Some(item), "{node:?}");
    }
    // tree = client['/collection']: the dict set above.
    let read: Collection = tree.get("/collection").await?;
    ensure!(read == collection);
    println!("{read:?}");

    // '/path' in client; also where the path leads through a leaf, and of a part.
    ensure!(tree.contains("/collection").await?);
    ensure!(tree.contains("/collection/subcollection/2").await?);
    ensure!(!tree.contains("/collection/subcollection/3").await?);

    // Set again: what is not in it any more is gone; `set` would merge.
    let shorter = Collection {
        subcollection: vec!["item1".into()],
    };
    tree.replace("/collection", &shorter).await?;
    ensure!(tree.get::<Collection>("/collection").await? == shorter);

    // client['/path'] = value, for a single one.
    tree.replace("/path", "value").await?;
    ensure!(tree.get::<String>("/path").await? == "value");

    // del client['/collection']: the whole tree, and no KeyError the second time.
    tree.remove("/collection").await?;
    ensure!(!tree.contains("/collection").await?);
    ensure!(tree.find::<Collection>("/collection").await?.is_none());
    tree.remove("/collection").await?;
    Ok(())
}

/// "If value is a list, then items are appended to the directory": that is what `append` does, and
/// what etcd's in-order keys are for.
async fn lists(coordinator: &Coordinator, client: &Client, root: &str) -> anyhow::Result<()> {
    let tree = coordinator.tree();
    tree.set("/list", &["one"]).await?;
    tree.append("/list", "two").await?;
    ensure!(tree.get::<Vec<String>>("/list").await? == ["one", "two"]);

    // What link.etcd would have written: names of 20 digits, the index of the store.
    let queue = format!("/{root}/queue");
    client.keys().create_in_order(&queue, "one").await?;
    client.keys().create_in_order(&queue, "two").await?;
    ensure!(tree.get::<Vec<String>>("/queue").await? == ["one", "two"]);

    let options = TreeOptions::default().with_list_names(ListNames::Padded);
    let padded = coordinator.tree().with_options(options);
    padded.replace("/padded", &["one", "two"]).await?;
    ensure!(padded.get::<Vec<String>>("/padded").await? == ["one", "two"]);
    Ok(())
}

/// `MyConfigurable` of the tutorial, with a value that it is given if there is none.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
struct MyConfigurable {
    myconf: MyConf,
}

/// `category('MYCONF', Parameter(name='myparam'))`.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
struct MyConf {
    myparam: u16,
}

/// 1.2: the configuration driver.
async fn driver(coordinator: &Coordinator, client: &Client, root: &str) -> anyhow::Result<()> {
    let path = "myproject/myconfigurable.conf";
    let defaults = MyConfigurable {
        myconf: MyConf { myparam: 1 },
    };
    let config = Config::<MyConfigurable>::builder()
        .defaults(&defaults)
        .subtree(coordinator, path)
        .validate(|conf: &MyConfigurable| match conf.myconf.myparam {
            0 => Err("myparam is 0"),
            _ => Ok(()),
        })
        .load()
        .await?;
    ensure!(*config.get() == defaults);

    // It is stored at /myproject/myconfigurable.conf/MYCONF/myparam.
    config.write_defaults(&defaults).await?;
    let key = format!("/{root}/{path}/MYCONF/myparam");
    let node = client.keys().get(&key).await?.context("it was written")?;
    ensure!(node.value.as_deref() == Some("1"), "{node:?}");

    // What link.etcd can't: somebody changes it, and the program goes on with the new value …
    let mut changes = config.changes();
    client.keys().set(&key, "2").await?;
    let Some(ConfigEvent::Changed { changes: what, .. }) = changes.next().await else {
        anyhow::bail!("it was changed");
    };
    println!("{}", what[0]);
    ensure!(config.get().myconf.myparam == 2);
    // … unless that is wrong.
    client.keys().set(&key, "none of your business").await?;
    let Some(ConfigEvent::Refused(refusal)) = changes.next().await else {
        anyhow::bail!("it is no number");
    };
    println!("{}", refusal.error);
    ensure!(config.get().myconf.myparam == 2, "the last good one stays");
    Ok(())
}
