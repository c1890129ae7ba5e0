//! Services of the mesh at an agent: proxies, gateways, and sidecars that come with their service.

use anyhow::ensure;
use serde_json::{Value, json};

use super::agent_service::{REGISTER, check, read, register};
use super::target::Consul;
use crate::cases;
use crate::protocol::equal;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        an_ip_address_is_also_the_address_of_its_kind,
        a_proxy_is_shown_with_what_it_does,
        a_sidecar_comes_and_goes_with_its_service,
        a_service_of_the_mesh_that_lacks_something_is_refused,
        a_sidecar_with_something_wrong_is_refused,
    ]
    .into()
}

/// A service of the agent without its digest.
async fn service(consul: &Consul, id: &str) -> anyhow::Result<Value> {
    let mut shown = read(consul, &format!("/v1/agent/service/{id}")).await?;
    if let Some(fields) = shown.as_object_mut() {
        fields.remove("ContentHash");
    }
    Ok(shown)
}

async fn an_ip_address_is_also_the_address_of_its_kind(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let lan = json!({"lan": {"Address": "1.1.1.1", "Port": 5}});
    let v4 = json!({"Name": "addr-4", "Address": "10.0.0.1", "Port": 9, "TaggedAddresses": lan});
    register(consul, &v4).await?;
    let own = json!({"Address": "10.0.0.1", "Port": 9});
    let mut expected = lan;
    (expected["lan_ipv4"], expected["wan_ipv4"]) = (own.clone(), own);
    equal(
        "v4",
        &service(consul, "addr-4").await?["TaggedAddresses"],
        &expected,
    )?;
    register(consul, &json!({"Name": "addr-6", "Address": "fe80::1"})).await?;
    let own = json!({"Address": "fe80::1", "Port": 0});
    let expected = json!({"lan_ipv6": own, "wan_ipv6": own});
    equal(
        "v6",
        &service(consul, "addr-6").await?["TaggedAddresses"],
        &expected,
    )?;
    register(
        consul,
        &json!({"Name": "addr-n", "Address": "host.example"}),
    )
    .await?;
    ensure!(service(consul, "addr-n").await?["TaggedAddresses"].is_null());
    Ok(())
}

async fn a_proxy_is_shown_with_what_it_does(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let proxy = json!({
        "DestinationServiceName": "web", "DestinationServiceID": "web-1",
        "LocalServiceAddress": "127.0.0.1", "LocalServicePort": 80, "Config": {"a": {"x": [1]}},
        "Upstreams": [{"DestinationName": "db", "LocalBindPort": 99, "Datacenter": "dc1",
            "LocalBindAddress": "127.0.0.1", "Config": {"x": 1}, "MeshGateway": {"Mode": "local"}}],
        "MeshGateway": {"Mode": "remote"},
        "Expose": {"Checks": true, "Paths": [{"Path": "/h", "ListenerPort": 1, "LocalPathPort": 2,
            "Protocol": "http"}]}});
    let sent = json!({"Name": "mesh-proxy", "Kind": "connect-proxy", "Port": 92, "Proxy": proxy});
    register(consul, &sent).await?;
    let mut expected = proxy;
    expected["Upstreams"][0]["DestinationType"] = json!("service");
    expected["Expose"]["Paths"][0]["ParsedFromCheck"] = json!(false);
    let shown = service(consul, "mesh-proxy").await?;
    equal("kind", &shown["Kind"], &json!("connect-proxy"))?;
    equal("proxy", &shown["Proxy"], &expected)?;
    let gateway = json!({"Name": "mesh-gw", "Kind": "mesh-gateway", "Port": 1});
    register(consul, &gateway).await?;
    let expected = json!({"MeshGateway": {}, "Expose": {}});
    equal(
        "gateway",
        &service(consul, "mesh-gw").await?["Proxy"],
        &expected,
    )?;
    register(
        consul,
        &json!({"Name": "mesh-native", "Connect": {"Native": true}}),
    )
    .await?;
    let shown = service(consul, "mesh-native").await?;
    equal("native", &shown["Connect"], &json!({"Native": true}))?;
    ensure!(
        shown["Proxy"].is_null() && shown["Kind"].is_null(),
        "{shown}"
    );
    Ok(())
}

async fn a_sidecar_comes_and_goes_with_its_service(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let sidecar = json!({"Name": "side", "ID": "side-1", "Port": 90, "Tags": ["t"],
        "Meta": {"a": "b"}, "Connect": {"SidecarService": {}}});
    register(consul, &sidecar).await?;
    let mut shown = service(consul, "side-1-sidecar-proxy").await?;
    let port = shown["Port"].take();
    let own = port
        .as_u64()
        .is_some_and(|port| (21_000..=21_255).contains(&port));
    ensure!(own, "{port}");
    let expected = json!({"Kind": "connect-proxy", "ID": "side-1-sidecar-proxy",
        "Service": "side-sidecar-proxy", "Tags": ["t"], "Meta": {"a": "b"}, "Port": null,
        "Address": "", "Weights": {"Passing": 1, "Warning": 1}, "EnableTagOverride": false,
        "Proxy": {"DestinationServiceName": "side", "DestinationServiceID": "side-1",
            "LocalServiceAddress": "127.0.0.1", "LocalServicePort": 90, "MeshGateway": {},
            "Expose": {}}});
    equal("sidecar", shown, expected)?;
    for (id, name, kind) in [
        (1, "Connect Sidecar Listening", "tcp"),
        (2, "Connect Sidecar Aliasing side-1", "alias"),
    ] {
        let check = check(consul, &format!("service:side-1-sidecar-proxy:{id}")).await?;
        let shown = (check["Name"].as_str(), check["Type"].as_str());
        equal("check", shown, (Some(name), Some(kind)))?;
    }
    register(consul, &sidecar).await?;
    let again = service(consul, "side-1-sidecar-proxy").await?;
    equal("the port when registered again", &again["Port"], &port)?;
    consul
        .ask("PUT", "/v1/agent/service/deregister/side-1", "")
        .await?;
    let unknown = (404, "unknown service ID: side-1-sidecar-proxy");
    let target = "/v1/agent/service/side-1-sidecar-proxy";
    consul.expect("GET", target, "", unknown).await?;
    Ok(())
}

