//! Several processes on one data directory. The other processes are this test program, started
//! again with `QUORATE_TEST_DIRECTORY` set: then it opens that directory, says who owns it, and
//! carries out what it is told on its standard input.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    reason = "tests fail by panicking"
)]
#![allow(clippy::print_stdout, reason = "how the processes talk to each other")]

mod peer;
mod wire;

use std::path::Path;
use std::time::Duration;

use peer::Peer;
use quorate_agent::{Agent, AgentConfig, AgentError, SharedAgent};
use tokio::time::timeout;
use wire::{get, leave, put};

fn config(path: &Path) -> AgentConfig {
    AgentConfig::directory(path).with_node_name("shared")
}

async fn open(path: &Path) -> SharedAgent {
    SharedAgent::open(config(path)).await.unwrap()
}

#[tokio::test]
async fn the_second_process_sees_what_the_first_writes_and_the_other_way_round() {
    let folder = tempfile::tempdir().unwrap();
    let here = open(folder.path()).await;
    assert!(here.is_owner());
    let mut there = Peer::start(folder.path()).await;
    assert_eq!(there.role_at_start(), "guest");
    put(&here, "a", "from here").await.unwrap();
    assert_eq!(there.ask("get a").await, "from here");
    assert_eq!(there.ask("put b from there").await, "true");
    assert_eq!(get(&here, "b").await.unwrap(), "from there");
    assert_eq!(there.end().await, "ended");
    here.shutdown().await;
}

#[tokio::test]
async fn when_the_owner_ends_gracefully_another_process_takes_over() {
    let folder = tempfile::tempdir().unwrap();
    let mut owner = Peer::start(folder.path()).await;
    assert_eq!(owner.role_at_start(), "owner");
    let here = open(folder.path()).await;
    assert!(!here.is_owner());
    put(&here, "a", "1").await.unwrap();
    assert_eq!(owner.end().await, "ended");
    assert!(!folder.path().join("agent.sock").exists());
    assert_eq!(get(&here, "a").await.unwrap(), "1", "nothing is lost");
    assert!(here.is_owner());
    put(&here, "a", "2").await.unwrap();
    here.shutdown().await;
    assert!(!here.is_owner());
    assert!(get(&here, "a").await.is_err(), "it has given its place up");
}

#[tokio::test]
async fn an_owner_that_is_made_to_leave_ends_and_another_place_takes_over() {
    let folder = tempfile::tempdir().unwrap();
    let owner = open(folder.path()).await;
    let guest = open(folder.path()).await;
    put(&guest, "a", "1").await.unwrap();
    leave(&guest).await.unwrap();
    let ended = async {
        while owner.is_owner() {
            tokio::task::yield_now().await;
        }
    };
    timeout(Duration::from_secs(50), ended).await.unwrap();
    assert!(get(&owner, "a").await.is_err(), "its place is given up");
    assert_eq!(get(&guest, "a").await.unwrap(), "1", "nothing is lost");
    assert!(guest.is_owner());
    owner.shutdown().await;
    guest.shutdown().await;
}

#[tokio::test]
async fn when_the_owner_is_killed_another_process_takes_over_with_everything_acknowledged() {
    let folder = tempfile::tempdir().unwrap();
    let here = {
        // Owned by the process that is going to die.
        let mut owner = Peer::start(folder.path()).await;
        assert_eq!(owner.role_at_start(), "owner");
        let here = open(folder.path()).await;
        for number in 0..20 {
            put(&here, &format!("k{number}"), "acknowledged")
                .await
                .unwrap();
        }
        owner.kill().await;
        here
    };
    assert!(
        folder.path().join("agent.sock").exists(),
        "it had no time to remove its socket"
    );
    for number in 0..20 {
        assert_eq!(
            get(&here, &format!("k{number}")).await.unwrap(),
            "acknowledged"
        );
    }
    assert!(here.is_owner());
    here.shutdown().await;
}

