//! Which index each kind of read answers with: the table of all reads and all writes. A write moves
//! the indexes of its own table, wakes those who wait for what it changed, and nobody else.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_consul::wire::service::Proxy;
use quorate_consul::{
    DeregisterRequest, HealthCheck, HealthStatus, NodeService, RegisterRequest, ServiceKind,
};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep, timeout};

use super::coordinate;
use super::target::{ALONE, Consul, MASTER, index_of};
use crate::cases;
use crate::protocol::{PARKED, equal};
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        a_write_moves_the_indexes_of_its_table_and_wakes_its_readers_alone needs [ALONE],
        acl_a_change_of_rules_moves_the_index_of_its_kind_alone needs [ALONE],
        a_coordinate_wakes_the_readers_of_coordinates needs [ALONE],
        what_has_no_index_of_its_own_has_index_1,
        typed_watches_follow_every_kind_of_thing needs [ALONE],
        a_typed_watch_follows_what_is_behind_a_gateway needs [ALONE],
    ]
    .into()
}

/// How long a read waits that nothing shall wake.
const QUIET: Duration = Duration::from_millis(500);

/// A kind of write, whom it wakes, and whose index it moves without waking them. Everybody else
/// neither wakes nor finds another index.
struct Row {
    write: &'static str,
    wakes: &'static [&'static str],
    moves: &'static [&'static str],
}

const ROWS: &[Row] = &[
    Row {
        write: "a key",
        wakes: &["kv/?keys", "kv/?recurse"],
        moves: &[],
    },
    Row {
        write: "a session",
        wakes: &["session/list", "session/node/NODE"],
        moves: &["session/info/SESSION"],
    },
    Row {
        write: "a node",
        wakes: &["catalog/nodes"],
        moves: &["catalog/node/x", "catalog/node-services/x"],
    },
    Row {
        write: "a service",
        wakes: &["catalog/services"],
        moves: &["catalog/node/x", "catalog/node-services/x"],
    },
    Row {
        write: "a check of a service",
        wakes: &["health/state/any"],
        moves: &["health/node/x", "health/checks/web"],
    },
    Row {
        write: "a check of a node",
        wakes: &["health/state/any"],
        moves: &["health/node/x", "health/checks/web"],
    },
    Row {
        write: "an event",
        wakes: &["event/list"],
        moves: &[],
    },
    Row {
        write: "a query",
        wakes: &["query"],
        moves: &["query/QUERY"],
    },
    Row {
        write: "an entry",
        wakes: &["config/service-defaults", "discovery-chain/web"],
        moves: &["config/service-defaults/d"],
    },
    Row {
        write: "an intention",
        wakes: &["connect/intentions"],
        moves: &[],
    },
];

/// Those who wait for things that no row writes: woken by none of them.
const OTHERS: &[&str] = &[
    "kv/dir/k",
    "kv/dir/?recurse",
    "kv/dir/?keys",
    "catalog/service/web",
    "catalog/service/absent",
    "catalog/connect/web",
    "catalog/gateway-services/gw",
    "health/service/web",
    "health/service/absent",
    "health/connect/web",
    "health/ingress/web",
];

const RULES: &[Row] = &[
    Row {
        write: "token",
        wakes: &["acl/tokens", "acl/list"],
        moves: &["acl/token/ID"],
    },
    Row {
        write: "policy",
        wakes: &["acl/policies"],
        moves: &["acl/policy/ID"],
    },
    Row {
        write: "role",
        wakes: &["acl/roles"],
        moves: &["acl/role/ID"],
    },
    Row {
        write: "auth-method",
        wakes: &["acl/auth-methods"],
        moves: &["acl/auth-method/first"],
    },
    Row {
        write: "binding-rule",
        wakes: &["acl/binding-rules"],
        moves: &["acl/binding-rule/ID"],
    },
];

