//! Two real Serf agents and two of ours, in the clear and encrypted: everything, both ways.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use quorate_gossip::codec::Key;
use quorate_gossip::engine::QueryItem;
use quorate_gossip::profile::Profile;
use quorate_gossip::serf::{KeyReport, QuerySpec};
use quorate_gossip::{Config, Event, EventStream, Gossip, Status};
use quorate_net::task::{Task, spawn};

use super::agent::Serf;
use super::trials::{LONG, Named, join, local, sees};

pub(crate) const ALL: &[Named] = &[
    (
        "serf",
        "two_of_serf_and_two_of_ours_are_one_cluster",
        || Box::pin(cluster(None)),
    ),
    ("serf", "an_encrypted_mixed_cluster_changes_its_key", || {
        Box::pin(cluster(Key::new(&[1; 32]).ok()))
    }),
];

const NAMES: [&str; 4] = ["ours-1", "ours-2", "serf-1", "serf-2"];

/// A member of ours that answers every query and writes down every event, as the handlers of Serf's do.
struct Ours {
    gossip: Gossip,
    _attends: Task<()>,
}

impl Ours {
    async fn start(name: &str, key: Option<&Key>, heard: PathBuf) -> Self {
        let config = configured(local(name).with_profile(Profile::lan()), key);
        let gossip = Gossip::start(config.with_tags([("kind", "ours")]))
            .await
            .unwrap();
        let events = gossip.events().await.unwrap();
        let _attends = spawn(attend(gossip.clone(), events, heard));
        Self { gossip, _attends }
    }
}

fn configured(config: Config, key: Option<&Key>) -> Config {
    match key {
        Some(key) => config.with_key(key.clone()),
        None => config,
    }
}

async fn attend(gossip: Gossip, mut events: EventStream, heard: PathBuf) {
    let mut lines = String::new();
    while let Some(Ok(event)) = events.next().await {
        match event {
            Event::User(event) => {
                lines.push_str(&format!("{}\n", event.name));
                std::fs::write(&heard, &lines).unwrap();
            }
            Event::Query(query) => {
                let answer = format!("from-{}", gossip.name());
                // Its time may be over on a loaded machine.
                let _ = gossip.respond(&query, answer).await;
            }
            _ => {}
        }
    }
}

fn serf(name: &str, key: Option<&Key>, heard: &Path) -> Serf {
    let mut more = vec![
        "-profile=lan".to_owned(),
        "-tag=kind=serf".to_owned(),
        "-event-handler=query:load=echo -n from-$SERF_SELF_NAME".to_owned(),
        format!(
            "-event-handler=user=echo $SERF_USER_EVENT >> {}",
            heard.display()
        ),
    ];
    more.extend(key.map(|key| format!("-encrypt={}", key.expose_base64())));
    let more: Vec<_> = more.iter().map(String::as_str).collect();
    Serf::start(name, &more)
}

async fn cluster(key: Option<Key>) {
    let folder = tempfile::tempdir().unwrap();
    let heard = |name: &str| folder.path().join(name);
    let key = key.as_ref();
    let (first, second) = (
        serf("serf-1", key, &heard("serf-1")),
        serf("serf-2", key, &heard("serf-2")),
    );
    let ours = Ours::start("ours-1", key, heard("ours-1")).await;
    let other = Ours::start("ours-2", key, heard("ours-2")).await;
    let serfs = [&first, &second];

    // We join them, and they join us.
    join(&ours.gossip, &[first.address()]).await;
    second.joins(&ours.gossip.address().to_string());
    join(&other.gossip, &[second.address()]).await;
    all_alive(&serfs, &[&ours.gossip, &other.gossip]).await;

    tags(&serfs, &[&ours.gossip, &other.gossip]).await;
    events(&serfs, &ours.gossip, &heard).await;
    queries(&first, &other.gossip).await;
    if let Some(old) = key {
        rotation(&serfs, &ours.gossip, old).await;
        all_alive(&serfs, &[&ours.gossip, &other.gossip]).await;
    }

    // Whoever says goodbye has left, and has not failed.
    other.gossip.leave().await.unwrap();
    other.gossip.shutdown().await;
    serfs.iter().for_each(|serf| serf.sees("ours-2", "left"));
    sees(&ours.gossip, "ours-2", Status::Left).await;
    second.say(&["leave"]);
    first.sees("serf-2", "left");
    sees(&ours.gossip, "serf-2", Status::Left).await;
    sees(&ours.gossip, "serf-1", Status::Alive).await;
}

async fn all_alive(serfs: &[&Serf], ours: &[&Gossip]) {
    for name in NAMES {
        serfs.iter().for_each(|serf| serf.sees(name, "alive"));
        for gossip in ours {
            sees(gossip, name, Status::Alive).await;
        }
    }
}

