//! `consul intention`, `config` and `connect`.

use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::area::CONFIG;
use crate::server::Server;

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        an_intention_is_created_checked_and_deleted needs [CONFIG],
        config_entries_are_written_read_and_deleted needs [CONFIG],
        connect_is_off needs [CONFIG],
    ]
    .into()
}

async fn an_intention_is_created_checked_and_deleted(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let said = server
        .run(["intention", "create", "-allow", "web", "db"])
        .await?;
    ensure!(said == "Created: web => db (allow)\n", "{said}");
    let said = server.refused(["intention", "create", "web", "db"]).await?;
    ensure!(said.contains("duplicate intention found: ALLOW"), "{said}");
    ensure!(server.run(["intention", "check", "web", "db"]).await? == "Allowed\n");
    server
        .run(["intention", "create", "-replace", "-deny", "web", "db"])
        .await?;
    let checked = server
        .consul(["intention", "check", "web", "db"])?
        .run()
        .await?;
    ensure!(
        checked.code == 1 && checked.stdout == "Denied\n",
        "{checked:?}"
    );
    ensure!(server.run(["intention", "match", "db"]).await? == "web => db (deny)\n");
    let matched = server.run(["intention", "match", "-source", "web"]).await?;
    ensure!(matched == "web => db (deny)\n", "{matched}");
    let shown = server.run(["intention", "get", "web", "db"]).await?;
    for line in [
        "Source:       web",
        "Destination:  db",
        "Action:       deny",
    ] {
        ensure!(shown.lines().any(|shown| shown == line), "{line}: {shown}");
    }
    let said = server.run(["intention", "delete", "web", "db"]).await?;
    ensure!(said == "Intention deleted.\n", "{said}");
    let said = server.refused(["intention", "delete", "web", "db"]).await?;
    ensure!(said.contains("not found"), "{said}");
    Ok(())
}

async fn config_entries_are_written_read_and_deleted(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let entry = r#"Kind = "service-defaults" Name = "written" Protocol = "http""#;
    let entry = entry.replace("\" ", "\"\n");
    let done = server
        .consul(["config", "write", "-"])?
        .input(entry)
        .run()
        .await?;
    ensure!(
        done.stdout == "Config entry written: service-defaults/written\n",
        "{done:?}"
    );
    let kind = "-kind=service-defaults";
    let shown = server
        .run(["config", "read", kind, "-name=written"])
        .await?;
    let mut shown: serde_json::Value = serde_json::from_str(&shown)?;
    for index in ["CreateIndex", "ModifyIndex"] {
        shown[index] = 0.into();
    }
    let expected = serde_json::json!({
        "Kind": "service-defaults", "Name": "written", "Protocol": "http",
        "MeshGateway": {}, "Expose": {}, "CreateIndex": 0, "ModifyIndex": 0,
    });
    ensure!(shown == expected, "{shown}");
    ensure!(
        server
            .run(["config", "list", kind])
            .await?
            .contains("written\n")
    );
    let said = server
        .run(["config", "delete", kind, "-name=written"])
        .await?;
    ensure!(
        said == "Config entry deleted: service-defaults/written\n",
        "{said}"
    );
    let said = server
        .refused(["config", "read", kind, "-name=written"])
        .await?;
    ensure!(said.contains("404 (Config entry not found"), "{said}");
    Ok(())
}

async fn connect_is_off(server: &Subject<Server>) -> anyhow::Result<()> {
    let said = server.refused(["connect", "ca", "get-config"]).await?;
    ensure!(
        said.contains("Connect must be enabled in order to use this endpoint"),
        "{said}"
    );
    Ok(())
}
