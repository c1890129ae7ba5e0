//! `serf members`, `join`, `leave`, `force-leave`, `tags`, `info` and `rtt`.

use anyhow::ensure;
use quorate_testkit::protocol::serf::STATISTICS;
use quorate_testkit::trial::{Case, Subject};
use quorate_testkit::{cases, eventually_ok};
use serde_json::json;

use crate::command::SOON;
use crate::serf::{Serf, Setup};

pub(crate) fn cases() -> Vec<Case<Serf>> {
    cases![Serf;
        a_member_that_failed_is_forced_to_leave_and_pruned,
        a_member_leaves,
        others_are_joined,
        serf_lists_members_in_every_way,
        serf_changes_tags,
        serf_describes_the_agent,
        serf_estimates_round_trips,
    ]
    .into()
}

async fn serf_lists_members_in_every_way(serf: &Subject<Serf>) -> anyhow::Result<()> {
    let own = &serf
        .alone(
            "solo",
            Setup {
                tags: &[("role", "web")],
                ..Setup::default()
            },
        )
        .await?;
    let address = own.gossip()?.to_string();
    let line = format!("solo  {address}  alive  role=web");
    own.says(&["members"], &format!("{line}\n")).await?;
    let detailed = format!("{line}  Protocol Version: 5  Available Protocol Range: [2, 5]\n");
    own.says(&["members", "-detailed"], &detailed).await?;
    let listed = own.json(&["members"]).await?;
    let expected = json!({"members": [{
        "name": "solo", "addr": address, "port": own.gossip()?.port(), "tags": {"role": "web"},
        "status": "alive", "protocol": {"max": 5, "min": 2, "version": 5},
    }]});
    ensure!(listed == expected, "{listed}");
    for filter in [
        &["-name", "so.o"][..],
        &["-status", "alive|left"],
        &["-tag", "role=w.*", "-tag", "none="],
    ] {
        own.says(&[&["members"][..], filter].concat(), &format!("{line}\n"))
            .await?;
    }
    let warned = "Deprecation warning: 'Role' has been replaced with 'Tags'";
    own.says(&["members", "-role", "web"], &format!("{warned}\n{line}\n"))
        .await?;
    for filter in [["-name", "sol"], ["-status", "failed"], ["-tag", "role=we"]] {
        own.says(&[&["members"][..], &filter].concat(), "\n")
            .await?;
    }
    Ok(())
}

async fn others_are_joined(serf: &Subject<Serf>) -> anyhow::Result<()> {
    let (one, other) = (
        serf.alone("one", Setup::default()).await?,
        serf.alone("other", Setup::default()).await?,
    );
    one.refuses(&["join", "127.0.0.1:1"], "Error joining the cluster: ")
        .await?;
    let address = other.gossip()?.to_string();
    let said = "Successfully joined cluster by contacting 1 nodes.\n";
    one.says_in_time(&["join", &address, "127.0.0.1:1"], said)
        .await?;
    one.until("other", "alive").await?;
    other.until("one", "alive").await?;
    one.says_in_time(&["join", "-replay", &address], said).await
}

async fn a_member_leaves(serf: &Subject<Serf>) -> anyhow::Result<()> {
    let (alpha, beta) = serf.pair(Setup::default()).await?;
    beta.says(&["leave"], "Graceful leave complete\n").await?;
    alpha.until("beta", "left").await?;
    let gone = || async {
        let done = beta
            .fails(&["members"])
            .await
            .map_err(|error| error.to_string())?;
        let said = done.stdout + &done.stderr;
        said.contains("Error connecting to Serf agent")
            .then_some(())
            .ok_or(said)
    };
    Ok(eventually_ok(SOON, "its agent has ended", gone).await?)
}

async fn a_member_that_failed_is_forced_to_leave_and_pruned(
    serf: &Subject<Serf>,
) -> anyhow::Result<()> {
    let (alpha, beta) = serf.pair(Setup::default()).await?;
    beta.kill().await?;
    alpha.until("beta", "failed").await?;
    alpha.says(&["force-leave", "beta"], "").await?;
    alpha.until("beta", "left").await?;
    alpha.says(&["force-leave", "-prune", "beta"], "").await?;
    alpha.says(&["members", "-name", "beta"], "\n").await?;
    alpha.says(&["force-leave", "nobody"], "").await
}

async fn serf_changes_tags(serf: &Subject<Serf>) -> anyhow::Result<()> {
    let own = &serf
        .alone(
            "solo",
            Setup {
                tags: &[("old", "1")],
                ..Setup::default()
            },
        )
        .await?;
    let said = "Successfully updated agent tags\n";
    own.says(
        &["tags", "-set", "a=<&>", "-set", "empty=", "-delete", "old"],
        said,
    )
    .await?;
    let members = own.json(&["members"]).await?;
    let tags = &members["members"][0]["tags"];
    ensure!(tags == &json!({"a": "<&>", "empty": ""}), "{members}");
    own.says(&["tags", "-delete", "none"], said).await?;
    let large = format!("a={}", "x".repeat(600));
    let refusal = "Encoded length of tags exceeds limit of 512 bytes";
    own.refuses(&["tags", "-set", &large], refusal).await
}

async fn serf_describes_the_agent(serf: &Subject<Serf>) -> anyhow::Result<()> {
    let said = serf.run(&["info"]).await?;
    for section in [
        "agent:\n\tname = alpha\n",
        "\nruntime:\n",
        "\nserf:\n",
        "\ntags:\n\trole = web\n",
    ] {
        ensure!(said.contains(section), "{section:?} is not in {said}");
    }
    let found = serf.json(&["info"]).await?;
    for name in STATISTICS {
        ensure!(found["serf"][name].is_string(), "{name}: {found}");
    }
    ensure!(
        found["serf"]["members"] == "1" && found["serf"]["encrypted"] == "false",
        "{found}"
    );
    Ok(())
}

async fn serf_estimates_round_trips(serf: &Subject<Serf>) -> anyhow::Result<()> {
    let (alpha, _beta) = serf.pair(Setup::default()).await?;
    let estimated = || async {
        let done = alpha
            .serf(&["rtt", "beta"])
            .map_err(|error| error.to_string())?;
        let done = done.run().await.map_err(|error| error.to_string())?;
        (done.code == 0).then_some(done.stdout).ok_or(done.stderr)
    };
    // A member learns where another is with its first probe.
    let said: String = eventually_ok(SOON, "the round trip is known", estimated).await?;
    ensure!(said.starts_with("Estimated beta <-> alpha rtt: "), "{said}");
    let said = alpha.run(&["rtt", "alpha", "beta"]).await?;
    ensure!(said.ends_with(" ms\n"), "{said}");
    let refusal = "Could not find a coordinate for node \"nobody\"";
    alpha.refuses(&["rtt", "nobody"], refusal).await
}
