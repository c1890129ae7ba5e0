//! Members: `members`, `members-filtered`, `force-leave`.

use anyhow::ensure;
use serde_json::{Value, json};

use super::connection::{PATIENCE, request};
use super::target::Serf;
use super::{Outcome, Trial};
use crate::protocol::equal;
use crate::trial::Case;
use crate::{cases, eventually_ok};

pub(super) fn cases() -> Vec<Case<Serf>> {
    cases![Serf;
        every_member_is_listed_with_all_that_is_known,
        an_address_is_four_bytes,
        members_are_filtered_by_name_status_and_tags,
        an_expression_is_anchored_without_a_group,
        a_tag_that_is_not_there_is_empty,
        whoever_is_unknown_is_forced_to_leave_silently,
    ]
    .into()
}

async fn every_member_is_listed_with_all_that_is_known(serf: &Trial) -> Outcome {
    // Whoever stands still for a moment may be thought failed for a while.
    Ok(eventually_ok(PATIENCE, "all are listed", || listed(serf)).await?)
}

async fn listed(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let listed = rpc.ask("members", Value::Null).await?.done()?;
    let mut listed = listed["Members"].as_array().cloned().unwrap_or_default();
    listed.sort_by_key(|member| member["Name"].to_string());
    equal("count", listed.len(), serf.members.len())?;
    for (mut shown, member) in listed.into_iter().zip(&serf.members) {
        equal("role", shown["Tags"]["role"].take(), json!("web"))?;
        // Other trials set tags of their own.
        shown["Tags"].take();
        let expected = json!({
            "Name": member.name, "Addr": "\u{7f}\0\0\u{1}", "Port": member.gossip.port(),
            "Status": "alive", "Tags": null,
            "ProtocolMin": 1, "ProtocolMax": 5, "ProtocolCur": 2,
            "DelegateMin": 2, "DelegateMax": 5, "DelegateCur": 5,
        });
        equal("member", shown, expected)?;
    }
    Ok(())
}

async fn an_address_is_four_bytes(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let filter = json!({"Name": "alpha"});
    rpc.write(&[request(7, "members-filtered"), filter]).await?;
    rpc.raw().await?;
    let body = rpc.raw().await?;
    // Names in order; the address as bytes, and no text.
    let begins = b"\x81\xa7Members\x91\x8b\xa4Addr\xc4\x04\x7f\x00\x00\x01\xabDelegateCur\x05";
    ensure!(body.starts_with(begins), "{}", body.escape_ascii());
    Ok(())
}

/// The names of those who match.
async fn found(serf: &Trial, filter: Value) -> anyhow::Result<Vec<String>> {
    let mut rpc = serf.rpc().await?;
    let found = rpc.ask("members-filtered", filter).await?.done()?;
    let members = found["Members"].as_array().cloned().unwrap_or_default();
    let names = members.iter().filter_map(|member| member["Name"].as_str());
    let mut names: Vec<_> = names.map(str::to_owned).collect();
    names.sort();
    Ok(names)
}

async fn members_are_filtered_by_name_status_and_tags(serf: &Trial) -> Outcome {
    let all = serf.names();
    let (one, nobody) = (vec!["alpha"], Vec::new());
    let filters = [
        (json!({}), &all),
        (json!({"Name": "", "Status": "", "Tags": {}}), &all),
        (json!({"Name": "alpha"}), &one),
        (json!({"Name": "al.*"}), &one),
        (json!({"Name": "ALPHA"}), &nobody),
        (json!({"Name": "(?i)ALPHA"}), &one),
        (json!({"Status": "alive"}), &all),
        (json!({"Status": "failed|left"}), &nobody),
        (json!({"Tags": {"role": "w.b"}}), &all),
        (json!({"Tags": {"role": "db"}}), &nobody),
        (
            json!({"Name": "alpha", "Status": "alive", "Tags": {"role": "web"}}),
            &one,
        ),
        (
            json!({"Name": "alpha", "Status": "left", "Tags": {"role": "web"}}),
            &nobody,
        ),
        (
            json!({"Name": "alpha", "Status": "alive", "Tags": {"role": "db"}}),
            &nobody,
        ),
    ];
    for (filter, names) in filters {
        let what = filter.to_string();
        let same = || async {
            let found = found(serf, filter.clone()).await?;
            equal(&what, found, names.clone())
        };
        eventually_ok(PATIENCE, &what, same).await?;
    }
    Ok(())
}

async fn an_expression_is_anchored_without_a_group(serf: &Trial) -> Outcome {
    for (expression, matches) in [
        ("alph", false),
        ("lpha", false),
        // Begins with the one, or ends with the other.
        ("alph|nobody", true),
        ("nobody|lpha", true),
        ("(alph|nobody)", false),
        ("(alpha|nobody)", true),
        ("^alpha$", true),
    ] {
        let names = found(serf, json!({"Name": expression})).await?;
        let matched = names.contains(&"alpha".to_owned());
        equal(expression, matched, matches)?;
    }
    Ok(())
}

async fn a_tag_that_is_not_there_is_empty(serf: &Trial) -> Outcome {
    for (expression, matches) in [("", true), (".*", true), ("()", true), (".+", false)] {
        let filter = json!({"Name": "alpha", "Tags": {"nothing": expression}});
        let names = found(serf, filter).await?;
        equal(expression, names.len(), usize::from(matches))?;
    }
    Ok(())
}

async fn whoever_is_unknown_is_forced_to_leave_silently(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    for body in [
        json!({"Node": "nobody"}),
        json!({"Node": "nobody", "Prune": true}),
        json!({}),
    ] {
        rpc.ask("force-leave", body).await?.done()?;
    }
    Ok(())
}
