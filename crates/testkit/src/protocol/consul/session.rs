//! Sessions: what a field becomes, what is refused, how they end.

use anyhow::ensure;
use quorate_consul::{SessionBehavior, SessionRequest};
use serde_json::{Value, json};

use super::target::{ALONE, Consul, index_of};
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        c15_a_ttl_out_of_bounds_or_malformed_is_refused,
        c16_a_lock_delay_is_read_as_the_real_server_reads_it,
        c18_an_unknown_session_is_404_empty_or_true,
        a_session_without_fields_has_the_defaults needs [ALONE],
        a_session_shows_what_it_was_created_with,
        every_legal_ttl_is_kept_as_it_was_written,
        names_of_fields_match_in_any_case_and_unknown_ones_are_ignored,
        a_given_id_is_ignored,
        an_unknown_behaviour_or_node_is_refused,
        a_malformed_session_is_refused,
        malformed_ids_are_refused_everywhere,
        ids_look_like_uuids_and_differ,
        lists_are_ordered_by_id_and_have_every_session,
        sessions_of_a_node_are_those_of_the_node,
        a_renewal_moves_no_index needs [ALONE],
        destroying_and_creating_move_the_index_of_all_sessions needs [ALONE],
    ]
    .into()
}

const CREATE: &str = "/v1/session/create";

async fn refused(consul: &Consul, body: &Value, expected: (u16, &str)) -> anyhow::Result<()> {
    consul
        .expect("PUT", CREATE, body.to_string(), expected)
        .await?;
    Ok(())
}

/// Creates from exactly these fields and gives what the server has then.
async fn kept(consul: &Consul, fields: &Value) -> anyhow::Result<Value> {
    let id = consul.create_session(fields).await?;
    let info = consul.session_info(&id).await?;
    consul.destroy(&id).await?;
    info.ok_or_else(|| anyhow::anyhow!("{id} is not there"))
}

async fn c15_a_ttl_out_of_bounds_or_malformed_is_refused(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let bounds = "must be between [10s=24h0m0s]";
    for (ttl, text) in [
        ("9s", format!("Invalid Session TTL '9000000000', {bounds}")),
        (
            "9.999999999s",
            format!("Invalid Session TTL '9999999999', {bounds}"),
        ),
        (
            "25h",
            format!("Invalid Session TTL '90000000000000', {bounds}"),
        ),
        (
            "-10s",
            format!("Invalid Session TTL '-10000000000', {bounds}"),
        ),
        (
            "abc",
            "Session TTL 'abc' invalid: time: invalid duration \"abc\"".to_owned(),
        ),
        (
            "10",
            "Session TTL '10' invalid: time: missing unit in duration \"10\"".to_owned(),
        ),
        (
            "1d",
            "Session TTL '1d' invalid: time: unknown unit \"d\" in duration \"1d\"".to_owned(),
        ),
    ] {
        refused(consul, &json!({"TTL": ttl}), (500, &text)).await?;
    }
    let number = "Request decode failed: json: cannot unmarshal number into Go struct field .TTL \
                  of type string";
    refused(consul, &json!({"TTL": 10}), (400, number)).await
}

async fn c16_a_lock_delay_is_read_as_the_real_server_reads_it(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    for (delay, nanos) in [
        (json!(15), 15_000_000_000_i64),
        (json!(500), 500_000_000_000),
        (json!("0s"), 0),
        (json!(0), 0),
        (json!("15s"), 15_000_000_000),
        (json!("1500ms"), 1_500_000_000),
        (json!(15_000_000_000_u64), 15_000_000_000),
        (json!("500ns"), 500_000_000_000),
        (json!("1h30m"), 5_400_000_000_000),
    ] {
        let info = kept(consul, &json!({"LockDelay": delay})).await?;
        equal(&delay.to_string(), &info["LockDelay"], &json!(nanos))?;
    }
    for (delay, text) in [
        (
            "15",
            "Request decode failed: time: missing unit in duration \"15\"",
        ),
        (
            "soon",
            "Request decode failed: time: invalid duration \"soon\"",
        ),
    ] {
        refused(consul, &json!({"LockDelay": delay}), (400, text)).await?;
    }
    Ok(())
}

