//! `serf query` and `serf reachability`.

use anyhow::ensure;
use quorate_testkit::trial::{Case, Subject};
use quorate_testkit::{cases, eventually_ok};
use serde_json::json;

use crate::command::SOON;
use crate::serf::{Serf, Setup};

pub(crate) fn cases() -> Vec<Case<Serf>> {
    cases![Serf;
        all_members_are_reached,
        serf_asks_queries,
        serf_asks_some_members_alone,
    ]
    .into()
}

async fn serf_asks_queries(serf: &Subject<Serf>) -> anyhow::Result<()> {
    let own = serf.alone("solo", Setup::default()).await?;
    let _answering = own.answering("load", "0.7\n").await?;
    let told = || async {
        let said = own.run(&["query", "-timeout", "2s", "load", "5m"]).await?;
        let mut lines: Vec<_> = said.lines().collect();
        lines.sort_unstable();
        let expected = [
            "Ack from 'solo'",
            "Query 'load' dispatched",
            "Response from 'solo': 0.7",
            "Total Acks: 1",
            "Total Responses: 1",
        ];
        ensure!(lines == expected, "{said}");
        anyhow::Ok(())
    };
    // On a loaded machine an answer may come too late.
    eventually_ok(SOON, "it is answered", told).await?;
    let found = own.json(&["query", "-timeout=1s", "-no-ack"]).await;
    ensure!(found.is_err(), "it has no name");
    let expected = json!({"Acks": null, "Responses": {"solo": "0.7\n"}});
    let told = || async {
        let found = own
            .run(&["query", "-timeout=1s", "-no-ack", "-format=json", "load"])
            .await?;
        let found: serde_json::Value = serde_json::from_str(&found)?;
        ensure!(found == expected, "{found}");
        anyhow::Ok(())
    };
    eventually_ok(SOON, "it is answered, in JSON", told).await?;
    let refusal = "Queries cannot contain the '_serf_' prefix";
    own.refuses(&["query", "_serf_x"], refusal).await?;
    let refusal = "query exceeds limit of 1024 bytes";
    own.refuses(&["query", "load", &"x".repeat(1024)], refusal)
        .await
}

async fn serf_asks_some_members_alone(serf: &Subject<Serf>) -> anyhow::Result<()> {
    let (alpha, beta) = serf
        .pair(Setup {
            tags: &[("role", "web")],
            ..Setup::default()
        })
        .await?;
    let _answering = (
        alpha.answering("who", "alpha").await?,
        beta.answering("who", "beta").await?,
    );
    let ask = async |more: &[&str]| {
        let line = [
            &["query", "-timeout=1s", "-format=json"][..],
            more,
            &["who"],
        ]
        .concat();
        anyhow::Ok(serde_json::from_str::<serde_json::Value>(
            &alpha.run(&line).await?,
        )?)
    };
    let answered = || async {
        let all = ask(&["-relay-factor", "1"]).await?;
        ensure!(
            all["Responses"] == json!({"alpha": "alpha", "beta": "beta"}),
            "{all}"
        );
        anyhow::Ok(())
    };
    // On a loaded machine an answer may come too late.
    eventually_ok(SOON, "both answer", answered).await?;
    let answered = || async {
        let one = ask(&["-node", "beta"]).await?;
        ensure!(
            one == json!({"Acks": ["beta"], "Responses": {"beta": "beta"}}),
            "{one}"
        );
        anyhow::Ok(())
    };
    eventually_ok(SOON, "one answers", answered).await?;
    let answered = || async {
        let tagged = ask(&["-tag", "role=we"]).await?;
        let both = tagged["Responses"]
            .as_object()
            .is_some_and(|found| found.len() == 2);
        ensure!(both, "{tagged}");
        anyhow::Ok(())
    };
    eventually_ok(SOON, "both with the tag answer", answered).await?;
    let none = ask(&["-tag", "role=db"]).await?;
    ensure!(none == json!({"Acks": null, "Responses": {}}), "{none}");
    Ok(())
}

async fn all_members_are_reached(serf: &Subject<Serf>) -> anyhow::Result<()> {
    let (alpha, _beta) = serf.pair(Setup::default()).await?;
    let reached = || async {
        let said = alpha.run(&["reachability", "-verbose"]).await?;
        ensure!(
            said.starts_with("Total members: 2, live members: 2\n"),
            "{said}"
        );
        ensure!(
            said.contains("\tAck from 'alpha'\n") && said.contains("\tAck from 'beta'\n"),
            "{said}"
        );
        ensure!(
            said.ends_with("Successfully contacted all live nodes\n"),
            "{said}"
        );
        anyhow::Ok(())
    };
    Ok(eventually_ok(SOON, "both are reached", reached).await?)
}
