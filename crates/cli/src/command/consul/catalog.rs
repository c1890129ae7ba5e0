//! `quorate consul catalog`.

use std::collections::BTreeMap;

use quorate_consul::wire::catalog::GatewayService;
use quorate_consul::{CatalogService, Node};
use serde::Serialize;

use super::body::{self, Document};
use super::{Context, missing};
use crate::args::consul::catalog::{
    CatalogVerb, DeregisterArgs, NodeArgs, NodesArgs, ServiceArgs, ServicesArgs,
};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::object::Object;
use crate::view::rows::{Column, Rows};

const DATACENTERS: &[Column<String>] = &[Column::new("DATACENTER", Clone::clone)];

/// So much of an id is enough for people.
const ID_CHARS: usize = 8;

const NODES: &[Column<Node>] = &[
    Column::new("NODE", |node| node.node.clone()),
    Column::new("ID", |node| node.id.chars().take(ID_CHARS).collect()),
    Column::new("ADDRESS", |node| node.address.clone()),
    Column::new("DC", |node| node.datacenter.clone()),
];

const DETAILED: &[Column<Node>] = &[
    Column::new("NODE", |node| node.node.clone()),
    Column::new("ID", |node| node.id.clone()),
    Column::new("ADDRESS", |node| node.address.clone()),
    Column::new("DC", |node| node.datacenter.clone()),
    Column::new("TAGGEDADDRESSES", |node| {
        pairs(node.tagged_addresses.as_ref())
    }),
    Column::new("META", |node| pairs(node.meta.as_ref())),
];

const NAMES: &[Column<Named>] = &[Column::new("SERVICE", |named| named.service.clone())];

const TAGGED: &[Column<Named>] = &[
    Column::new("SERVICE", |named| named.service.clone()),
    Column::new("TAGS", |named| named.tags.join(",")),
];

const INSTANCES: &[Column<CatalogService>] = &[
    Column::new("NODE", |it| it.node.clone()),
    Column::new("ADDRESS", |it| it.effective_address().to_owned()),
    Column::new("PORT", |it| it.service_port.to_string()),
    Column::new("ID", |it| it.service_id.clone()),
    Column::new("TAGS", |it| it.service_tags.join(",")),
];

const BEHIND: &[Column<GatewayService>] = &[
    Column::new("SERVICE", |it| it.service.name.clone()),
    Column::new("KIND", |it| it.gateway_kind.to_string()),
    Column::new("PORT", |it| it.port.to_string()),
    Column::new("PROTOCOL", |it| it.protocol.clone()),
    Column::new("HOSTS", |it| it.hosts.join(",")),
];

/// A service by its name.
#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct Named {
    service: String,
    tags: Vec<String>,
}

pub(super) async fn run(context: Context<'_>, verb: CatalogVerb) -> Result<Exit, Failure> {
    let (catalog, screen) = (context.client.catalog(), &context.config.screen);
    match verb {
        CatalogVerb::Datacenters(read) => {
            let names = catalog.datacenters_with(&read.options()).await?.value;
            screen.show(&Rows::plain(names, DATACENTERS))?;
        }
        CatalogVerb::Nodes(args) => nodes(context, &args).await?,
        CatalogVerb::Node(args) => node(context, &args).await?,
        CatalogVerb::Services(args) => services(context, &args).await?,
        CatalogVerb::Service(args) => {
            let (tags, options) = (tags(&args), args.list.options());
            let found = catalog.service_with(&args.name, &tags, &options).await?;
            screen.show(&Rows::new(found.value, INSTANCES))?;
        }
        CatalogVerb::Connect(args) => {
            let options = args.list.options();
            let found = catalog.connect_with(&args.name, &options).await?;
            screen.show(&Rows::new(found.value, INSTANCES))?;
        }
        CatalogVerb::GatewayServices(args) => {
            let options = args.read.options();
            let found = catalog
                .gateway_services_with(&args.gateway, &options)
                .await?;
            screen.show(&Rows::new(found.value, BEHIND))?;
        }
        CatalogVerb::Register(args) => {
            let document = body::read(&args.file)?;
            body::put(context, "/v1/catalog/register", document, &args.write).await?;
        }
        CatalogVerb::Deregister(args) => deregister(context, &args).await?,
    }
    Ok(Exit::Success)
}

