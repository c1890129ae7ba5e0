use std::time::Duration;

use anyhow::ensure;
use quorate_consul::{ErrorKind, PutOptions, SessionBehavior, SessionRequest};
use quorate_testkit::trial::Subject;

use crate::{Consul, kind};

const UNKNOWN: &str = "00000000-0000-0000-0000-000000000000";

pub(crate) async fn a_session_has_what_was_asked_for(c: &Subject<Consul>) -> anyhow::Result<()> {
    let api = c.client.session();
    let request = SessionRequest::new()
        .with_name(c.prefix())
        .with_node(c.server.node_name())
        .with_ttl(Duration::from_secs(90))
        .with_lock_delay(Duration::ZERO)
        .with_behavior(SessionBehavior::Delete)
        .with_node_checks(["serfHealth"]);
    let id = api.create(&request).await?;
    let session = api.info(&id).await?.expect("just created");
    ensure!(session.id == id && session.name == c.prefix());
    ensure!(session.node == c.server.node_name());
    ensure!(session.ttl() == Some(Duration::from_secs(90)));
    ensure!(
        session.lock_delay().is_zero(),
        "no lock-delay can be asked for"
    );
    ensure!(session.behavior() == SessionBehavior::Delete);
    ensure!(session.check_ids().eq(["serfHealth"]));
    let bare = api.create_no_checks(&request).await?;
    let bare = api.info(&bare).await?.expect("just created");
    ensure!(bare.check_ids().next().is_none(), "{bare:?}");
    let plain = api.create(&SessionRequest::new()).await?;
    let plain = api.info(&plain).await?.expect("just created");
    ensure!(plain.lock_delay() == Duration::from_secs(15) && plain.ttl().is_none());
    Ok(())
}

pub(crate) async fn a_session_lives_until_it_is_destroyed(
    c: &Subject<Consul>,
) -> anyhow::Result<()> {
    let api = c.client.session();
    let id = api
        .create(&SessionRequest::new().with_ttl(Duration::from_secs(30)))
        .await?;
    let renewed = api.renew(&id).await?.expect("alive");
    ensure!(renewed.ttl() == Some(Duration::from_secs(30)));
    ensure!(api.list().await?.iter().any(|session| session.id == id));
    ensure!(
        api.node(c.server.node_name())
            .await?
            .iter()
            .any(|session| session.id == id)
    );
    ensure!(api.node("no such node").await?.is_empty());
    api.destroy(&id).await?;
    api.destroy(&id).await?;
    ensure!(api.info(&id).await?.is_none() && api.renew(&id).await?.is_none());
    Ok(())
}

pub(crate) async fn a_session_on_something_unknown_is_refused(
    c: &Subject<Consul>,
) -> anyhow::Result<()> {
    let api = c.client.session();
    let node = SessionRequest::new().with_node("no-such-node");
    ensure!(kind(api.create(&node).await) == Some(ErrorKind::NotFound));
    let check = SessionRequest::new().with_node_checks(["no-such-check"]);
    ensure!(kind(api.create(&check).await) == Some(ErrorKind::NotFound));
    let limits = quorate_consul::Limits::default().with_min_session_ttl(Duration::from_secs(1));
    let client = quorate_consul::Client::builder()
        .address(&c.server.url())
        .limits(limits);
    let short = SessionRequest::new().with_ttl(Duration::from_secs(5));
    let result = client.build()?.session().create(&short).await;
    ensure!(
        kind(result) == Some(ErrorKind::InvalidArgument),
        "the server's own bound"
    );
    Ok(())
}

pub(crate) async fn a_session_that_has_ended_takes_no_key(
    c: &Subject<Consul>,
) -> anyhow::Result<()> {
    let kv = c.client.kv();
    let result = kv.acquire(&c.key("k"), "", UNKNOWN).await;
    ensure!(kind(result) == Some(ErrorKind::LeaseLost));
    let release = PutOptions::new().with_release(UNKNOWN);
    ensure!(
        !kv.put_with(&c.key("k"), "", &release).await?,
        "it holds nothing"
    );
    Ok(())
}
