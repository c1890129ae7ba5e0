//! `quorate consul query`.

use quorate_consul::wire::prepared_query::NAME_PREFIX_MATCH;
use quorate_consul::{ExecuteOptions, PreparedQuery, ServiceEntry};

use super::{Context, document, missing};
use crate::args::consul::query::{ExecuteQueryArgs, QueryFields, QueryVerb, UpdateQueryArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::object::Object;
use crate::view::rows::{Column, Rows};
use crate::view::watch::StateView;

const COLUMNS: &[Column<PreparedQuery>] = &[
    Column::new("ID", |query| query.id.clone()),
    Column::new("NAME", |query| query.name.clone()),
    Column::new("SERVICE", |query| query.service.service.clone()),
    Column::new("TEMPLATE", |query| query.is_template().to_string()),
    Column::new("SESSION", |query| query.session.clone()),
];

const INSTANCES: &[Column<ServiceEntry>] = &[
    Column::new("NODE", |entry| entry.node.node.clone()),
    Column::new("ADDRESS", |entry| entry.effective_address().to_owned()),
    Column::new("PORT", |entry| entry.service.port.to_string()),
    Column::new("ID", |entry| entry.service.id.clone()),
    Column::new("TAGS", |entry| entry.service.tags.join(",")),
    Column::new("STATUS", |entry| entry.status().to_string()),
];

pub(super) async fn run(context: Context<'_>, verb: QueryVerb) -> Result<Exit, Failure> {
    let (queries, screen) = (context.client.prepared_query(), &context.config.screen);
    match verb {
        QueryVerb::List(read) => {
            let found = queries.list_with(&read.options()).await?;
            screen.show(&Rows::new(found.value, COLUMNS))?;
        }
        QueryVerb::Create(args) => {
            let base = match &args.fields.file {
                Some(path) => document::json(path)?,
                None => PreparedQuery::default(),
            };
            let query = filled(base, args.fields);
            let id = queries.create_with(&query, &args.write.options()).await?;
            screen.show(&Object::new("ID", id))?;
        }
        QueryVerb::Read(args) => {
            let found = queries.read_with(&args.id, &args.read.options()).await?;
            let query = found.value.ok_or_else(|| missing("query", &args.id))?;
            screen.show(&StateView(&query))?;
        }
        QueryVerb::Update(args) => update(context, args).await?,
        QueryVerb::Delete(args) => queries.delete_with(&args.id, &args.write.options()).await?,
        QueryVerb::Execute(args) => execute(context, &args).await?,
        QueryVerb::Explain(args) => {
            let found = queries.explain_with(&args.id, &args.read.options()).await?;
            screen.show(&StateView(&found.value))?;
        }
    }
    Ok(Exit::Success)
}

async fn update(context: Context<'_>, args: UpdateQueryArgs) -> Result<(), Failure> {
    let (queries, options) = (context.client.prepared_query(), args.write.options());
    let base = match &args.fields.file {
        Some(path) => document::json(path)?,
        None => {
            let found = queries.read_with(&args.id, &options.clone().into()).await?;
            found.value.ok_or_else(|| missing("query", &args.id))?
        }
    };
    let query = filled(base, args.fields);
    queries.update_with(&args.id, &query, &options).await?;
    Ok(())
}

/// The query with everything that was named.
fn filled(mut query: PreparedQuery, fields: QueryFields) -> PreparedQuery {
    fn set<T>(place: &mut T, given: Option<T>) {
        if let Some(given) = given {
            *place = given;
        }
    }
    set(&mut query.name, fields.name);
    set(&mut query.session, fields.session);
    if fields.template {
        NAME_PREFIX_MATCH.clone_into(&mut query.template.r#type);
    }
    set(&mut query.template.regexp, fields.regexp);
    set(&mut query.service.service, fields.service);
    set(&mut query.service.near, fields.near);
    query.service.only_passing |= fields.only_passing;
    query.service.connect |= fields.connect;
    if !fields.tag.is_empty() {
        query.service.tags = Some(fields.tag);
    }
    if !fields.ignore_check.is_empty() {
        query.service.ignore_check_ids = Some(fields.ignore_check);
    }
    for (key, value) in fields.node_meta {
        query = query.with_node_meta(key, value);
    }
    for (key, value) in fields.service_meta {
        query = query.with_service_meta(key, value);
    }
    set(
        &mut query.service.failover.nearest_n,
        fields.nearest.map(i64::from),
    );
    if !fields.failover.is_empty() {
        query.service.failover.datacenters = Some(fields.failover);
    }
    match fields.dns_ttl {
        Some(ttl) => query.with_dns_ttl(ttl),
        None => query,
    }
}

async fn execute(context: Context<'_>, args: &ExecuteQueryArgs) -> Result<(), Failure> {
    let (queries, screen) = (context.client.prepared_query(), &context.config.screen);
    let mut options = ExecuteOptions::new();
    options.limit = args.limit;
    options.connect = args.connect;
    options.query = args.read.options();
    if let Some(node) = &args.near {
        options.query = options.query.with_near(node);
    }
    let found = queries.execute_with(&args.name, &options).await?.value;
    if screen.is_json() {
        screen.show(&StateView(&found))?;
    } else {
        screen.show(&Rows::new(found.nodes, INSTANCES))?;
    }
    Ok(())
}