async fn a_service_of_the_mesh_that_lacks_something_is_refused(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let field = "Request decode failed: json: cannot unmarshal";
    let proxy = |fields: Value| json!({"Kind": "connect-proxy", "Port": 1, "Proxy": fields});
    let upstreams = |list: Value| proxy(json!({"DestinationServiceName": "a", "Upstreams": list}));
    for (fields, (status, text)) in [
        (
            json!({"Kind": "connect-proxy"}),
            problems(&[
                "Proxy.DestinationServiceName must be non-empty for Connect proxy services",
                "Port must be set for a Connect proxy",
            ]),
        ),
        (
            upstreams(json!([{}])),
            problems(&["upstream destination name cannot be empty"]),
        ),
        (
            upstreams(json!([{"DestinationName": "b"}])),
            problems(&["upstream local bind port cannot be zero"]),
        ),
        (
            upstreams(
                json!([{"DestinationType": "x", "DestinationName": "b", "LocalBindPort": 1}]),
            ),
            problems(&["unknown upstream destination type: \"x\""]),
        ),
        (
            json!({"Kind": "connect-proxy", "Port": 1, "Connect": {"Native": true},
                "Proxy": {"DestinationServiceName": "a"}}),
            problems(&["A Proxy cannot also be Connect Native, only typical services"]),
        ),
        (
            json!({"Kind": "ingress-gateway", "Connect": {"SidecarService": {}},
                "Proxy": {"DestinationServiceName": "a"}}),
            problems(&[
                "A ingress-gateway cannot have a sidecar service defined",
                "The Proxy.DestinationServiceName configuration is invalid for a ingress-gateway",
            ]),
        ),
        (
            json!({"Kind": "terminating-gateway"}),
            problems(&["Port must be non-zero for a terminating-gateway"]),
        ),
        (
            json!({"Proxy": {"Upstreams": 5}}),
            (
                400,
                format!("{field} number into Go struct field .Proxy of type structs.Upstreams"),
            ),
        ),
        (
            json!({"TaggedAddresses": {"a": {"Address": 5}}}),
            (
                400,
                format!(
                    "{field} number into Go struct field ServiceAddress.TaggedAddresses.Address of type string"
                ),
            ),
        ),
    ] {
        refused(consul, fields, status, &text).await?;
    }
    Ok(())
}

async fn a_sidecar_with_something_wrong_is_refused(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let field = "Request decode failed: json: cannot unmarshal";
    let sidecar = |fields: Value| json!({"Connect": {"SidecarService": fields}});
    for (fields, (status, text)) in [
        (
            sidecar(json!({"ID": "x"})),
            problems(&["A SidecarService cannot specify an ID as this is managed by the agent"]),
        ),
        (
            sidecar(json!({"Connect": {"SidecarService": {}}})),
            problems(&["A SidecarService cannot have a nested SidecarService"]),
        ),
        (
            sidecar(json!({"Meta": {"a b": "c"}})),
            (500, "Bad request: Invalid SidecarService: Couldn't load metadata pair ('a b', 'c'): Key contains invalid characters".into()),
        ),
        (
            sidecar(json!({"Check": {"HTTP": "a"}})),
            (500, "Bad request: Invalid check in sidecar_service: Interval must be > 0 for Script, HTTP, or TCP checks".into()),
        ),
        (
            sidecar(json!({"Name": 5})),
            (400, format!("{field} number into Go struct field .Connect of type string")),
        ),
        (
            sidecar(json!({"Weights": {"Passing": "a"}})),
            (400, format!("{field} string into Go struct field .Connect of type int")),
        ),
    ] {
        refused(consul, fields, status, &text).await?;
    }
    Ok(())
}

/// The answer to a service with all that is wrong.
fn problems(texts: &[&str]) -> (u16, String) {
    let count = match texts.len() {
        1 => "1 error".to_owned(),
        count => format!("{count} errors"),
    };
    let points: Vec<_> = texts.iter().map(|text| format!("\t* {text}\n")).collect();
    (400, format!("{count} occurred:\n{}\n", points.concat()))
}

/// Registers a service with these fields, which must be refused.
async fn refused(consul: &Consul, fields: Value, status: u16, text: &str) -> anyhow::Result<()> {
    let mut body = json!({"Name": "mesh-bad"});
    if let (Some(body), Value::Object(fields)) = (body.as_object_mut(), fields) {
        body.extend(fields);
    }
    consul
        .expect("PUT", REGISTER, body.to_string(), (status, text))
        .await?;
    let services = read(consul, "/v1/agent/services").await?;
    ensure!(
        services["mesh-bad"].is_null(),
        "a refused service is registered"
    );
    Ok(())
}
