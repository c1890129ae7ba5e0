//! `-rpc-auth` and `-rpc-addr`.

use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::serf::{Serf, Setup};

pub(crate) fn cases() -> Vec<Case<Serf>> {
    cases![Serf;
        serf_shows_its_token,
    ]
    .into()
}

async fn serf_shows_its_token(serf: &Subject<Serf>) -> anyhow::Result<()> {
    let setup = Setup {
        token: Some("s3cret"),
        ..Setup::default()
    };
    let own = serf.alone("solo", setup).await?;
    ensure!(own.run(&["members"]).await?.starts_with("solo  "));
    own.run(&["members", "-rpc-auth", "s3cret"]).await?;
    own.refuses(
        &["members", "-rpc-auth", "wrong"],
        "Invalid authentication token",
    )
    .await?;
    let address = format!("-rpc-addr={}", own.rpc()?);
    // The other command has no token, and finds the agent by its option.
    serf.refuses(&["members", &address], "Authentication required")
        .await?;
    serf.run(&["members", &address, "-rpc-auth=s3cret"]).await?;
    Ok(())
}
