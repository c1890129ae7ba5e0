//! Which servers a client knows: named, found by DNS, or members.

use std::io;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use quorate_etcd::v2::discovery::{BoxFuture, SrvLookup, SrvRecord};
use quorate_etcd::v3::{Client, ErrorKind, KeepAlive, KeyRange};
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_net::task::TaskGroup;
use tokio::time::{Instant, sleep};

use crate::script::{Call, Network, Server, header, well, well_server, who};

/// What name servers say of a domain; nothing is a failure.
#[derive(Debug, Default)]
struct Zone {
    hosts: Mutex<Option<Vec<&'static str>>>,
    asked: AtomicUsize,
}

impl Zone {
    fn of(hosts: &[&'static str]) -> Arc<Self> {
        let zone = Self::default();
        zone.set(Some(hosts));
        Arc::new(zone)
    }

    fn set(&self, hosts: Option<&[&'static str]>) {
        *self.hosts.lock().unwrap() = hosts.map(<[_]>::to_vec);
    }
}

impl SrvLookup for Zone {
    fn lookup<'a>(&'a self, name: &'a str) -> BoxFuture<'a, io::Result<Vec<SrvRecord>>> {
        let hosts = self.hosts.lock().unwrap().clone();
        let found = match (name, hosts) {
            (_, None) => Err(io::ErrorKind::TimedOut.into()),
            ("_etcd-client._tcp.example.com.", Some(hosts)) => {
                self.asked.fetch_add(1, SeqCst);
                let records = hosts.into_iter().map(|host| SrvRecord::new(host, 1));
                Ok(records.collect())
            }
            _ => Err(io::ErrorKind::NotFound.into()),
        };
        Box::pin(async move { found })
    }
}

fn client(zone: &Arc<Zone>, network: &Arc<Network>) -> Client {
    Client::builder()
        .discovery_srv("example.com")
        .resolver(Arc::clone(zone) as _)
        .dialer(Arc::clone(network))
        .build()
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_servers_of_a_domain_are_followed_as_its_records_change() {
    let (a, b) = (well_server("a"), well_server("b"));
    let network = Network::new([("http://a:1", &a), ("http://b:1", &b)]);
    let zone = Zone::of(&["a"]);
    let client = client(&zone, &network);
    assert!(
        client.addresses().is_empty(),
        "nothing is asked before the first call"
    );
    assert_eq!(who(&client).await, "a");
    assert_eq!(who(&client).await, "a");
    assert_eq!(zone.asked.load(SeqCst), 1);
    zone.set(Some(&["b"]));
    sleep(Duration::from_secs(61)).await;
    assert_eq!(who(&client).await, "b");
    assert_eq!(client.addresses(), ["http://b:1"]);
}

#[tokio::test(start_paused = true)]
async fn when_no_server_is_reached_the_records_are_looked_up_again_at_once() {
    let (a, b) = (well_server("a"), well_server("b"));
    let network = Network::new([("http://a:1", &a), ("http://b:1", &b)]);
    let zone = Zone::of(&["a"]);
    let client = client(&zone, &network);
    assert_eq!(who(&client).await, "a");
    network.down("http://a:1");
    a.cut();
    zone.set(Some(&["b"]));
    let begun = Instant::now();
    while client.kv().get("k").await.is_err() {}
    assert_eq!(who(&client).await, "b");
    assert!(
        begun.elapsed() < Duration::from_secs(30),
        "{:?}",
        begun.elapsed()
    );
}

#[tokio::test(start_paused = true)]
async fn name_servers_that_fail_fail_only_the_first_call() {
    let a = well_server("a");
    let network = Network::new([("http://a:1", &a)]);
    let zone = Zone::of(&["a"]);
    let client = client(&zone, &network);
    zone.set(None);
    let error = client.kv().get("k").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unavailable, "{error}");
    zone.set(Some(&[]));
    let error = client.kv().get("k").await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::NotFound,
        "no server is assumed: {error}"
    );
    zone.set(Some(&["a"]));
    assert_eq!(who(&client).await, "a");
    zone.set(None);
    sleep(Duration::from_secs(61)).await;
    assert_eq!(who(&client).await, "a", "the old addresses are kept");
}

#[tokio::test(start_paused = true)]
async fn members_are_followed_as_they_change() {
    let urls: Arc<Mutex<Vec<&str>>> = Arc::new(Mutex::new(vec!["http://a:1"]));
    let told = Arc::clone(&urls);
    let a = Server::new(move |call: Call| {
        let member = pb::Member {
            id: 1,
            client_ur_ls: told
                .lock()
                .unwrap()
                .iter()
                .map(|url| (*url).to_owned())
                .collect(),
            ..Default::default()
        };
        async move {
            if call.is("/MemberList") {
                call.answer(&pb::MemberListResponse {
                    header: header(5),
                    members: vec![member],
                });
            } else {
                well(call, "a").await;
            }
        }
    });
    let b = well_server("b");
    let network = Network::new([("http://a:1", &a), ("http://b:1", &b)]);
    let client = Client::builder()
        .address("http://a:1")
        .sync_every(Duration::from_secs(60))
        .dialer(Arc::clone(&network))
        .build()
        .unwrap();
    assert_eq!(who(&client).await, "a");
    *urls.lock().unwrap() = vec!["http://a:1", "http://b:1"];
    sleep(Duration::from_secs(61)).await;
    assert_eq!(who(&client).await, "a");
    assert_eq!(client.addresses(), ["http://a:1", "http://b:1"]);
    assert_eq!(
        a.connections(),
        1,
        "connections to servers that stay are kept"
    );
    network.down("http://a:1");
    a.cut();
    assert_eq!(who(&client).await, "b", "a member that was learnt serves");
}

/// Leads to a server that takes connections and reads nothing.
#[derive(Debug)]
struct Dead(TaskGroup);

impl quorate_etcd::v3::Dial for Dead {
    fn dial<'a>(
        &'a self,
        _: &'a quorate_net::endpoint::Endpoint,
    ) -> quorate_net::transport::BoxFuture<'a, io::Result<quorate_net::transport::Stream>> {
        Box::pin(async {
            let (dialer, mut listener) = quorate_net::transport::memory();
            let near = dialer
                .dial(&quorate_net::endpoint::Endpoint::memory())
                .await?;
            let far = listener.accept().await.expect("it is there");
            self.0.spawn(async move {
                let _kept = far;
                std::future::pending::<()>().await;
            });
            Ok(near)
        })
    }
}

#[tokio::test(start_paused = true)]
async fn a_connection_without_a_sign_of_life_is_given_up() {
    let keep_alive = KeepAlive::new(Duration::from_secs(2), Duration::from_secs(1));
    let timeouts = quorate_etcd::v3::Timeouts::default().with_attempt(Duration::from_secs(600));
    let client = Client::builder()
        .address("http://a:1")
        .dialer(Dead(TaskGroup::new()))
        .keep_alive(keep_alive)
        .timeouts(timeouts.with_overall(Some(Duration::from_secs(600))))
        .build()
        .unwrap();
    let begun = Instant::now();
    let error = client.kv().put("k", "v").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Indeterminate, "{error}");
    assert!(
        begun.elapsed() < Duration::from_secs(10),
        "{:?}",
        begun.elapsed()
    );
    let mut watch = client.kv().watch(KeyRange::key("k"));
    drop(watch.next());
}
