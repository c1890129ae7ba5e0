//! The checks that a session depends on.

use std::time::Duration;

use anyhow::ensure;
use serde_json::{Value, json};

use super::target::Consul;
use crate::protocol::equal;
use crate::trial::{Case, Subject};
use crate::{cases, eventually};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        c17_checks_and_node_checks_are_merged,
        c17_a_check_must_exist_and_not_be_critical,
        c19_a_critical_check_ends_its_sessions,
        c19_a_removed_check_ends_its_sessions,
        a_removed_node_ends_its_sessions,
        a_warning_ends_no_session,
        checks_of_services_bind_a_session_too,
    ]
    .into()
}

async fn c17_checks_and_node_checks_are_merged(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let checks = [("serfHealth", "passing"), ("x", "passing")];
    consul.register("merge", &checks).await?;
    for (fields, expected) in [
        (json!({}), json!(["serfHealth"])),
        (json!({"Checks": []}), json!([])),
        (json!({"Checks": null}), json!([])),
        (json!({"Checks": [], "NodeChecks": ["x"]}), json!([])),
        (json!({"Checks": ["x"]}), json!(["serfHealth", "x"])),
        (
            json!({"Checks": ["serfHealth"], "NodeChecks": ["x"]}),
            json!(["x"]),
        ),
        (json!({"NodeChecks": ["x"]}), json!(["x"])),
        (json!({"NodeChecks": []}), json!([])),
    ] {
        let mut body = json!({"Node": "merge"});
        if let (Value::Object(body), Value::Object(fields)) = (&mut body, fields.clone()) {
            body.extend(fields);
        }
        let id = consul.create_session(&body).await?;
        let info = consul.session_info(&id).await?.unwrap_or_default();
        let mut bound: Vec<String> = ["NodeChecks", "Checks"]
            .iter()
            .flat_map(|field| info[*field].as_array())
            .flatten()
            .filter_map(|check| check.as_str().map(str::to_owned))
            .collect();
        bound.sort();
        bound.dedup();
        equal(&fields.to_string(), json!(bound), expected)?;
        consul.destroy(&id).await?;
    }
    Ok(())
}

async fn c17_a_check_must_exist_and_not_be_critical(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    consul
        .register(
            "must",
            &[
                ("serfHealth", "passing"),
                ("sick", "critical"),
                ("so-so", "warning"),
            ],
        )
        .await?;
    for (check, expected) in [
        ("x", "Missing check 'x' registration"),
        ("sick", "Check 'sick' is in critical state"),
    ] {
        for field in ["NodeChecks", "Checks"] {
            let body = json!({"Node": "must", field: [check]});
            let refusal = (500, expected);
            consul
                .expect("PUT", "/v1/session/create", body.to_string(), refusal)
                .await?;
        }
    }
    let id = consul
        .create_session(&json!({"Node": "must", "NodeChecks": ["so-so"]}))
        .await?;
    consul.destroy(&id).await
}

/// A session on a node of its own, bound to its check `app`, that holds a key of the trial.
async fn bound(consul: &Subject<Consul>, node: &str) -> anyhow::Result<String> {
    consul
        .register(node, &[("app", "passing"), ("other", "passing")])
        .await?;
    let fields = json!({"Node": node, "NodeChecks": ["app"]});
    let session = consul.session(fields).await?;
    ensure!(
        consul
            .put(&consul.key("k"), &format!("acquire={session}"), "v")
            .await?
    );
    Ok(session)
}

/// The session is gone, and its key is free.
async fn ended(consul: &Subject<Consul>, session: &str) -> anyhow::Result<()> {
    let gone = || async { matches!(consul.session_info(session).await, Ok(None)).then_some(()) };
    eventually(Duration::from_secs(40), "the session is gone", gone).await?;
    equal("key", consul.entry(&consul.key("k")).await?.session, None)
}

async fn c19_a_critical_check_ends_its_sessions(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let session = bound(consul, "critical").await?;
    consul
        .register("critical", &[("other", "critical")])
        .await?;
    ensure!(
        consul.session_info(&session).await?.is_some(),
        "ended by another check"
    );
    consul.register("critical", &[("app", "critical")]).await?;
    ended(consul, &session).await
}

async fn c19_a_removed_check_ends_its_sessions(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let session = bound(consul, "removed").await?;
    consul
        .deregister(&json!({"Node": "removed", "CheckID": "other"}))
        .await?;
    ensure!(
        consul.session_info(&session).await?.is_some(),
        "ended by another check"
    );
    consul
        .deregister(&json!({"Node": "removed", "CheckID": "app"}))
        .await?;
    ended(consul, &session).await
}

async fn a_removed_node_ends_its_sessions(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let session = bound(consul, "left").await?;
    consul.deregister(&json!({"Node": "left"})).await?;
    ended(consul, &session).await
}

async fn a_warning_ends_no_session(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let session = bound(consul, "warned").await?;
    consul.register("warned", &[("app", "warning")]).await?;
    consul.register("warned", &[("app", "passing")]).await?;
    let key = consul.entry(&consul.key("k")).await?;
    equal("holder", key.session, Some(session.clone()))?;
    consul.destroy(&session).await
}

async fn checks_of_services_bind_a_session_too(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let register = |status: &str| {
        json!({
            "Node": "served", "Address": "127.0.0.9", "Service": {"ID": "web-1", "Service": "web"},
            "Check": {"CheckID": "web-up", "Name": "up", "ServiceID": "web-1", "Status": status},
        })
    };
    let put = async |body: Value| {
        consul
            .ask("PUT", "/v1/catalog/register", body.to_string())
            .await
    };
    put(register("passing")).await?;
    let fields = json!({"Node": "served", "ServiceChecks": [{"ID": "web-up"}]});
    let session = consul.session(fields).await?;
    let info = consul.session_info(&session).await?.unwrap_or_default();
    let shown = json!([{"ID": "web-up", "Namespace": ""}]);
    equal("shown", &info["ServiceChecks"], &shown)?;
    ensure!(
        consul
            .put(&consul.key("k"), &format!("acquire={session}"), "v")
            .await?
    );
    put(register("critical")).await?;
    ended(consul, &session).await?;
    let body = json!({"Node": "served", "NodeChecks": [], "ServiceChecks": [{"ID": "none"}]});
    let refusal = (500, "Missing check 'none' registration");
    consul
        .expect("PUT", "/v1/session/create", body.to_string(), refusal)
        .await?;
    Ok(())
}
