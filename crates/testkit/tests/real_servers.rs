//! The real Consul as a value, and the proxy in front of it.

use std::net::SocketAddr;
use std::process::{Command, ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_testkit::exchange::{Answer, exchange, request};
use quorate_testkit::fixture::Fixture;
use quorate_testkit::proxy::{Direction, Proxy};
use quorate_testkit::server::{ConsulCluster, ConsulData, ConsulOptions, ConsulServer};
use quorate_testkit::trial::{Subject, Suite, Target};
use quorate_testkit::{cases, eventually};

const SOON: Duration = Duration::from_secs(50);
/// Set for a child of this test that starts a server and ends without a chance to clean up.
const VANISH: &str = "QUORATE_TEST_VANISH";

/// Nothing is shared: each trial starts a server of its own.
type Nothing = ();

fn main() -> ExitCode {
    if std::env::var_os(VANISH).is_some() {
        vanish();
    }
    let cases = cases![Nothing;
        sessions_can_be_created_as_soon_as_it_is_started,
        a_server_with_a_data_directory_sends_compact_json,
        a_server_in_memory_is_a_dev_server,
        data_survives_a_kill_and_a_restart,
        a_graceful_end_keeps_the_address_and_the_data,
        a_paused_server_answers_when_it_is_resumed,
        servers_at_the_same_time_do_not_meet,
        the_shortest_ttl_can_be_lowered,
        it_listens_on_a_unix_socket_too,
        acls_deny_whoever_has_no_token,
        a_setting_that_is_wrong_is_an_error_with_the_log,
        it_ends_when_the_test_process_is_killed,
        dropping_it_ends_the_process_and_removes_the_data,
        recorded_reads_of_an_empty_store_are_still_what_it_sends,
        a_write_whose_answer_was_cut_is_applied,
        a_write_that_was_held_is_applied_late,
        three_servers_are_one_cluster_that_elects_again,
    ];
    let nothing = || async { Ok(()) };
    let consul = Target::real("real consul 1.8.7", ConsulServer::locate(), nothing);
    Suite::new().with_target(consul).with_cases(cases).run()
}

async fn start(options: ConsulOptions) -> anyhow::Result<ConsulServer> {
    Ok(ConsulServer::start(options).await?)
}

async fn send(
    server: SocketAddr,
    method: &str,
    target: &str,
    body: &str,
) -> anyhow::Result<Answer> {
    let bytes = request(method, target, &[], body.as_bytes());
    exchange(server, &bytes, SOON)
        .await
        .with_context(|| format!("{method} {target}"))
}

/// The same, and an error unless the answer is 200.
async fn ask(server: SocketAddr, method: &str, target: &str, body: &str) -> anyhow::Result<Answer> {
    let answer = send(server, method, target, body).await?;
    ensure!(
        answer.status == 200,
        "{method} {target}: {} {}",
        answer.status,
        answer.text()
    );
    Ok(answer)
}

async fn sessions_can_be_created_as_soon_as_it_is_started(
    _: &Subject<Nothing>,
) -> anyhow::Result<()> {
    for data in [ConsulData::DataDir, ConsulData::InMemoryDev] {
        let consul = start(ConsulOptions::new().with_data(data)).await?;
        ask(consul.addr(), "PUT", "/v1/session/create", "").await?;
        let leader = ask(consul.addr(), "GET", "/v1/status/leader", "")
            .await?
            .json()?;
        ensure!(leader == consul.leader(), "{leader}");
    }
    Ok(())
}

async fn a_server_with_a_data_directory_sends_compact_json(
    _: &Subject<Nothing>,
) -> anyhow::Result<()> {
    let consul = start(ConsulOptions::new().with_node_name("somebody")).await?;
    let nodes = ask(consul.addr(), "GET", "/v1/catalog/nodes", "").await?;
    ensure!(!nodes.text().contains('\n'), "{}", nodes.text());
    ensure!(nodes.json()?[0]["Node"] == "somebody" && consul.node_name() == "somebody");
    Ok(())
}

async fn a_server_in_memory_is_a_dev_server(_: &Subject<Nothing>) -> anyhow::Result<()> {
    let consul = start(ConsulOptions::new().with_data(ConsulData::InMemoryDev)).await?;
    let nodes = ask(consul.addr(), "GET", "/v1/catalog/nodes", "").await?;
    ensure!(nodes.text().contains("\n    "), "{}", nodes.text());
    ask(consul.addr(), "PUT", "/v1/kv/k", "v").await?;
    consul.restart().await?;
    ensure!(send(consul.addr(), "GET", "/v1/kv/k", "").await?.status == 404);
    Ok(())
}

async fn data_survives_a_kill_and_a_restart(_: &Subject<Nothing>) -> anyhow::Result<()> {
    let consul = start(ConsulOptions::new()).await?;
    let (addr, pid) = (consul.addr(), consul.pid());
    ask(addr, "PUT", "/v1/kv/k", "durable").await?;
    consul.kill()?;
    ensure!(
        send(addr, "GET", "/v1/kv/k", "").await.is_err(),
        "it answers after its death"
    );
    ensure!(consul.pid().is_none());
    consul.restart().await?;
    ensure!(consul.addr() == addr && consul.pid() != pid);
    ensure!(ask(addr, "GET", "/v1/kv/k?raw", "").await?.text() == "durable");
    ask(addr, "PUT", "/v1/session/create", "").await?;
    Ok(())
}

async fn a_graceful_end_keeps_the_address_and_the_data(_: &Subject<Nothing>) -> anyhow::Result<()> {
    let consul = start(ConsulOptions::new()).await?;
    ask(consul.addr(), "PUT", "/v1/kv/k", "v").await?;
    consul.terminate().await?;
    ensure!(
        consul.pause().await.is_err(),
        "what does not run cannot be paused"
    );
    let log = std::fs::read_to_string(consul.log_path())?;
    ensure!(
        log.contains("Gracefully shutting down") || log.contains("Caught"),
        "{log}"
    );
    consul.restart().await?;
    ensure!(ask(consul.addr(), "GET", "/v1/kv/k?raw", "").await?.text() == "v");
    Ok(())
}

async fn a_paused_server_answers_when_it_is_resumed(_: &Subject<Nothing>) -> anyhow::Result<()> {
    let consul = start(ConsulOptions::new()).await?;
    consul.pause().await?;
    let bytes = request("GET", "/v1/status/peers", &[], b"");
    let paused = exchange(consul.addr(), &bytes, Duration::from_millis(200)).await;
    let error = paused.err().context("it answered while it stood still")?;
    ensure!(error.kind() == std::io::ErrorKind::TimedOut, "{error}");
    consul.resume()?;
    ask(consul.addr(), "GET", "/v1/status/peers", "").await?;
    Ok(())
}

async fn servers_at_the_same_time_do_not_meet(_: &Subject<Nothing>) -> anyhow::Result<()> {
    let starts = (0..3).map(|_| start(ConsulOptions::new()));
    let servers = futures_util::future::try_join_all(starts).await?;
    for (at, server) in servers.iter().enumerate() {
        ask(server.addr(), "PUT", "/v1/kv/who", &at.to_string()).await?;
    }
    for (at, server) in servers.iter().enumerate() {
        let who = ask(server.addr(), "GET", "/v1/kv/who?raw", "")
            .await?
            .text();
        ensure!(who == at.to_string(), "{who} instead of {at}");
        let members = ask(server.addr(), "GET", "/v1/agent/members", "")
            .await?
            .json()?;
        ensure!(
            members.as_array().is_some_and(|members| members.len() == 1),
            "{members}"
        );
    }
    Ok(())
}

async fn the_shortest_ttl_can_be_lowered(_: &Subject<Nothing>) -> anyhow::Result<()> {
    let usual = start(ConsulOptions::new()).await?;
    let refused = send(
        usual.addr(),
        "PUT",
        "/v1/session/create",
        r#"{"TTL":"500ms"}"#,
    )
    .await?;
    ensure!(refused.status == 500, "{}", refused.text());
    let options = ConsulOptions::new().with_session_ttl_min(Duration::from_millis(500));
    let quick = start(options).await?;
    ask(
        quick.addr(),
        "PUT",
        "/v1/session/create",
        r#"{"TTL":"500ms"}"#,
    )
    .await?;
    let list = || async {
        let list = ask(quick.addr(), "GET", "/v1/session/list", "")
            .await
            .ok()?;
        (list.text() == "[]").then_some(())
    };
    eventually(SOON, "the session has expired", list).await?;
    Ok(())
}

async fn it_listens_on_a_unix_socket_too(_: &Subject<Nothing>) -> anyhow::Result<()> {
    let consul = start(ConsulOptions::new().with_unix_socket()).await?;
    let path = consul.socket_path().context("there is no socket")?;
    let mut stream = tokio::net::UnixStream::connect(path).await?;
    let bytes = request("GET", "/v1/status/leader", &[], b"");
    let answer = quorate_testkit::exchange::exchange_on(&mut stream, &bytes).await?;
    ensure!(answer.json()? == consul.leader(), "{}", answer.text());
    ask(consul.addr(), "GET", "/v1/status/leader", "").await?;
    Ok(())
}

async fn acls_deny_whoever_has_no_token(_: &Subject<Nothing>) -> anyhow::Result<()> {
    let secret = "11111111-2222-4333-8444-555555555555";
    let consul = start(ConsulOptions::new().with_acl_master(secret)).await?;
    ensure!(send(consul.addr(), "PUT", "/v1/kv/k", "v").await?.status == 403);
    let bytes = request("PUT", "/v1/kv/k", &[("X-Consul-Token", secret)], b"v");
    ensure!(exchange(consul.addr(), &bytes, SOON).await?.status == 200);
    Ok(())
}

async fn a_setting_that_is_wrong_is_an_error_with_the_log(
    _: &Subject<Nothing>,
) -> anyhow::Result<()> {
    let options = ConsulOptions::new().with_setting("no_such_setting", 1);
    let error = ConsulServer::start(options)
        .await
        .err()
        .context("it started")?
        .to_string();
    ensure!(
        error.contains("ended at its start") && error.contains("no_such_setting"),
        "{error}"
    );
    Ok(())
}

/// The state letter of a process, `None` when it is gone.
fn state(pid: u32) -> Option<char> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
    stat.rsplit(") ")
        .next()?
        .chars()
        .next()
        .filter(|state| *state != 'Z')
}

