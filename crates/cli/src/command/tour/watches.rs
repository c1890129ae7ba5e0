//! A watch over a prefix.

use std::time::Duration;

use quorate::prelude::*;
use quorate::{Result, Watch, WatchEvent};

use super::Stage;
use super::step::Step;

/// How long one event may take to arrive.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn prefix(stage: &Stage, step: &mut Step) -> Result<()> {
    let kv = stage.coordinator.kv();
    let folder = stage.key("services");
    let (web, api) = (stage.key("services/web"), stage.key("services/api"));
    kv.put(&web, "up").await?;
    step.sent(format!("watch {folder}/"));
    let mut watch = stage.coordinator.watch_prefix(&folder)?;
    let mut initial = Vec::new();
    while let Some(event) = told(&mut watch, step).await? {
        let done = matches!(event, WatchEvent::InitDone { .. });
        initial.push(event);
        if done {
            break;
        }
    }
    let exact = matches!(
        initial.as_slice(),
        [WatchEvent::Init, WatchEvent::Put(entry), WatchEvent::InitDone { .. }] if entry.key == web
    );
    step.expect("first what is there: init, the key, init-done", exact);
    step.sent(format!("put {api} = up"));
    kv.put(&api, "up").await?;
    let event = told(&mut watch, step).await?;
    let seen = matches!(&event, Some(WatchEvent::Put(entry)) if entry.key == api);
    step.expect("then the new key", seen);
    let before = event.and_then(|event| event.revision());
    step.sent(format!("delete {web}"));
    kv.delete(&web).await?;
    let event = told(&mut watch, step).await?;
    let seen = matches!(&event, Some(WatchEvent::Delete { key, .. }) if *key == web);
    step.expect("then the deletion", seen);
    step.expect(
        "revisions grow",
        event.and_then(|event| event.revision()) > before,
    );
    Ok(())
}

/// The next event, or `None` if it does not come in time.
async fn told(watch: &mut Watch, step: &mut Step) -> Result<Option<WatchEvent>> {
    let Ok(Some(event)) = tokio::time::timeout(PATIENCE, watch.next()).await else {
        step.received("nothing");
        return Ok(None);
    };
    let event = event?;
    step.received(match &event {
        WatchEvent::Init => "init".into(),
        WatchEvent::InitDone { revision } => format!("init-done {revision}"),
        WatchEvent::Put(entry) => {
            format!(
                "put {} {} {:?}",
                entry.revision,
                entry.key,
                entry.text().unwrap_or_default()
            )
        }
        WatchEvent::Delete { key, revision } => format!("delete {revision} {key}"),
        other => format!("{other:?}"),
    });
    Ok(Some(event))
}
