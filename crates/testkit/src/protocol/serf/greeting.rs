//! The beginning of a connection: `handshake`, and what nobody knows.

use anyhow::ensure;
use serde_json::{Value, json};

use super::connection::{header, request};
use super::target::{MENDED, REAL, Serf, TOKEN};
use super::{Outcome, Trial};
use crate::cases;
use crate::protocol::equal;
use crate::trial::Case;

pub(super) fn cases() -> Vec<Case<Serf>> {
    cases![Serf;
        a_handshake_comes_first,
        only_version_1_is_spoken,
        a_second_handshake_is_refused,
        everything_may_be_sent_at_once,
        an_unknown_command_ends_the_connection,
        an_expression_that_is_none_ends_the_connection needs [REAL],
        an_expression_that_is_none_is_told needs [MENDED],
    ]
    .into()
}

async fn a_handshake_comes_first(serf: &Trial) -> Outcome {
    let first = [
        ("members", Value::Null),
        ("stats", Value::Null),
        ("auth", json!({"AuthKey": TOKEN})),
        ("stop", json!({"Stop": 0})),
        ("nonsense", Value::Null),
    ];
    for (command, body) in first {
        let mut rpc = serf.open().await?;
        let answer = rpc.ask(command, body).await?;
        equal(command, answer.error.as_str(), "Handshake required")?;
        rpc.is_closed().await?;
    }
    Ok(())
}

async fn only_version_1_is_spoken(serf: &Trial) -> Outcome {
    let mut rpc = serf.open().await?;
    for body in [
        json!({"Version": 0}),
        json!({"Version": 2}),
        json!({"Version": -1}),
        json!({"Version": i32::MAX}),
        json!({"Version": i32::MIN}),
        json!({}),
    ] {
        let answer = rpc.ask("handshake", body).await?;
        equal("another", answer.error.as_str(), "Unsupported IPC version")?;
    }
    rpc.ask("handshake", json!({"Version": 1})).await?.done()?;
    // It has to fit into 32 bits.
    let far = [
        json!(2_147_483_648_u64),
        json!(-2_147_483_649_i64),
        json!(i64::MAX),
    ];
    for version in far {
        let mut rpc = serf.open().await?;
        let body = json!({"Version": version});
        rpc.write(&[request(1, "handshake"), body]).await?;
        rpc.is_closed().await?;
    }
    Ok(())
}

async fn a_second_handshake_is_refused(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    for (version, error) in [
        (1, "Handshake already performed"),
        (2, "Unsupported IPC version"),
    ] {
        let answer = rpc.ask("handshake", json!({"Version": version})).await?;
        equal("a second one", answer.error.as_str(), error)?;
    }
    rpc.is_open().await
}

async fn everything_may_be_sent_at_once(serf: &Trial) -> Outcome {
    let mut rpc = serf.open().await?;
    let mut objects = vec![request(1, "handshake"), json!({"Version": 1})];
    // An agent without a token takes the empty one.
    let guarded = !serf.first().is_open();
    let token = if guarded { TOKEN } else { "" };
    objects.extend([request(2, "auth"), json!({"AuthKey": token})]);
    objects.extend([
        request(3, "members"),
        request(4, "stop"),
        json!({"Stop": 9}),
    ]);
    rpc.write(&objects).await?;
    for (seq, command) in [(1, "handshake"), (2, "auth"), (3, "members"), (4, "stop")] {
        rpc.answer(seq, command).await?.done()?;
    }
    Ok(())
}

async fn an_unknown_command_ends_the_connection(serf: &Trial) -> Outcome {
    for command in ["nonsense", "Members", "members ", "key"] {
        let mut rpc = serf.rpc().await?;
        rpc.write(&[request(7, command)]).await?;
        equal(
            command,
            rpc.expect().await?,
            header(7, "Unsupported command"),
        )?;
        rpc.is_closed().await?;
    }
    Ok(())
}

fn none_of_them() -> [Value; 3] {
    [
        json!({"Name": "("}),
        json!({"Status": "["}),
        json!({"Tags": {"role": "a(b"}}),
    ]
}

async fn an_expression_that_is_none_ends_the_connection(serf: &Trial) -> Outcome {
    for filter in none_of_them() {
        let mut rpc = serf.rpc().await?;
        rpc.write(&[request(7, "members-filtered"), filter]).await?;
        rpc.is_closed().await?;
    }
    Ok(())
}

async fn an_expression_that_is_none_is_told(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    for filter in none_of_them() {
        let error = rpc.ask("members-filtered", filter).await?.error;
        let begins = error.starts_with("Failed to compile regex: error parsing regexp: missing");
        ensure!(begins, "{error}");
    }
    rpc.is_open().await
}
