//! `quorate service register`: for good, or while a command runs.

use std::process::ExitStatus;

use nix::sys::signal::Signal;
use quorate::{Coordinator, Health, RegisterOptions, Registration, Service, ServiceCheck};

use crate::args::service::RegisterArgs;
use crate::command::lock::child;
use crate::command::lock::foreground::Foreground;
use crate::command::lock::{before_start, ending, with_signals};
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::{self, Signals};
use crate::view::object::Object;

/// Registers it and leaves it to the server.
pub(super) async fn add(
    config: &Config,
    coordinator: &Coordinator,
    args: &RegisterArgs,
) -> Result<(), Failure> {
    let service = service(args);
    let id = service.id().to_owned();
    coordinator.services().add(service).await?;
    config.screen.show(&Object::new("id", id))?;
    Ok(())
}

/// Registers it while the command runs.
pub(super) async fn run_command(config: &Config, args: &RegisterArgs) -> Result<Exit, Failure> {
    // From here on no signal ends this process before the service is deregistered.
    with_signals(config, async |coordinator, signals| {
        while_registered(coordinator, args, signals).await
    })
    .await
}

async fn while_registered(
    coordinator: &Coordinator,
    args: &RegisterArgs,
    signals: &mut Signals,
) -> Result<Exit, Failure> {
    let options = RegisterOptions::default()
        .with_ttl(args.ttl)
        .with_drain(args.drain)
        .with_health(async || Health::passing("the command runs"));
    let services = coordinator.services();
    let registration = tokio::select! {
        registered = services.register_with(service(args), &options) => {
            registered.map_err(before_start)?
        }
        signal = ending(signals) => return Ok(Exit::Signal(signals::number(signal))),
    };
    let ended = run(args, &registration, signals).await;
    if let Err(error) = registration.release().await {
        tracing::warn!(%error, "the service was not deregistered, and is critical soon");
    }
    ended
}

async fn run(
    args: &RegisterArgs,
    registration: &Registration,
    signals: &mut Signals,
) -> Result<Exit, Failure> {
    let failed = |error: std::io::Error| Failure::from(error).with_exit(Exit::LockFailed);
    // Heard from before there is a command that could stop.
    let mut stops = Signals::listen(&[Signal::SIGCHLD]).map_err(failed)?;
    let variables = [
        ("QUORATE_SERVICE_NAME", args.name.as_str()),
        ("QUORATE_SERVICE_ID", registration.id()),
    ];
    let child = child::start_with(&args.command, &variables)?;
    let mut front = Foreground::new(child).map_err(failed)?;
    let status = stay(&mut front, signals, &mut stops).await;
    front.take_back();
    Ok(child::exit(status?))
}

/// Until the command ends.
async fn stay(
    front: &mut Foreground,
    signals: &mut Signals,
    stops: &mut Signals,
) -> std::io::Result<ExitStatus> {
    loop {
        let group = front.group;
        tokio::select! {
            biased;
            status = front.ended() => return status,
            signal = signals.next() => group.signal(signal),
            _ = stops.next() => {
                if front.follow_stop() {
                    front.resume();
                }
            }
        }
    }
}

fn service(args: &RegisterArgs) -> Service {
    let mut service = Service::new(args.name.as_str()).with_port(args.port);
    service.id.clone_from(&args.id);
    service.address.clone_from(&args.address);
    service.tags.clone_from(&args.tags);
    service.meta.extend(args.meta.iter().cloned());
    service.deregister_critical_after = args.deregister_after;
    let https = args.http.iter();
    let https = https.map(|url| ServiceCheck::http(url, args.interval));
    let tcps = args.tcp.iter();
    let tcps = tcps.map(|address| ServiceCheck::tcp(address, args.interval));
    let checks = https.chain(tcps);
    service.checks = checks
        .map(|check| check.with_timeout(args.check_timeout))
        .collect();
    service
}
