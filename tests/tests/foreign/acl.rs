//! `consul acl`, and what its tokens may do.

use anyhow::{Context as _, ensure};
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::area::{CATALOG, RULES};
use crate::server::{MASTER, Server};

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        bootstrap_works_once needs [RULES],
        policies_are_created_changed_and_deleted needs [RULES],
        roles_are_created_changed_and_deleted needs [RULES],
        tokens_are_created_copied_changed_and_deleted needs [RULES],
        a_token_may_do_what_its_policies_say needs [CATALOG, RULES],
        auth_methods_and_binding_rules_are_kept needs [RULES],
        rules_of_old_are_translated needs [RULES],
        tokens_of_the_agent_are_set needs [RULES],
        acls_that_are_off_say_so needs [RULES],
    ]
    .into()
}

/// The value behind `NAME:` in what a command shows.
fn field(shown: &str, name: &str) -> anyhow::Result<String> {
    let value = shown.lines().find_map(|line| {
        let (field, value) = line.split_once(':')?;
        (field.trim() == name).then(|| value.trim().to_owned())
    });
    value.with_context(|| format!("no {name} in {shown}"))
}

async fn bootstrap_works_once(server: &Subject<Server>) -> anyhow::Result<()> {
    let server = server.bootstrappable().await?;
    let shown = server.run(["acl", "bootstrap"]).await?;
    let secret = field(&shown, "SecretID")?;
    ensure!(
        shown.contains("00000000-0000-0000-0000-000000000001 - global-management"),
        "{shown}"
    );
    let listed = server
        .with_token(&secret, &["acl", "token", "list"])?
        .run()
        .await?;
    ensure!(
        listed
            .stdout
            .contains("Bootstrap Token (Global Management)"),
        "{listed:?}"
    );
    let said = server.refused(["acl", "bootstrap"]).await?;
    ensure!(
        said.contains("ACL bootstrap no longer allowed (reset index: "),
        "{said}"
    );
    Ok(())
}

async fn policies_are_created_changed_and_deleted(server: &Subject<Server>) -> anyhow::Result<()> {
    let server = server.ruled().await?;
    let rules = r#"key_prefix "a" { policy = "write" }"#;
    let shown = server
        .run([
            "acl",
            "policy",
            "create",
            "-name=p",
            "-description=D",
            "-rules",
            rules,
        ])
        .await?;
    let id = field(&shown, "ID")?;
    ensure!(
        field(&shown, "Description")? == "D" && shown.contains(rules),
        "{shown}"
    );
    ensure!(server.run(["acl", "policy", "read", "-name=p"]).await? == shown);
    let listed = server.run(["acl", "policy", "list"]).await?;
    ensure!(
        listed.contains("global-management:") && listed.contains(&id),
        "{listed}"
    );
    let rules = r#"key "b" { policy = "read" }"#;
    let shown = server
        .run(["acl", "policy", "update", "-name=p", "-rules", rules])
        .await?;
    ensure!(
        field(&shown, "ID")? == id && shown.contains(rules),
        "{shown}"
    );
    let said = server
        .refused(["acl", "policy", "create", "-name=q", "-rules", "key {"])
        .await?;
    ensure!(said.contains("Failed to parse ACL rules"), "{said}");
    let said = server
        .refused(["acl", "policy", "create", "-name=p"])
        .await?;
    ensure!(
        said.contains("Policy with Name \"p\" already exists"),
        "{said}"
    );
    let said = server.run(["acl", "policy", "delete", "-id", &id]).await?;
    ensure!(
        said == format!("Policy \"{id}\" deleted successfully\n"),
        "{said}"
    );
    Ok(())
}

async fn roles_are_created_changed_and_deleted(server: &Subject<Server>) -> anyhow::Result<()> {
    let server = server.ruled().await?;
    server.run(["acl", "policy", "create", "-name=p"]).await?;
    let shown = server
        .run(["acl", "role", "create", "-name=r", "-policy-name=p"])
        .await?;
    let id = field(&shown, "ID")?;
    ensure!(shown.contains(" - p\n"), "{shown}");
    ensure!(server.run(["acl", "role", "read", "-name=r"]).await? == shown);
    ensure!(
        server
            .run(["acl", "role", "list"])
            .await?
            .starts_with("r:\n")
    );
    let shown = server
        .run(["acl", "role", "update", "-id", &id, "-service-identity=web"])
        .await?;
    ensure!(shown.contains("web (Datacenters: all)"), "{shown}");
    let said = server.run(["acl", "role", "delete", "-name=r"]).await?;
    ensure!(
        said == format!("Role \"{id}\" deleted successfully\n"),
        "{said}"
    );
    Ok(())
}

