use std::os::unix::fs::PermissionsExt as _;

use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};
use serde_json::{Value, json};

use crate::program::{Server, text};

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        login_a_login_leaves_a_secret_that_a_logout_ends,
    ]
    .into()
}

/// Makes the auth method `ci`, by which `bob` may log in.
async fn method(server: &Server) -> anyhow::Result<()> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../wire/fixtures/jwt");
    let file = |name: &str| std::fs::read_to_string(format!("{folder}/{name}"));
    for name in ["bob.jwt", "eve.jwt"] {
        server.write(name, &file(name)?)?;
    }
    let config = json!({
        "JWTValidationPubKeys": [file("public.pem")?],
        "BoundAudiences": ["quorate"],
        "ClaimMappings": {"sub": "user"},
    });
    server.write("ci.json", &config.to_string())?;
    let create = "acl auth-method create --name ci --type jwt";
    server.ok(format!("{create} --config @ci.json")).await?;
    let create = "acl binding-rule create --method ci";
    let rest = "--bind-type service --bind-name web-${value.user}";
    let selector = "--selector 'value.user == bob'";
    server.ok(format!("{create} {rest} {selector}")).await?;
    Ok(())
}

async fn login_a_login_leaves_a_secret_that_a_logout_ends(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    method(server).await?;
    let login = |bearer, sink| {
        let method = "consul login --method ci --meta pod=p";
        let files = format!("--bearer-token-file {bearer} --token-sink-file {sink}");
        format!("{method} {files}")
    };
    let done = server.run_as(None, login("bob.jwt", "sink"), "").await?;
    ensure!(
        done.code == 0 && done.stdout.is_empty(),
        "nothing shows the secret: {done:?}"
    );
    let mode = std::fs::metadata(server.path("sink"))?.permissions().mode();
    ensure!(mode & 0o777 == 0o600, "{mode:o}");
    let own = "--output json consul acl token read --self";
    let read = server.run_as(Some("sink"), own, "").await?;
    let token: Value = serde_json::from_str(&read.stdout)?;
    ensure!(
        text(&token["ServiceIdentities"][0], "ServiceName") == "web-bob"
            && text(&token, "Description").contains("pod"),
        "{token}"
    );

    let eve = server.run_as(None, login("eve.jwt", "other"), "").await?;
    ensure!(eve.code == 8 && !server.path("other").exists(), "{eve:?}");
    // What can't be written is known before a token is made.
    let nowhere = server
        .run_as(None, login("bob.jwt", "none/sink"), "")
        .await?;
    ensure!(nowhere.code == 2, "{nowhere:?}");
    let tokens = server.json("acl token list --method ci").await?;
    ensure!(tokens.as_array().map(Vec::len) == Some(1), "{tokens}");

    let logout = "consul logout";
    let done = server.run_as(Some("sink"), logout, "").await?;
    ensure!(done.code == 0, "{done:?}");
    let again = server.run_as(Some("sink"), logout, "").await?;
    ensure!(again.code == 8, "{again:?}");
    Ok(())
}
