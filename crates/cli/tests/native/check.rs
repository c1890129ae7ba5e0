use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::program::{Server, text};

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        check_a_ttl_check_is_told_how_it_is,
        check_every_kind_is_registered,
        check_files_define_checks_of_their_own,
    ]
    .into()
}

/// A check of the agent by its id.
async fn check(server: &Server, id: &str) -> anyhow::Result<serde_json::Value> {
    let filter = format!("'CheckID == \"{id}\"'");
    let found = server.json(format!("check list --filter {filter}")).await?;
    ensure!(found.as_array().map(Vec::len) == Some(1), "{id}: {found}");
    Ok(found[0].clone())
}

async fn check_a_ttl_check_is_told_how_it_is(server: &Subject<Server>) -> anyhow::Result<()> {
    let register = "check register --name mem --ttl 1h --notes n";
    ensure!(server.ok(register).await? == "mem\n");
    ensure!(text(&check(server, "mem").await?, "Status") == "critical");
    for (verb, status) in [
        ("pass", "passing"),
        ("warn", "warning"),
        ("fail", "critical"),
    ] {
        server
            .ok(format!("check {verb} mem --note {status}"))
            .await?;
        let found = check(server, "mem").await?;
        ensure!(
            (text(&found, "Status"), text(&found, "Output")) == (status, status),
            "{found}"
        );
    }
    server.write("report", "line one\nline two\n")?;
    let update = "check update mem warning --output-text @report";
    server.ok(update).await?;
    let found = check(server, "mem").await?;
    ensure!(
        (text(&found, "Status"), text(&found, "Output")) == ("warning", "line one\nline two\n"),
        "{found}"
    );
    server.ok("check deregister mem").await?;
    ensure!(!server.ok("check list").await?.contains("mem"));
    let said = server
        .run_as(Some("master"), "consul check pass mem", "")
        .await?;
    ensure!(said.code != 0, "{said:?}");
    Ok(())
}

async fn check_every_kind_is_registered(server: &Subject<Server>) -> anyhow::Result<()> {
    server.ok("services register --name kinds").await?;
    let kinds = [
        (
            "http",
            "--http http://127.0.0.1:1 --interval 1h --check-timeout 1s --header A=b --method HEAD",
        ),
        ("tcp", "--tcp 127.0.0.1:1 --interval 1h --status passing"),
        ("grpc", "--grpc 127.0.0.1:1/x --interval 1h --grpc-use-tls"),
        ("ttl", "--ttl 1h --deregister-critical-service-after 90m"),
        ("alias", "--alias-service kinds"),
    ];
    for (kind, args) in kinds {
        let name = format!("check register --name {kind} --id {kind} --service-id kinds");
        server.ok(format!("{name} {args}")).await?;
        let found = check(server, kind).await?;
        ensure!(
            (text(&found, "Type"), text(&found, "ServiceID")) == (kind, "kinds"),
            "{found}"
        );
    }
    // Scripts are off here; the answer says so.
    let script = "check register --name script --interval 1h --script";
    let said = server
        .fails(format!("{script} /bin/true --flag"), 1)
        .await?;
    ensure!(said.contains("cript"), "{said}");
    server.ok("services deregister --id kinds").await?;
    server.fails("check register --name none", 2).await?;
    server.fails("check register --name a --tcp x:1", 2).await?;
    server.fails("check register --ttl 1s", 2).await?;
    Ok(())
}

async fn check_files_define_checks_of_their_own(server: &Subject<Server>) -> anyhow::Result<()> {
    let text_of = "check { id = \"f-1\" name = \"one\" ttl = \"1h\" }\n\
        check { name = \"two\" ttl = \"1h\" status = \"warning\" }";
    server.write("checks.hcl", text_of)?;
    ensure!(server.ok("check register checks.hcl").await? == "f-1\ntwo\n");
    ensure!(text(&check(server, "two").await?, "Status") == "warning");
    for id in ["f-1", "two"] {
        server.ok(format!("check deregister {id}")).await?;
    }
    server.write("no-check.hcl", "service { name = \"x\" }")?;
    let said = server.fails("check register no-check.hcl", 2).await?;
    ensure!(said.contains("defines no check"), "{said}");
    Ok(())
}
