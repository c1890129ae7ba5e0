use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::program::Server;

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server;
        the_server_is_named_in_every_way_there_is,
        options_come_from_the_environment_of_etcdctl,
    ]
    .into()
}

async fn the_server_is_named_in_every_way_there_is(server: &Subject<Server>) -> anyhow::Result<()> {
    server.ok("put en/a 1").await?;
    let host = server.url.trim_start_matches("http://");
    for line in [
        "etcd get en/a".to_owned(),
        format!("etcd --endpoints {} get en/a", server.url),
        format!("etcd get en/a --endpoints={host}"),
        format!("etcd --endpoints 127.0.0.1:1,{host} get en/a"),
        format!("--at etcd://{host} etcd get en/a"),
        format!("--at etcd://{host}/app etcd --command-timeout 50s get en/a"),
        "etcd --dial-timeout=20s --command-timeout=50s --insecure-transport=true get en/a"
            .to_owned(),
    ] {
        let done = server.run(&line, "").await?;
        ensure!(
            done.code == 0 && done.stdout == "en/a\n1\n",
            "{line}: {done:?}"
        );
    }
    let done = server
        .run("--at consul://127.0.0.1:1 etcd get a", "")
        .await?;
    ensure!(
        done.code == 2 && done.stderr.contains("no etcd with the v3 API"),
        "{done:?}"
    );
    let done = server.run("etcd version", "").await?;
    ensure!(done.stdout.ends_with("\nAPI version: 3.5\n"), "{done:?}");
    Ok(())
}

async fn options_come_from_the_environment_of_etcdctl(
    server: &Subject<Server>,
) -> anyhow::Result<()> {
    // Its header has the revision of the store, which others would move.
    let server = server.fresh().await?;
    server.ok("put ev/a 1").await?;
    let json = server.ok("-w json get ev/a").await?;
    let mut shown = server.start_in(&[("ETCDCTL_WRITE_OUT", "json")], "get ev/a")?;
    ensure!(format!("{}\n", shown.line().await?) == json);
    let mut shown = server.start_in(&[("ETCDCTL_HEX", "true")], "get ev/a")?;
    ensure!(shown.line().await? == "\\x65\\x76\\x2f\\x61");
    // A server that does not speak TLS.
    let variables = [
        ("ETCDCTL_INSECURE_SKIP_TLS_VERIFY", "true"),
        ("ETCDCTL_COMMAND_TIMEOUT", "2s"),
        ("ETCDCTL_DIAL_TIMEOUT", "1s"),
        (
            "ETCDCTL_ENDPOINTS",
            server.url.trim_start_matches("http://"),
        ),
    ];
    let refused = server.start_in(&variables, "get ev/a")?;
    ensure!(refused.end().await? == 6);
    Ok(())
}