#[tokio::test]
async fn of_many_guests_exactly_one_takes_over_and_the_others_follow() {
    let folder = tempfile::tempdir().unwrap();
    let mut owner = Peer::start(folder.path()).await;
    let mut guests = Vec::new();
    for _ in 0..3 {
        guests.push(Peer::start(folder.path()).await);
    }
    let here = open(folder.path()).await;
    put(&here, "a", "1").await.unwrap();
    owner.kill().await;
    let mut owners = 0;
    for guest in &mut guests {
        assert_eq!(guest.ask("get a").await, "1");
    }
    assert_eq!(get(&here, "a").await.unwrap(), "1");
    for guest in &mut guests {
        owners += usize::from(guest.ask("role").await == "owner");
    }
    owners += usize::from(here.is_owner());
    assert_eq!(owners, 1);
    // One after the other may go; whoever is left has everything.
    for guest in &mut guests {
        guest.kill().await;
        assert_eq!(get(&here, "a").await.unwrap(), "1");
    }
    assert!(here.is_owner());
    here.shutdown().await;
}

#[tokio::test]
async fn a_program_that_wants_the_directory_for_itself_is_told_who_has_it() {
    let folder = tempfile::tempdir().unwrap();
    let mut owner = Peer::start(folder.path()).await;
    match Agent::start(config(folder.path())).await.unwrap_err() {
        AgentError::DirectoryOwned { owner: id, .. } => assert_eq!(id, Some(owner.id())),
        other => panic!("{other:?}"),
    }
    owner.kill().await;
    Agent::start(config(folder.path()))
        .await
        .unwrap()
        .shutdown()
        .await;
}

#[tokio::test]
async fn an_agent_that_runs_for_itself_can_be_joined() {
    let folder = tempfile::tempdir().unwrap();
    let agent = Agent::start(config(folder.path())).await.unwrap();
    let mut there = Peer::start(folder.path()).await;
    assert_eq!(there.role_at_start(), "guest");
    assert_eq!(there.ask("put a 1").await, "true");
    // It ends, and who joined it takes over.
    agent.shutdown().await;
    assert_eq!(there.ask("get a").await, "1");
    assert_eq!(there.ask("role").await, "owner");
    there.end().await;
}

#[tokio::test]
async fn two_handles_within_one_process_share_a_directory_too() {
    let folder = tempfile::tempdir().unwrap();
    let tasks = || {
        tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks()
    };
    let before = tasks();
    let (one, two) = (open(folder.path()).await, open(folder.path()).await);
    assert!(one.is_owner() && !two.is_owner());
    put(&two, "a", "1").await.unwrap();
    one.shutdown().await;
    assert_eq!(get(&two, "a").await.unwrap(), "1");
    assert!(two.is_owner() && two.agent().is_some());
    two.shutdown().await;
    assert_eq!(tasks(), before, "tasks are left");
}

#[tokio::test]
async fn a_directory_whose_path_no_socket_address_holds_is_shared_too() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("d".repeat(150));
    let here = open(&path).await;
    let mut there = Peer::start(&path).await;
    assert_eq!(there.role_at_start(), "guest");
    put(&here, "a", "1").await.unwrap();
    assert_eq!(there.ask("get a").await, "1");
    here.shutdown().await;
    assert_eq!(there.ask("get a").await, "1");
    there.end().await;
}

#[tokio::test]
async fn an_agent_in_memory_is_shared_with_nobody() {
    let shared = SharedAgent::open(AgentConfig::memory()).await.unwrap();
    put(&shared, "a", "1").await.unwrap();
    assert!(shared.is_owner());
    shared.shutdown().await;
}

#[tokio::test]
async fn a_directory_that_can_not_be_used_is_an_error_and_no_wait() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let open = SharedAgent::open(AgentConfig::directory(file.path().join("x")));
    let error = timeout(Duration::from_secs(50), open)
        .await
        .unwrap()
        .unwrap_err();
    assert!(matches!(error, AgentError::Directory { .. }), "{error:?}");
}

#[tokio::test]
async fn a_takeover_that_fails_is_told_and_tried_again_later() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("data");
    let mut owner = Peer::start(&path).await;
    let here = open(&path).await;
    assert!(!here.is_owner());
    owner.kill().await;
    let node_id = path.join("node-id");
    let good = std::fs::read(&node_id).unwrap();
    std::fs::write(&node_id, "junk").unwrap();
    let error = get(&here, "a").await.unwrap_err();
    assert!(error.to_string().contains("node-id"), "{error}");
    std::fs::write(&node_id, good).unwrap();
    assert_eq!(put(&here, "a", "1").await.unwrap(), "true");
    assert!(here.is_owner());
    here.shutdown().await;
}

/// Not a test: what the other processes run. See [`peer`].
#[tokio::test]
async fn peer_process() {
    if let Some(path) = std::env::var_os(peer::DIRECTORY) {
        peer::serve(Path::new(&path)).await;
    }
}
