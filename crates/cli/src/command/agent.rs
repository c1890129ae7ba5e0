//! `quorate agent`: serves until a signal ends it.

mod serf;

use std::convert::Infallible;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::sys::signal::Signal;
use quorate::Secret;
use quorate_agent::{
    AclConfig, Agent, AgentConfig, AgentError, Bound, Listen, LogLines, LogThreshold,
};
use tokio::io::AsyncWriteExt as _;

use crate::args::agent::AgentArgs;
use crate::args::agent::serf::SerfArgs;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::{self, Signals};
use crate::view::agent::{AgentView, ListenerView};
use crate::view::sanitize;

/// No token is longer.
const MAX_TOKEN_BYTES: u64 = 4096;

/// Starts the agent, says where it listens, and serves; prints its log meanwhile, if that is wanted.
pub(crate) async fn run(config: &Config, args: AgentArgs) -> Result<Exit, Failure> {
    raise_descriptor_limit();
    let lines = args.log_level.map(|level| config.log.lines(level));
    let threshold = lines.as_ref().map(LogLines::threshold);
    tokio::select! {
        ended = serve(config, args, threshold) => ended,
        printed = print(lines) => match printed {},
    }
}

/// Prints the log on standard error for as long as it is polled.
async fn print(lines: Option<LogLines>) -> Infallible {
    let mut out = tokio::io::stderr();
    if let Some(mut lines) = lines {
        while let Some(line) = lines.next().await {
            // Others may have named what stands in it, and if nobody reads it the agent serves all
            // the same.
            let line = String::from_utf8_lossy(&line).replace('\n', "\\n");
            let line = format!("{}\n", sanitize::visible(&line));
            let _ = out.write_all(line.as_bytes()).await;
            let _ = out.flush().await;
        }
    }
    std::future::pending().await
}

async fn serve(
    config: &Config,
    args: AgentArgs,
    log: Option<LogThreshold>,
) -> Result<Exit, Failure> {
    let mut signals = Signals::listen(&Signals::END)?;
    let settings = settings(&args)?.with_log(config.log.clone());
    let data = settings.data_dir().map(|path| path.display().to_string());
    let agent = tokio::select! {
        started = Agent::start(settings) => started.map_err(|error| not_started(error, &args))?,
        signal = signals.next() => return Ok(Exit::Signal(signals::number(signal))),
    };
    config.screen.show(&AgentView::Ready {
        node: agent.node_name().to_owned(),
        data,
        listeners: listeners(&agent),
        gossip: args.serf.gossip.and_then(|_| agent.gossip_address()),
        pid: std::process::id(),
    })?;
    let (reason, polite) = tokio::select! {
        signal = end(config, &mut signals, &agent, (&args.serf, log)) => {
            let (signal, goodbye) = (signal?, args.serf.goodbye);
            // As Serf's agent: Ctrl-C says goodbye to the cluster.
            let polite = match signal {
                Signal::SIGINT => goodbye.on_interrupt,
                _ => goodbye.on_terminate,
            };
            (signal.as_str(), polite)
        }
        () = agent.left() => ("leave", false),
        failure = serf::not_joined(&agent, &args.serf) => {
            agent.shutdown().await;
            return Err(failure);
        }
    };
    config
        .screen
        .note(&AgentView::Stopping { signal: reason })?;
    let ending = async {
        match polite {
            true => agent.leave().await,
            false => agent.shutdown().await,
        }
    };
    tokio::select! {
        () = ending => {
            config.screen.note(&AgentView::Stopped)?;
            Ok(Exit::Success)
        }
        forced = signals.next() => Ok(Exit::Signal(signals::number(forced))),
    }
}

/// The signal that ends the agent. SIGHUP does not end one that has something to read again.
async fn end(
    config: &Config,
    signals: &mut Signals,
    agent: &Agent,
    (serf, log): (&SerfArgs, Option<LogThreshold>),
) -> Result<Signal, Failure> {
    loop {
        let signal = signals.next().await;
        if signal != Signal::SIGHUP {
            return Ok(signal);
        }
        match serf::reload(config, agent, serf, log.as_ref()).await {
            Ok(true) => config.screen.note(&AgentView::Reloaded)?,
            Ok(false) => return Ok(signal),
            Err(failure) => config.screen.note(&failure.view())?,
        }
    }
}

/// Makes room for as many connections as the system allows: most systems begin with 1024 open files,
/// for programs that could not bear more. Where it is refused, the agent serves fewer.
fn raise_descriptor_limit() {
    let raised = getrlimit(Resource::RLIMIT_NOFILE).and_then(|(soft, hard)| match soft < hard {
        true => setrlimit(Resource::RLIMIT_NOFILE, hard, hard),
        false => Ok(()),
    });
    if let Err(error) = raised {
        tracing::debug!(%error, "can't raise the number of open files");
    }
}

