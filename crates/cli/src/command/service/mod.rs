//! `quorate service`.

mod register;

use quorate::{Coordinator, InstanceOptions, InstanceSet, Near};

use super::follow::Follow;
use crate::args::service::{MaintenanceArgs, ServiceCommand, ShowArgs, WatchArgs, WhichArgs};
use crate::config::Config;
use crate::connect;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::rows::Rows;
use crate::view::service::{CheckRow, InstanceRow, ServiceView, SetView, SummaryRow};

/// Opens the backend, runs one verb, and closes the backend whatever came of it.
pub(crate) async fn run(config: &Config, command: ServiceCommand) -> Result<Exit, Failure> {
    match command {
        ServiceCommand::Register(args) if !args.command.is_empty() => {
            return register::run_command(config, &args).await;
        }
        ServiceCommand::Watch(args) => return watch(config, args).await,
        command => {
            connect::with(config, async |coordinator| {
                verb(config, coordinator, command).await
            })
            .await
        }
    }
}

async fn verb(
    config: &Config,
    coordinator: &Coordinator,
    command: ServiceCommand,
) -> Result<Exit, Failure> {
    let services = coordinator.services();
    match command {
        ServiceCommand::Register(args) => register::add(config, coordinator, &args).await?,
        ServiceCommand::Deregister(args) => services.deregister(&args.id).await?,
        ServiceCommand::Maintenance(args) => maintain(coordinator, &args).await?,
        ServiceCommand::Show(args) => show(config, coordinator, args).await?,
        ServiceCommand::Ls(_) | ServiceCommand::Watch(_) => {
            let found = services.list().await?;
            let rows = found.into_iter().map(SummaryRow::from).collect();
            config.screen.show(&Rows::new(rows, SummaryRow::COLUMNS))?;
        }
    }
    Ok(Exit::Success)
}

async fn maintain(coordinator: &Coordinator, args: &MaintenanceArgs) -> Result<(), Failure> {
    let services = coordinator.services();
    let done = if args.enable {
        services.begin_maintenance(&args.id, &args.reason).await
    } else {
        services.end_maintenance(&args.id).await
    };
    done.map_err(|error| Failure::from(error).or_next(|| "quorate service show NAME".into()))
}

async fn show(config: &Config, coordinator: &Coordinator, args: ShowArgs) -> Result<(), Failure> {
    let services = coordinator.services();
    let options = options(args.which, !args.passing);
    let instances = services.instances_with(&args.name, &options).await?;
    if instances.is_empty() && !exists(coordinator, &args.name).await? {
        let message = format!("service {} does not exist", args.name);
        return Err(Failure::new(Exit::NotFound, message).with_next("quorate service ls"));
    }
    let mut checks = services.checks(&args.name).await?;
    checks.retain(|check| {
        let of = |id: &String| {
            let same = |it: &quorate::Instance| it.node == check.node && it.id == *id;
            instances.iter().any(same)
        };
        check.instance.as_ref().is_some_and(of)
    });
    config.screen.show(&ServiceView {
        name: args.name,
        instances: instances.iter().map(InstanceRow::from).collect(),
        checks: checks.into_iter().map(CheckRow::from).collect(),
    })?;
    Ok(())
}

/// Whether there is such a service at all.
async fn exists(coordinator: &Coordinator, name: &str) -> Result<bool, Failure> {
    let services = coordinator.services().list().await?;
    Ok(services.iter().any(|service| service.name == name))
}

fn options(which: WhichArgs, any_health: bool) -> InstanceOptions {
    let mut options = InstanceOptions::default();
    if any_health {
        options = options.with_any_health();
    }
    for tag in which.tags {
        options = options.with_tag(tag);
    }
    match which.near {
        Some(node) if node == "here" => options.with_near(Near::Here),
        Some(node) => options.with_near(Near::Node(node)),
        None => options,
    }
}

async fn watch(config: &Config, args: WatchArgs) -> Result<Exit, Failure> {
    let options = options(args.which, args.all);
    let follow = Follow {
        open: async |coordinator: &Coordinator| {
            let services = coordinator.services();
            services.watch_with(&args.name, &options)
        },
        show: |set: &InstanceSet| (Some(SetView::from(set)), false),
    };
    follow.run(config).await
}
