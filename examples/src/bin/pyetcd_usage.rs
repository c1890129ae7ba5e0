//! The documentation of pyetcd 1.11.1, snippet by snippet and method by method, in Rust. Each part
//! asserts what the document says of it; where that is wrong (a mismatch that raises
//! `EtcdNodeExist`, HTTP codes that are none), the part asserts what is right.

#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_etcd::v2::{
    Action, Change, Client, Condition, DeleteOptions, Error, ErrorCode, ErrorKind, GetOptions,
    MemberState, SetOptions, Timeouts, WatchOptions,
};
use quorate_examples::{Etcd2, prefix};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let etcd = Etcd2::start().await?;
    usage(&etcd).await?;
    parameters()?;
    let client = Client::new(etcd.hosts())?;
    let root = format!("/{}", prefix("pyetcd"));
    swap(&client, &root).await?;
    delete(&client, &root).await?;
    directories(&client, &root).await?;
    read(&client, &root).await?;
    ttl(&client, &root).await?;
    members(&client).await?;
    versions(&client).await?;
    results(&client, &root).await?;
    exceptions(&client, &root).await?;
    client.keys().delete_tree(&root).await?;
    println!("every snippet did what it says");
    Ok(())
}

/// Chapter 3: write and read, from one server and from a cluster; wait for a change.
async fn usage(etcd: &Etcd2) -> anyhow::Result<()> {
    // Client(): 127.0.0.1:2379.
    ensure!(Client::builder().build()?.addresses() == ["http://127.0.0.1:2379"]);

    let message = format!("/{}/message", prefix("pyetcd"));
    let client = Client::new(etcd.hosts())?;
    client.keys().set(&message, "Hello world").await?;
    let node = client.keys().get(&message).await?.context("just written")?;
    println!("{:?}", node.value);
    ensure!(node.value.as_deref() == Some("Hello world"));

    // A cluster: the next server is asked when one is down, as the first two are here.
    let client = Client::builder()
        .addresses(["127.0.0.1:1", "127.0.0.1:2", etcd.hosts()])
        .build()?;
    client.keys().set(&message, "Hello world").await?;
    let node = client.keys().get(&message).await?.context("just written")?;
    ensure!(node.value.as_deref() == Some("Hello world"));

    // read(wait=True) ends with the first change; a watch goes on, and loses none in between.
    let mut watch = client.keys().watch(&message);
    let Change::Listed { node, .. } = watch.next().await? else {
        anyhow::bail!("the state comes first");
    };
    ensure!(node.context("it is there")?.value.as_deref() == Some("Hello world"));
    client.keys().set(&message, "Hello again").await?;
    let Change::Event(event) = watch.next().await? else {
        anyhow::bail!("nothing was missed");
    };
    let node = event.node.context("what was set")?;
    println!("{:?}", node.value);
    ensure!(node.value.as_deref() == Some("Hello again"));
    Ok(())
}

/// `Client(**kwargs)`: every parameter, and `ClientException`.
fn parameters() -> anyhow::Result<()> {
    let client = Client::builder()
        .address("https://10.0.1.10") // host and protocol
        .address("10.0.1.11:4001,10.0.1.12:4001") // several, with their ports
        .require_tls()
        .timeouts(Timeouts::default().with_connect(Duration::from_millis(500)))
        .basic_auth("ann", "b1gs33cr3t") // which pyetcd does not have
        .build()?;
    ensure!(client.addresses()[1] == "https://10.0.1.11:4001");
    let refused = Client::new("ftp://10.0.1.10")
        .err()
        .context("no protocol of etcd")?;
    ensure!(
        refused.kind() == ErrorKind::InvalidArgument,
        "ClientException"
    );
    Ok(())
}

/// `compare_and_swap`. pyetcd sends one condition and drops the others; here both count.
async fn swap(client: &Client, root: &str) -> anyhow::Result<()> {
    let (keys, key) = (client.keys(), format!("{root}/swap"));
    // prev_exist=False: a create request; prev_exist=True: an update request.
    let made = keys.create(&key, "one").await?;
    let again = keys.create(&key, "two").await;
    ensure!(
        code_of(again) == Some(ErrorCode::NodeExists),
        "EtcdNodeExist"
    );
    keys.update(&key, "one").await?;
    let missing = keys.update(&format!("{root}/none"), "x").await;
    ensure!(code_of(missing) == Some(ErrorCode::KeyNotFound));

    // prev_value, prev_index, both of them, and ttl.
    let swapped = keys
        .compare_and_swap(&key, "two", &Condition::value("one"))
        .await?;
    ensure!(
        swapped.created_index == made.created_index,
        "it is the same key"
    );
    let stale = keys
        .compare_and_swap(&key, "three", &Condition::value("one"))
        .await;
    let stale = stale.err().context("it is `two`")?;
    ensure!(
        stale.code() == Some(ErrorCode::TestFailed),
        "EtcdTestFailed"
    );
    ensure!(stale.cause() == Some("[one != two]"));
    let both = Condition::index(swapped.modified_index).and_value("wrong");
    let half = keys.compare_and_swap(&key, "three", &both).await;
    ensure!(
        code_of(half) == Some(ErrorCode::TestFailed),
        "pyetcd would have written"
    );
    let options = SetOptions::new()
        .with_condition(Condition::index(swapped.modified_index))
        .with_ttl(Duration::from_secs(60));
    let answer = keys.set_with(&key, "three", &options).await?;
    ensure!(answer.value.action == Action::CompareAndSwap);
    // prev_index=0 would be no condition at all on the server: it is refused here.
    let zero = keys
        .compare_and_swap(&key, "four", &Condition::index(0))
        .await;
    ensure!(zero.is_err_and(|error| error.kind() == ErrorKind::InvalidArgument));
    Ok(())
}

