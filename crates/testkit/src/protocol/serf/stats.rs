//! How an agent is, and where: `stats`, `get-coordinate`.

use anyhow::{Context as _, ensure};
use serde_json::{Value, json};

use super::connection::PATIENCE;
use super::target::Serf;
use super::{Outcome, Trial};
use crate::protocol::equal;
use crate::trial::Case;
use crate::{cases, eventually_ok};

/// The names of what an agent counts of Serf itself, in their order.
pub const STATISTICS: [&str; 12] = [
    "coordinate_resets",
    "encrypted",
    "event_queue",
    "event_time",
    "failed",
    "health_score",
    "intent_queue",
    "left",
    "member_time",
    "members",
    "query_queue",
    "query_time",
];

pub(super) fn cases() -> Vec<Case<Serf>> {
    cases![Serf;
        statistics_have_sections_of_texts,
        a_member_has_a_coordinate,
        an_unknown_member_has_a_coordinate_of_nothing,
    ]
    .into()
}

fn names(section: &Value) -> Vec<&str> {
    let fields = section.as_object().into_iter().flatten();
    fields.map(|(name, _)| name.as_str()).collect()
}

async fn counted(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let stats = rpc.ask("stats", Value::Null).await?.done()?;
    let members = serf.members.len().to_string();
    equal("members", &stats["serf"]["members"], &json!(members))?;
    equal("failed", &stats["serf"]["failed"], &json!("0"))
}

async fn statistics_have_sections_of_texts(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let stats = rpc.ask("stats", Value::Null).await?.done()?;
    let sections = ["agent", "event_handlers", "runtime", "serf", "tags"];
    equal("sections", names(&stats), sections)?;
    for (name, value) in stats.as_object().into_iter().flatten() {
        let values = value.as_object().context("a section")?;
        ensure!(values.values().all(Value::is_string), "{name}: {value}");
    }
    equal("agent", &stats["agent"], &json!({"name": "alpha"}))?;
    let runtime = [
        "arch",
        "cpu_count",
        "goroutines",
        "max_procs",
        "os",
        "version",
    ];
    equal("runtime", names(&stats["runtime"]), runtime)?;
    equal("serf", names(&stats["serf"]), STATISTICS)?;
    equal("encrypted", &stats["serf"]["encrypted"], &json!("false"))?;
    // Whoever stands still for a moment may be thought failed for a while.
    eventually_ok(PATIENCE, "all are counted", || counted(serf)).await?;
    equal("role", &stats["tags"]["role"], &json!("web"))?;
    equal("handlers", &stats["event_handlers"], &json!({}))
}

async fn a_member_has_a_coordinate(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let node = json!({"Node": "alpha"});
    let found = rpc.ask("get-coordinate", node).await?.done()?;
    equal("fields", names(&found), ["Coord", "Ok"])?;
    equal("known", &found["Ok"], &json!(true))?;
    let coordinate = &found["Coord"];
    let fields = ["Adjustment", "Error", "Height", "Vec"];
    equal("fields", names(coordinate), fields)?;
    let vector = coordinate["Vec"].as_array().context("a vector")?;
    ensure!(
        vector.len() == 8 && vector.iter().all(Value::is_f64),
        "{found}"
    );
    ensure!(coordinate["Height"].as_f64() > Some(0.0), "{found}");
    Ok(())
}

async fn an_unknown_member_has_a_coordinate_of_nothing(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    for body in [json!({"Node": "nobody"}), json!({})] {
        let found = rpc.ask("get-coordinate", body).await?.done()?;
        let nothing = json!({
            "Coord": {"Adjustment": 0.0, "Error": 0.0, "Height": 0.0, "Vec": null}, "Ok": false,
        });
        equal("nothing", found, nothing)?;
    }
    Ok(())
}