async fn it_ends_when_the_test_process_is_killed(_: &Subject<Nothing>) -> anyhow::Result<()> {
    let folder = tempfile::tempdir()?;
    let child = Command::new(std::env::current_exe()?)
        .env(VANISH, "1")
        .env("TMPDIR", folder.path())
        .stderr(Stdio::null())
        .output()?;
    ensure!(!child.status.success(), "it should have aborted");
    let pid = String::from_utf8(child.stdout)?.trim().parse::<u32>()?;
    let gone = || async { state(pid).is_none().then_some(()) };
    eventually(SOON, "the server is gone", gone).await?;
    Ok(())
}

/// Starts a server, tells its process id, and ends as if killed.
#[expect(clippy::print_stdout, reason = "how the child tells its parent")]
fn vanish() -> ! {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let consul = runtime
        .block_on(ConsulServer::start(ConsulOptions::new()))
        .expect("a server");
    println!("{}", consul.pid().expect("a process"));
    std::process::abort()
}

async fn dropping_it_ends_the_process_and_removes_the_data(
    _: &Subject<Nothing>,
) -> anyhow::Result<()> {
    let consul = start(ConsulOptions::new()).await?;
    let (pid, log) = (consul.pid().context("no process")?, consul.log_path());
    ensure!(state(pid).is_some() && log.is_file());
    drop(consul);
    ensure!(state(pid).is_none(), "the process is still there");
    ensure!(!log.exists(), "the log is still there");
    Ok(())
}