async fn c18_an_unknown_session_is_404_empty_or_true(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let id = consul.dead_session().await?;
    let text = format!("Session id '{id}' not found");
    let renew = format!("/v1/session/renew/{id}");
    consul.expect("PUT", &renew, "", (404, &text)).await?;
    let info = consul
        .send("GET", &format!("/v1/session/info/{id}"), "")
        .await?;
    equal("info", (info.status, info.text().trim_end()), (200, "[]"))?;
    ensure!(index_of(&info)? >= 1);
    consul.destroy(&id).await?;
    let sessions = consul.client.session();
    equal("typed renew", sessions.renew(&id).await?, None)?;
    equal("typed info", sessions.info(&id).await?, None)?;
    Ok(sessions.destroy(&id).await?)
}

async fn a_session_without_fields_has_the_defaults(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    for body in ["", "{}", "null"] {
        let text = consul.ask("PUT", CREATE, body).await?;
        let created: Value = serde_json::from_str(&text)?;
        let id = created["ID"].as_str().unwrap_or_default();
        let mut info = consul.session_info(id).await?.unwrap_or_default();
        let index = info["CreateIndex"].take();
        equal("one index", info["ModifyIndex"].take(), index)?;
        let expected = json!({
            "ID": id, "Name": "", "Node": consul.node(), "LockDelay": 15_000_000_000_u64,
            "Behavior": "release", "TTL": "", "NodeChecks": ["serfHealth"],
            "ServiceChecks": null, "CreateIndex": null, "ModifyIndex": null,
        });
        equal(body, info, expected)?;
        consul.destroy(id).await?;
    }
    Ok(())
}

async fn a_session_shows_what_it_was_created_with(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let request = SessionRequest::new()
        .with_name("worker <7> é")
        .with_node(consul.node())
        .with_ttl(std::time::Duration::from_secs(90))
        .with_lock_delay(std::time::Duration::from_millis(2500))
        .with_behavior(SessionBehavior::Delete)
        .with_node_checks(["serfHealth"]);
    let sessions = consul.client.session();
    let id = sessions.create(&request).await?;
    let info = sessions.info(&id).await?.unwrap_or_default();
    equal("name", info.name.as_str(), "worker <7> é")?;
    equal("node", info.node.as_str(), consul.node())?;
    equal("ttl", info.ttl(), request.ttl)?;
    equal("delay", Some(info.lock_delay()), request.lock_delay)?;
    equal("behaviour", info.behavior(), SessionBehavior::Delete)?;
    equal(
        "checks",
        info.check_ids().collect::<Vec<_>>(),
        ["serfHealth"],
    )?;
    let renewed = sessions.renew(&id).await?;
    equal("a renewal shows the same", renewed, Some(info))?;
    Ok(sessions.destroy(&id).await?)
}

async fn every_legal_ttl_is_kept_as_it_was_written(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for ttl in ["10s", "10000ms", "24h", "1h30m", "0.5h", "0s", "0"] {
        let info = kept(consul, &json!({"TTL": ttl})).await?;
        equal(ttl, &info["TTL"], &json!(ttl))?;
    }
    Ok(())
}

async fn names_of_fields_match_in_any_case_and_unknown_ones_are_ignored(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let fields = json!({"name": "x", "lockdelay": "2s", "BEHAVIOR": "delete", "Bogus": {"a": [1]}});
    let info = kept(consul, &fields).await?;
    let shown = (&info["Name"], &info["LockDelay"], &info["Behavior"]);
    equal(
        "kept",
        shown,
        (&json!("x"), &json!(2_000_000_000), &json!("delete")),
    )
}

async fn a_given_id_is_ignored(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let given = "ffffffff-ffff-4fff-bfff-ffffffffffff";
    let id = consul.create_session(&json!({"ID": given})).await?;
    ensure!(id != given);
    equal("not there", consul.session_info(given).await?, None)
}

async fn an_unknown_behaviour_or_node_is_refused(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let text = "Invalid Behavior setting 'x'";
    refused(consul, &json!({"Behavior": "x"}), (500, text)).await?;
    refused(
        consul,
        &json!({"Node": "nobody"}),
        (500, "Missing node registration"),
    )
    .await
}

async fn a_malformed_session_is_refused(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for (body, text) in [
        ("{", "unexpected EOF"),
        (
            "[]",
            "json: cannot unmarshal array into Go value of type struct { LockDelay interface {}; *structs.Alias }",
        ),
    ] {
        let text = format!("Request decode failed: {text}");
        consul.expect("PUT", CREATE, body, (400, &text)).await?;
    }
    Ok(())
}

