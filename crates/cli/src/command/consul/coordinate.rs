//! `quorate consul coordinate` and `rtt`.

use quorate_consul::{Coordinate, NodeCoordinate, QueryOptions};
use serde_json::json;

use super::{Context, document, missing};
use crate::args::consul::coordinate::{CoordinateVerb, RttArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::rows::{Column, Rows};
use crate::view::said::Said;
use crate::view::watch::StateView;

const NODES: &[Column<NodeCoordinate>] = &[
    Column::new("NODE", |it| it.node.clone()),
    Column::new("SEGMENT", |it| it.segment.clone()),
    Column::new("ERROR", |it| it.coord.error.to_string()),
    Column::new("HEIGHT", |it| milliseconds(it.coord.height)),
    Column::new("ADJUSTMENT", |it| milliseconds(it.coord.adjustment)),
    Column::new("VEC", |it| {
        let axes: Vec<String> = it.coord.vec.iter().map(|it| milliseconds(*it)).collect();
        axes.join(" ")
    }),
];

const SERVERS: &[Column<(String, NodeCoordinate)>] = &[
    Column::new("DC", |it| it.0.clone()),
    Column::new("NODE", |it| it.1.node.clone()),
    Column::new("ERROR", |it| it.1.coord.error.to_string()),
    Column::new("HEIGHT", |it| milliseconds(it.1.coord.height)),
    Column::new("ADJUSTMENT", |it| milliseconds(it.1.coord.adjustment)),
];

fn milliseconds(seconds: f64) -> String {
    format!("{:.3}ms", seconds * 1000.0)
}

pub(super) async fn run(context: Context<'_>, verb: CoordinateVerb) -> Result<Exit, Failure> {
    let (coordinates, screen) = (context.client.coordinate(), &context.config.screen);
    match verb {
        CoordinateVerb::Nodes(read) => {
            let found = coordinates.nodes_with(&read.options()).await?;
            screen.show(&Rows::new(found.value, NODES))?;
        }
        CoordinateVerb::Datacenters => {
            let found = coordinates.datacenters().await?;
            if screen.is_json() {
                screen.show(&StateView(&found))?;
                return Ok(Exit::Success);
            }
            let servers = found.into_iter().flat_map(|dc| {
                let name = dc.datacenter;
                dc.coordinates.into_iter().map(move |it| (name.clone(), it))
            });
            screen.show(&Rows::new(servers.collect(), SERVERS))?;
        }
        CoordinateVerb::Node(args) => {
            let options = args.read.options();
            let found = coordinates.node_with(&args.node, &options).await?.value;
            if found.is_empty() {
                return Err(missing("the coordinate of node", &args.node));
            }
            screen.show(&Rows::new(found, NODES))?;
        }
        CoordinateVerb::Update(args) => {
            let coordinate: NodeCoordinate = document::json(&args.file)?;
            coordinates
                .update_with(&coordinate, &args.write.options())
                .await?;
        }
    }
    Ok(Exit::Success)
}

/// The estimated round trip time between two nodes.
pub(super) async fn rtt(context: Context<'_>, args: &RttArgs) -> Result<Exit, Failure> {
    let other = match &args.other {
        Some(other) => other.clone(),
        None => own_name(context, args.wan).await?,
    };
    let (network, found) = match args.wan {
        true => ("WAN", wan(context, [&args.node, &other]).await?),
        false => ("LAN", lan(context, [&args.node, &other]).await?),
    };
    let [one, two] = found;
    let rtt = one.distance_to(&two).ok_or_else(|| {
        Failure::new(
            Exit::Failure,
            "the two coordinates are not of the same space",
        )
    })?;
    let (node, milliseconds) = (&args.node, rtt.as_secs_f64() * 1000.0);
    let text = format!(
        "Estimated {node} <-> {other} rtt: {milliseconds:.3} ms (using {network} coordinates)"
    );
    let thing = json!({"Nodes": [node, other], "RTT": rtt.as_secs_f64(), "Network": network});
    context.config.screen.show(&Said::new(thing, text))?;
    Ok(Exit::Success)
}

/// The node of the agent that is asked, in the WAN with its datacenter.
async fn own_name(context: Context<'_>, wan: bool) -> Result<String, Failure> {
    let itself = context.client.agent().self_info().await?;
    let (node, dc) = (itself.config.node_name, itself.config.datacenter);
    Ok(if wan { format!("{node}.{dc}") } else { node })
}

async fn lan(context: Context<'_>, names: [&String; 2]) -> Result<[Coordinate; 2], Failure> {
    let options = QueryOptions::new();
    let nodes = context
        .client
        .coordinate()
        .nodes_with(&options)
        .await?
        .value;
    // Only nodes of one segment know how far they are from each other.
    let pairs =
        of(&nodes, names[0]).flat_map(|one| of(&nodes, names[1]).map(move |two| (one, two)));
    let mut same = pairs.filter(|(one, two)| one.segment == two.segment);
    if let Some((one, two)) = same.next() {
        return Ok([one.coord.clone(), two.coord.clone()]);
    }
    let unknown = names
        .into_iter()
        .find(|name| of(&nodes, name).next().is_none());
    Err(match unknown {
        Some(name) => missing("the coordinate of node", name),
        None => Failure::new(Exit::Failure, "the two nodes are in no segment in common"),
    })
}

/// The coordinates of a node, one a segment.
fn of<'a>(nodes: &'a [NodeCoordinate], name: &'a str) -> impl Iterator<Item = &'a NodeCoordinate> {
    nodes.iter().filter(move |it| it.node == name)
}

async fn wan(context: Context<'_>, names: [&String; 2]) -> Result<[Coordinate; 2], Failure> {
    let areas = context.client.coordinate().datacenters().await?;
    let find = |name: &String| {
        let Some((node, dc)) = name.rsplit_once('.') else {
            let why = format!("{name}: with --wan nodes are named NODE.DATACENTER");
            return Err(Failure::usage(why));
        };
        let inside = areas.iter().filter(|area| area.datacenter == dc);
        let mut servers = inside.flat_map(|area| &area.coordinates);
        let found = servers.find(|it| it.node == node);
        let found = found.ok_or_else(|| missing("the coordinate of server", name))?;
        Ok(found.coord.clone())
    };
    Ok([find(names[0])?, find(names[1])?])
}