async fn recorded_reads_of_an_empty_store_are_still_what_it_sends(
    _: &Subject<Nothing>,
) -> anyhow::Result<()> {
    let consul = start(ConsulOptions::new()).await?;
    let names = [
        "kv-get-empty-store",
        "kv-keys-root-empty",
        "kv-recurse-root-empty",
        "kv-get-bad-wait",
        "http-method-not-allowed",
        "http-redirect",
        "http-head",
        "session-info-malformed-id",
        "txn-409-no-key",
        "txn-65-operations",
    ];
    for name in names {
        let fixture = Fixture::load(name)?;
        let mut now = exchange(consul.addr(), &fixture.request, SOON).await?;
        let mut recorded = fixture.answer()?;
        for answer in [&mut now, &mut recorded] {
            answer.headers.retain(|(name, _)| name != "Date");
        }
        ensure!(now == recorded, "{name}: {now:?} instead of {recorded:?}");
    }
    Ok(())
}

async fn a_write_whose_answer_was_cut_is_applied(_: &Subject<Nothing>) -> anyhow::Result<()> {
    let consul = start(ConsulOptions::new()).await?;
    let proxy = Proxy::start(consul.addr()).await?;
    ask(proxy.addr(), "PUT", "/v1/kv/before", "1").await?;
    proxy.cut_after(Direction::ToClient, 0);
    ensure!(
        send(proxy.addr(), "PUT", "/v1/kv/lost", "1").await.is_err(),
        "an answer came back"
    );
    ask(consul.addr(), "GET", "/v1/kv/lost", "").await?;
    proxy.restore().await;
    ask(proxy.addr(), "PUT", "/v1/kv/after", "1").await?;
    Ok(())
}

