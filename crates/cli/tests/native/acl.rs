use std::time::Duration;

use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::eventually_ok;
use quorate_testkit::trial::{Case, Subject};
use serde_json::json;

use crate::program::{Server, text};

/// Longer than anything here takes unless it is broken.
const PATIENCE: Duration = Duration::from_secs(30);

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        acl_the_first_token_is_made_once,
        acl_a_policy_is_made_changed_and_removed,
        acl_what_an_update_does_not_name_stays_or_is_emptied,
        acl_a_role_collects_rights,
        acl_a_token_shows_its_secret_only_where_it_is_asked_for,
        acl_rights_of_a_token_are_lost_unless_they_are_merged,
        acl_what_is_not_there_is_code_3,
        acl_rules_of_old_are_translated,
        acl_old_tokens_live_and_become_new_ones,
        acl_the_agent_gets_its_own_tokens,
        acl_auth_methods_and_binding_rules_are_kept,
    ]
    .into()
}

async fn acl_the_first_token_is_made_once(server: &Subject<Server>) -> anyhow::Result<()> {
    let server = server.bootstrappable().await?;
    let args = "--output json consul acl bootstrap";
    let made = server.run_as(None, args, "").await?;
    ensure!(made.code == 0, "{made:?}");
    let made: serde_json::Value = serde_json::from_str(&made.stdout)?;
    ensure!(text(&made["Policies"][0], "Name") == "global-management");
    server.write("first", text(&made, "SecretID"))?;
    let own = "consul acl token read --self";
    let read = server.run_as(Some("first"), own, "").await?;
    ensure!(read.stdout.contains(text(&made, "SecretID")), "{read:?}");
    let again = server.run_as(None, args, "").await?;
    ensure!(
        again.code == 4 && again.stderr.contains("reset index"),
        "{again:?}"
    );
    Ok(())
}

async fn acl_a_policy_is_made_changed_and_removed(server: &Subject<Server>) -> anyhow::Result<()> {
    server.write("rules.hcl", "key_prefix \"\" {\n  policy = \"read\"\n}\n")?;
    let shown = server
        .ok("acl policy create --name p-a --rules @rules.hcl")
        .await?;
    ensure!(
        shown.ends_with("Rules:\nkey_prefix \"\" {\n  policy = \"read\"\n}\n"),
        "{shown}"
    );
    ensure!(!shown.contains("ModifyIndex"), "{shown}");
    let read = "acl policy read --name p-a";
    let with_meta = server.ok(format!("{read} --meta")).await?;
    ensure!(with_meta.contains("ModifyIndex") && with_meta.contains("Hash"));
    let rules = "{\"service\":{\"x\":{\"policy\":\"write\"}}}";
    let update = "acl policy update --name p-a --rules -";
    let changed = server.ok_with(update, rules).await?;
    ensure!(changed.contains(rules), "{changed}");
    let policy = server.json(read).await?;
    let id = text(&policy, "ID").to_owned();
    let listed = server.ok("acl policy list").await?;
    ensure!(
        listed.starts_with("ID ") && listed.contains("global-management") && listed.contains(&id),
        "{listed}"
    );
    let bad = "acl policy create --name p-bad --rules 'key {'";
    let said = server.fails(bad, 2).await?;
    ensure!(said.contains("1:"), "{said}");
    // The beginning of an id is enough.
    server
        .ok(format!("acl policy delete --id {}", &id[..30]))
        .await?;
    server.fails(read, 3).await?;
    Ok(())
}

async fn acl_what_an_update_does_not_name_stays_or_is_emptied(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let create = "acl policy create --name p-u --description d";
    let rest = "--rules 'acl = \"read\"' --valid-datacenter dc1";
    let made = server.json(format!("{create} {rest}")).await?;
    let id = text(&made, "ID");
    let renamed = format!("acl policy update --id {id} --name p-v");
    let renamed = server.json(renamed).await?;
    for field in ["Description", "Rules", "Datacenters"] {
        ensure!(renamed[field] == made[field], "{field}: {renamed}");
    }
    let emptied = format!("acl policy update --id {id} --name p-w --no-merge");
    let emptied = server.json(emptied).await?;
    ensure!(
        (text(&emptied, "Description"), text(&emptied, "Rules")) == ("", "")
            && emptied["Datacenters"].is_null(),
        "{emptied}"
    );
    let unnamed = format!("acl policy update --id {id} --no-merge");
    server.fails(unnamed, 2).await?;
    server.ok("acl policy delete --name p-w").await?;
    Ok(())
}

