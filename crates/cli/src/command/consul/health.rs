//! `quorate consul health`.

use quorate_consul::wire::health::aggregated_status;
use quorate_consul::{HealthCheck, HealthStatus, ServiceEntry, ServiceQuery};

use super::Context;
use crate::args::consul::health::{HealthVerb, InstancesArgs, State, StateArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::rows::{Column, Rows};

const CHECKS: &[Column<HealthCheck>] = &[
    Column::new("NODE", |check| check.node.clone()),
    Column::new("CHECK", |check| check.check_id.clone()),
    Column::new("STATUS", |check| check.status.to_string()),
    Column::new("SERVICE", |check| check.service_name.clone()),
    Column::new("NAME", |check| check.name.clone()),
    Column::new("OUTPUT", |check| check.output.trim_end().to_owned()),
];

const INSTANCES: &[Column<ServiceEntry>] = &[
    Column::new("NODE", |entry| entry.node.node.clone()),
    Column::new("ADDRESS", |entry| match entry.service.address.as_str() {
        "" => entry.node.address.clone(),
        address => address.to_owned(),
    }),
    Column::new("PORT", |entry| entry.service.port.to_string()),
    Column::new("ID", |entry| entry.service.id.clone()),
    Column::new("STATUS", |entry| {
        aggregated_status(&entry.checks).to_string()
    }),
    Column::new("TAGS", |entry| entry.service.tags.join(",")),
];

pub(super) async fn run(context: Context<'_>, verb: HealthVerb) -> Result<Exit, Failure> {
    let health = context.client.health();
    let instances = match verb {
        HealthVerb::Node(args) => {
            let found = health.node_with(&args.name, &args.list.options()).await?;
            return checks(context, found.value);
        }
        HealthVerb::Checks(args) => {
            let found = health.checks_with(&args.name, &args.list.options()).await?;
            return checks(context, found.value);
        }
        HealthVerb::State(args) => {
            let found = in_state(context, &args).await?;
            return checks(context, found);
        }
        HealthVerb::Service(args) => {
            let options = args.list.options();
            health.service_with(query(&args), &options).await?.value
        }
        HealthVerb::Connect(args) => {
            let options = args.list.options();
            health.connect_with(query(&args), &options).await?.value
        }
        HealthVerb::Ingress(args) => {
            let options = args.list.options();
            health.ingress_with(query(&args), &options).await?.value
        }
    };
    let rows = Rows::new(instances, INSTANCES);
    context.config.screen.show(&rows)?;
    Ok(Exit::Success)
}

fn checks(context: Context<'_>, found: Vec<HealthCheck>) -> Result<Exit, Failure> {
    context.config.screen.show(&Rows::new(found, CHECKS))?;
    Ok(Exit::Success)
}

fn query(args: &InstancesArgs) -> ServiceQuery {
    let mut query = ServiceQuery::new(&args.name);
    for tag in &args.tag {
        query = query.with_tag(tag);
    }
    if args.passing {
        query = query.with_passing_only();
    }
    query
}

async fn in_state(context: Context<'_>, args: &StateArgs) -> Result<Vec<HealthCheck>, Failure> {
    let (health, options) = (context.client.health(), args.list.options());
    let status = match args.state {
        State::Any => return Ok(health.any_with(&options).await?.value),
        State::Passing => HealthStatus::Passing,
        State::Warning => HealthStatus::Warning,
        State::Critical => HealthStatus::Critical,
    };
    Ok(health.state_with(&status, &options).await?.value)
}