async fn tokens_are_created_copied_changed_and_deleted(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let server = server.ruled().await?;
    server.run(["acl", "policy", "create", "-name=p"]).await?;
    let (accessor, secret) = (
        "11111111-0b7e-4c8a-9a7e-000000000002",
        "11111111-0b7e-4c8a-9a7e-000000000001",
    );
    let shown = server
        .run([
            "acl",
            "token",
            "create",
            "-policy-name=p",
            "-description=T",
            "-secret",
            secret,
            "-accessor",
            accessor,
        ])
        .await?;
    ensure!(field(&shown, "SecretID")? == secret, "{shown}");
    ensure!(
        server
            .run(["acl", "token", "read", "-id", accessor])
            .await?
            == shown
    );
    let own = server.with_token(secret, &["acl", "token", "read", "-self"])?;
    ensure!(own.run().await?.stdout == shown);
    let listed = server.run(["acl", "token", "list"]).await?;
    for description in ["T", "Master Token", "Anonymous Token"] {
        ensure!(
            listed.contains(&format!("Description:      {description}\n")),
            "{listed}"
        );
    }
    ensure!(!listed.contains(secret), "{listed}");
    let copy = server
        .run(["acl", "token", "clone", "-id", accessor, "-description=C"])
        .await?;
    ensure!(
        field(&copy, "AccessorID")? != accessor && copy.contains(" - p\n"),
        "{copy}"
    );
    let changed = server
        .run([
            "acl",
            "token",
            "update",
            "-id",
            accessor,
            "-description=T2",
            "-merge-policies",
        ])
        .await?;
    ensure!(
        field(&changed, "Description")? == "T2" && changed.contains(" - p\n"),
        "{changed}"
    );
    let said = server
        .run(["acl", "token", "delete", "-id", accessor])
        .await?;
    ensure!(
        said == format!("Token \"{accessor}\" deleted successfully\n"),
        "{said}"
    );
    let said = server
        .refused(["acl", "token", "read", "-id", accessor])
        .await?;
    ensure!(said.contains("403 (ACL not found)"), "{said}");
    let gone = server
        .with_token(secret, &["kv", "get", "k"])?
        .run()
        .await?;
    ensure!(gone.code == 1 && gone.stderr.contains("403"), "{gone:?}");
    Ok(())
}

async fn a_token_may_do_what_its_policies_say(server: &Subject<Server>) -> anyhow::Result<()> {
    let server = server.ruled().await?;
    let rules = r#"key_prefix "open/" { policy = "write" } node_prefix "" { policy = "read" }
                   service "web" { policy = "write" }"#;
    server
        .run(["acl", "policy", "create", "-name=p", "-rules", rules])
        .await?;
    let shown = server
        .run(["acl", "token", "create", "-policy-name=p"])
        .await?;
    let secret = field(&shown, "SecretID")?;
    for (allowed, arguments) in [
        (true, &["kv", "put", "open/a", "v"][..]),
        (true, &["kv", "get", "open/a"]),
        (true, &["services", "register", "-name=web"]),
        (true, &["services", "deregister", "-id=web"]),
        (false, &["kv", "put", "shut/a", "v"]),
        (false, &["kv", "get", "shut/a"]),
        (false, &["services", "register", "-name=db"]),
        (false, &["acl", "policy", "list"]),
        (false, &["operator", "raft", "list-peers"]),
        (false, &["event", "-name=e"]),
        (false, &["snapshot", "save", "/dev/null"]),
        (false, &["maint", "-enable"]),
        (false, &["reload"]),
        (false, &["config", "list", "-kind=none"]),
    ] {
        let done = server.with_token(&secret, arguments)?.run().await?;
        ensure!((done.code == 0) == allowed, "{arguments:?}: {done:?}");
    }
    let seen = server
        .with_token(&secret, &["catalog", "nodes"])?
        .run()
        .await?;
    ensure!(seen.stdout.contains("127.0.0.1"), "{seen:?}");
    let nobody = server.with_token("", &["catalog", "nodes"])?.run().await?;
    ensure!(!nobody.stdout.contains("127.0.0.1"), "{nobody:?}");
    Ok(())
}

