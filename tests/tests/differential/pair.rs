//! The two servers.

use std::time::Duration;

use anyhow::Context as _;
use quorate_agent::{Agent, AgentConfig};
use quorate_testkit::eventually;
use quorate_testkit::exchange::{exchange, request};
use quorate_testkit::server::{ConsulOptions, ConsulServer};
use serde_json::Value;
use tokio::sync::Mutex;

use crate::exchange::{Line, Told};
use crate::request::{Both, Meanings, Request, Side};

/// How both call their node.
pub(crate) const NODE: &str = "node-1";
/// How long the real server has for what it writes by itself after its start.
const SETTLING: Duration = Duration::from_secs(20);

/// The real Consul and the embedded agent, both fresh.
pub(crate) struct Pair {
    lines: Both<Mutex<Line>>,
    /// For reads that block while something else happens.
    second: Both<Mutex<Line>>,
    /// What each calls itself: its server address, the id of its node, and the port in its catalog.
    pub(crate) names: Both<Vec<(String, &'static str)>>,
    _real: ConsulServer,
    _ours: Agent,
}

impl Pair {
    pub(crate) async fn start() -> anyhow::Result<Self> {
        let options = ConsulOptions::default().with_node_name(NODE);
        let real = ConsulServer::start(options).await?;
        let config = AgentConfig::memory()
            .with_strict(true)
            .with_node_name(NODE)
            .with_consul_http("127.0.0.1:0".parse()?);
        let ours = Agent::start(config).await?;
        let url = ours.consul_url().context("the agent listens")?;
        let address = url.trim_start_matches("http://").parse()?;
        settle(real.addr()).await?;
        let names = Both {
            real: names(real.addr()).await?,
            ours: names(address).await?,
        };
        let lines = || Both {
            real: Mutex::new(Line::new(real.addr())),
            ours: Mutex::new(Line::new(address)),
        };
        Ok(Self {
            lines: lines(),
            second: lines(),
            names,
            _real: real,
            _ours: ours,
        })
    }

    /// Both answers to a request.
    pub(crate) async fn ask(&self, request: &Request, meanings: &impl Meanings) -> Both<Told> {
        ask_on(&self.lines, request, meanings).await
    }

    /// Both answers to a read that blocks while another request is made, and to that.
    pub(crate) async fn ask_during(
        &self,
        read: &Request,
        other: &Request,
        meanings: &impl Meanings,
    ) -> (Both<Told>, Both<Told>) {
        let other = async {
            // Nothing tells from outside that a read has begun to wait.
            tokio::time::sleep(Duration::from_millis(10)).await;
            ask_on(&self.lines, other, meanings).await
        };
        tokio::join!(ask_on(&self.second, read, meanings), other)
    }

    /// One server's answer to a request of its own.
    pub(crate) async fn ask_one(
        &self,
        side: Side,
        request: &Request,
        meanings: &impl Meanings,
    ) -> Told {
        let wire = request.wire(meanings, side);
        self.lines.of(side).lock().await.ask(&wire).await
    }
}

async fn ask_on(
    lines: &Both<Mutex<Line>>,
    request: &Request,
    meanings: &impl Meanings,
) -> Both<Told> {
    let wires = Both {
        real: request.wire(meanings, Side::Real),
        ours: request.wire(meanings, Side::Ours),
    };
    let real = async { lines.real.lock().await.ask(&wires.real).await };
    let ours = async { lines.ours.lock().await.ask(&wires.ours).await };
    let (real, ours) = tokio::join!(real, ours);
    Both { real, ours }
}

/// Waits until a real server has registered itself wholly: its node, its service and its check.
async fn settle(server: std::net::SocketAddr) -> anyhow::Result<()> {
    let registered = || async {
        let node = get(server, &format!("/v1/catalog/node/{NODE}")).await;
        let whole = node.is_ok_and(|node| {
            !node["Node"]["TaggedAddresses"]["lan_ipv4"].is_null()
                && !node["Services"]["consul"].is_null()
                && !node["Node"]["Meta"]["consul-network-segment"].is_null()
        });
        whole.then_some(())
    };
    eventually(SETTLING, "the node's registration of itself", registered).await?;
    Ok(())
}

async fn names(server: std::net::SocketAddr) -> anyhow::Result<Vec<(String, &'static str)>> {
    let leader = get(server, "/v1/status/leader").await?;
    let node = get(server, &format!("/v1/catalog/node/{NODE}")).await?;
    let leader = leader.as_str().context("a leader")?;
    let id = node["Node"]["ID"].as_str().context("a node id")?;
    let port = leader.rsplit(':').next().unwrap_or_default();
    Ok(vec![
        (leader.to_owned(), "<leader>"),
        (id.to_owned(), "<node>"),
        (format!("\"Port\":{port},"), "\"Port\":<port>,"),
        (format!("\"Port\": {port},"), "\"Port\": <port>,"),
    ])
}

async fn get(server: std::net::SocketAddr, target: &str) -> anyhow::Result<Value> {
    let bytes = request("GET", target, &[], b"");
    let answer = exchange(server, &bytes, Duration::from_secs(10)).await?;
    Ok(answer.json()?)
}
