//! The configuration of a program in a type of its own: layered, checked, always current.

#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use anyhow::Context as _;
use quorate::config::{Config, ConfigEvent};
use quorate::prelude::*;
use quorate_examples::{prefix, url};
use serde::{Deserialize, Serialize};

/// Categories in capitals, as in `/myproject/myconfigurable.conf/MYCONF/myparam`.
#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE", default)]
struct Settings {
    myconf: MyConf,
    http: Http,
}

#[derive(Debug, Default, Serialize, Deserialize)]
#[serde(default)]
struct MyConf {
    myparam: String,
}

#[derive(Debug, Serialize, Deserialize)]
#[serde(default)]
struct Http {
    port: u16,
    hosts: Vec<String>,
}

impl Default for Http {
    fn default() -> Self {
        Self {
            port: 8080,
            hosts: vec!["localhost".into()],
        }
    }
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let coordinator = quorate::connect(&url()).await?;
    let path = format!("{}/myconfigurable.conf", prefix("myproject"));

    let config = Config::<Settings>::builder()
        .defaults(&Settings::default())
        .optional_file("/etc/myproject/settings.json")
        .subtree(&coordinator, &path)
        .environment("MYPROJECT") // MYPROJECT_HTTP__PORT=9090
        .validate(|settings: &Settings| match settings.http.port {
            0 => Err("HTTP/port: 0 is no port"),
            _ => Ok(()),
        })
        .load()
        .await?;
    println!("{:?}", *config.get());

    // What nobody has set yet, so that an operator finds every parameter; nothing is overwritten.
    let written = config.write_defaults(&Settings::default()).await?;
    println!("wrote {written:?}");

    let mut changes = config.changes();
    config.set("MYCONF/myparam", "a value").await?;
    while config.get().myconf.myparam != "a value" {
        tell(changes.next().await.context("the end")?);
    }

    // Somebody makes a mistake: it is told, and the last good value stays.
    let kv = coordinator.kv();
    kv.put(&format!("{path}/HTTP/port"), "eighty").await?;
    loop {
        let event = changes.next().await.context("the end")?;
        let is_refused = matches!(event, ConfigEvent::Refused(_));
        tell(event);
        if is_refused {
            break;
        }
    }
    println!("still port {}", config.get().http.port);

    let snapshot = config.snapshot();
    for (path, parameter) in snapshot.parameters().iter() {
        println!("{path} = {}  ({})", parameter.shown(), parameter.origin);
    }

    kv.delete_prefix(&path).await?;
    coordinator.close().await?;
    Ok(())
}

fn tell(event: ConfigEvent<Settings>) {
    match event {
        ConfigEvent::Changed { changes, .. } => {
            changes
                .iter()
                .for_each(|change| println!("changed: {change}"));
        }
        ConfigEvent::Refused(refusal) => println!("refused: {}", refusal.error),
        other => println!("{other:?}"),
    }
}