/// A key that some JWT may be signed with.
const KEY: &str = "-----BEGIN PUBLIC KEY-----\n\
    MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAEEVs/o5+uQbTjL3chynL4wXgUg2R9\n\
    q9UU8I5mEovUf86QZ7kOBIjJwqnzD1omageEHWwHdBO6B+dFabmdT9POxg==\n\
    -----END PUBLIC KEY-----";

async fn auth_methods_and_binding_rules_are_kept(server: &Subject<Server>) -> anyhow::Result<()> {
    let server = server.ruled().await?;
    let config = serde_json::json!({
        "JWTValidationPubKeys": [KEY], "BoundAudiences": ["me"],
        "ClaimMappings": {"name": "name"},
    });
    let config = &config.to_string();
    let shown = server
        .run([
            "acl",
            "auth-method",
            "create",
            "-name=m",
            "-type=jwt",
            "-config",
            config,
        ])
        .await?;
    ensure!(field(&shown, "Type")? == "jwt", "{shown}");
    let listed = server.run(["acl", "auth-method", "list"]).await?;
    ensure!(listed.starts_with("m:\n"), "{listed}");
    let shown = server
        .run(["acl", "auth-method", "update", "-name=m", "-description=D"])
        .await?;
    ensure!(field(&shown, "Description")? == "D", "{shown}");
    let shown = server
        .run([
            "acl",
            "binding-rule",
            "create",
            "-method=m",
            "-bind-type=service",
            "-bind-name=web-${value.name}",
            "-selector=value.name==db",
        ])
        .await?;
    let id = field(&shown, "ID")?;
    ensure!(field(&shown, "Selector")? == "value.name==db", "{shown}");
    ensure!(
        server
            .run(["acl", "binding-rule", "read", "-id", &id])
            .await?
            == shown
    );
    let shown = server
        .run([
            "acl",
            "binding-rule",
            "update",
            "-id",
            &id,
            "-bind-type=role",
        ])
        .await?;
    ensure!(field(&shown, "BindType")? == "role", "{shown}");
    let listed = server
        .run(["acl", "binding-rule", "list", "-method=m"])
        .await?;
    ensure!(listed.starts_with(&id), "{listed}");
    let said = server
        .refused([
            "acl",
            "binding-rule",
            "create",
            "-method=m",
            "-bind-type=service",
            "-bind-name=web-${none}",
        ])
        .await?;
    ensure!(said.contains("500"), "{said}");
    server
        .run(["acl", "binding-rule", "delete", "-id", &id])
        .await?;
    server
        .run(["acl", "auth-method", "delete", "-name=m"])
        .await?;
    ensure!(server.run(["acl", "auth-method", "list"]).await?.is_empty());
    Ok(())
}

async fn rules_of_old_are_translated(server: &Subject<Server>) -> anyhow::Result<()> {
    let server = server.ruled().await?;
    let old = r#"key "a" { policy = "write" }"#;
    let said = server.run(["acl", "translate-rules", old]).await?;
    ensure!(
        said == "key_prefix \"a\" {\n  policy = \"write\"\n}\n",
        "{said}"
    );
    Ok(())
}

async fn tokens_of_the_agent_are_set(server: &Subject<Server>) -> anyhow::Result<()> {
    let server = server.ruled().await?;
    for name in ["default", "agent", "master", "replication"] {
        let said = server.run(["acl", "set-agent-token", name, MASTER]).await?;
        let expected = match name {
            "master" => "agent_master",
            name => name,
        };
        ensure!(
            said == format!("ACL token \"{name}\" set successfully\n")
                || said == format!("ACL token \"{expected}\" set successfully\n"),
            "{said}"
        );
    }
    // The default token is that of whoever has none.
    let read = server
        .with_token("", &["acl", "policy", "list"])?
        .run()
        .await?;
    ensure!(read.code == 0, "{read:?}");
    Ok(())
}

async fn acls_that_are_off_say_so(server: &Subject<Server>) -> anyhow::Result<()> {
    for arguments in [
        ["acl", "policy", "list"],
        ["acl", "token", "list"],
        ["acl", "role", "list"],
    ] {
        let said = server.refused(arguments).await?;
        ensure!(said.contains("401 (ACL support disabled)"), "{said}");
    }
    Ok(())
}