async fn malformed_ids_are_refused_everywhere(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for (method, verb) in [("GET", "info"), ("PUT", "renew"), ("PUT", "destroy")] {
        let text = "failed session lookup: index error: UUID must be 36 characters";
        let target = format!("/v1/session/{verb}/abc");
        consul.expect(method, &target, "", (500, text)).await?;
        let target = format!("/v1/session/{verb}/");
        consul
            .expect(method, &target, "", (400, "Missing session"))
            .await?;
    }
    let missing = (400, "Missing node name");
    consul
        .expect("GET", "/v1/session/node/", "", missing)
        .await?;
    Ok(())
}

async fn ids_look_like_uuids_and_differ(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let mut ids = std::collections::BTreeSet::new();
    for _ in 0..20 {
        let id = consul.session(json!({})).await?;
        let groups: Vec<_> = id.split('-').map(str::len).collect();
        equal(&id, groups, [8, 4, 4, 4, 12])?;
        ensure!(
            id.chars().all(|c| matches!(c, '0'..='9' | 'a'..='f' | '-')),
            "{id}"
        );
        ids.insert(id);
    }
    equal("different", ids.len(), 20)?;
    for id in ids {
        consul.destroy(&id).await?;
    }
    Ok(())
}

async fn lists_are_ordered_by_id_and_have_every_session(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let mut mine = Vec::new();
    for _ in 0..8 {
        mine.push(consul.session(json!({"Name": "listed"})).await?);
    }
    let node = format!("/v1/session/node/{}", consul.node());
    for target in ["/v1/session/list", &node] {
        let listed: Vec<Value> = serde_json::from_str(&consul.ask("GET", target, "").await?)?;
        let ids: Vec<_> = listed
            .iter()
            .filter_map(|session| session["ID"].as_str())
            .collect();
        ensure!(ids.is_sorted(), "{ids:?}");
        ensure!(
            mine.iter().all(|id| ids.contains(&id.as_str())),
            "one is missing"
        );
        let one = listed
            .iter()
            .find(|session| session["ID"] == mine[0].as_str());
        equal("entry", one.cloned(), consul.session_info(&mine[0]).await?)?;
    }
    Ok(())
}

async fn sessions_of_a_node_are_those_of_the_node(consul: &Subject<Consul>) -> anyhow::Result<()> {
    consul.register("away-sessions", &[]).await?;
    let away = consul.session(json!({"Node": "away-sessions"})).await?;
    let here = consul.session(json!({})).await?;
    let sessions = consul.client.session();
    let ids =
        |list: Vec<quorate_consul::Session>| list.into_iter().map(|s| s.id).collect::<Vec<_>>();
    equal(
        "away",
        ids(sessions.node("away-sessions").await?),
        [away.clone()],
    )?;
    let mine = ids(sessions.node(consul.node()).await?);
    ensure!(mine.contains(&here) && !mine.contains(&away), "{mine:?}");
    let nobody = consul.send("GET", "/v1/session/node/nobody", "").await?;
    equal(
        "nobody",
        (nobody.status, nobody.text().trim_end()),
        (200, "[]"),
    )?;
    consul.destroy(&away).await
}

async fn a_renewal_moves_no_index(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let store = consul.alone().await?;
    let id = store.session(json!({"TTL": "30s"})).await?;
    let before = store.session_info(&id).await?;
    let target = format!("/v1/session/info/{id}");
    let index = index_of(&store.send("GET", &target, "").await?)?;
    for _ in 0..3 {
        store
            .ask("PUT", &format!("/v1/session/renew/{id}"), "")
            .await?;
    }
    equal("session", store.session_info(&id).await?, before)?;
    equal(
        "index",
        index_of(&store.send("GET", &target, "").await?)?,
        index,
    )
}

async fn destroying_and_creating_move_the_index_of_all_sessions(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let store = consul.alone().await?;
    let index = || async { index_of(&store.send("GET", "/v1/session/list", "").await?) };
    let none = index().await?;
    let id = store.session(json!({})).await?;
    let created = index().await?;
    ensure!(created > none, "{created} is not after {none}");
    let info = store.session_info(&id).await?.unwrap_or_default();
    equal("its own", info["CreateIndex"].as_u64(), Some(created))?;
    store.put("k", "", "v").await?;
    equal("keys do not move it", index().await?, created)?;
    store.destroy(&id).await?;
    ensure!(index().await? > created);
    Ok(())
}
