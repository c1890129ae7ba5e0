//! Network coordinates: `/v1/coordinate`.

use bytes::Bytes;
use http::{Method, StatusCode};
use quorate_wire::consul::coordinate::{DIMENSIONS, decode_datacenters, decode_nodes};
use quorate_wire::consul::{Coordinate, DatacenterCoordinates, NodeCoordinate, path};

use crate::answer::Answer;
use crate::call::{Effect, Operation};
use crate::client::Client;
use crate::error::Error;
use crate::options::{QueryOptions, WriteOptions};
use crate::url::Url;

/// Network coordinates: where nodes are in a space whose distances are round trip times.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// # let client = quorate_consul::Client::builder().dialer(agent.dialer()).build()?;
/// let nodes = client.coordinate().nodes().await?;
/// let own = &nodes[0].coord;
/// assert_eq!(own.distance_to(own), Some(std::time::Duration::from_micros(20)));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct CoordinateApi {
    client: Client,
}

impl CoordinateApi {
    pub(crate) fn new(client: Client) -> Self {
        Self { client }
    }

    /// The servers of every datacenter, in the network between datacenters.
    ///
    /// `GET /v1/coordinate/datacenters`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind).
    pub async fn datacenters(&self) -> Result<Vec<DatacenterCoordinates>, Error> {
        let options = QueryOptions::default();
        Ok(self.datacenters_with(&options).await?.value)
    }

    /// [`datacenters`](Self::datacenters) with options; only token and timeout matter here.
    ///
    /// # Errors
    /// As [`datacenters`](Self::datacenters).
    pub async fn datacenters_with(
        &self,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<DatacenterCoordinates>>, Error> {
        let operation = Operation::new("ask for the coordinates of datacenters", "");
        let url = Url::new(path::COORDINATE_DATACENTERS);
        let call = self.client.read(operation, url, options);
        self.client.execute(call).await?.answer(decode_datacenters)
    }

    /// The coordinates of all nodes of the datacenter, by name.
    ///
    /// `GET /v1/coordinate/nodes`
    ///
    /// # Errors
    /// As every read, see [`ErrorKind`](crate::ErrorKind).
    pub async fn nodes(&self) -> Result<Vec<NodeCoordinate>, Error> {
        Ok(self.nodes_with(&QueryOptions::default()).await?.value)
    }

    /// [`nodes`](Self::nodes) with options. It can block, but its index moves every few seconds
    /// on servers whose nodes gossip.
    ///
    /// # Errors
    /// As [`nodes`](Self::nodes).
    pub async fn nodes_with(
        &self,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<NodeCoordinate>>, Error> {
        let operation = Operation::new("ask for the coordinates of nodes", "");
        let url = Url::new(path::COORDINATE_NODES);
        let mut call = self.client.read(operation, url, options);
        call.listing = true;
        self.client.execute(call).await?.answer(decode_nodes)
    }

    /// The coordinates of one node, one for each network segment; none if it has none.
    ///
    /// `GET /v1/coordinate/node/NODE`
    ///
    /// # Errors
    /// `InvalidArgument` for a name that can't be addressed, else as every read, see
    /// [`ErrorKind`](crate::ErrorKind).
    pub async fn node(&self, node: &str) -> Result<Vec<NodeCoordinate>, Error> {
        Ok(self.node_with(node, &QueryOptions::default()).await?.value)
    }

    /// [`node`](Self::node) with options.
    ///
    /// # Errors
    /// As [`node`](Self::node).
    pub async fn node_with(
        &self,
        node: &str,
        options: &QueryOptions,
    ) -> Result<Answer<Vec<NodeCoordinate>>, Error> {
        let operation = Operation::new("ask for the coordinates of node", node);
        if let Err(error) = path::check_key(node) {
            return Err(Error::invalid(operation.to_string(), "the name").with_source(error));
        }
        let url = Url::named(path::COORDINATE_NODE, node);
        let call = self.client.read(operation, url, options);
        let reply = self.client.execute(call).await?;
        if reply.status == StatusCode::NOT_FOUND && reply.body.is_empty() {
            return Ok(Answer::new(Vec::new(), reply.meta()));
        }
        reply.answer(decode_nodes)
    }

    /// Sets the coordinate of a node. Servers collect these: it may take five seconds until it is
    /// seen, and of a node that they do not know it is dropped without an error.
    ///
    /// `PUT /v1/coordinate/update`
    ///
    /// # Errors
    /// `InvalidArgument` for other than 8 dimensions or numbers that are not finite, else see
    /// [`ErrorKind`](crate::ErrorKind). It is sent again when its answer is lost.
    pub async fn update(&self, coordinate: &NodeCoordinate) -> Result<(), Error> {
        self.update_with(coordinate, &WriteOptions::default()).await
    }

    /// [`update`](Self::update) with options.
    ///
    /// # Errors
    /// As [`update`](Self::update).
    pub async fn update_with(
        &self,
        coordinate: &NodeCoordinate,
        options: &WriteOptions,
    ) -> Result<(), Error> {
        let operation = Operation::new("update the coordinate of node", &coordinate.node);
        check(operation, &coordinate.coord)?;
        let body = serde_json::to_vec(coordinate).map_err(|error| {
            Error::invalid(operation.to_string(), "the coordinate").with_source(error)
        })?;
        let url = Url::new(path::COORDINATE_UPDATE);
        let mut call = self.client.write(operation, Method::PUT, url, options);
        call.body = Bytes::from(body);
        call.effect = Effect::Idempotent;
        self.client.execute(call).await?.success()?;
        Ok(())
    }
}

fn check(operation: Operation<'_>, coordinate: &Coordinate) -> Result<(), Error> {
    let Coordinate {
        vec,
        error,
        adjustment,
        height,
        ..
    } = coordinate;
    let why = if vec.len() != DIMENSIONS {
        format!(
            "the coordinate has {} dimensions, not {DIMENSIONS}",
            vec.len()
        )
    } else if !vec
        .iter()
        .chain([error, adjustment, height])
        .all(|it| it.is_finite())
    {
        "the coordinate has a number that is not finite".into()
    } else {
        return Ok(());
    };
    Err(Error::invalid(operation.to_string(), why))
}
