//! `quorate consul agent`, members, join, leave, force-leave, reload, maint and monitor.

use quorate_consul::agent::{LogFormat, MonitorOptions};
use quorate_consul::{AgentService, Client, HealthCheck, HealthStatus, Member, QueryOptions};

use super::Context;
use crate::args::consul::agent::{
    AgentVerb, FilterArgs, ForceLeaveArgs, JoinArgs, MaintArgs, MembersArgs, MonitorArgs, Status,
};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::object::Object;
use crate::view::rows::{Column, Rows};

const MEMBERS: &[Column<Member>] = &[
    Column::new("NODE", |member| member.name.clone()),
    Column::new("ADDRESS", |member| {
        format!("{}:{}", member.addr, member.port)
    }),
    Column::new("STATUS", |member| member.status.to_string()),
    Column::new("TYPE", |member| {
        if member.is_server() {
            "server"
        } else {
            "client"
        }
        .into()
    }),
    Column::new("BUILD", |member| {
        member.version().unwrap_or_default().into()
    }),
    Column::new("DC", |member| {
        member.datacenter().unwrap_or_default().into()
    }),
];

pub(super) const SERVICES: &[Column<AgentService>] = &[
    Column::new("ID", |service| service.id.clone()),
    Column::new("SERVICE", |service| service.service.clone()),
    Column::new("ADDRESS", |service| service.address.clone()),
    Column::new("PORT", |service| service.port.to_string()),
    Column::new("TAGS", |service| service.tags.join(",")),
];

pub(super) const CHECKS: &[Column<HealthCheck>] = &[
    Column::new("CHECK", |check| check.check_id.clone()),
    Column::new("STATUS", |check| check.status.to_string()),
    Column::new("SERVICE", |check| check.service_id.clone()),
    Column::new("NAME", |check| check.name.clone()),
    Column::new("OUTPUT", |check| check.output.clone()),
];

pub(super) async fn run(context: Context<'_>, verb: AgentVerb) -> Result<Exit, Failure> {
    let (agent, screen) = (context.client.agent(), &context.config.screen);
    match verb {
        AgentVerb::Itself => screen.show(&Object::of(agent.self_info().await?))?,
        AgentVerb::Host => screen.show(&Object::of(agent.host().await?))?,
        AgentVerb::Metrics(args) if args.prometheus => {
            screen.raw(agent.metrics_prometheus().await?.as_bytes())?;
        }
        AgentVerb::Metrics(_) => screen.show(&Object::of(agent.metrics().await?))?,
        AgentVerb::Services(args) => {
            let found = agent.services_with(&filtered(&args)).await?.value;
            screen.show(&Rows::new(found.into_values().collect(), SERVICES))?;
        }
        AgentVerb::Checks(args) => {
            let found = agent.checks_with(&filtered(&args)).await?.value;
            screen.show(&Rows::new(found.into_values().collect(), CHECKS))?;
        }
        AgentVerb::Check(args) => {
            agent
                .update_ttl(&args.id, &status(args.status), &args.note)
                .await?;
        }
    }
    Ok(Exit::Success)
}

pub(super) fn status(status: Status) -> HealthStatus {
    match status {
        Status::Passing => HealthStatus::Passing,
        Status::Warning => HealthStatus::Warning,
        Status::Critical => HealthStatus::Critical,
    }
}

pub(super) fn filtered(args: &FilterArgs) -> QueryOptions {
    match &args.filter {
        Some(expression) => QueryOptions::new().with_filter(expression),
        None => QueryOptions::new(),
    }
}

pub(super) async fn members(context: Context<'_>, args: &MembersArgs) -> Result<Exit, Failure> {
    let agent = context.client.agent();
    let members = if args.wan {
        agent.members_wan().await?
    } else {
        agent.members().await?
    };
    context.config.screen.show(&Rows::new(members, MEMBERS))?;
    Ok(Exit::Success)
}

pub(super) async fn join(context: Context<'_>, args: &JoinArgs) -> Result<Exit, Failure> {
    let agent = context.client.agent();
    for address in &args.addresses {
        if args.wan {
            agent.join_wan(address).await?;
        } else {
            agent.join(address).await?;
        }
    }
    Ok(Exit::Success)
}

pub(super) async fn force_leave(
    context: Context<'_>,
    args: &ForceLeaveArgs,
) -> Result<Exit, Failure> {
    let agent = context.client.agent();
    if args.prune {
        agent.force_leave_prune(&args.node).await?;
    } else {
        agent.force_leave(&args.node).await?;
    }
    Ok(Exit::Success)
}

pub(super) async fn leave(context: Context<'_>) -> Result<Exit, Failure> {
    context.client.agent().leave().await?;
    Ok(Exit::Success)
}

pub(super) async fn reload(context: Context<'_>) -> Result<Exit, Failure> {
    context.client.agent().reload().await?;
    Ok(Exit::Success)
}

pub(super) async fn maint(context: Context<'_>, args: &MaintArgs) -> Result<Exit, Failure> {
    let agent = context.client.agent();
    match (args.enable, args.disable, &args.service) {
        (true, _, Some(id)) => agent.enable_service_maintenance(id, &args.reason).await?,
        (true, _, None) => agent.enable_maintenance(&args.reason).await?,
        (_, true, Some(id)) => agent.disable_service_maintenance(id).await?,
        (_, true, None) => agent.disable_maintenance().await?,
        (false, false, service) => show_maintenance(context, service.as_deref()).await?,
    }
    Ok(Exit::Success)
}

/// What is in maintenance: the checks that say so.
async fn show_maintenance(context: Context<'_>, service: Option<&str>) -> Result<(), Failure> {
    const COLUMNS: &[Column<HealthCheck>] = &[
        Column::new("NODE", |check| check.node.clone()),
        Column::new("SERVICE", |check| check.service_id.clone()),
        Column::new("REASON", |check| check.notes.clone()),
    ];
    let checks = context.client.agent().checks().await?;
    let in_maintenance = checks.into_values().filter(|check| {
        let of_service = check.check_id.starts_with("_service_maintenance:");
        let wanted = service.is_none_or(|id| check.service_id == id);
        (of_service || check.check_id == "_node_maintenance") && wanted
    });
    let rows = Rows::new(in_maintenance.collect(), COLUMNS);
    Ok(context.config.screen.show(&rows)?)
}

/// Prints lines until the agent ends or the reader goes away.
pub(super) async fn monitor(context: Context<'_>, args: &MonitorArgs) -> Result<Exit, Failure> {
    let Context { config, client } = context;
    let mut lines = open_log(client, args).await?;
    while let Some(line) = lines.next().await? {
        config.screen.raw(format!("{line}\n").as_bytes())?;
    }
    Ok(Exit::Success)
}

async fn open_log(
    client: &Client,
    args: &MonitorArgs,
) -> Result<quorate_consul::LogLines, Failure> {
    let level = args.log_level.parse().map_err(Failure::usage)?;
    let mut options = MonitorOptions::new().with_level(level);
    if args.log_json {
        options = options.with_format(LogFormat::Json);
    }
    Ok(client.agent().monitor_with(&options).await?)
}