/// `delete` and `compare_and_delete`.
async fn delete(client: &Client, root: &str) -> anyhow::Result<()> {
    let (keys, key) = (client.keys(), format!("{root}/delete"));
    keys.set(&key, "one").await?;
    let before = keys.delete(&key).await?.context("what it was")?;
    ensure!(before.value.as_deref() == Some("one"));
    ensure!(code_of(keys.delete(&key).await) == Some(ErrorCode::KeyNotFound));

    let node = keys.set(&key, "a&b").await?;
    let failed = keys
        .compare_and_delete(&key, &Condition::value("b&a"))
        .await;
    // The manual says EtcdNodeExist.
    ensure!(
        code_of(failed) == Some(ErrorCode::TestFailed),
        "EtcdTestFailed"
    );
    let condition = Condition::value("a&b").and_index(node.modified_index);
    keys.compare_and_delete(&key, &condition).await?;
    ensure!(!keys.contains(&key).await?);
    Ok(())
}

/// `mkdir` and `rmdir`.
async fn directories(client: &Client, root: &str) -> anyhow::Result<()> {
    let (keys, directory) = (client.keys(), format!("{root}/directory"));
    keys.create_dir(&directory).await?;
    let again = keys.create_dir(&directory).await;
    ensure!(code_of(again) == Some(ErrorCode::NodeExists));
    keys.set(&format!("{directory}/key"), "x").await?;
    let file = keys.delete(&directory).await;
    ensure!(code_of(file) == Some(ErrorCode::NotFile), "EtcdNotFile");
    let full = keys.delete_dir(&directory).await;
    ensure!(
        code_of(full) == Some(ErrorCode::DirectoryNotEmpty),
        "EtcdDirNotEmpty"
    );
    keys.delete_tree(&directory).await?; // recursive=True
    ensure!(keys.get(&directory).await?.is_none());
    Ok(())
}

/// `read(key, **kwargs)`: every parameter that a GET has.
async fn read(client: &Client, root: &str) -> anyhow::Result<()> {
    let (keys, directory) = (client.keys(), format!("{root}/read"));
    keys.set(&format!("{directory}/b"), "2").await?;
    keys.set(&format!("{directory}/a/c"), "1").await?;
    let options = GetOptions::new()
        .with_recursive()
        .with_sorted()
        .with_quorum();
    let answer = keys.get_with(&directory, &options).await?;
    let tree = answer.value.context("just written")?;
    let values: Vec<_> = tree
        .files()
        .filter_map(|node| node.value.as_deref())
        .collect();
    ensure!(values == ["1", "2"], "in the order of the keys");
    ensure!(
        keys.get(&format!("{root}/none")).await?.is_none(),
        "no exception"
    );

    // wait=True, waitIndex=…, recursive=True.
    let index = answer.meta.index.context("X-Etcd-Index")?;
    keys.set(&format!("{directory}/b"), "3").await?;
    let options = WatchOptions::new().with_recursive().with_after(index);
    let change = keys.watch_with(&directory, options).next().await?;
    ensure!(matches!(change, Change::Event(event) if event.action == Action::Set));
    Ok(())
}

/// `write(ttl=…)` and `update_ttl`.
async fn ttl(client: &Client, root: &str) -> anyhow::Result<()> {
    let (keys, key) = (client.keys(), format!("{root}/ttl"));
    let options = SetOptions::new().with_ttl(Duration::from_secs(60));
    keys.set_with(&key, "x", &options).await?;
    let node = keys.refresh(&key, Duration::from_secs(3600)).await?;
    ensure!(node.ttl > Some(60) && node.value.as_deref() == Some("x"));
    let missing = keys
        .refresh(&format!("{root}/none"), Duration::from_secs(1))
        .await;
    ensure!(
        code_of(missing) == Some(ErrorCode::KeyNotFound),
        "EtcdKeyNotFound"
    );
    // A server would take 0 as a key that is gone at once: it is refused here.
    ensure!(keys.refresh(&key, Duration::ZERO).await.is_err());
    Ok(())
}

