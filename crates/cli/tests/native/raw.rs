use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::program::Server;

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        raw_a_request_is_sent_as_it_is,
    ]
    .into()
}

async fn raw_a_request_is_sent_as_it_is(server: &Subject<Server>) -> anyhow::Result<()> {
    let path = format!("/v1/kv/{}a", server.prefix());
    let put = format!("raw put {path}?flags=7 --data -");
    ensure!(server.ok_with(put, "a body").await? == "true");
    let raw = format!("raw GET {path}?raw");
    ensure!(server.ok(raw).await? == "a body");
    let folders = format!("raw GET /v1/kv/{}?keys", server.prefix());
    let cut = format!("{folders} --param separator=/");
    let names = server.ok(cut).await?;
    ensure!(
        names.trim_end() == format!("[\"{}a\"]", server.prefix()),
        "{names}"
    );
    let with_head = server.ok(format!("raw -i GET {path}")).await?;
    let (head, body) = with_head.split_once("\n\n").unwrap_or_default();
    ensure!(
        head.starts_with("HTTP/1.1 200\n") && head.to_lowercase().contains("x-consul-index: "),
        "{head}"
    );
    ensure!(body.contains("\"Flags\":7"), "{body}");
    server.ok(format!("raw DELETE {path}")).await?;
    let missing = format!("consul raw -i GET {path}");
    let missing = server.run_as(Some("master"), missing, "").await?;
    ensure!(
        missing.code == 3 && missing.stdout.starts_with("HTTP/1.1 404\n"),
        "{missing:?}"
    );
    let denied = format!("consul raw PUT {path} --data x");
    let denied = server.run_as(None, denied, "").await?;
    ensure!(
        denied.code == 8 && denied.stdout.contains("Permission denied"),
        "{denied:?}"
    );
    server.fails("raw GET no/slash", 2).await?;
    server.fails("raw PATCH /v1/x", 2).await?;
    Ok(())
}