/// One server, and its reads: what the rows call them, and their paths.
struct World {
    consul: Consul,
    token: &'static str,
    reads: Vec<(&'static str, String)>,
}

/// Every name of the rows and of the others, once.
fn names(rows: &[Row], others: &[&'static str]) -> Vec<&'static str> {
    let of_row = |row: &Row| {
        row.wakes
            .iter()
            .chain(row.moves)
            .copied()
            .collect::<Vec<_>>()
    };
    let mut names: Vec<_> = rows.iter().flat_map(of_row).collect();
    names.extend(others);
    names.sort_unstable();
    names.dedup();
    names
}

impl World {
    async fn get(&self, path: &str) -> anyhow::Result<u64> {
        let target = format!("/v1/{path}");
        let answer = self.consul.send_as(self.token, "GET", &target, "").await?;
        ensure!(
            matches!(answer.status, 200 | 404),
            "{path}: {}",
            answer.text()
        );
        index_of(&answer).with_context(|| path.to_owned())
    }

    async fn indexes(&self) -> anyhow::Result<Vec<u64>> {
        let reads = self.reads.iter().map(|(_, path)| self.get(path));
        futures_util::future::try_join_all(reads).await
    }

    async fn put(&self, method: &str, path: &str, body: &Value) -> anyhow::Result<Value> {
        let (target, body) = (format!("/v1/{path}"), body.to_string());
        let answer = self
            .consul
            .send_as(self.token, method, &target, body)
            .await?;
        ensure!(answer.status == 200, "{method} {path}: {}", answer.text());
        Ok(serde_json::from_slice(&answer.body).unwrap_or_default())
    }

    /// What became of all reads while `change` happened: the index of each, and how long it took.
    async fn block(
        &self,
        indexes: &[u64],
        row: &Row,
        change: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<Vec<(u64, Duration)>> {
        let reads = self
            .reads
            .iter()
            .zip(indexes)
            .map(async |((name, path), index)| {
                let wait = if row.wakes.contains(name) {
                    "30s"
                } else {
                    "500ms"
                };
                let and = if path.contains('?') { '&' } else { '?' };
                let begun = Instant::now();
                let index = self
                    .get(&format!("{path}{and}index={index}&wait={wait}"))
                    .await?;
                anyhow::Ok((index, begun.elapsed()))
            });
        let change = async {
            sleep(PARKED * 2).await;
            change.await
        };
        let (answers, changed) =
            tokio::join!(futures_util::future::try_join_all(reads), Box::pin(change));
        changed?;
        answers
    }

    /// Those of the reads that did something else than the row says.
    async fn odd(
        &self,
        row: &Row,
        change: impl Future<Output = anyhow::Result<()>>,
    ) -> anyhow::Result<Vec<String>> {
        let before = self.indexes().await?;
        let answers = self.block(&before, row, change).await?;
        let after = self.indexes().await?;
        let mut odd = Vec::new();
        for (at, (name, _)) in self.reads.iter().enumerate() {
            let (answered, took) = answers[at];
            let (wakes, moves) = (row.wakes.contains(name), row.moves.contains(name));
            let woke = answered > before[at] || *name == "event/list" && answered != before[at];
            let right = match wakes {
                true => woke && took < Duration::from_secs(20),
                false => took >= QUIET && (after[at] != before[at]) == moves,
            };
            if !right {
                odd.push(format!(
                    "{}: {name}: {} was answered with {answered} after {took:?}, then {}",
                    row.write, before[at], after[at]
                ));
            }
        }
        Ok(odd)
    }

    /// Checks a row. A read that arrives after the write is answered at once, whatever it waits
    /// for, so a busy machine has three attempts.
    async fn check<F>(&self, row: &Row, change: impl Fn(u32) -> F) -> anyhow::Result<()>
    where
        F: Future<Output = anyhow::Result<()>>,
    {
        let mut odd = Vec::new();
        for attempt in 0..3 {
            odd = self.odd(row, change(attempt)).await?;
            if odd.is_empty() {
                return Ok(());
            }
        }
        anyhow::bail!("{odd:#?}")
    }
}

fn passing(id: &str, service: &str) -> HealthCheck {
    HealthCheck::new(id, HealthStatus::Passing).with_service_id(service)
}

/// What the reads of the first table find.
async fn furnish(consul: &Consul) -> anyhow::Result<()> {
    for key in ["dir/k", "far/k"] {
        consul.put(key, "", "v").await?;
    }
    let on = RegisterRequest::on;
    let proxy = NodeService::new("side")
        .with_kind(ServiceKind::ConnectProxy)
        .with_port(1)
        .with_proxy(Proxy::of("web"));
    let gateway = NodeService::new("gw").with_kind(ServiceKind::IngressGateway);
    let catalog = consul.client.catalog();
    for request in [
        RegisterRequest::new("x", "10.0.0.1")
            .with_service(NodeService::new("web"))
            .with_check(passing("own", "web")),
        on("x").with_service(proxy),
        on("x").with_service(gateway.with_port(1)),
        RegisterRequest::new("y", "10.0.0.2").with_service(NodeService::new("far")),
        on("y").with_service(NodeService::new("end")),
    ] {
        catalog.register(&request).await?;
    }
    // From the first end on, absent services have an index of their own.
    catalog
        .deregister(&DeregisterRequest::service("y", "end"))
        .await?;
    let listeners = json!([{"Port": 8080, "Protocol": "tcp", "Services": [{"Name": "web"}]}]);
    for entry in [
        json!({"Kind": "service-defaults", "Name": "d"}),
        json!({"Kind": "ingress-gateway", "Name": "gw", "Listeners": listeners}),
    ] {
        consul.ask("PUT", "/v1/config", entry.to_string()).await?;
    }
    consul.ask("PUT", "/v1/event/fire/e", "").await?;
    Ok(())
}

async fn change(world: &World, write: &str, at: u32) -> anyhow::Result<()> {
    let again = format!("{write} {at}");
    let far = |mut fields: Value| {
        fields["Node"] = json!("y");
        fields["Address"] = json!("10.0.0.2");
        fields
    };
    let check = |service: &str| {
        let check = json!({"Name": format!("of {service}"), "ServiceID": service, "Output": again});
        far(json!({"SkipNodeUpdate": true, "Check": check}))
    };
    let tagged = json!({"Service": "far", "Tags": [again]});
    let query = json!({"Name": again, "Service": {"Service": "web"}});
    let entry = json!({"Kind": "service-defaults", "Name": "e", "Meta": {"a": again}});
    let intention = json!({"SourceName": again.replace(' ', "-"), "DestinationName": "b",
        "Action": "allow"});
    let (method, path, body) = match write {
        "a key" => ("PUT", "kv/far/k", json!(again)),
        "a session" => ("PUT", "session/create", json!({"NodeChecks": []})),
        "a node" => {
            let labels = far(json!({"NodeMeta": {"a": again}}));
            ("PUT", "catalog/register", labels)
        }
        "a service" => {
            let service = far(json!({"SkipNodeUpdate": true, "Service": tagged}));
            ("PUT", "catalog/register", service)
        }
        "a check of a service" => ("PUT", "catalog/register", check("far")),
        "a check of a node" => ("PUT", "catalog/register", check("")),
        "an event" => ("PUT", "event/fire/e", json!(again)),
        "a query" => ("POST", "query", query),
        "an entry" => ("PUT", "config", entry),
        "an intention" => ("POST", "connect/intentions", intention),
        other => anyhow::bail!("nothing writes {other}"),
    };
    world.put(method, path, &body).await?;
    Ok(())
}

async fn a_write_moves_the_indexes_of_its_table_and_wakes_its_readers_alone(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    // A chain of services is there where the mesh is on.
    let consul = consul.meshed().await?;
    Box::pin(furnish(&consul)).await?;
    let session = consul.session(json!({})).await?;
    let body = json!({"Name": "q", "Service": {"Service": "web"}}).to_string();
    let query: Value = serde_json::from_str(&consul.ask("POST", "/v1/query", body).await?)?;
    let query = query["ID"].as_str().context("no query")?;
    let intention = json!({"SourceName": "a", "DestinationName": "b", "Action": "deny"});
    let target = "/v1/connect/intentions";
    consul.ask("POST", target, intention.to_string()).await?;
    let node = consul.node().to_owned();
    let path = |name: &str| {
        let path = name.replace("SESSION", &session);
        path.replace("QUERY", query).replace("NODE", &node)
    };
    let names = names(ROWS, OTHERS);
    let reads = names.into_iter().map(|name| (name, path(name)));
    let world = World {
        reads: reads.collect(),
        token: "",
        consul,
    };
    for row in ROWS {
        world.check(row, |at| change(&world, row.write, at)).await?;
    }
    Ok(())
}

/// A new object of one of the kinds of rules.
fn rule(kind: &str, at: u32) -> anyhow::Result<Value> {
    let name = if at == 0 {
        "first".to_owned()
    } else {
        format!("{kind}-{at}")
    };
    Ok(match kind {
        "token" => json!({"Description": name}),
        "policy" | "role" => json!({"Name": name}),
        "auth-method" => {
            let key = super::acl::key_file("public.pem")?;
            json!({"Name": name, "Type": "jwt", "Config": {"JWTValidationPubKeys": [key]}})
        }
        _ => json!({"AuthMethod": "first", "BindType": "service", "BindName": name}),
    })
}

async fn acl_a_change_of_rules_moves_the_index_of_its_kind_alone(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let consul = consul.guarded().await?;
    let mut world = World {
        consul,
        token: MASTER,
        reads: Vec::new(),
    };
    let mut paths = Vec::new();
    for row in RULES {
        let path = format!("acl/{}", row.write);
        let made = world.put("PUT", &path, &rule(row.write, 0)?).await?;
        let id = made["AccessorID"].as_str().or(made["ID"].as_str());
        let own = row.moves[0];
        paths.push((own, own.replace("ID", id.unwrap_or_default())));
    }
    let lists = RULES.iter().flat_map(|row| row.wakes);
    paths.extend(lists.map(|list| (*list, (*list).to_owned())));
    world.reads = paths;
    for row in RULES {
        let path = format!("acl/{}", row.write);
        let create = async |at: u32| {
            let made = world.put("PUT", &path, &rule(row.write, at + 1)?).await?;
            ensure!(made.is_object(), "{made}");
            Ok(())
        };
        world.check(row, create).await?;
    }
    Ok(())
}

async fn a_coordinate_wakes_the_readers_of_coordinates(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    // The real one moves its own coordinate by itself every few seconds.
    let consul = consul.alone().await?;
    let node = RegisterRequest::new("far", "10.0.0.1");
    consul.client.catalog().register(&node).await?;
    coordinate::place(&consul, &coordinate::at("far", 1.0)).await?;
    for (at, path) in (2_i32..).zip(["coordinate/nodes", "coordinate/node/far"]) {
        let target = format!("/v1/{path}");
        let before = index_of(&consul.send("GET", &target, "").await?)?;
        ensure!(before > 1, "{path}");
        let blocked = format!("{target}?index={before}&wait=30s");
        let change = async {
            sleep(PARKED).await;
            let coordinate = coordinate::at("far", f64::from(at));
            consul.client.coordinate().update(&coordinate).await?;
            anyhow::Ok(())
        };
        let begun = Instant::now();
        let (answer, changed) = tokio::join!(consul.send("GET", &blocked, ""), change);
        changed?;
        let (index, took) = (index_of(&answer?)?, begun.elapsed());
        ensure!(
            index > before && took < Duration::from_secs(20),
            "{path}: {took:?}"
        );
    }
    Ok(())
}

async fn what_has_no_index_of_its_own_has_index_1(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let none = consul.key("none").replace('/', "-");
    for path in ["catalog/gateway-services/", "event/list?name="] {
        let target = format!("/v1/{path}{none}");
        let answer = consul.send("GET", &target, "").await?;
        equal(path, index_of(&answer)?, 1)?;
    }
    for path in [
        "agent/self",
        "agent/members",
        "agent/services",
        "agent/checks",
        "catalog/datacenters",
        "coordinate/datacenters",
        "status/leader",
        "operator/raft/configuration",
        "connect/intentions/check?source=a&destination=b",
        "connect/intentions/match?by=source&name=a",
    ] {
        let answer = consul.send("GET", &format!("/v1/{path}"), "").await?;
        equal(path, answer.status, 200)?;
        equal(path, answer.header("X-Consul-Index"), None)?;
    }
    Ok(())
}

/// How long a watch may take to see what happened.
const SEEN: Duration = Duration::from_secs(20);

async fn typed_watches_follow_every_kind_of_thing(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    Box::pin(furnish(&consul)).await?;
    let client = &consul.client;
    let (catalog, health) = (client.catalog(), client.health());
    let mut services = catalog.watch_services();
    let mut node = catalog.watch_node("x");
    let mut parts = catalog.watch_node_services("x");
    let mut proxies = catalog.watch_connect("web");
    let mut healthy = health.watch_connect("web");
    let mut gateways = health.watch_ingress("web");
    let mut checks = health.watch_node("x");
    let mut sick = health.watch_state(&HealthStatus::Critical);
    let mut any = health.watch_any();
    let first = services.next().await?.value.len();
    equal(
        "node",
        node.next().await?.value.map(|it| it.services.len()),
        Some(3),
    )?;
    equal(
        "parts",
        parts.next().await?.value.services.map(|it| it.len()),
        Some(3),
    )?;
    equal("proxies", proxies.next().await?.value.len(), 1)?;
    equal("healthy", healthy.next().await?.value.len(), 1)?;
    equal("gateways", gateways.next().await?.value.len(), 1)?;
    equal("checks", checks.next().await?.value.len(), 1)?;
    equal("sick", sick.next().await?.value.len(), 0)?;
    let known = any.next().await?.value.len();

    let ill = HealthCheck::new("ill", HealthStatus::Critical).with_service_id("new");
    let new = NodeService::new("new")
        .with_kind(ServiceKind::ConnectProxy)
        .with_port(2)
        .with_proxy(Proxy::of("web"));
    let request = RegisterRequest::on("x").with_service(new).with_check(ill);
    let gateway = NodeService::new("gw").with_kind(ServiceKind::IngressGateway);
    let gateway = gateway.with_id("gw-2").with_port(2);
    let seen = async {
        equal("services", services.next().await?.value.len(), first + 1)?;
        equal(
            "node",
            node.next().await?.value.map(|it| it.services.len()),
            Some(4),
        )?;
        equal(
            "parts",
            parts.next().await?.value.services.map(|it| it.len()),
            Some(4),
        )?;
        equal("healthy", healthy.next().await?.value.len(), 2)?;
        equal("checks", checks.next().await?.value.len(), 2)?;
        equal("sick", sick.next().await?.value.len(), 1)?;
        equal("any", any.next().await?.value.len(), known + 1)
    };
    catalog.register(&request).await?;
    timeout(SEEN, seen).await.context("a watch sleeps")??;
    let request = RegisterRequest::on("y").with_service(gateway);
    catalog.register(&request).await?;
    let seen = timeout(SEEN, gateways.next()).await;
    equal(
        "gateways",
        seen.context("the watch sleeps")??.value.len(),
        2,
    )
}

async fn a_typed_watch_follows_what_is_behind_a_gateway(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    Box::pin(furnish(&consul)).await?;
    let mut behind = consul.client.catalog().watch_gateway_services("gw");
    equal("behind", behind.next().await?.value.len(), 1)?;
    let services = json!([{"Name": "web"}, {"Name": "far"}]);
    let listeners = json!([{"Port": 8080, "Protocol": "http", "Services": services}]);
    let entries = ["web", "far"]
        .map(|name| json!({"Kind": "service-defaults", "Name": name, "Protocol": "http"}));
    for entry in entries
        .into_iter()
        .chain([json!({"Kind": "ingress-gateway", "Name": "gw", "Listeners": listeners})])
    {
        consul.ask("PUT", "/v1/config", entry.to_string()).await?;
    }
    let seen = async {
        loop {
            if behind.next().await?.value.len() == 2 {
                return anyhow::Ok(());
            }
        }
    };
    timeout(SEEN, seen).await.context("the watch sleeps")?
}