/// `add_member` and `remove_member`. Both go as far as the server's refusal: a cluster of one that
/// is given a second member has no majority until that has started.
async fn members(client: &Client) -> anyhow::Result<()> {
    let members = client.members();
    let one = members
        .list()
        .await?
        .into_iter()
        .next()
        .context("there is one")?;
    let leader = members.leader().await?.context("it leads")?;
    ensure!(leader.id == one.id);
    let there = members
        .add(one.peer_urls.iter())
        .await
        .err()
        .context("it is there")?;
    ensure!(there.kind() == ErrorKind::AlreadyExists && there.status() == Some(409));
    let wrong = members.add(["10.0.0.10"]).await;
    ensure!(wrong.is_err_and(|error| error.kind() == ErrorKind::InvalidArgument));
    let unknown = members.remove("272e204152").await;
    ensure!(unknown.is_err_and(|error| error.kind() == ErrorKind::NotFound));
    Ok(())
}

/// `version`, `version_server`, `version_cluster` and `health`.
async fn versions(client: &Client) -> anyhow::Result<()> {
    let version = client.version().await?;
    println!("etcd {}, cluster {}", version.server, version.cluster);
    ensure!(
        version
            .server_numbers()
            .is_some_and(|numbers| numbers >= (2, 0))
    );
    // A server that is not healthy is an answer, and no EtcdException.
    ensure!(client.health().check().await?.healthy);
    Ok(())
}

/// `EtcdResult`: what answers tell, and the statistics that no method of pyetcd asks for.
async fn results(client: &Client, root: &str) -> anyhow::Result<()> {
    let key = format!("{root}/result");
    client.keys().set(&key, "1").await?;
    let answer = client
        .keys()
        .set_with(&key, "2", &SetOptions::new())
        .await?;
    let (event, index) = (answer.value, answer.meta.index);
    ensure!(event.action == Action::Set, "action");
    let node = event.node.context("node")?;
    let before = event.prev_node.context("prevNode")?;
    ensure!(before.value.as_deref() == Some("1") && node.value.as_deref() == Some("2"));
    ensure!(index >= Some(node.modified_index), "x_etcd_index");

    let own = client.stats().this_member().await?;
    ensure!(
        own.state == MemberState::Leader && !own.id.is_empty(),
        "state and id"
    );
    println!(
        "{} started at {:?}, {} and {} appends",
        own.name, own.start_time, own.recv_append_request_cnt, own.send_append_request_cnt
    );
    let leader = client.stats().leader().await?;
    ensure!(
        leader.leader == own.leader_info.leader,
        "leader and leaderInfo"
    );
    ensure!(
        leader.followers.is_empty(),
        "followers: a cluster of one has none"
    );
    ensure!(client.stats().store().await?.sets_success > 0);
    Ok(())
}

/// The exceptions: one kind a class, told by its code. "(http code N)" in the manual is the code.
async fn exceptions(client: &Client, root: &str) -> anyhow::Result<()> {
    ensure!(ErrorCode::ALL.len() == 32, "as many as pyetcd has classes");
    for code in ErrorCode::ALL {
        ensure!(ErrorCode::from_code(code.code()) == *code);
    }
    let keys = client.keys();
    let file = format!("{root}/file");
    keys.set(&file, "x").await?;
    let below = keys.set(&format!("{file}/below"), "x").await;
    let below = below.err().context("a file has nothing below it")?;
    ensure!(below.code() == Some(ErrorCode::NotDirectory), "EtcdNotDir");
    ensure!(below.status() == Some(400) && below.cause() == Some(file.as_str()));
    ensure!(below.text() == Some("Not a directory") && below.index().is_some());
    let over = keys.set(root, "x").await;
    ensure!(code_of(over) == Some(ErrorCode::NotFile), "EtcdNotFile");
    let root = keys
        .delete_with("/", &DeleteOptions::new().with_recursive())
        .await;
    ensure!(
        code_of(root) == Some(ErrorCode::RootReadOnly),
        "EtcdRootROnly"
    );
    // What etcd would refuse as a form (EtcdPrevValueRequired, EtcdTTLNaN, …) is not sent at all.
    let empty = keys
        .compare_and_swap(&file, "y", &Condition::value(""))
        .await;
    ensure!(empty.is_err_and(|error| error.code().is_none() && error.peer().is_none()));
    Ok(())
}

/// The code that a call was refused with.
fn code_of<T>(result: Result<T, Error>) -> Option<ErrorCode> {
    result.err()?.code()
}
