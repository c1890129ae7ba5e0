//! `serf keys` and `serf keygen`.

use quorate_testkit::trial::{Case, Subject};
use quorate_testkit::{cases, eventually_ok};

use crate::command::SOON;
use crate::serf::{Serf, Setup};

pub(crate) fn cases() -> Vec<Case<Serf>> {
    cases![Serf;
        a_cluster_gets_another_key,
        without_a_key_there_is_none_to_change,
    ]
    .into()
}

const OLD: &str = "cg8StVXbQJ0gPvMd9o7yrg==";

async fn a_cluster_gets_another_key(serf: &Subject<Serf>) -> anyhow::Result<()> {
    let setup = Setup {
        key: Some(OLD),
        ..Setup::default()
    };
    let (alpha, beta) = serf.pair(setup).await?;
    // A key that `serf` makes.
    let new = &alpha.run(&["keygen"]).await?;
    let new = new.trim_end();
    let listed = |keys: &[&str]| {
        let lines = keys.iter().map(|key| format!("{key}  [2/2]\n"));
        let lines: String = lines.collect();
        format!(
            "==> Asking all members for installed keys...\n==> Keys gathered, listing cluster keys...\n\n{lines}"
        )
    };
    alpha
        .says_in_time(&["keys", "-list"], &listed(&[OLD]))
        .await?;
    let said = "==> Installing key on all members...\n==> Successfully installed key!\n";
    alpha.says_in_time(&["keys", "-install", new], said).await?;
    // It is idempotent.
    alpha.says_in_time(&["keys", "-install", new], said).await?;
    let said =
        "==> Changing primary key on all members...\n==> Successfully changed primary key!\n";
    alpha.says_in_time(&["keys", "-use", new], said).await?;
    alpha
        .refuses_in_time(
            &["keys", "-remove", new],
            "Error removing key: 2/2 nodes reported failure",
        )
        .await?;
    let said = "==> Removing key on all members...\n==> Successfully removed key!\n";
    alpha.says_in_time(&["keys", "-remove", OLD], said).await?;
    beta.says_in_time(&["keys", "-list"], &listed(&[new]))
        .await?;
    alpha
        .refuses_in_time(
            &["keys", "-use", OLD],
            "Error changing primary key: 2/2 nodes reported failure",
        )
        .await
}

async fn without_a_key_there_is_none_to_change(serf: &Subject<Serf>) -> anyhow::Result<()> {
    for (arguments, said) in [
        (
            &["keys", "-list"][..],
            [
                "failed:  alpha  Keyring is empty (encryption not enabled)\n",
                "Failed to gather member keys: 1/1 nodes reported failure",
            ],
        ),
        (
            &["keys", "-install", OLD],
            [
                "No keyring to modify (encryption not enabled)",
                "1/1 nodes reported failure",
            ],
        ),
    ] {
        let refused = || async {
            for said in said {
                serf.refuses(arguments, said).await?;
            }
            anyhow::Ok(())
        };
        eventually_ok(SOON, arguments.join(" "), refused).await?;
    }
    serf.refuses(
        &["keys", "-install", "abc"],
        "illegal base64 data at input byte",
    )
    .await
}
