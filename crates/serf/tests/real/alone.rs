//! One agent.

use anyhow::ensure;
use quorate_serf::{Client, ErrorKind, MemberFilter, MemberStatus, Refusal, Secret, TagChanges};
use quorate_testkit::eventually_ok;
use quorate_testkit::server::{SerfOptions, SerfServer};

use crate::streams::LONG;
use crate::{Outcome, Trial};

pub(crate) async fn an_agent_tells_who_it_is(serf: &Trial) -> Outcome {
    let client = &serf.client;
    let members = client.members().await?;
    ensure!(members.len() == 1 && members[0].name == "alpha");
    ensure!(members[0].address() == serf.server.gossip_addr());
    ensure!(members[0].status == MemberStatus::Alive && members[0].tags.get("role") == Some("web"));
    let filter = |name: &str, status: &str, role: &str| MemberFilter {
        name: name.to_owned(),
        status: status.to_owned(),
        tags: [("role".to_owned(), role.to_owned())].into(),
    };
    ensure!(
        client
            .members_filtered(&filter("al.+", "alive", "w.b"))
            .await?
            .len()
            == 1
    );
    ensure!(
        client
            .members_filtered(&filter("al", "", "web"))
            .await?
            .is_empty()
    );
    ensure!(client.member("alpha").await?.is_some() && client.member("al.ha").await?.is_none());
    let stats = client.stats().await?;
    ensure!(stats.get("agent", "name") == Some("alpha"), "{stats:?}");
    ensure!(stats.get("serf", "encrypted") == Some("false"));
    ensure!(
        client
            .coordinate("alpha")
            .await?
            .is_some_and(|place| place.vec.is_some())
    );
    ensure!(client.coordinate("nobody").await?.is_none());
    ensure!(client.round_trip("alpha", "alpha").await?.is_some());
    client.force_leave("nobody").await?;
    client
        .set_tags(&TagChanges::new().set("zone", "a b").remove("none"))
        .await?;
    let tags = client.member("alpha").await?.unwrap().tags;
    ensure!(
        tags == [("role", "web"), ("zone", "a b")].into(),
        "{tags:?}"
    );
    client.ping().await?;
    Ok(())
}

pub(crate) async fn what_is_refused_is_told_by_its_meaning(serf: &Trial) -> Outcome {
    let client = &serf.client;
    let error = client.event("e", vec![0; 600]).await.unwrap_err();
    ensure!(
        error.refusal() == Some(&Refusal::TooLarge { limit: Some(512) }),
        "{error:?}"
    );
    let error = client.query("q", vec![0; 1100]).await.unwrap_err();
    ensure!(
        error.refusal() == Some(&Refusal::TooLarge { limit: Some(1024) }),
        "{error:?}"
    );
    let error = client
        .set_tags(&TagChanges::new().set("t", "x".repeat(600)))
        .await
        .unwrap_err();
    ensure!(error.kind() == ErrorKind::TooLarge, "{error:?}");
    let error = client.join(&["127.0.0.1:1"]).await.unwrap_err();
    ensure!(error.kind() == ErrorKind::JoinFailed, "{error:?}");
    let none: [&str; 0] = [];
    ensure!(client.join(&none).await? == 0);
    let key = Secret::from("HIDxTe3QS8hQoXmNBp6SHA==");
    let refused = || async {
        // On a loaded machine its answer to itself may come too late.
        let error = client.keys().install(&key).await.unwrap_err();
        ensure!(
            error.refusal() == Some(&Refusal::Partial { some: 1, all: 1 }),
            "{error:?}"
        );
        let said = &error.keys().unwrap().messages["alpha"];
        ensure!(said.contains("No keyring"), "{said}");
        Ok(())
    };
    eventually_ok(LONG, "it says why not", refused).await?;
    let filter = MemberFilter::default().with_name("(");
    let error = client.members_filtered(&filter).await.unwrap_err();
    ensure!(error.kind() == ErrorKind::InvalidArgument);
    Ok(())
}

pub(crate) async fn tokens_that_are_missing_and_wrong_are_told_apart(_: &Trial) -> Outcome {
    let server =
        SerfServer::start(SerfOptions::default().with_rpc_auth("open sesame & more")).await?;
    let error = Client::connect(&server.addr().to_string())
        .await
        .unwrap_err();
    ensure!(error.kind() == ErrorKind::Unauthenticated, "{error:?}");
    let wrong = format!("{}?AuthKey=wrong", server.addr());
    let error = Client::connect(&wrong).await.unwrap_err();
    ensure!(error.kind() == ErrorKind::PermissionDenied, "{error:?}");
    let right = format!(
        "serf://{}?AuthKey=open%20sesame%20%26%20more",
        server.addr()
    );
    let client = Client::connect(&right).await?;
    ensure!(client.members().await?.len() == 1);
    Ok(())
}

pub(crate) async fn commands_go_together(serf: &Trial) -> Outcome {
    let filter = MemberFilter {
        name: "nobody".to_owned(),
        ..MemberFilter::default()
    };
    let replies = serf
        .client
        .pipeline()
        .members()
        .event("one", "1")
        .event("large", vec![0; 600])
        .members_filtered(&filter)
        .stats()
        .coordinate("alpha")
        .send()
        .await?;
    let done: Vec<bool> = replies
        .iter()
        .map(quorate_serf::Reply::is_success)
        .collect();
    ensure!(done == [true, true, false, true, true, true], "{done:?}");
    ensure!(replies[0].members()?.len() == 1 && replies[3].members()?.is_empty());
    ensure!(replies[4].stats()?.get("agent", "name") == Some("alpha"));
    Ok(())
}
