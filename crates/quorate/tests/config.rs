//! Typed configuration on the agent in memory: what is taken, what is refused, what is written.

#![allow(clippy::unwrap_used, reason = "a test that unwraps in vain fails")]

use std::time::Duration;

use quorate::config::{
    Changes, Config, ConfigBuilder, ConfigError, ConfigEvent, Format, Origin, Secrets, Store,
};
use quorate::prelude::*;
use quorate::{ErrorKind, Transaction};
use serde::{Deserialize, Serialize};
use serde_json::json;

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Settings {
    #[serde(rename = "HTTP")]
    http: Http,
    #[serde(rename = "DB")]
    db: Db,
    debug: bool,
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Http {
    port: u16,
    hosts: Vec<String>,
}

#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
struct Db {
    password: String,
    ratio: f64,
}

impl Default for Http {
    fn default() -> Self {
        let hosts = vec!["a".to_owned(), "b".to_owned()];
        Self { port: 80, hosts }
    }
}

async fn memory() -> Coordinator {
    quorate::connect("memory:").await.unwrap()
}

fn builder(coordinator: &Coordinator) -> ConfigBuilder<Settings> {
    Config::builder()
        .subtree(coordinator, "/app")
        .validate(|settings: &Settings| match settings.http.port {
            0 => Err("port 0 is none"),
            _ => Ok(()),
        })
}

async fn next(changes: &mut Changes<Settings>) -> ConfigEvent<Settings> {
    let next = tokio::time::timeout(Duration::from_secs(30), changes.next()).await;
    next.expect("an event in time").expect("no end")
}

async fn changed(changes: &mut Changes<Settings>) -> Vec<String> {
    match next(changes).await {
        ConfigEvent::Changed { changes, .. } => changes.iter().map(ToString::to_string).collect(),
        other => panic!("{other:?}"),
    }
}

async fn refused(changes: &mut Changes<Settings>) -> String {
    match next(changes).await {
        ConfigEvent::Refused(refusal) => {
            let mut text = refusal.error.to_string();
            if let Some(source) = std::error::Error::source(&refusal.error) {
                text = format!("{text}: {source}");
            }
            text
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_subtree_becomes_a_value_of_its_type() {
    let coordinator = memory().await;
    let kv = coordinator.kv();
    let entries = [
        ("app/HTTP/port", "8080"),
        ("app/HTTP/hosts/1", "x"),
        ("app/DB/ratio", "0.5"),
        ("app/debug", "true"),
        ("application", "no part of it"),
    ];
    for (key, value) in entries {
        kv.put(key, value).await.unwrap();
    }
    let config = Config::<Settings>::load(&coordinator, "app").await.unwrap();
    let now = config.get();
    assert_eq!((now.http.port, now.debug, now.db.ratio), (8080, true, 0.5));
    assert_eq!(now.http.hosts, ["x"]);
    let snapshot = config.snapshot();
    let origin = &snapshot.parameters().get("HTTP/port").unwrap().origin;
    assert!(matches!(origin, Origin::Key { key, .. } if key == "app/HTTP/port"));
    assert!(config.status().is_current());
    coordinator.close().await.unwrap();
}

/// A program loads and writes in tasks of any thread.
#[tokio::test]
async fn what_waits_can_be_sent_to_another_thread() {
    fn sent<F: Send>(future: F) -> F {
        future
    }
    let coordinator = memory().await;
    let config = sent(builder(&coordinator).load()).await.unwrap();
    sent(config.set("HTTP/port", &1)).await.unwrap();
    sent(config.write_defaults(&Settings::default()))
        .await
        .unwrap();
    sent(config.reload()).await.unwrap();
    let mut changes = config.changes();
    drop(sent(changes.next()));
    drop(sent(config.reader()));
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn nothing_at_all_is_every_default() {
    let coordinator = memory().await;
    let config = builder(&coordinator).load().await.unwrap();
    assert_eq!(*config.get(), Settings::default());
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn a_change_is_told_with_its_difference_and_a_secret_is_hidden() {
    let coordinator = memory().await;
    let kv = coordinator.kv();
    kv.put("app/HTTP/port", "1").await.unwrap();
    let config = builder(&coordinator).load().await.unwrap();
    let mut changes = config.changes();
    let transaction = Transaction::new()
        .put("app/HTTP/port", "2")
        .and_then(|t| t.put("app/DB/password", "hunter2"));
    kv.transact(transaction.unwrap()).await.unwrap();
    assert_eq!(
        changed(&mut changes).await,
        ["+DB/password = ***", "HTTP/port: 1 -> 2"]
    );
    assert_eq!(config.get().db.password, "hunter2");
    kv.delete("app/DB/password").await.unwrap();
    assert_eq!(changed(&mut changes).await, ["-DB/password = ***"]);
    assert_eq!(config.snapshot().version(), 3);
    coordinator.close().await.unwrap();
    assert!(changes.next().await.is_none());
    assert!(config.status().is_closed && config.get().http.port == 2);
}

#[tokio::test]
async fn what_is_invalid_is_refused_with_the_reason_and_the_last_good_value_stays() {
    let coordinator = memory().await;
    let kv = coordinator.kv();
    kv.put("app/HTTP/port", "1").await.unwrap();
    let config = builder(&coordinator).load().await.unwrap();
    let mut changes = config.changes();
    for (value, reason) in [
        ("many", "HTTP/port"),
        ("0", "refused by its validation: port 0"),
    ] {
        kv.put("app/HTTP/port", value).await.unwrap();
        let said = refused(&mut changes).await;
        assert!(said.contains(reason), "{said}");
        assert_eq!(config.get().http.port, 1);
        assert!(!config.status().is_current());
    }
    assert_eq!(config.status().refusals, 2);
    // What was, is: no change, and all is well again.
    kv.put("app/HTTP/port", "3").await.unwrap();
    assert_eq!(changed(&mut changes).await, ["HTTP/port: 1 -> 3"]);
    assert!(config.status().refused.is_none());
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn a_refusal_names_where_the_value_came_from_and_not_the_value() {
    let coordinator = memory().await;
    coordinator
        .kv()
        .put("app/DB/ratio", "hunter2")
        .await
        .unwrap();
    let error = builder(&coordinator).load().await.unwrap_err();
    let said = error.to_string();
    assert!(
        said.contains("DB/ratio") && said.contains("`app/DB/ratio` of memory:"),
        "{said}"
    );
    assert!(!said.contains("hunter2"), "{said}");
    assert_eq!(error.kind(), ErrorKind::Malformed);
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn a_validation_that_panics_is_a_refusal() {
    let coordinator = memory().await;
    let kv = coordinator.kv();
    let config = Config::<Settings>::builder()
        .subtree(&coordinator, "app")
        .validate(|settings: &Settings| {
            assert_ne!(settings.http.port, 13, "unlucky");
            Ok::<_, String>(())
        });
    let config = config.load().await.unwrap();
    let mut changes = config.changes();
    kv.put("app/HTTP/port", "13").await.unwrap();
    assert!(refused(&mut changes).await.contains("panicked"));
    kv.put("app/HTTP/port", "14").await.unwrap();
    assert_eq!(changed(&mut changes).await, ["+HTTP/port = 14"]);
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn later_layers_lie_over_earlier_ones_and_each_value_says_where_it_is_from() {
    let (one, two) = (memory().await, memory().await);
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("app.json");
    let document = json!({"HTTP": {"port": 81, "hosts": ["x", "y", "z"]}, "debug": true});
    std::fs::write(&file, document.to_string()).unwrap();
    one.kv().put("app/HTTP/port", "82").await.unwrap();
    one.kv().put("app/HTTP/hosts/1", "one").await.unwrap();
    let whole = r#"{"DB": {"ratio": 0.25}}"#;
    two.kv().put("whole.json", whole).await.unwrap();
    let config = Config::<Settings>::builder()
        .defaults(&Settings::default())
        .file(&file)
        .optional_file(folder.path().join("none.json"))
        .subtree(&one, "app")
        .document(&two, "whole.json", Format::Json);
    let config = config.load().await.unwrap();
    let now = config.snapshot();
    assert_eq!((now.http.port, now.debug, now.db.ratio), (82, true, 0.25));
    assert_eq!(now.http.hosts, ["one"]);
    let origin = |path| now.parameters().get(path).unwrap().origin.to_string();
    assert_eq!(origin("DB/password"), "the defaults");
    assert_eq!(origin("debug"), file.display().to_string());
    assert!(origin("HTTP/port").starts_with("`app/HTTP/port` of memory:"));
    assert!(origin("DB/ratio").starts_with("`whole.json` of"));

    let mut changes = config.changes();
    one.kv().delete("app/HTTP/port").await.unwrap();
    assert_eq!(changed(&mut changes).await, ["HTTP/port: 82 -> 81"]);
    std::fs::write(&file, "{").unwrap();
    let refusal = config.reload().await.unwrap_err();
    assert!(
        refusal.error.to_string().contains("is no JSON"),
        "{}",
        refusal.error
    );
    std::fs::write(&file, r#"{"HTTP": {"port": 83}}"#).unwrap();
    config.reload().await.unwrap();
    assert_eq!((config.get().http.port, config.get().debug), (83, false));
    two.close().await.unwrap();
    one.close().await.unwrap();
}

#[tokio::test]
async fn a_document_is_read_followed_and_written() {
    let coordinator = memory().await;
    let kv = coordinator.kv();
    kv.put(
        "app.json",
        r#"{"HTTP": {"port": 1, "hosts": []}, "debug": true}"#,
    )
    .await
    .unwrap();
    let config = Config::<Settings>::builder().document(&coordinator, "app.json", Format::Json);
    let config = config.load().await.unwrap();
    assert!(config.get().debug && config.get().http.hosts.is_empty());
    let mut changes = config.changes();
    config.set("HTTP/port", &2).await.unwrap().unwrap();
    assert_eq!(changed(&mut changes).await, ["HTTP/port: 1 -> 2"]);
    let text = kv.get("app.json").await.unwrap().unwrap();
    let written: serde_json::Value = serde_json::from_slice(&text.value).unwrap();
    assert_eq!(
        written,
        json!({"HTTP": {"port": 2, "hosts": []}, "debug": true})
    );
    kv.put("app.json", "[]").await.unwrap();
    assert!(refused(&mut changes).await.contains("top level is no map"));
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn a_value_that_would_be_invalid_is_not_written() {
    let coordinator = memory().await;
    let kv = coordinator.kv();
    kv.put("app/HTTP/port", "1").await.unwrap();
    let config = builder(&coordinator).load().await.unwrap();
    let error = config.set("HTTP/port", &0).await.unwrap_err();
    assert!(matches!(error, ConfigError::Invalid(_)), "{error:?}");
    let error = config.set("HTTP/port", "many").await.unwrap_err();
    assert!(matches!(error, ConfigError::Decode { .. }), "{error:?}");
    let entry = kv.get("app/HTTP/port").await.unwrap().unwrap();
    assert_eq!(entry.text(), Some("1"));
    assert_eq!(
        config.set("HTTP/port", &1).await.unwrap(),
        None,
        "it has this value"
    );
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn an_edit_overwrites_nothing_unseen() {
    let coordinator = memory().await;
    let kv = coordinator.kv();
    kv.put("app/HTTP/port", "1").await.unwrap();
    kv.put("app/debug", "false").await.unwrap();
    let store = Store::subtree(&coordinator, "app").unwrap();
    let mut edit = store.edit().await.unwrap();
    edit.set("HTTP/port", &2).unwrap();
    edit.set("DB", &json!({"ratio": 1.5})).unwrap();
    edit.remove("debug").unwrap();
    let shown: Vec<_> = edit
        .changes()
        .unwrap()
        .iter()
        .map(ToString::to_string)
        .collect();
    assert_eq!(
        shown,
        ["+DB/ratio = 1.5", "HTTP/port: 1 -> 2", "-debug = false"]
    );
    let late = edit.clone();
    edit.commit().await.unwrap().unwrap();
    assert_eq!(
        kv.keys("app").await.unwrap(),
        ["app/DB/ratio", "app/HTTP/port"]
    );
    assert_eq!(
        late.clone().commit().await.unwrap_err().kind(),
        ErrorKind::Conflict
    );
    assert_eq!(
        late.commit_in_steps().await.unwrap_err().kind(),
        ErrorKind::Conflict
    );
    let entry = kv.get("app/HTTP/port").await.unwrap().unwrap();
    assert_eq!(entry.text(), Some("2"));
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn defaults_are_written_only_where_nothing_is() {
    let coordinator = memory().await;
    let kv = coordinator.kv();
    kv.put("app/HTTP/port", "1").await.unwrap();
    kv.put("app/HTTP/hosts/1", "mine").await.unwrap();
    let config = builder(&coordinator).load().await.unwrap();
    let written = config.write_defaults(&Settings::default()).await.unwrap();
    assert_eq!(written, ["DB/password", "DB/ratio", "debug"]);
    assert!(
        config
            .write_defaults(&Settings::default())
            .await
            .unwrap()
            .is_empty()
    );
    let entry = kv.get("app/HTTP/port").await.unwrap().unwrap();
    assert_eq!(entry.text(), Some("1"));
    assert_eq!(
        kv.keys("app/HTTP/hosts").await.unwrap(),
        ["app/HTTP/hosts/1"]
    );
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn with_a_marker_a_change_is_taken_when_the_marker_is_written() {
    let coordinator = memory().await;
    let kv = coordinator.kv();
    let store = Store::subtree(&coordinator, "app")
        .unwrap()
        .with_marker("rev");
    let load = Config::<Settings>::builder().store(store.clone());
    let error = load
        .timeout(Duration::from_millis(100))
        .load()
        .await
        .unwrap_err();
    assert!(error.to_string().contains("marker `rev`"), "{error}");

    store.write_defaults(&Settings::default()).await.unwrap();
    let config = Config::<Settings>::builder()
        .store(store)
        .load()
        .await
        .unwrap();
    let mut changes = config.changes();
    kv.put("app/HTTP/port", "1").await.unwrap();
    kv.put("app/debug", "true").await.unwrap();
    kv.put("app/rev", "two").await.unwrap();
    assert_eq!(
        changed(&mut changes).await,
        ["HTTP/port: 80 -> 1", "debug: false -> true"]
    );
    // Together with others in one transaction it is none before any of them.
    config.set("HTTP/port", &5).await.unwrap();
    assert_eq!(changed(&mut changes).await, ["HTTP/port: 1 -> 5"]);
    let both = config.edit(|edit| {
        edit.set("HTTP/port", &6)?;
        edit.set("zone", "x")
    });
    let error = both.await.unwrap_err();
    assert!(matches!(error, ConfigError::Decode { .. }), "{error:?}");
    let both = config.edit(|edit| {
        edit.set("HTTP/hosts", &["q"])?;
        edit.set("debug", &false)
    });
    both.await.unwrap();
    let told = [
        "HTTP/hosts/1: a -> q",
        "-HTTP/hosts/2 = b",
        "debug: true -> false",
    ];
    assert_eq!(changed(&mut changes).await, told);
    assert!(config.snapshot().parameters().get("rev").is_none());
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn a_settled_configuration_takes_what_was_written_in_a_row_together() {
    let coordinator = memory().await;
    let kv = coordinator.kv();
    // No machine stands still for so long between two writes.
    let quiet = Duration::from_secs(3);
    let config = builder(&coordinator).settle(quiet).load().await.unwrap();
    let mut changes = config.changes();
    kv.put("app/HTTP/port", "1").await.unwrap();
    kv.put("app/debug", "true").await.unwrap();
    assert_eq!(
        changed(&mut changes).await,
        ["+HTTP/port = 1", "+debug = true"]
    );
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn without_a_valid_beginning_it_waits_or_begins_with_a_fallback() {
    let coordinator = memory().await;
    let kv = coordinator.kv();
    kv.put("app/HTTP/port", "0").await.unwrap();
    let fallback = builder(&coordinator)
        .fallback(Settings::default())
        .load()
        .await
        .unwrap();
    assert_eq!(
        (fallback.snapshot().version(), fallback.get().http.port),
        (0, 80)
    );
    assert!(fallback.status().refused.is_some());
    let waiting = builder(&coordinator).wait_until_valid().load();
    let write = async { kv.put("app/HTTP/port", "7").await.unwrap() };
    let (config, _) = tokio::join!(waiting, write);
    assert_eq!(config.unwrap().get().http.port, 7);
    let mut changes = fallback.changes();
    while fallback.get().http.port != 7 {
        changes.next().await.unwrap();
    }
    assert!(fallback.status().is_current());
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn a_slow_reader_is_told_the_difference_to_what_it_was_told() {
    let coordinator = memory().await;
    let kv = coordinator.kv();
    let config = builder(&coordinator).load().await.unwrap();
    let (mut slow, mut fast) = (config.changes(), config.changes());
    for port in ["1", "2", "3"] {
        kv.put("app/HTTP/port", port).await.unwrap();
        changed(&mut fast).await;
    }
    assert_eq!(changed(&mut slow).await, ["+HTTP/port = 3"]);
    drop(config);
    assert!(slow.next().await.is_none());
    coordinator.close().await.unwrap();
}

#[tokio::test]
async fn what_can_not_work_is_refused_at_once() {
    let coordinator = memory().await;
    for builder in [
        Config::<Settings>::builder(),
        Config::builder().subtree(&coordinator, "a//b"),
        Config::builder().subtree(&coordinator, "/"),
        Config::builder().environment(""),
        Config::builder().file("settings"),
    ] {
        let error = builder.load().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    }
    let missing = Config::<Settings>::builder()
        .file("/none/at/all.json")
        .load()
        .await;
    assert_eq!(missing.unwrap_err().kind(), ErrorKind::NotFound);
    let secrets = Secrets::none();
    let config = builder(&coordinator).secrets(secrets).load().await.unwrap();
    assert_eq!(config.clone().snapshot().version(), 1);
    coordinator.close().await.unwrap();
}

/// Where several keys can only be written one after the other, the marker says when all are.
#[tokio::test]
async fn on_etcd_v2_a_marker_keeps_changes_whole() {
    let agent = quorate::agent::AgentConfig::memory().with_etcd("127.0.0.1:0".parse().unwrap());
    let agent = quorate::agent::Agent::start(agent).await.unwrap();
    let address = agent.etcd()[0].addr().unwrap().to_string();
    let coordinator = quorate::connect(&format!("etcd2://{address}"))
        .await
        .unwrap();
    let store = Store::subtree(&coordinator, "/app")
        .unwrap()
        .with_marker("rev");
    store
        .write_defaults(&json!({"A": {"n": 0}, "B": {"n": 0}}))
        .await
        .unwrap();
    let config = Config::<serde_json::Value>::builder()
        .store(store)
        .load()
        .await
        .unwrap();
    let mut changes = config.changes();
    let last = 40;
    for n in 1..=last {
        let write = config.edit(|edit| {
            edit.set("A/n", &n)?;
            edit.set("B/n", &n)
        });
        write.await.unwrap();
    }
    while config.get()["A"]["n"] != last.to_string().as_str() {
        match changes.next().await.unwrap() {
            ConfigEvent::Changed { new, .. } => assert_eq!(new["A"], new["B"]),
            other => panic!("{other:?}"),
        }
    }
    assert_eq!(config.get()["A"], config.get()["B"]);
    assert!(config.status().is_current());
    coordinator.close().await.unwrap();
    agent.shutdown().await;
}

/// Without a marker what follows closely is taken together, and documents are whole anyway.
#[tokio::test]
async fn on_etcd_v2_changes_are_taken_when_it_is_quiet() {
    let agent = quorate::agent::AgentConfig::memory().with_etcd("127.0.0.1:0".parse().unwrap());
    let agent = quorate::agent::Agent::start(agent).await.unwrap();
    let address = agent.etcd()[0].addr().unwrap().to_string();
    let coordinator = quorate::connect(&format!("etcd2://{address}"))
        .await
        .unwrap();
    // No machine stands still for so long between two writes.
    let quiet = Duration::from_secs(3);
    let config = builder(&coordinator).settle(quiet).load().await.unwrap();
    assert_eq!(*config.get(), Settings::default());
    let mut changes = config.changes();
    let edit = config.edit(|edit| {
        edit.set("HTTP/port", &1)?;
        edit.set("HTTP/hosts", &["x"])?;
        edit.set("debug", &true)
    });
    edit.await.unwrap();
    let told = ["+HTTP/hosts/1 = x", "+HTTP/port = 1", "+debug = true"];
    assert_eq!(changed(&mut changes).await, told);
    coordinator.close().await.unwrap();
    agent.shutdown().await;
}
