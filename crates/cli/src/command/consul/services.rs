//! `quorate consul services`.

use std::path::PathBuf;

use quorate_consul::{QueryOptions, ServiceHealth};
use serde_json::{Map, Value, json};

use super::agent::{SERVICES, filtered};
use super::body::{self, Document};
use super::definition::{self, Definitions};
use super::{Context, missing};
use crate::args::consul::services::{DeregisterArgs, HealthArgs, RegisterArgs, ServicesVerb};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::object::Object;
use crate::view::rows::{Column, Rows};

const HEALTH: &[Column<ServiceHealth>] = &[
    Column::new("ID", |it| it.service.id.clone()),
    Column::new("SERVICE", |it| it.service.service.clone()),
    Column::new("STATUS", |it| it.aggregated_status.to_string()),
    Column::new("ADDRESS", |it| it.service.address.clone()),
    Column::new("PORT", |it| it.service.port.to_string()),
    Column::new("CHECKS", |it| it.checks.len().to_string()),
];

pub(super) async fn run(context: Context<'_>, verb: ServicesVerb) -> Result<Exit, Failure> {
    let (agent, screen) = (context.client.agent(), &context.config.screen);
    match verb {
        ServicesVerb::Register(args) => register(context, &args).await?,
        ServicesVerb::Deregister(args) => deregister(context, &args).await?,
        ServicesVerb::List(args) => {
            let found = agent.services_with(&filtered(&args)).await?.value;
            screen.show(&Rows::new(found.into_values().collect(), SERVICES))?;
        }
        ServicesVerb::Show(args) => {
            let found = agent.service(&args.id).await?;
            let service = found.ok_or_else(|| missing("service", &args.id))?;
            screen.show(&Object::of(service))?;
        }
        ServicesVerb::Health(args) => health(context, &args).await?,
    }
    Ok(Exit::Success)
}

async fn register(context: Context<'_>, args: &RegisterArgs) -> Result<(), Failure> {
    let services = match &args.name {
        Some(name) => vec![from_options(name, args)],
        None => from_files(&args.files)?,
    };
    let ids = services.iter().map(definition::id);
    let ids = ids.collect::<Result<Vec<_>, _>>()?;
    for (mut service, id) in services.into_iter().zip(ids) {
        let mut options = QueryOptions::new();
        if let Some(token) = definition::take_token(&mut service) {
            options = options.with_token(token);
        }
        body::send(
            context,
            "/v1/agent/service/register",
            &service.into(),
            options,
        )
        .await
        .map_err(|failure| failure.context(format!("register service {id}")))?;
        context.config.screen.show(&Object::new("ID", id))?;
    }
    Ok(())
}

/// The services of all files, each of which has one at least.
fn from_files(files: &[PathBuf]) -> Result<Vec<Document>, Failure> {
    let mut services = Vec::new();
    for file in files {
        let found = Definitions::read(file)?;
        if found.services.is_empty() {
            let name = file.display();
            return Err(Failure::usage(format!("{name} defines no service"))
                .with_next("quorate consul check register FILE, for checks without a service"));
        }
        services.extend(found.services);
    }
    Ok(services)
}

fn from_options(name: &str, args: &RegisterArgs) -> Document {
    let mut service = Map::from_iter([("Name".to_owned(), Value::from(name))]);
    let mut set = |field: &str, value: Value| drop(service.insert(field.into(), value));
    for (field, value) in [
        ("ID", &args.id),
        ("Address", &args.address),
        ("Kind", &args.kind),
    ] {
        if let Some(value) = value {
            set(field, value.as_str().into());
        }
    }
    if let Some(port) = args.port {
        set("Port", port.into());
    }
    if !args.tag.is_empty() {
        set("Tags", args.tag.as_slice().into());
    }
    if !args.meta.is_empty() {
        set("Meta", args.meta.iter().cloned().collect());
    }
    if !args.tagged_address.is_empty() {
        let addresses = args.tagged_address.iter();
        let addresses = addresses
            .map(|(tag, host, port)| (tag.clone(), json!({"Address": host, "Port": port})));
        set("TaggedAddresses", addresses.collect());
    }
    service
}

async fn deregister(context: Context<'_>, args: &DeregisterArgs) -> Result<(), Failure> {
    let agent = context.client.agent();
    let ids = match &args.id {
        Some(id) => vec![id.clone()],
        None => {
            let services = from_files(&args.files)?;
            let ids = services.iter().map(definition::id);
            ids.collect::<Result<Vec<_>, _>>()?
        }
    };
    for id in &ids {
        agent.deregister_service(id).await?;
    }
    Ok(())
}

async fn health(context: Context<'_>, args: &HealthArgs) -> Result<(), Failure> {
    let agent = context.client.agent();
    let found = match (&args.id, &args.name) {
        (Some(id), _) => {
            let found = agent.service_health(id).await?;
            vec![found.ok_or_else(|| missing("service", id))?]
        }
        (None, name) => {
            let name = name.as_deref().unwrap_or_default();
            let found = agent.service_health_by_name(name).await?;
            if found.is_empty() {
                return Err(missing("service", name));
            }
            found
        }
    };
    Ok(context.config.screen.show(&Rows::new(found, HEALTH))?)
}
