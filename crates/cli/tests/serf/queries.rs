use anyhow::ensure;
use quorate_testkit::server::SerfOptions;
use quorate_testkit::trial::{Case, Subject};
use quorate_testkit::{cases, eventually_ok};
use serde_json::json;

use crate::SOON;
use crate::run::Running;
use crate::server::Server;

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        a_query_ends_when_all_have_answered,
        a_query_nobody_answers_ends_with_its_time,
        answers_that_are_no_text_come_whole,
        a_query_of_serf_itself_is_refused,
        a_command_answers_questions_on_every_backend,
    ]
    .into()
}

async fn a_query_ends_when_all_have_answered(server: &Subject<Server>) -> anyhow::Result<()> {
    // Its time is more than the case has. Real agents mix up queries of the same moment.
    let alone = server.fresh().await?;
    let said = alone.ok("query --timeout 10m load").await?;
    let mut lines: Vec<_> = said.lines().collect();
    lines.sort_unstable();
    let expected = [
        "Ack from 'alpha'",
        "Query 'load' dispatched",
        "Response from 'alpha': up 3 days",
        "Total Acks: 1",
        "Total Responses: 1",
    ];
    ensure!(lines == expected, "{said}");
    Ok(())
}

async fn a_query_nobody_answers_ends_with_its_time(server: &Subject<Server>) -> anyhow::Result<()> {
    let acked = || async {
        // On a loaded machine it may come too late.
        let found = server.json("query --timeout 200ms unknown").await?;
        let expected = json!({"name": "unknown", "acks": ["alpha"], "responses": [], "missed": 0});
        ensure!(found == expected, "{found}");
        anyhow::Ok(())
    };
    eventually_ok(SOON, "it is acknowledged", acked).await?;
    let found = server
        .json("query --timeout 200ms --tag role=db --no-ack load")
        .await?;
    ensure!(
        found["acks"] == json!([]) && found["responses"] == json!([]),
        "{found}"
    );
    server.fails("query --tag 'role=[' load", 2).await?;
    Ok(())
}

async fn answers_that_are_no_text_come_whole(server: &Subject<Server>) -> anyhow::Result<()> {
    let handlers = json!(["query:odd=printf '\\377\\000'"]);
    let alone = server
        .alone(SerfOptions::named("alpha").with("event_handlers", handlers))
        .await?;
    let found = alone.json("query --timeout 50s odd").await?;
    let expected = json!([{"from": "alpha", "value": "/wA=", "encoding": "base64"}]);
    ensure!(found["responses"] == expected, "{found}");
    Ok(())
}

async fn a_query_of_serf_itself_is_refused(server: &Subject<Server>) -> anyhow::Result<()> {
    let said = server.fails("query _serf_conflict", 2).await?;
    ensure!(said.contains("belong to Serf"), "{said}");
    Ok(())
}

async fn a_command_answers_questions_on_every_backend(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    // Real agents mix up queries of the same moment.
    let server = server.fresh().await?;
    let at = format!("--at serf://{}", server.rpc()?);
    let answering = server.command(&format!("{at} query answer shout -- tr a-z A-Z"));
    let _answering = Running::of(answering)?;
    // It does not say when it begins.
    let done = loop {
        let line = format!("{at} -o json --timeout 500ms query ask shout hello");
        let done = server.run(&line, "").await?;
        if done.code == 0 {
            break done;
        }
        ensure!(done.code == 3, "{done:?}");
    };
    let answer = json!({"event": "answer", "from": "alpha", "value": "HELLO", "encoding": "utf-8"});
    let told: serde_json::Value = serde_json::from_str(&done.stdout)?;
    ensure!(told == answer, "{done:?}");
    let line = format!("{at} --timeout 50s query ask --acks --member alpha shout 'a b'");
    let done = server.run(&line, "").await?;
    let mut lines: Vec<_> = done.stdout.lines().collect();
    lines.sort_unstable();
    ensure!(lines == ["ack alpha", "answer alpha \"A B\""], "{done:?}");
    Ok(())
}