async fn a_write_that_was_held_is_applied_late(_: &Subject<Nothing>) -> anyhow::Result<()> {
    let consul = start(ConsulOptions::new()).await?;
    let proxy = Proxy::start(consul.addr()).await?;
    proxy.hold(Direction::ToServer);
    let bytes = request("PUT", "/v1/kv/late", &[], b"1");
    let given_up = exchange(proxy.addr(), &bytes, Duration::from_millis(100)).await;
    ensure!(given_up.is_err(), "an answer came through");
    ensure!(send(consul.addr(), "GET", "/v1/kv/late", "").await?.status == 404);
    proxy.restore().await;
    let there = || async {
        let answer = send(consul.addr(), "GET", "/v1/kv/late", "").await.ok()?;
        (answer.status == 200).then_some(())
    };
    eventually(SOON, "the write arrived", there).await?;
    Ok(())
}

async fn three_servers_are_one_cluster_that_elects_again(
    _: &Subject<Nothing>,
) -> anyhow::Result<()> {
    let cluster = ConsulCluster::start(ConsulOptions::new().with_node_name("n")).await?;
    for (number, server) in cluster.servers().iter().enumerate() {
        ensure!(server.node_name() == format!("n-{}", number + 1));
        ask(server.addr(), "PUT", "/v1/session/create", "").await?;
        let peers = ask(server.addr(), "GET", "/v1/status/peers", "").await?;
        ensure!(peers.json()?.as_array().map(Vec::len) == Some(3));
    }
    let leader = cluster.leader().await?;
    ask(cluster.server(leader).addr(), "PUT", "/v1/kv/k", "v").await?;
    cluster.server(leader).kill()?;
    let next = cluster.leader().await?;
    ensure!(next != leader);
    let answer = ask(cluster.server(next).addr(), "GET", "/v1/kv/k?raw", "").await?;
    ensure!(answer.text() == "v", "{}", answer.text());
    cluster.server(leader).restart().await?;
    ensure!(
        cluster.leader().await? == next,
        "the one that came back leads"
    );
    Ok(())
}