async fn tags(serfs: &[&Serf; 2], ours: &[&Gossip; 2]) {
    serfs[0].say(&["tags", "-set", "zone=1"]);
    let tags = [("kind", "ours"), ("zone", "2")].map(|(k, v)| (k.to_owned(), v.to_owned()));
    ours[1].set_tags(BTreeMap::from(tags)).await.unwrap();
    for serf in serfs {
        serf.until("the tags of ours", |serf| {
            serf.member("ours-2").contains("zone=2")
        });
        serf.until("the tags of Serf's", |serf| {
            serf.member("serf-1").contains("zone=1")
        });
    }
    for gossip in ours {
        until("the tags", || async {
            let members = gossip.members().await.unwrap();
            let zone = |name: &str| {
                let member = members.iter().find(|member| member.name == name);
                member.and_then(|member| member.tags.get("zone").cloned())
            };
            zone("serf-1").as_deref() == Some("1") && zone("ours-2").as_deref() == Some("2")
        })
        .await;
    }
}

/// Each event arrives at each member, once.
async fn events(serfs: &[&Serf; 2], ours: &Gossip, heard: &impl Fn(&str) -> PathBuf) {
    let mut sent = BTreeSet::new();
    for number in 0..3 {
        serfs[number % 2].say(&["event", "-coalesce=false", &format!("theirs-{number}"), "x"]);
        let name = format!("ours-{number}");
        ours.user_event(name.clone(), "y", false).await.unwrap();
        sent.extend([name, format!("theirs-{number}")]);
    }
    for name in NAMES {
        let lines = || {
            let text = std::fs::read_to_string(heard(name)).unwrap_or_default();
            text.lines().map(str::to_owned).collect::<Vec<_>>()
        };
        until("all events", || async { lines().len() >= sent.len() }).await;
        let lines = lines();
        assert_eq!(lines.len(), sent.len(), "{name} heard one twice: {lines:?}");
        assert_eq!(lines.into_iter().collect::<BTreeSet<_>>(), sent, "{name}");
    }
}

async fn queries(serf: &Serf, ours: &Gossip) {
    let spec = QuerySpec::new("load").with_ack(true).with_timeout(LONG);
    let mut items = ours.query(spec).await.unwrap();
    let (mut acks, mut answers) = (BTreeSet::new(), BTreeSet::new());
    while acks.len() < NAMES.len() || answers.len() < NAMES.len() {
        let item = tokio::time::timeout(LONG, items.next()).await.unwrap();
        match item.unwrap().unwrap() {
            QueryItem::Ack { from } => assert!(acks.insert(from)),
            QueryItem::Response { from, payload } => {
                assert_eq!(payload, format!("from-{from}"));
                assert!(answers.insert(from));
            }
            other => panic!("{other:?}"),
        }
    }
    assert!(acks.iter().zip(NAMES).all(|(ack, name)| ack == name));

    serf.until("everybody answers Serf's command in time", |serf| {
        let said = serf.cli(&["query", "-timeout=4s", "load"]).stdout;
        let said = String::from_utf8_lossy(&said);
        let answers = NAMES.map(|name| format!("Response from '{name}': from-{name}"));
        answers.iter().all(|answer| said.contains(answer))
    });
}

/// Serf's command gives everybody a new key, and takes the old one away; then we do.
async fn rotation(serfs: &[&Serf; 2], ours: &Gossip, old: &Key) {
    let new = Key::new(&[2; 16]).unwrap();
    let (old_text, new_text) = (old.expose_base64(), new.expose_base64());
    // Each can be said again: on a loaded machine an answer may come too late.
    for (serf, change) in [
        (serfs[0], format!("-install={new_text}")),
        (serfs[1], format!("-use={new_text}")),
        (serfs[0], format!("-remove={old_text}")),
    ] {
        serf.until(&change, |serf| {
            serf.cli(&["keys", &change]).status.success()
        });
    }
    let everywhere = |key: &str| BTreeMap::from([(key.to_owned(), NAMES.len())]);
    let report = listed(ours, NAMES.len()).await;
    assert_eq!(report.keys, everywhere(&new_text));
    assert_eq!(report.primary_keys, everywhere(&new_text));

    let third = Key::new(&[3; 24]).unwrap();
    until("it is installed", || async {
        ours.install_key(third.clone()).await.is_ok()
    })
    .await;
    until("it is used", || async {
        ours.use_key(third.clone()).await.is_ok()
    })
    .await;
    until("the other is gone", || async {
        ours.remove_key(new.clone()).await.is_ok()
    })
    .await;
    let said = format!("{}  [4/4]", third.expose_base64());
    serfs[1].until("the command lists one key", |serf| {
        let listed = serf.cli(&["keys", "-list"]);
        let text = String::from_utf8_lossy(&listed.stdout).into_owned();
        text.contains(&said) && !text.contains(&new_text)
    });
}

/// Which keys the members have, when all that there are have said it.
pub(crate) async fn listed(ours: &Gossip, members: usize) -> KeyReport {
    let listed = async {
        loop {
            let report = ours.list_keys().await;
            match report {
                Ok(report) if report.nodes == members => return report,
                _ => tokio::time::sleep(std::time::Duration::from_millis(50)).await,
            }
        }
    };
    let listed = tokio::time::timeout(LONG, listed).await;
    listed.expect("not all say which keys they have")
}

/// Waits until `condition` holds.
pub(crate) async fn until<F: Future<Output = bool>>(what: &str, condition: impl Fn() -> F) {
    let holds = async {
        while !condition().await {
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    assert!(tokio::time::timeout(LONG, holds).await.is_ok(), "{what}");
}
