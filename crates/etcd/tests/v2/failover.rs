//! Several servers, and members that come and go.

use std::time::Duration;

use quorate_etcd::v2::{Client, ErrorKind};

use crate::script::{Network, Say, Server, event};

fn members(urls: &[&str]) -> Say {
    let member = |(at, url): (usize, &&str)| {
        format!(r#"{{"id":"{at}","name":"n{at}","peerURLs":[],"clientURLs":["{url}"]}}"#)
    };
    let rows: Vec<_> = urls.iter().enumerate().map(member).collect();
    Say::ok(format!(r#"{{"members":[{}]}}"#, rows.join(",")))
}

fn done() -> Say {
    Say::ok(event("set", "/k", "v", 4))
}

#[tokio::test]
async fn the_next_server_takes_over_when_one_cannot_be_reached() {
    let second = Server::new([done(), done()]);
    let network = Network::new([("http://b:1", &second)]);
    let client = Client::builder()
        .address("http://a:1,http://b:1")
        .dialer(network);
    let client = client.build().unwrap();
    client.keys().set("/k", "v").await.unwrap();
    client.keys().set("/k", "v").await.unwrap();
    assert_eq!(second.seen().len(), 2);
}

#[tokio::test]
async fn members_that_were_looked_up_take_over_too() {
    let first = Server::new([members(&["http://a:1", "http://b:1"])]);
    let second = Server::new([done()]);
    let network = Network::new([("http://a:1", &first), ("http://b:1", &second)]);
    let client = Client::builder()
        .address("http://a:1")
        .dialer(network.clone());
    let client = client.build().unwrap();
    assert_eq!(client.sync().await.unwrap(), ["http://a:1", "http://b:1"]);
    network.down("http://a:1");
    drop(first);
    client.keys().set("/k", "v").await.unwrap();
}

#[tokio::test(start_paused = true)]
async fn members_are_looked_up_by_themselves_once_in_a_while() {
    let server = Server::new([
        members(&["http://b:1"]),
        done(),
        done(),
        members(&[]),
        done(),
    ]);
    let network = Network::new([("http://a:1", &server)]);
    let client = Client::builder()
        .address("http://a:1")
        .sync_every(Duration::from_secs(60))
        .dialer(network)
        .build()
        .unwrap();
    client.keys().set("/k", "v").await.unwrap();
    assert_eq!(client.addresses(), ["http://a:1", "http://b:1"]);
    client.keys().set("/k", "v").await.unwrap();
    tokio::time::advance(Duration::from_secs(61)).await;
    client.keys().set("/k", "v").await.unwrap();
    assert_eq!(client.addresses(), ["http://a:1"]);
    let lookups = server
        .lines()
        .iter()
        .filter(|line| line.contains("members"))
        .count();
    assert_eq!(lookups, 2);
}

#[tokio::test]
async fn the_leaders_statistics_are_found_on_whichever_server_leads() {
    let follower = || Say::status(403, r#"{"message":"not current leader"}"#);
    let first = Server::new([follower(), follower()]);
    let second = Server::new([Say::ok(r#"{"leader":"b","followers":{}}"#)]);
    let network = Network::new([("http://a:1", &first), ("http://b:1", &second)]);
    let client = Client::builder()
        .address("http://a:1,http://b:1")
        .dialer(network);
    let client = client.build().unwrap();
    assert_eq!(client.stats().leader().await.unwrap().leader, "b");
    let alone = Server::new([follower(), follower()]);
    let error = alone.client().stats().leader().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
}

#[tokio::test(start_paused = true)]
async fn each_server_is_asked_for_its_health() {
    let well = Server::new([Say::ok(r#"{"health":"true","reason":""}"#)]);
    let ill = Server::new([Say::status(503, r#"{"health":"false"}"#)]);
    let network = Network::new([("http://a:1", &well), ("http://b:1", &ill)]);
    let client = Client::builder()
        .address("http://a:1,http://b:1,http://c:1")
        .dialer(network);
    let all = client.build().unwrap().health().check_all().await;
    assert!(all[0].1.as_ref().unwrap().healthy);
    assert!(!all[1].1.as_ref().unwrap().healthy);
    assert_eq!(
        all[2].1.as_ref().unwrap_err().kind(),
        ErrorKind::Unavailable
    );
}
