//! Several agents.

use std::collections::BTreeSet;
use std::time::Duration;

use anyhow::{Context as _, bail, ensure};
use quorate_serf::{
    Client, ErrorKind, Event, EventFilter, EventStream, Hosts, JoinOptions, MemberChange,
    MemberStatus, Secret, StreamOptions, Timeouts,
};
use quorate_testkit::server::{SerfOptions, SerfServer};
use quorate_testkit::{eventually, eventually_ok};

use crate::streams::{LONG, event};
use crate::{Outcome, Trial};

const KEY: &str = "HIDxTe3QS8hQoXmNBp6SHA==";
const OTHER_KEY: &str = "T9jncgl9mbLus+baTTa7q7nPSUrXwbDi2dhbtqir37s=";

async fn start(name: &str, encrypt: bool) -> anyhow::Result<(SerfServer, Client)> {
    let options = SerfOptions::named(name);
    let options = if encrypt {
        options.with_encrypt(KEY)
    } else {
        options
    };
    let server = SerfServer::start(options).await?;
    let client = Client::connect(&server.addr().to_string()).await?;
    Ok((server, client))
}

/// Reads until a change of a member is told.
async fn told(stream: &mut EventStream, wanted: MemberChange, name: &str) -> Outcome {
    loop {
        if let Event::Member { change, members } = event(stream).await?
            && change == wanted
            && members.iter().any(|member| member.name == name)
        {
            return Ok(());
        }
    }
}

pub(crate) async fn members_join_fail_and_leave(_: &Trial) -> Outcome {
    let (_one, first) = start("one", false).await?;
    let (two, second) = start("two", false).await?;
    let (three, third) = start("three", false).await?;
    let options = StreamOptions::default().with_present_members(true);
    let mut stream = first.stream_with(&[EventFilter::All], options).await?;
    told(&mut stream, MemberChange::Join, "one").await?;
    let addresses = [
        two.gossip_addr().to_string(),
        three.gossip_addr().to_string(),
    ];
    // In their profile agents wait for a second only.
    let joins = || async {
        let joined = first.join_with(&addresses, JoinOptions::default()).await?;
        ensure!(joined == 2, "{joined}");
        Ok(())
    };
    eventually_ok(LONG, "both are joined", joins).await?;
    let mut joined = BTreeSet::new();
    while joined.len() < 2 {
        if let Event::Member {
            change: MemberChange::Join,
            members,
        } = event(&mut stream).await?
        {
            joined.extend(members.into_iter().map(|member| member.name));
        }
        joined.remove("one");
    }
    third.leave().await?;
    told(&mut stream, MemberChange::Leave, "three").await?;
    two.kill()?;
    told(&mut stream, MemberChange::Failed, "two").await?;
    ensure!(second.members().await.is_err());
    ensure!(first.member("two").await?.context("it is listed")?.status == MemberStatus::Failed);
    first.force_leave("two").await?;
    let left = || async {
        let two = first.member("two").await.ok().flatten()?;
        (two.status == MemberStatus::Left).then_some(())
    };
    eventually(LONG, "the other has left", left).await?;
    Ok(())
}

pub(crate) async fn keys_are_changed_by_all_members(_: &Trial) -> Outcome {
    let (one, first) = start("one", true).await?;
    let (_two, second) = start("two", true).await?;
    // In their profile agents wait for a second only.
    let address = [one.gossip_addr().to_string()];
    eventually_ok(LONG, "it joins", || second.join(&address)).await?;
    let keys = first.keys();
    // The answers of all have to come within the time of a query.
    let listed = || async {
        let counted = keys.list().await?;
        ensure!(
            counted.members == 2 && counted.keys[KEY] == 2,
            "{counted:?}"
        );
        Ok(())
    };
    eventually_ok(LONG, "both have the key", listed).await?;
    let (old, new) = (Secret::from(KEY), Secret::from(OTHER_KEY));
    let refused = || async {
        let error = keys.use_key(&new).await.unwrap_err();
        let both = error.keys().is_some_and(|keys| keys.num_err == 2);
        ensure!(error.kind() == ErrorKind::Partial && both, "{error:?}");
        Ok(())
    };
    eventually_ok(LONG, "none has the other", refused).await?;
    eventually_ok(LONG, "it is installed", || keys.install(&new)).await?;
    eventually_ok(LONG, "it is used", || keys.use_key(&new)).await?;
    eventually_ok(LONG, "the first is removed", || keys.remove(&old)).await?;
    let listed = || async {
        let counted = keys.list().await?;
        ensure!(
            counted.keys.len() == 1 && counted.keys[OTHER_KEY] == 2,
            "{counted:?}"
        );
        Ok(())
    };
    Ok(eventually_ok(LONG, "both have the other", listed).await?)
}

pub(crate) async fn an_agent_that_stands_still_is_left_for_another(_: &Trial) -> Outcome {
    let (one, _) = start("one", false).await?;
    let (two, _) = start("two", false).await?;
    let hosts: Hosts = format!("{},{}", one.addr(), two.addr()).parse()?;
    let timeouts = Timeouts::default().with_attempt(Duration::from_secs(1));
    let name = async |client: &Client| {
        let stats = client.stats().await?;
        anyhow::Ok(stats.get("agent", "name").map(str::to_owned))
    };
    let begins = || async {
        let client = Client::builder().hosts(hosts.clone()).timeouts(timeouts);
        let client = client.build()?;
        // On a machine that stands still it goes to the other already now.
        ensure!(name(&client).await?.as_deref() == Some("one"));
        Ok(client)
    };
    let client = eventually_ok(LONG, "it begins with the first", begins).await?;
    one.pause().await?;
    let found = name(&client).await?;
    one.resume()?;
    let Some(found) = found else {
        bail!("nobody answers")
    };
    ensure!(found == "two", "{found}");
    Ok(())
}
