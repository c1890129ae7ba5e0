use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::beside::{Compare, ETCDCTL};
use crate::program::Server;

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        transactions_print_what_etcdctl_prints needs [ETCDCTL],
        a_transaction_does_one_part_or_the_other,
    ]
    .into()
}

const FORMS: [&str; 4] = ["simple", "json", "fields", "protobuf"];

/// Nothing else happens on its server, so that both see the same revision.
async fn transactions_print_what_etcdctl_prints(server: &Subject<Server>) -> anyhow::Result<()> {
    let server = server.fresh().await?;
    server.ok("put bt/a 1").await?;
    server.ok("put bt/b 2").await?;
    // Written with the same value by both, so that what was there before is the same, too.
    server.ok("put bt/d 'x y'").await?;
    let reads = "value(\"bt/a\") = \"1\"\n\nget --prefix bt/\nget bt/none\n\n\n";
    server
        .same_with("txn", reads, Compare::Bytes, &FORMS)
        .await?;
    let fails = "mod(\"bt/a\") = \"0\"\nversion(\"bt/a\") > \"7\"\n\nput bt/c 1\n\nget bt/b\n\n";
    server
        .same_with("txn", fails, Compare::Bytes, &FORMS)
        .await?;
    server
        .same_with("txn -i", fails, Compare::Bytes, &["simple"])
        .await?;
    let writes = "create(\"bt/a\") > \"0\"\nvalue(\"bt/b\") = \"2\"\n\n\
                  put bt/d \"x y\" --prev-kv\ndel bt/none\nget bt/d --keys-only\n\n\n";
    server
        .same_with("txn", writes, Compare::Words, &["json", "fields"])
        .await?;
    server
        .same_with("txn", "\n\n\n", Compare::Bytes, &FORMS)
        .await?;
    for wrong in [
        "foo\n\n",
        "mod(\"a\" > 1\n\n",
        "foo(\"a\") > \"1\"\n\n",
        "\nwatch x\n\n",
    ] {
        server
            .same_with("txn", wrong, Compare::Bytes, &["simple"])
            .await?;
    }
    Ok(())
}

async fn a_transaction_does_one_part_or_the_other(server: &Subject<Server>) -> anyhow::Result<()> {
    let once = "create(\"to/a\") = \"0\"\n\nput to/a 'first one'\n\nget to/a\n\n";
    let shown = server.ok_with("txn", once).await?;
    ensure!(shown == "SUCCESS\n\nOK\n", "{shown}");
    let shown = server.ok_with("txn", once).await?;
    ensure!(shown == "FAILURE\n\nto/a\nfirst one\n", "{shown}");
    let wrong = server
        .run("etcd txn", "create(\"to/a\") ~ \"0\"\n\n")
        .await?;
    ensure!(
        wrong.code == 2 && wrong.stderr.contains("next: "),
        "{wrong:?}"
    );
    Ok(())
}