async fn acl_a_role_collects_rights(server: &Subject<Server>) -> anyhow::Result<()> {
    server.ok("acl policy create --name r-a").await?;
    let b = server.json("acl policy create --name r-b").await?;
    let create = "acl role create --name role-1 --policy-name r-a";
    let rest = "--service-identity web:dc1 --node-identity n1:dc1";
    let made = server.json(format!("{create} {rest}")).await?;
    let id = text(&made, "ID").to_owned();
    let beginning = &text(&b, "ID")[..30];
    let update = format!("acl role update --id {} --policy-id {beginning}", &id[..30]);
    let rest = "--service-identity web --service-identity db";
    let changed = server.json(format!("{update} {rest}")).await?;
    let mut names: Vec<_> = changed["Policies"]
        .as_array()
        .into_iter()
        .flatten()
        .map(|link| text(link, "Name"))
        .collect();
    names.sort_unstable();
    ensure!(names == ["r-a", "r-b"], "{changed}");
    let services = json!([{"ServiceName": "db"}, {"ServiceName": "web"}]);
    ensure!(changed["ServiceIdentities"] == services, "{changed}");
    let listed = server.ok("acl role list").await?;
    ensure!(listed.contains("db,web"), "{listed}");
    let emptied = format!("acl role update --id {id} --no-merge --name role-2");
    let emptied = server.json(emptied).await?;
    ensure!(emptied["Policies"].is_null() && emptied["NodeIdentities"].is_null());
    server
        .fails(format!("acl role update --id {id} --no-merge"), 2)
        .await?;
    server.ok("acl role delete --name role-2").await?;
    server.fails(format!("acl role read --id {id}"), 3).await?;
    Ok(())
}

async fn acl_a_token_shows_its_secret_only_where_it_is_asked_for(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let create = "acl token create --service-identity s-1";
    let rest = "--description 'of s-1' --expires-ttl 1h --local";
    let made = server.json(format!("{create} {rest}")).await?;
    let (accessor, secret) = (text(&made, "AccessorID"), text(&made, "SecretID"));
    ensure!(secret.len() == 36 && made["Local"] == true && made["ExpirationTime"].is_string());
    let read = server
        .ok(format!("acl token read --id {}", &accessor[..30]))
        .await?;
    ensure!(read.contains(secret), "{read}");
    let update = format!("acl token update --id {accessor} --description new");
    let merged = format!("{update} --merge-service-identities");
    let changed = server.json(merged).await?;
    ensure!(
        changed["SecretID"].is_null() && text(&changed, "Description") == "new",
        "{changed}"
    );
    for listed in [
        server.ok("acl token list").await?,
        server.json("acl token list").await?.to_string(),
    ] {
        ensure!(
            listed.contains(accessor) && !listed.contains(secret),
            "{listed}"
        );
    }
    let clone = format!("acl token clone --id {accessor}");
    let copy = server.json(clone).await?;
    ensure!(text(&copy, "SecretID") != secret && text(&copy, "Description") == "new");
    ensure!(copy["ServiceIdentities"] == made["ServiceIdentities"]);
    for token in [accessor, text(&copy, "AccessorID")] {
        server.ok(format!("acl token delete --id {token}")).await?;
        server
            .fails(format!("acl token read --id {token}"), 3)
            .await?;
    }
    let anonymous = server.ok("acl token read --id anonymous").await?;
    ensure!(anonymous.contains("Anonymous Token"), "{anonymous}");
    server.fails("acl token create", 2).await?;
    Ok(())
}

