use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};
use serde_json::json;

use crate::program::{Server, text};

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        services_are_registered_from_files_and_removed_by_them,
        services_are_registered_by_options,
        services_with_a_token_of_their_own_are_registered_with_it,
        services_that_can_not_be_are_refused,
    ]
    .into()
}

const WEB: &str = r#"
# Two services, and what an agent's file has beside.
node_name = "n1"
service {
  name = "file-web"
  id = "file-web-1"
  port = 8080
  tags = ["a", "b"]
  meta { v = "1" }
  check { id = "file-up" name = "up" ttl = "30s" notes = "n" }
  checks = [ { name = "more" ttl = "1h" status = "passing" } ]
  weights { passing = 5 warning = 1 }
  tagged_addresses { lan { address = "1.2.3.4" port = 9 } }
  enable_tag_override = true
}
services {
  name = "file-db"
  port = 5432
}
"#;

async fn services_are_registered_from_files_and_removed_by_them(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    server.write("web.hcl", WEB)?;
    let shown = server.ok("services register web.hcl").await?;
    ensure!(shown == "file-web-1\nfile-db\n", "{shown}");
    let web = server.json("services show file-web-1").await?;
    let expected = [
        ("Port", json!(8080)),
        ("Tags", json!(["a", "b"])),
        ("Meta", json!({"v": "1"})),
        ("Weights", json!({"Passing": 5, "Warning": 1})),
        (
            "TaggedAddresses",
            json!({"lan": {"Address": "1.2.3.4", "Port": 9}}),
        ),
        ("EnableTagOverride", json!(true)),
    ];
    for (field, value) in expected {
        ensure!(web[field] == value, "{field}: {web}");
    }
    let checks = server.json("health checks file-web").await?;
    let mut ids: Vec<_> = checks.as_array().into_iter().flatten().collect();
    ids.sort_by_key(|check| text(check, "CheckID"));
    ensure!(
        text(ids[0], "CheckID") == "file-up" && text(ids[1], "Status") == "passing",
        "{checks}"
    );
    let health = server.ok("services health file-web").await?;
    ensure!(health.contains("critical"), "{health}");
    server.ok("check pass file-up --note well").await?;
    let health = server.json("services health --id file-web-1").await?;
    // Other trials give the node checks of its own, so only those of the service are looked at.
    let checks = health[0]["Checks"].as_array().into_iter().flatten();
    let mut of_service = checks.filter(|check| text(check, "ServiceID") == "file-web-1");
    ensure!(
        text(&health[0]["Service"], "ID") == "file-web-1"
            && of_service.all(|check| text(check, "Status") == "passing"),
        "{health}"
    );
    let listed = "services list --filter 'Service == \"file-db\"'";
    let listed = server.json(listed).await?;
    ensure!(
        listed.as_array().map(Vec::len) == Some(1) && text(&listed[0], "ID") == "file-db",
        "{listed}"
    );
    server.ok("services deregister web.hcl").await?;
    server.fails("services show file-web-1", 3).await?;
    server.fails("services health file-web", 3).await?;
    let json = json!({"services": [{"name": "j-1", "port": 1}, {"Name": "j-2"}]}).to_string();
    let shown = server.ok_with("services register -", &json).await?;
    ensure!(shown == "j-1\nj-2\n", "{shown}");
    for id in ["j-1", "j-2"] {
        server.ok(format!("services deregister --id {id}")).await?;
    }
    Ok(())
}

async fn services_are_registered_by_options(server: &Subject<Server>) -> anyhow::Result<()> {
    let name = "services register --name opt-web --id opt-1 --port 80";
    let rest = "--address 10.0.0.9 --tag a --tag b --meta k=v";
    let tagged = "--tagged-address wan=198.51.100.7:8080";
    let made = server.json(format!("{name} {rest} {tagged}")).await?;
    ensure!(made == json!({"ID": "opt-1"}), "{made}");
    let found = server.json("services show opt-1").await?;
    ensure!(
        text(&found, "Address") == "10.0.0.9" && found["Tags"] == json!(["a", "b"]),
        "{found}"
    );
    let wan = json!({"Address": "198.51.100.7", "Port": 8080});
    ensure!(found["TaggedAddresses"]["wan"] == wan, "{found}");
    let listed = server.ok("services list").await?;
    ensure!(listed.contains("opt-1"), "{listed}");
    server.ok("services deregister --id opt-1").await?;
    Ok(())
}

async fn services_with_a_token_of_their_own_are_registered_with_it(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let create = "acl token create --service-identity own-web";
    let token = server.json(create).await?;
    let file = |secret: &str| format!("service {{ name = \"own-web\" token = \"{secret}\" }}");
    server.write("own.hcl", &file(text(&token, "SecretID")))?;
    let register = "consul services register own.hcl";
    let done = server.run_as(None, register, "").await?;
    ensure!(done.code == 0, "{done:?}");
    server.write("own.hcl", &file("99999999-aaaa-bbbb-cccc-999999999999"))?;
    let done = server.run_as(None, register, "").await?;
    ensure!(
        done.code == 8 && !done.stderr.contains("99999999"),
        "{done:?}"
    );
    server.ok("services deregister --id own-web").await?;
    Ok(())
}

async fn services_that_can_not_be_are_refused(server: &Subject<Server>) -> anyhow::Result<()> {
    for (text, why) in [
        ("service { name = \"q\" bogus = 1 }", "service.bogus"),
        ("service { port = 1 }", "no name"),
        ("check { name = \"c\" ttl = \"10s\" }", "defines no service"),
        ("service { name = ", "At 1:"),
        ("{\"service\":", "EOF"),
    ] {
        server.write("bad.hcl", text)?;
        let said = server.fails("services register bad.hcl", 2).await?;
        ensure!(said.contains(why), "{text}: {said}");
    }
    server.fails("services register", 2).await?;
    server
        .fails("services register --name a bad.hcl", 2)
        .await?;
    server.fails("services register missing.hcl", 1).await?;
    Ok(())
}