fn settings(args: &AgentArgs) -> Result<AgentConfig, Failure> {
    let mut settings = match (&args.data, args.memory) {
        (Some(path), _) => AgentConfig::directory(path),
        (None, true) => AgentConfig::memory(),
        (None, false) => AgentConfig::directory(quorate::target::user_data_dir()?),
    };
    for address in &args.consul_http {
        let listen = Listen::parse(address).map_err(|error| not_started(error, args))?;
        settings = settings.with_consul_http(listen);
    }
    for address in &args.etcd {
        let listen = Listen::parse(address).map_err(|error| not_started(error, args))?;
        settings = settings.with_etcd(listen);
    }
    settings = settings.with_etcd_strict(args.etcd_strict);
    if let Some(ttl) = args.etcd_min_lease_ttl {
        settings = settings.with_etcd_min_lease_ttl(ttl);
    }
    if let Some(node) = &args.node {
        settings = settings.with_node_name(node);
    }
    if let Some(era) = &args.consul_compat {
        let compat = era.parse().map_err(|error| not_started(error, args))?;
        settings = settings.with_compat(compat);
    }
    settings = settings.with_script_checks(args.script_checks);
    if let Some(timeout) = args.idle_timeout {
        settings = settings.with_idle_timeout(timeout);
    }
    settings = serf::add(settings, args)?;
    if let Some(acl) = acl(args)? {
        settings = settings.with_acl(acl);
    }
    Ok(settings.with_allow_remote(args.allow_remote >= 2))
}

/// The access rules, if any option speaks of them.
fn acl(args: &AgentArgs) -> Result<Option<AclConfig>, Failure> {
    if args.acl_default_policy.is_none() && args.acl_management_token_file.is_none() {
        return Ok(None);
    }
    let mut acl = AclConfig::default();
    if let Some(policy) = &args.acl_default_policy {
        let policy = policy.parse().map_err(|error| not_started(error, args))?;
        acl = acl.with_default_policy(policy);
    }
    if let Some(path) = &args.acl_management_token_file {
        acl = acl.with_management_token(read_token(path)?);
    }
    Ok(Some(acl))
}

/// The secret in a file. Its text is in no error.
fn read_token(path: &Path) -> Result<Secret, Failure> {
    let failed = |error| {
        let action = format!("read the token in {}", path.display());
        Failure::caused(Exit::Usage, error)
            .context(action)
            .with_next("quorate agent --help")
    };
    let file = File::open(path).map_err(failed)?;
    let mut text = String::new();
    let read = file.take(MAX_TOKEN_BYTES).read_to_string(&mut text);
    read.map_err(failed)?;
    Ok(Secret::new(text.trim().to_owned()))
}

/// The exit code and the next command for each reason.
fn not_started(error: AgentError, args: &AgentArgs) -> Failure {
    let (exit, next) = match &error {
        AgentError::AddressInUse { .. } => (
            Exit::Failure,
            "quorate agent --consul-http 127.0.0.1:0, for any free port".to_owned(),
        ),
        AgentError::NotLoopback { address } => {
            let more = match args.allow_remote {
                0 => "--allow-remote --allow-remote",
                _ => "--allow-remote a second time",
            };
            let next = format!("--consul-http 127.0.0.1:{}, or {more}", address.port());
            (Exit::Usage, next)
        }
        AgentError::InvalidListen { .. }
        | AgentError::InvalidName { .. }
        | AgentError::UnknownCompat(_)
        | AgentError::InvalidToken { .. }
        | AgentError::UnknownProfile(_)
        | AgentError::InvalidEventHandler { .. }
        | AgentError::EmptyRpcToken
        | AgentError::GossipKey { .. }
        | AgentError::UnknownAclDefault(_) => (Exit::Usage, "quorate agent --help".to_owned()),
        AgentError::Gossip(error) => (
            match **error {
                quorate_agent::gossip::Error::PublicWithoutKey { .. }
                | quorate_agent::gossip::Error::Name { .. } => Exit::Usage,
                _ => Exit::Failure,
            },
            "quorate agent --gossip 127.0.0.1:0; beyond this machine with --encrypt-file FILE, or \
             --allow-remote --allow-remote"
                .to_owned(),
        ),
        AgentError::DirectoryOwned { path, owner } => {
            let owner = owner
                .map(|id| format!("kill {id}, or "))
                .unwrap_or_default();
            let next = format!(
                "quorate --at embedded:{} kv ls (shares it), {owner}quorate agent --data DIR",
                path.display()
            );
            (Exit::Failure, next)
        }
        _ => (
            Exit::Failure,
            "quorate agent --memory, or --data DIR with another DIR".to_owned(),
        ),
    };
    Failure::caused(exit, error)
        .context("start the agent")
        .with_next(next)
}

fn listeners(agent: &Agent) -> Vec<ListenerView> {
    let consul = agent.consul_http().iter().map(consul_listener);
    consul
        .chain(agent.etcd().iter().map(etcd_listener))
        .chain(agent.serf_rpc().iter().map(serf::listener))
        .collect()
}

fn consul_listener(bound: &Bound) -> ListenerView {
    let (environment, at) = match (bound.addr(), bound.path()) {
        (Some(address), _) => (address.to_string(), format!("consul://{address}")),
        (None, Some(path)) => (bound.url(), format!("consul+unix://{}", path.display())),
        (None, None) => (bound.url(), bound.url()),
    };
    ListenerView {
        protocol: "consul-http",
        url: bound.url(),
        environment: format!("CONSUL_HTTP_ADDR={environment}"),
        at: Some(at),
    }
}

fn etcd_listener(bound: &Bound) -> ListenerView {
    ListenerView {
        protocol: "etcd",
        url: bound.url(),
        environment: format!("ETCDCTL_ENDPOINTS={}", bound.url()),
        at: (bound.url().strip_prefix("http://")).map(|address| format!("etcd://{address}")),
    }
}