async fn acl_rights_of_a_token_are_lost_unless_they_are_merged(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    for name in ["m-a", "m-b"] {
        server
            .ok(format!("acl policy create --name {name}"))
            .await?;
    }
    let create = "acl token create --policy-name m-a";
    let made = server
        .json(format!("{create} --service-identity web"))
        .await?;
    let id = text(&made, "AccessorID");
    let update = format!("acl token update --id {id}");
    let named = |token: &serde_json::Value| -> Vec<String> {
        let links = token["Policies"].as_array().into_iter().flatten();
        let mut names: Vec<_> = links.map(|link| text(link, "Name").to_owned()).collect();
        names.sort();
        names
    };
    let merged = "--policy-name m-b --merge-policies";
    let merged = server.json(format!("{update} {merged}")).await?;
    ensure!(named(&merged) == ["m-a", "m-b"], "{merged}");
    // As `consul acl token update` does it: the service, which was not merged, is lost.
    ensure!(merged["ServiceIdentities"].is_null(), "{merged}");
    let of_b = "acl token list --policy-name m-b";
    let of_b = server.json(of_b).await?;
    ensure!(text(&of_b[0], "AccessorID") == id, "{of_b}");
    let replaced = server.json(format!("{update} --policy-name m-b")).await?;
    ensure!(named(&replaced) == ["m-b"], "{replaced}");
    let emptied = server.json(update).await?;
    ensure!(named(&emptied).is_empty(), "{emptied}");
    server.ok(format!("acl token delete --id {id}")).await?;
    Ok(())
}

async fn acl_what_is_not_there_is_code_3(server: &Subject<Server>) -> anyhow::Result<()> {
    let nothing = "99999999-aaaa-bbbb-cccc-999999999999";
    for line in [
        "acl policy read --name nothing",
        "acl role read --name nothing",
        "acl auth-method read --name nothing",
        "acl policy read --id NOTHING",
        "acl role read --id NOTHING",
        "acl token read --id NOTHING",
        "acl binding-rule read --id NOTHING",
        "acl token read --id zz",
        "acl policy update --id zz",
    ] {
        let said = server.fails(line.replace("NOTHING", nothing), 3).await?;
        ensure!(said.contains("does not exist"), "{line}: {said}");
    }
    let denied = "consul acl token list";
    let denied = server.run_as(None, denied, "").await?;
    ensure!(
        denied.code == 8 && denied.stderr.contains("--token-file"),
        "{denied:?}"
    );
    Ok(())
}

async fn acl_rules_of_old_are_translated(server: &Subject<Server>) -> anyhow::Result<()> {
    let new = "key_prefix \"a\" {\n  policy = \"read\"\n}\n";
    let old = "key \"a\" { policy = \"read\" }";
    let translated = server.ok(format!("acl translate-rules '{old}'")).await?;
    ensure!(translated == new, "{translated}");
    let from_stdin = server.ok_with("acl translate-rules -", old).await?;
    ensure!(from_stdin == new, "{from_stdin}");
    server.fails("acl translate-rules 'key {'", 2).await?;
    Ok(())
}

async fn acl_old_tokens_live_and_become_new_ones(server: &Subject<Server>) -> anyhow::Result<()> {
    let rules = "key \"a\" { policy = \"read\" }";
    let create = format!("acl legacy create --name old --rules '{rules}'");
    let secret = server.ok(create).await?.trim().to_owned();
    server.write("old", &secret)?;
    let info = server.json("acl legacy info @old").await?;
    ensure!(
        (text(&info, "Name"), text(&info, "Rules")) == ("old", rules),
        "{info}"
    );
    let copy = server.ok_with("acl legacy clone -", &secret).await?;
    server.write("copy", &copy)?;
    let listed = server.ok("acl legacy list").await?;
    ensure!(
        listed.contains("old") && !listed.contains(&secret),
        "{listed}"
    );
    let listed = server.ok("acl legacy list --secrets").await?;
    ensure!(listed.contains(&secret), "{listed}");
    let update = "acl legacy update @copy --name renamed";
    server.ok(update).await?;
    let info = server.json("acl legacy info @copy").await?;
    ensure!(text(&info, "Name") == "renamed", "{info}");
    server.ok("acl legacy destroy @copy").await?;
    let said = server.fails("acl legacy info @copy", 3).await?;
    ensure!(!said.contains(copy.trim()), "{said}");

    let new = "key_prefix \"a\" {\n  policy = \"read\"\n}";
    let of_secret = "acl translate-rules --token-secret @old";
    ensure!(server.ok(of_secret).await?.trim_end() == new);
    let policy = "acl policy create --name was-old --token-secret --from-token @old";
    let policy = server.json(policy).await?;
    ensure!(text(&policy, "Rules").trim_end() == new, "{policy}");
    // Consul gives old tokens their accessors after a while.
    let accessor = eventually_ok(PATIENCE, "an accessor", || accessor_of_old(server)).await?;
    let of_accessor = format!("acl translate-rules --token-accessor {}", &accessor[..30]);
    ensure!(server.ok(of_accessor).await?.trim_end() == new);
    let upgrade = format!("acl token update --id {accessor} --upgrade-legacy");
    let upgrade = format!("{upgrade} --policy-name was-old");
    let upgraded = server.json(&upgrade).await?;
    ensure!(upgraded["Legacy"].is_null() && text(&upgraded["Policies"][0], "Name") == "was-old");
    server.fails(upgrade, 2).await?;
    Ok(())
}

