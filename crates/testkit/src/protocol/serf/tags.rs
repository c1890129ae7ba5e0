//! What an agent says of itself: `tags`.

use serde_json::{Value, json};

use super::connection::Connection;
use super::target::Serf;
use super::{Outcome, Trial};
use crate::cases;
use crate::protocol::equal;
use crate::trial::Case;

pub(super) fn cases() -> Vec<Case<Serf>> {
    cases![Serf;
        tags_are_set_and_deleted_and_seen_by_all,
        what_is_deleted_and_set_is_set,
        tags_that_are_too_large_are_refused_and_change_nothing,
    ]
    .into()
}

async fn of_alpha(rpc: &mut Connection, tag: &str) -> anyhow::Result<Value> {
    let filter = json!({"Name": "alpha"});
    let mut found = rpc.ask("members-filtered", filter).await?.done()?;
    Ok(found["Members"][0]["Tags"][tag].take())
}

async fn tags_are_set_and_deleted_and_seen_by_all(serf: &Trial) -> Outcome {
    let _alone = serf.tags.lock().await;
    let (tag, other) = ("set", "unset");
    let mut rpc = serf.rpc().await?;
    rpc.ask("tags", json!({"Tags": {tag: "größe"}}))
        .await?
        .done()?;
    equal("at once", of_alpha(&mut rpc, tag).await?, json!("größe"))?;
    for member in &serf.members {
        let wanted = json!({"Name": "alpha", "Tags": {tag: "größe"}});
        member.finds(wanted, 1).await?;
    }
    let delete = json!({"DeleteTags": [tag, other]});
    rpc.ask("tags", delete).await?.done()?;
    equal("gone", of_alpha(&mut rpc, tag).await?, Value::Null)?;
    equal("stays", of_alpha(&mut rpc, "role").await?, json!("web"))
}

async fn what_is_deleted_and_set_is_set(serf: &Trial) -> Outcome {
    let _alone = serf.tags.lock().await;
    let tag = "both";
    let mut rpc = serf.rpc().await?;
    let both = json!({"Tags": {tag: "1"}, "DeleteTags": [tag]});
    rpc.ask("tags", both).await?.done()?;
    equal("set", of_alpha(&mut rpc, tag).await?, json!("1"))?;
    rpc.ask("tags", json!({"DeleteTags": [tag]}))
        .await?
        .done()?;
    Ok(())
}

async fn tags_that_are_too_large_are_refused_and_change_nothing(serf: &Trial) -> Outcome {
    let _alone = serf.tags.lock().await;
    let tag = "large";
    let mut rpc = serf.rpc().await?;
    let large = json!({"Tags": {tag: "x".repeat(512)}, "DeleteTags": ["role"]});
    let refused = rpc.ask("tags", large).await?;
    let error = "Encoded length of tags exceeds limit of 512 bytes";
    equal("too large", refused.error.as_str(), error)?;
    equal("not set", of_alpha(&mut rpc, tag).await?, Value::Null)?;
    equal("stays", of_alpha(&mut rpc, "role").await?, json!("web"))
}
