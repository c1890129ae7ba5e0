//! The token: `auth`.

use serde_json::{Value, json};

use super::connection::{Connection, header, request};
use super::target::{GUARDED, MENDED, OPEN, REAL, Serf, TOKEN};
use super::{Outcome, Trial};
use crate::cases;
use crate::protocol::equal;
use crate::trial::Case;

const REQUIRED: &str = "Authentication required";
const INVALID: &str = "Invalid authentication token";

pub(super) fn cases() -> Vec<Case<Serf>> {
    cases![Serf;
        an_agent_without_a_token_takes_the_empty_one_alone needs [OPEN],
        nothing_is_answered_before_the_token needs [GUARDED],
        a_wrong_token_may_be_followed_by_the_right_one needs [GUARDED],
        a_wrong_token_takes_nothing_back needs [GUARDED],
        what_has_a_body_is_refused_twice needs [GUARDED, REAL],
        what_has_a_body_is_refused_once needs [GUARDED, MENDED],
    ]
    .into()
}

async fn auth(rpc: &mut Connection, token: &str) -> anyhow::Result<String> {
    Ok(rpc.ask("auth", json!({"AuthKey": token})).await?.error)
}

/// A connection after the handshake.
async fn greeted(serf: &Trial) -> anyhow::Result<Connection> {
    let mut rpc = serf.open().await?;
    rpc.ask("handshake", json!({"Version": 1})).await?.done()?;
    Ok(rpc)
}

async fn an_agent_without_a_token_takes_the_empty_one_alone(serf: &Trial) -> Outcome {
    let mut rpc = greeted(serf).await?;
    equal("the empty one", auth(&mut rpc, "").await?, "")?;
    equal("another", auth(&mut rpc, TOKEN).await?, INVALID)?;
    rpc.is_open().await
}

async fn nothing_is_answered_before_the_token(serf: &Trial) -> Outcome {
    let mut rpc = greeted(serf).await?;
    for command in ["members", "stats", "list-keys", "leave", "nonsense"] {
        // Without a body, also of commands whose answers have one otherwise.
        let refused = rpc.ask(command, Value::Null).await?;
        equal(command, refused.error.as_str(), REQUIRED)?;
    }
    equal("the right one", auth(&mut rpc, TOKEN).await?, "")?;
    rpc.is_open().await
}

async fn a_wrong_token_may_be_followed_by_the_right_one(serf: &Trial) -> Outcome {
    let mut rpc = greeted(serf).await?;
    for token in ["wrong", "", "a token that nobody guesse"] {
        equal(token, auth(&mut rpc, token).await?, INVALID)?;
    }
    let refused = rpc.ask("members", Value::Null).await?;
    equal("still", refused.error.as_str(), REQUIRED)?;
    equal("the right one", auth(&mut rpc, TOKEN).await?, "")?;
    rpc.is_open().await
}

async fn a_wrong_token_takes_nothing_back(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    equal("a wrong one", auth(&mut rpc, "wrong").await?, INVALID)?;
    rpc.is_open().await
}

/// Sends a command with a body, and one without, before the token.
async fn refused(serf: &Trial) -> anyhow::Result<Connection> {
    let mut rpc = greeted(serf).await?;
    let stop = [request(7, "stop"), json!({"Stop": 1})];
    rpc.write(&[&stop[..], &[request(8, "members")]].concat())
        .await?;
    Ok(rpc)
}

async fn what_has_a_body_is_refused_twice(serf: &Trial) -> Outcome {
    let mut rpc = refused(serf).await?;
    for seq in [7, 7, 8] {
        equal("refused", rpc.expect().await?, header(seq, REQUIRED))?;
    }
    rpc.ask("auth", json!({"AuthKey": TOKEN})).await?.done()?;
    rpc.is_open().await
}

async fn what_has_a_body_is_refused_once(serf: &Trial) -> Outcome {
    let mut rpc = refused(serf).await?;
    for seq in [7, 8] {
        equal("refused", rpc.expect().await?, header(seq, REQUIRED))?;
    }
    rpc.ask("auth", json!({"AuthKey": TOKEN})).await?.done()?;
    rpc.is_open().await
}
