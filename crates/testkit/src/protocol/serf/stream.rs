//! Following events: `stream`, `stop`.

use anyhow::ensure;
use serde_json::json;

use super::connection::Connection;
use super::target::{MENDED, Serf};
use super::{Outcome, Trial};
use crate::cases;
use crate::protocol::equal;
use crate::trial::Case;

pub(super) fn cases() -> Vec<Case<Serf>> {
    cases![Serf;
        a_stream_tells_of_what_it_names,
        a_filter_that_is_none_is_refused,
        two_streams_of_one_number_are_refused,
        each_stream_of_a_connection_tells_on_its_own,
        a_stream_that_was_stopped_tells_nothing,
        whatever_is_stopped_is_stopped,
        names_in_a_filter_are_whole_names,
        queries_of_serf_itself_are_not_told,
        changes_of_members_are_told,
        what_happens_after_the_answer_is_told needs [MENDED],
    ]
    .into()
}

async fn event(rpc: &mut Connection, name: &str, payload: &str) -> Outcome {
    let event = json!({"Name": name, "Payload": payload});
    rpc.ask("event", event).await?.done()?;
    Ok(())
}

async fn a_stream_tells_of_what_it_names(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let filters = [
        "",
        "*",
        "user",
        "user:",
        "user:a b",
        "query",
        "query:x",
        "member-join",
        "member-leave,member-failed,member-update,member-reap",
        "user:x,query:y,*",
    ];
    for filter in filters {
        rpc.begin("stream", json!({"Type": filter})).await?;
    }
    rpc.is_open().await
}

async fn a_filter_that_is_none_is_refused(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let filters = [
        "member-foo",
        "member",
        "user, query",
        " user",
        "nonsense",
        ",",
        "*,",
        "USER",
        "user:a,b",
        "_serf_x",
    ];
    for filter in filters {
        let refused = rpc.ask("stream", json!({"Type": filter})).await?;
        equal(filter, refused.error.as_str(), "Invalid event filter")?;
    }
    rpc.is_open().await
}

async fn two_streams_of_one_number_are_refused(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let nothing = json!({"Type": "user:nobody-sends-this"});
    for _ in 0..2 {
        rpc.ask_as(4, "stream", nothing.clone()).await?.done()?;
        let again = rpc.ask_as(4, "stream", nothing.clone()).await?;
        let error = "Stream with given sequence exists";
        equal("again", again.error.as_str(), error)?;
        // The filter is looked at first.
        let other = rpc.ask_as(4, "stream", json!({"Type": "none"})).await?;
        equal("none", other.error.as_str(), "Invalid event filter")?;
        // Once it was stopped, the number is free.
        rpc.ask("stop", json!({"Stop": 4})).await?.done()?;
    }
    Ok(())
}

async fn each_stream_of_a_connection_tells_on_its_own(serf: &Trial) -> Outcome {
    let (one, two) = (serf.key("one"), serf.key("two"));
    let mut rpc = serf.rpc().await?;
    let first = json!({"Type": format!("user:{one}")});
    let first = rpc.begin("stream", first).await?;
    let both = json!({"Type": format!("user:{one},user:{two}")});
    let both = rpc.begin("stream", both).await?;
    event(&mut rpc, &one, "1").await?;
    event(&mut rpc, &two, "2").await?;
    equal("first", &rpc.record(first).await?["Payload"], &json!("1"))?;
    for payload in ["1", "2"] {
        let told = rpc.record(both).await?;
        equal("both", &told["Payload"], &json!(payload))?;
    }
    Ok(())
}

async fn a_stream_that_was_stopped_tells_nothing(serf: &Trial) -> Outcome {
    let name = serf.key("stopped");
    let filter = json!({"Type": format!("user:{name}")});
    // Whoever sends has a connection of his own: on theirs, events could come before the answer.
    let (mut rpc, mut sends) = (serf.rpc().await?, serf.rpc().await?);
    let stopped = rpc.begin("stream", filter.clone()).await?;
    rpc.ask("stop", json!({"Stop": stopped})).await?.done()?;
    let other = rpc.begin("stream", filter).await?;
    for payload in ["once", "again"] {
        event(&mut sends, &name, payload).await?;
        let (seq, told) = rpc.any_record().await?;
        equal("the other", seq, other)?;
        equal("payload", &told["Payload"], &json!(payload))?;
    }
    Ok(())
}

async fn whatever_is_stopped_is_stopped(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    for seq in [0, 1, 77, u64::MAX] {
        rpc.ask("stop", json!({"Stop": seq})).await?.done()?;
    }
    Ok(())
}

async fn names_in_a_filter_are_whole_names(serf: &Trial) -> Outcome {
    let name = serf.key("whole");
    let mut rpc = serf.rpc().await?;
    let filter = format!("user:{name},user:{name}.*,query:{name}-more");
    let stream = rpc.begin("stream", json!({"Type": filter})).await?;
    event(&mut rpc, &format!("{name}-more"), "").await?;
    event(&mut rpc, &name[1..], "").await?;
    event(&mut rpc, &name.to_uppercase(), "").await?;
    event(&mut rpc, &name, "this one").await?;
    let told = rpc.record(stream).await?;
    equal("told", &told["Payload"], &json!("this one"))
}

async fn queries_of_serf_itself_are_not_told(serf: &Trial) -> Outcome {
    let name = serf.key("told");
    let mut rpc = serf.rpc().await?;
    let stream = rpc.begin("stream", json!({"Type": "query"})).await?;
    for name in ["_serf_ping", name.as_str()] {
        let query = json!({"Name": name, "Timeout": 1_000_000, "FilterNodes": ["alpha"]});
        rpc.begin("query", query).await?;
    }
    // Those of other trials are told too.
    let told = rpc.until(stream, |told| {
        let other = told["Name"].as_str().unwrap_or_default();
        other == name || other.starts_with("_serf_")
    });
    equal("told", &told.await?["Name"], &json!(name))
}

async fn changes_of_members_are_told(serf: &Trial) -> Outcome {
    let _alone = serf.tags.lock().await;
    let tag = "told";
    let mut rpc = serf.rpc().await?;
    let filter = json!({"Type": "member-update"});
    let stream = rpc.begin("stream", filter).await?;
    let tags = json!({"Tags": {tag: "told"}});
    rpc.ask("tags", tags).await?.done()?;
    let told = rpc.until(stream, |told| told["Members"][0]["Tags"][tag] == "told");
    let told = told.await?;
    equal("event", &told["Event"], &json!("member-update"))?;
    let names: Vec<_> = told.as_object().into_iter().flatten().collect();
    ensure!(names.len() == 2, "{told}");
    equal("who", &told["Members"][0]["Name"], &json!("alpha"))?;
    let clean = json!({"DeleteTags": [tag]});
    rpc.ask("tags", clean).await?.done()?;
    Ok(())
}

async fn what_happens_after_the_answer_is_told(serf: &Trial) -> Outcome {
    let name = serf.key("after");
    let (mut rpc, mut sends) = (serf.rpc().await?, serf.rpc().await?);
    for round in 0..100 {
        let filter = json!({"Type": format!("user:{name}-{round}")});
        rpc.ask_as(round, "stream", filter).await?.done()?;
        // A real one follows a moment after it has answered.
        event(&mut sends, &format!("{name}-{round}"), "").await?;
        rpc.record(round).await?;
    }
    Ok(())
}