fn tags(args: &ServiceArgs) -> Vec<&str> {
    args.tag.iter().map(String::as_str).collect()
}

async fn nodes(context: Context<'_>, args: &NodesArgs) -> Result<(), Failure> {
    let (catalog, options) = (context.client.catalog(), args.list.options());
    let nodes = match &args.service {
        None => catalog.nodes_with(&options).await?.value,
        Some(name) => {
            let found = catalog.service_with(name, &[], &options).await?.value;
            of_instances(found)
        }
    };
    let columns = if args.detailed { DETAILED } else { NODES };
    Ok(context.config.screen.show(&Rows::new(nodes, columns))?)
}

/// The nodes of instances, each once, in the order in which they came.
fn of_instances(instances: Vec<CatalogService>) -> Vec<Node> {
    let mut nodes: Vec<Node> = Vec::new();
    for instance in instances {
        if nodes.iter().all(|node| node.node != instance.node) {
            let mut node = Node::new(instance.node, instance.address);
            node.id = instance.id;
            node.datacenter = instance.datacenter;
            node.tagged_addresses = instance.tagged_addresses;
            node.meta = instance.node_meta;
            node.create_index = instance.create_index;
            node.modify_index = instance.modify_index;
            nodes.push(node);
        }
    }
    nodes
}

async fn node(context: Context<'_>, args: &NodeArgs) -> Result<(), Failure> {
    let mut options = args.read.options();
    if let Some(expression) = &args.filter {
        options = options.with_filter(expression);
    }
    let found = context
        .client
        .catalog()
        .node_with(&args.node, &options)
        .await?;
    let node = found.value.ok_or_else(|| missing("node", &args.node))?;
    Ok(context.config.screen.show(&Object::of(node))?)
}

async fn services(context: Context<'_>, args: &ServicesArgs) -> Result<(), Failure> {
    let (catalog, mut options) = (context.client.catalog(), args.read.options());
    for (key, value) in &args.node_meta {
        options = options.with_node_meta(key, value);
    }
    let found = match &args.node {
        None => catalog.services_with(&options).await?.value,
        Some(node) => {
            let found = catalog.node_with(node, &options).await?.value;
            let services = found.ok_or_else(|| missing("node", node))?.services;
            let mut tags: BTreeMap<String, Vec<String>> = BTreeMap::new();
            for service in services.into_values() {
                let known = tags.entry(service.service).or_default();
                known.extend(service.tags);
                known.sort_unstable();
                known.dedup();
            }
            tags
        }
    };
    let rows = found
        .into_iter()
        .map(|(service, tags)| Named { service, tags })
        .collect();
    let rows = if args.tags {
        Rows::new(rows, TAGGED)
    } else {
        Rows::plain(rows, NAMES)
    };
    Ok(context.config.screen.show(&rows)?)
}

async fn deregister(context: Context<'_>, args: &DeregisterArgs) -> Result<(), Failure> {
    const PATH: &str = "/v1/catalog/deregister";
    let mut document = Document::new();
    match (&args.node, &args.file) {
        (Some(node), _) => {
            document.insert("Node".into(), node.as_str().into());
            for (field, id) in [("ServiceID", &args.service_id), ("CheckID", &args.check_id)] {
                if let Some(id) = id {
                    document.insert(field.into(), id.as_str().into());
                }
            }
        }
        (None, Some(file)) => document = body::read(file)?,
        (None, None) => return Err(Failure::usage("a file or --node is needed")),
    }
    body::put(context, PATH, document, &args.write).await
}

fn pairs(pairs: Option<&BTreeMap<String, String>>) -> String {
    let pairs = pairs.into_iter().flatten();
    let pairs: Vec<String> = pairs.map(|(key, value)| format!("{key}={value}")).collect();
    pairs.join(",")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_node_with_two_instances_is_one_node() {
        let instance = |node: &str, id: &str| {
            let mut it = CatalogService::default();
            it.node = node.into();
            it.service_id = id.into();
            it
        };
        let nodes = of_instances(vec![
            instance("b", "1"),
            instance("a", "2"),
            instance("b", "3"),
        ]);
        let names: Vec<_> = nodes.iter().map(|node| node.node.as_str()).collect();
        assert_eq!(names, ["b", "a"]);
    }
}