/// The accessor of the token in the file `old`.
async fn accessor_of_old(server: &Server) -> anyhow::Result<String> {
    let read = "--output json consul acl token read --self";
    let own = server.run_as(Some("old"), read, "").await?;
    let own: serde_json::Value = serde_json::from_str(&own.stdout)?;
    ensure!(!text(&own, "AccessorID").is_empty(), "{own}");
    Ok(text(&own, "AccessorID").to_owned())
}

async fn acl_the_agent_gets_its_own_tokens(server: &Subject<Server>) -> anyhow::Result<()> {
    server.ok("acl set-agent-token agent @master").await?;
    for which in ["default", "master", "replication"] {
        server.ok(format!("acl set-agent-token {which} ''")).await?;
    }
    let secret = "3f1c3b4c-0b7e-4c8a-9a7e-5c1d0e2f3a4b";
    server
        .ok_with("acl set-agent-token master -", secret)
        .await?;
    server.write("agent-master", secret)?;
    let args = "consul agent self";
    let seen = server.run_as(Some("agent-master"), args, "").await?;
    ensure!(seen.code == 0, "{seen:?}");
    server.fails("acl set-agent-token other x", 2).await?;
    let replication = server.json("acl replication").await?;
    ensure!(replication["Enabled"] == false, "{replication}");
    Ok(())
}

async fn acl_auth_methods_and_binding_rules_are_kept(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../wire/fixtures/jwt");
    let key = std::fs::read_to_string(format!("{folder}/public.pem"))?;
    let config = json!({"JWTValidationPubKeys": [key], "BoundAudiences": ["quorate"]});
    server.write("config.json", &config.to_string())?;
    let create = "acl auth-method create --name m --type jwt";
    let rest = "--config @config.json --max-token-ttl 5m --description d";
    let made = server.json(format!("{create} {rest}")).await?;
    ensure!(text(&made, "MaxTokenTTL") == "5m0s", "{made}");
    let update = "acl auth-method update --name m";
    let changed = server.json(format!("{update} --display-name M")).await?;
    for field in ["Description", "Config", "MaxTokenTTL"] {
        ensure!(changed[field] == made[field], "{field}: {changed}");
    }
    // Without a configuration there is nobody whose word could be taken.
    server.fails(format!("{update} --no-merge"), 2).await?;
    let listed = server.ok("acl auth-method list").await?;
    ensure!(
        listed.contains("jwt") && !listed.contains("BEGIN"),
        "{listed}"
    );

    let create = "acl binding-rule create --method m --bind-type role";
    let rest = "--bind-name r --description d --selector 'value.a ==='";
    server.fails(format!("{create} {rest}"), 2).await?;
    let rest = "--bind-name r --description d";
    let rule = server.json(format!("{create} {rest}")).await?;
    let id = text(&rule, "ID").to_owned();
    let update = format!("acl binding-rule update --id {}", &id[..30]);
    let changed = server.json(format!("{update} --bind-name s")).await?;
    ensure!(
        (text(&changed, "BindName"), text(&changed, "Description")) == ("s", "d"),
        "{changed}"
    );
    let rest = "--no-merge --bind-type service --bind-name t";
    let emptied = server.json(format!("{update} {rest}")).await?;
    ensure!(
        (text(&emptied, "BindType"), text(&emptied, "Description")) == ("service", ""),
        "{emptied}"
    );
    server.fails(format!("{update} --no-merge"), 2).await?;
    let listed = server.json("acl binding-rule list --method m").await?;
    ensure!(text(&listed[0], "ID") == id, "{listed}");
    server
        .ok(format!("acl binding-rule delete --id {id}"))
        .await?;
    server.ok("acl auth-method delete --name m").await?;
    server.fails("acl auth-method read --name m", 3).await?;
    Ok(())
}
