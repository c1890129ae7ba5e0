//! Sessions, through the native client: the unified layer has none of its own.

use std::time::Duration;

use quorate::prelude::*;
use quorate::{Coordinator, Error, ErrorKind, Result};
use quorate_consul::{Client, SessionBehavior, SessionRequest};

use super::Stage;
use super::step::Step;

const TTL: Duration = Duration::from_secs(10);

/// The Consul client of the backend.
pub(super) fn client(coordinator: &Coordinator) -> Result<&Client> {
    coordinator.native_consul().ok_or_else(|| {
        Error::new(
            ErrorKind::Unsupported,
            "use a session",
            "the backend is not Consul's",
        )
    })
}

pub(super) async fn session(stage: &Stage, step: &mut Step) -> Result<()> {
    let client = client(&stage.coordinator)?;
    let key = stage.key("leader");
    step.sent("create a session, TTL 10s, behaviour delete");
    let request = SessionRequest::new()
        .with_name("quorate tour")
        .with_ttl(TTL)
        .with_behavior(SessionBehavior::Delete);
    let id = client.session().create(&request).await?;
    step.received(id.clone());
    step.sent(format!("acquire {key} = dora with it"));
    let acquired = client.kv().acquire(&key, "dora", &id).await?;
    step.received(acquired.to_string());
    let holder = stage
        .coordinator
        .kv()
        .get(&key)
        .await?
        .and_then(|entry| entry.holder);
    step.expect(
        "the key shows the session",
        acquired && holder.as_ref() == Some(&id),
    );
    step.sent("renew it");
    let renewed = client.session().renew(&id).await?.is_some();
    step.received(if renewed {
        "renewed"
    } else {
        "no such session"
    });
    step.expect("it lives", renewed);
    step.sent("destroy it");
    client.session().destroy(&id).await?;
    let gone = stage.coordinator.kv().get(&key).await?.is_none();
    step.received(format!(
        "{key} {}",
        if gone { "is gone" } else { "is there" }
    ));
    step.expect("its key went with it", gone);
    Ok(())
}
