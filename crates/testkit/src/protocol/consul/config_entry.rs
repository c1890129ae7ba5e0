//! Configuration entries.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_consul::wire::config_entry::{ServiceDefaults, ServiceSplit, ServiceSplitter};
use quorate_consul::{ConfigEntry, ConfigKind, ErrorKind, QueryOptions};
use serde_json::{Value, json};
use tokio::time::{Instant, sleep};

use super::target::{ALONE, Consul, index_of};
use crate::cases;
use crate::protocol::{PARKED, equal};
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        an_entry_of_each_kind_is_kept_as_it_was_written,
        a_missing_entry_is_a_404_with_an_index,
        kinds_are_checked,
        an_entry_is_set_only_if_it_is_as_it_was,
        names_match_in_any_case_of_letters,
        lists_are_by_kind_and_by_name,
        a_blocked_read_wakes_for_its_own_entry needs [ALONE],
        a_deletion_is_answered_with_an_object_also_for_nothing,
        bodies_are_read_as_people_write_them needs [ALONE],
        what_no_entry_can_be_is_refused,
        what_no_route_can_be_is_refused,
        what_would_break_a_chain_is_refused,
        what_is_outside_or_a_gateway_is_one_thing,
        a_listener_of_bytes_stays_when_its_service_speaks_more,
        the_client_sets_gets_lists_and_deletes,
        the_client_follows_an_entry,
        the_client_knows_why_an_entry_is_refused,
    ]
    .into()
}

async fn set(consul: &Consul, entry: &Value) -> anyhow::Result<()> {
    let text = consul.ask("PUT", "/v1/config", entry.to_string()).await?;
    equal(&entry.to_string(), text.as_str(), "true")
}

async fn get(consul: &Consul, path: &str) -> anyhow::Result<Value> {
    let text = consul.ask("GET", &format!("/v1/config/{path}"), "").await?;
    Ok(serde_json::from_str(&text)?)
}

async fn refused(consul: &Consul, entry: &Value, refusal: (u16, &str)) -> anyhow::Result<()> {
    let body = entry.to_string();
    consul.expect("PUT", "/v1/config", body, refusal).await?;
    Ok(())
}

/// Without the indexes, which other trials move.
fn plain(mut entry: Value) -> Value {
    if let Some(fields) = entry.as_object_mut() {
        fields.remove("CreateIndex");
        fields.remove("ModifyIndex");
    }
    entry
}

async fn an_entry_of_each_kind_is_kept_as_it_was_written(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let http = |name: &str| json!({"Kind": "service-defaults", "Name": name, "Protocol": "HTTP"});
    set(consul, &http("each-web")).await?;
    set(consul, &http("each-api")).await?;
    let subsets = json!({"v1": {"Filter": "Service.Meta.v == 1", "OnlyPassing": true}, "v2": {}});
    for (written, kept) in [
        (
            json!({"Kind": "service-defaults", "Name": "each-tcp", "Protocol": "TCP",
                "MeshGateway": {"Mode": "local"}, "ExternalSNI": "a.b", "Meta": {"k": "v"},
                "Expose": {"Checks": true, "Paths": [{"Path": "/x", "ListenerPort": 80}]}}),
            json!({"Kind": "service-defaults", "Name": "each-tcp", "Protocol": "tcp",
                "MeshGateway": {"Mode": "local"}, "ExternalSNI": "a.b", "Meta": {"k": "v"},
                "Expose": {"Checks": true, "Paths": [
                    {"Path": "/x", "ListenerPort": 80, "ParsedFromCheck": false}]}}),
        ),
        (
            json!({"Kind": "service-resolver", "Name": "each-api", "DefaultSubset": "v1",
                "Subsets": subsets, "ConnectTimeout": "1500ms",
                "Failover": {"*": {"Datacenters": ["dc2"]}, "v2": {"Service": "each-web"}}}),
            json!({"Kind": "service-resolver", "Name": "each-api", "DefaultSubset": "v1",
                "Subsets": subsets, "ConnectTimeout": "1.5s",
                "Failover": {"*": {"Datacenters": ["dc2"]}, "v2": {"Service": "each-web"}}}),
        ),
        (
            json!({"Kind": "service-splitter", "Name": "each-web", "Splits": [
                {"Weight": 33.333}, {"Weight": 66.667, "Service": "each-api", "ServiceSubset": "v2"}]}),
            json!({"Kind": "service-splitter", "Name": "each-web", "Splits": [
                {"Weight": 33.33}, {"Weight": 66.67, "Service": "each-api", "ServiceSubset": "v2"}]}),
        ),
        (
            json!({"Kind": "service-router", "Name": "each-web", "Routes": [
                {"Match": {"HTTP": {"PathPrefix": "/a", "Methods": ["get"],
                    "Header": [{"Name": "x", "Present": true, "Invert": true}],
                    "QueryParam": [{"Name": "q", "Exact": "1"}]}},
                 "Destination": {"Service": "each-api", "PrefixRewrite": "/", "RequestTimeout": "5s",
                    "NumRetries": 3, "RetryOnStatusCodes": [503]}},
                {"Destination": {"ServiceSubset": ""}}]}),
            json!({"Kind": "service-router", "Name": "each-web", "Routes": [
                {"Match": {"HTTP": {"PathPrefix": "/a", "Methods": ["GET"],
                    "Header": [{"Name": "x", "Present": true, "Invert": true}],
                    "QueryParam": [{"Name": "q", "Exact": "1"}]}},
                 "Destination": {"Service": "each-api", "Namespace": "default", "PrefixRewrite": "/",
                    "RequestTimeout": "5s", "NumRetries": 3, "RetryOnStatusCodes": [503]}},
                {"Destination": {}}]}),
        ),
        (
            json!({"Kind": "ingress-gateway", "Name": "each-in", "TLS": {"Enabled": true}, "Listeners": [
                {"Port": 1, "Services": [{"Name": "each-tcp"}]},
                {"Port": 2, "Protocol": "http", "Services": [{"Name": "each-web", "Hosts": ["a.b"]}]}]}),
            json!({"Kind": "ingress-gateway", "Name": "each-in", "TLS": {"Enabled": true}, "Listeners": [
                {"Port": 1, "Protocol": "tcp", "Services": [{"Name": "each-tcp", "Hosts": null}]},
                {"Port": 2, "Protocol": "http", "Services": [{"Name": "each-web", "Hosts": ["a.b"]}]}]}),
        ),
        (
            json!({"Kind": "terminating-gateway", "Name": "each-out", "Services": [
                {"Name": "each-tcp", "CAFile": "/ca", "CertFile": "/cert", "KeyFile": "/key", "SNI": "s"},
                {"Name": "*"}]}),
            json!({"Kind": "terminating-gateway", "Name": "each-out", "Services": [
                {"Name": "each-tcp", "CAFile": "/ca", "CertFile": "/cert", "KeyFile": "/key", "SNI": "s"},
                {"Name": "*"}]}),
        ),
    ] {
        set(consul, &written).await?;
        let (kind, name) = (&written["Kind"], &written["Name"]);
        let (kind, name) = (
            kind.as_str().context("kind")?,
            name.as_str().context("name")?,
        );
        let found = get(consul, &format!("{kind}/{name}")).await?;
        equal(kind, plain(found), kept)?;
    }
    Ok(())
}

async fn a_missing_entry_is_a_404_with_an_index(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let text = "Config entry not found for \"service-defaults\" / \"none/x\"";
    let target = "/v1/config/service-defaults/none/x";
    let answer = consul.expect("GET", target, "", (404, text)).await?;
    ensure!(index_of(&answer)? >= 1);
    equal(
        "leader",
        answer.header("X-Consul-KnownLeader"),
        Some("true"),
    )
}

async fn kinds_are_checked(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let unknown = "invalid config entry kind: bogus";
    for (method, target, refusal) in [
        ("GET", "/v1/config/bogus", (500, unknown)),
        ("GET", "/v1/config/bogus/x", (500, unknown)),
        ("DELETE", "/v1/config/bogus/x", (400, unknown)),
        (
            "DELETE",
            "/v1/config/service-defaults",
            (404, "Must provide both a kind and name to delete"),
        ),
    ] {
        consul.expect(method, target, "", refusal).await?;
    }
    let text = format!("Bad request: Request decoding failed: {unknown}");
    refused(consul, &json!({"Kind": "bogus"}), (400, &text)).await
}

async fn an_entry_is_set_only_if_it_is_as_it_was(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let entry = json!({"Kind": "service-defaults", "Name": "cas"}).to_string();
    let put = async |cas: &str| {
        let target = format!("/v1/config?cas={cas}");
        consul.ask("PUT", &target, &entry).await
    };
    equal("create", put("0").await?.as_str(), "true")?;
    equal("create again", put("0").await?.as_str(), "false")?;
    let made = get(consul, "service-defaults/cas").await?;
    equal("of none", put("99999999").await?.as_str(), "false")?;
    equal(
        "as it is",
        put(&made["ModifyIndex"].to_string()).await?.as_str(),
        "true",
    )?;
    let changed = get(consul, "service-defaults/cas").await?;
    equal("creation", &changed["CreateIndex"], &made["CreateIndex"])?;
    ensure!(changed["ModifyIndex"].as_u64() > made["ModifyIndex"].as_u64());
    equal("empty is none", put("").await?.as_str(), "true")?;
    let text = "strconv.ParseUint: parsing \"x\": invalid syntax";
    consul
        .expect("PUT", "/v1/config?cas=x", &entry, (500, text))
        .await?;
    Ok(())
}

async fn names_match_in_any_case_of_letters(consul: &Subject<Consul>) -> anyhow::Result<()> {
    set(
        consul,
        &json!({"Kind": "service-defaults", "Name": "Case.A"}),
    )
    .await?;
    let found = get(consul, "service-defaults/cASE.a").await?;
    equal("name", &found["Name"], &json!("Case.A"))?;
    consul
        .ask("DELETE", "/v1/config/service-defaults/CASE.A", "")
        .await?;
    let answer = consul
        .send("GET", "/v1/config/service-defaults/Case.A", "")
        .await?;
    equal("deleted", answer.status, 404)
}

async fn lists_are_by_kind_and_by_name(consul: &Subject<Consul>) -> anyhow::Result<()> {
    for name in ["list-b", "list-a", "LIST-c"] {
        set(
            consul,
            &json!({"Kind": "terminating-gateway", "Name": name}),
        )
        .await?;
    }
    let names = |list: Value| -> Vec<String> {
        let entries = list.as_array().cloned().unwrap_or_default();
        let names = entries.iter().filter_map(|it| it["Name"].as_str());
        let own = names.filter(|name| name.to_lowercase().starts_with("list-"));
        own.map(str::to_owned).collect()
    };
    let listed = get(consul, "terminating-gateway").await?;
    equal(
        "kind",
        names(listed),
        ["list-a", "list-b", "LIST-c"].map(str::to_owned).to_vec(),
    )?;
    equal("all", names(get(consul, "").await?).len(), 3)
}

async fn a_blocked_read_wakes_for_its_own_entry(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    let kind = ConfigKind::ServiceDefaults;
    let entries = consul.client.config_entries();
    entries.set(&ServiceDefaults::new("blocked").into()).await?;
    let first = entries
        .get_with(&kind, "blocked", &QueryOptions::new())
        .await?;
    let index = first.meta.index.context("no index")?;
    let options = QueryOptions::new().with_blocking(index, Duration::from_secs(30));
    let blocked = entries.get_with(&kind, "blocked", &options);
    let write = async {
        sleep(PARKED).await;
        let changed = ServiceDefaults::new("blocked").with_protocol("http");
        entries.set(&changed.into()).await
    };
    let begin = Instant::now();
    let (answer, written) = tokio::join!(blocked, write);
    written?;
    ensure!(
        begin.elapsed() < Duration::from_secs(20),
        "{:?}",
        begin.elapsed()
    );
    let Some(ConfigEntry::ServiceDefaults(seen)) = answer?.value else {
        anyhow::bail!("it is gone");
    };
    equal("protocol", seen.protocol.as_str(), "http")
}

async fn a_deletion_is_answered_with_an_object_also_for_nothing(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    for target in [
        "/v1/config/service-resolver/gone",
        "/v1/config/service-resolver/",
    ] {
        consul.expect("DELETE", target, "", (200, "{}")).await?;
    }
    Ok(())
}

async fn bodies_are_read_as_people_write_them(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.alone().await?;
    let entry = json!({"kind": "service-defaults", "name": "w", "mesh_gateway": {"mode": "none"},
        "expose": {"checks": "true", "paths": {"listener_port": "80", "local_path_port": 1.5}},
        "external_sni": 5});
    set(&consul, &entry).await?;
    let kept = json!({"Kind": "service-defaults", "Name": "w", "Protocol": "",
        "MeshGateway": {"Mode": "none"}, "ExternalSNI": "5",
        "Expose": {"Checks": true, "Paths": [
            {"ListenerPort": 80, "LocalPathPort": 1, "ParsedFromCheck": false}]}});
    equal(
        "kept",
        plain(get(&consul, "service-defaults/w").await?),
        kept,
    )?;
    for (body, problem) in [
        ("", "EOF"),
        ("{", "unexpected EOF"),
        ("[]", "'' expected a map, got 'slice'"),
        (
            "{}",
            "Payload does not contain a kind/Kind key at the top level",
        ),
        (r#"{"Kind":1}"#, "Kind value in payload is not a string"),
        (
            r#"{"Kind":"service-defaults","Bogus":1}"#,
            "1 error occurred:\n\t* invalid config key \"Bogus\"\n\n",
        ),
        (
            r#"{"Kind":"service-defaults","MeshGateway":"x","Protocol":{}}"#,
            "2 error(s) decoding:\n\n* 'MeshGateway' expected a map, got 'string'\n* 'Protocol' expected type 'string', got unconvertible type 'map[string]interface {}'",
        ),
    ] {
        let text = format!("Bad request: Request decoding failed: {problem}");
        consul
            .expect("PUT", "/v1/config", body, (400, &text))
            .await?;
    }
    Ok(())
}

async fn what_no_entry_can_be_is_refused(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let resolver = |fields: Value| {
        let mut entry = json!({"Kind": "service-resolver", "Name": "bad"});
        if let (Some(entry), Value::Object(fields)) = (entry.as_object_mut(), fields) {
            entry.extend(fields);
        }
        entry
    };
    let listener =
        |fields: Value| json!({"Kind": "ingress-gateway", "Name": "bad", "Listeners": [fields]});
    for (entry, text) in [
        (
            json!({"Kind": "service-defaults"}),
            "serviceName is required",
        ),
        (
            json!({"Kind": "service-splitter", "Name": ""}),
            "Name is required",
        ),
        (
            json!({"Kind": "service-splitter", "Name": "bad"}),
            "no splits configured",
        ),
        (
            json!({"Kind": "service-splitter", "Name": "bad",
                "Splits": [{"Weight": 50}, {"Weight": 51, "Service": "other"}]}),
            "the sum of all split weights must be 100, not 101.000000",
        ),
        (
            json!({"Kind": "service-splitter", "Name": "bad", "Splits": [{"Weight": 50}, {"Weight": 50}]}),
            "split destination occurs more than once: service=\"bad\", subset=\"\", namespace=\"\"",
        ),
        (
            resolver(json!({"DefaultSubset": "x"})),
            "DefaultSubset \"x\" is not a valid subset",
        ),
        (resolver(json!({"Redirect": {}})), "Redirect is empty"),
        (
            resolver(json!({"Redirect": {"ServiceSubset": "x"}})),
            "Redirect.ServiceSubset defined without Redirect.Service",
        ),
        (
            resolver(json!({"Failover": {"*": {}}})),
            "Bad Failover[\"*\"] one of Service, ServiceSubset, Namespace, or Datacenters is required",
        ),
        (
            resolver(json!({"ConnectTimeout": "-1s"})),
            "Bad ConnectTimeout '-1s', must be >= 0",
        ),
        (
            listener(json!({"Port": 7, "Protocol": "ftp"})),
            "protocol must be 'tcp', 'http', 'http2', or 'grpc'. 'ftp' is an unsupported protocol",
        ),
        (
            listener(json!({"Port": 7})),
            "No service declared for listener with port 7",
        ),
        (
            listener(json!({"Port": 7, "Services": [{"Name": "*"}]})),
            "Wildcard service name is only valid for protocol = 'http' (listener on port 7)",
        ),
        (
            listener(
                json!({"Port": 7, "Protocol": "http", "Services": [{"Name": "x", "Hosts": ["a.*.b"]}]}),
            ),
            "Host \"a.*.b\" is not valid, a wildcard specifier is only allowed as the leftmost label",
        ),
        (
            json!({"Kind": "terminating-gateway", "Name": "bad", "Services": [{"Name": "x", "CertFile": "c"}]}),
            "Service \"x\" must have a CertFile, CAFile, and KeyFile specified for TLS origination",
        ),
    ] {
        refused(consul, &entry, (500, text)).await?;
    }
    Ok(())
}

async fn what_no_route_can_be_is_refused(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let route =
        |fields: Value| json!({"Kind": "service-router", "Name": "bad", "Routes": [fields]});
    let http = |fields: Value| route(json!({"Match": {"HTTP": fields}}));
    for (entry, text) in [
        (
            http(json!({"PathExact": "/a", "PathPrefix": "/b"})),
            "Route[0] should only contain at most one of PathExact, PathPrefix, or PathRegex",
        ),
        (
            http(json!({"PathExact": "a"})),
            "Route[0] PathExact doesn't start with '/': \"a\"",
        ),
        (
            http(json!({"Header": [{"Name": "x", "Exact": "a", "Suffix": "b"}]})),
            "Route[0] Header[0] should only contain one of Present, Exact, Prefix, Suffix, or Regex",
        ),
        (
            http(json!({"QueryParam": [{"Exact": "a"}]})),
            "Route[0] QueryParam[0] missing required Name field",
        ),
        (
            http(json!({"Methods": ["get", "GET"]})),
            "Route[0] Methods contains \"GET\" more than once",
        ),
        (
            route(json!({"Destination": {"PrefixRewrite": "/"}})),
            "Route[0] cannot make use of PrefixRewrite without configuring either PathExact or PathPrefix",
        ),
    ] {
        refused(consul, &entry, (500, text)).await?;
    }
    Ok(())
}

async fn what_would_break_a_chain_is_refused(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let http = |name: &str| json!({"Kind": "service-defaults", "Name": name, "Protocol": "http"});
    let split = |name: &str, to: &str| {
        json!({"Kind": "service-splitter", "Name": name,
            "Splits": [{"Weight": 50}, {"Weight": 50, "Service": to}]})
    };
    let text = "discovery chain \"chain-a\" uses a protocol \"tcp\" that does not permit advanced routing or splitting behavior";
    refused(
        consul,
        &json!({"Kind": "service-router", "Name": "chain-a"}),
        (500, text),
    )
    .await?;
    set(consul, &http("chain-a")).await?;
    let text = "discovery chain \"chain-a\" uses inconsistent protocols; service \"chain-b\" has \"tcp\" which is not \"http\"";
    refused(consul, &split("chain-a", "chain-b"), (500, text)).await?;
    set(consul, &http("chain-b")).await?;
    set(consul, &split("chain-a", "chain-b")).await?;
    let body = split("chain-b", "chain-a").to_string();
    let answer = consul.send("PUT", "/v1/config", body).await?;
    // The real one begins at either of the two.
    let around = ["a", "b"].map(|first| {
        let second = if first == "a" { "b" } else { "a" };
        let [first, second] = [first, second].map(|it| format!("splitter:chain-{it}.default"));
        format!("detected circular reference: [{first} -> {second} -> {first}]")
    });
    let text = answer.text();
    ensure!(answer.status == 500 && around.contains(&text), "{text}");
    let text = "discovery chain \"chain-a\" uses inconsistent protocols; service \"chain-b\" has \"http\" which is not \"tcp\"";
    let target = "/v1/config/service-defaults/chain-a";
    consul.expect("DELETE", target, "", (500, text)).await?;
    let subset = json!({"Kind": "service-resolver", "Name": "chain-c",
        "Redirect": {"Service": "chain-d", "ServiceSubset": "v9"}});
    let text = "service \"chain-d\" does not have a subset named \"v9\"";
    refused(consul, &subset, (500, text)).await?;
    Ok(())
}

async fn what_is_outside_or_a_gateway_is_one_thing(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let outside = json!({"Kind": "service-defaults", "Name": "chain-out", "ExternalSNI": "a.b"});
    set(consul, &outside).await?;
    for (fields, what) in [
        (json!({"Subsets": {"v1": {}}}), "subsets"),
        (json!({"Redirect": {"Service": "chain-out"}}), "redirects"),
        (
            json!({"Failover": {"*": {"Service": "chain-none"}}}),
            "failover",
        ),
    ] {
        let mut resolver = json!({"Kind": "service-resolver", "Name": "chain-out"});
        if let (Some(resolver), Value::Object(fields)) = (resolver.as_object_mut(), fields) {
            resolver.extend(fields);
        }
        let text = format!(
            "service \"chain-out\" has an external SNI set; cannot define {what} for external services"
        );
        refused(consul, &resolver, (500, &text)).await?;
    }
    set(
        consul,
        &json!({"Kind": "ingress-gateway", "Name": "chain-in"}),
    )
    .await?;
    let text = "cannot create a \"terminating-gateway\" config entry with name \"chain-in\", a \"ingress-gateway\" config entry with that name already exists";
    let other = json!({"Kind": "terminating-gateway", "Name": "chain-in"});
    refused(consul, &other, (500, text)).await
}

async fn a_listener_of_bytes_stays_when_its_service_speaks_more(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let put = async |body: Value, text: Option<&str>| -> anyhow::Result<()> {
        let answer = text.map_or((200, "true"), |text| (500, text));
        consul
            .expect("PUT", "/v1/config", body.to_string(), answer)
            .await?;
        Ok(())
    };
    let listens = |protocol: &str| {
        let services = json!([{"Name": "bytes-web"}]);
        let listeners = json!([{"Port": 8080, "Protocol": protocol, "Services": services}]);
        json!({"Kind": "ingress-gateway", "Name": "bytes-gw", "Listeners": listeners})
    };
    let speaks = |protocol: &str| json!({"Kind": "service-defaults", "Name": "bytes-web", "Protocol": protocol});
    let mismatch = |service: &str, listener: &str| {
        format!(
            "service \"bytes-web\" has protocol \"{service}\", which does not match defined listener protocol \"{listener}\""
        )
    };
    put(listens("http"), Some(&mismatch("tcp", "http"))).await?;
    put(listens("tcp"), None).await?;
    put(speaks("http"), None).await?;
    // Written anew, or with routes, it has to speak as its service.
    put(listens("tcp"), Some(&mismatch("http", "tcp"))).await?;
    let routed = json!({"Kind": "service-router", "Name": "bytes-web"});
    put(routed.clone(), Some(&mismatch("http", "tcp"))).await?;
    let resolved = json!({"Kind": "service-resolver", "Name": "bytes-web"});
    put(resolved, None).await?;
    put(listens("http"), None).await?;
    put(routed, None).await?;
    put(speaks("grpc"), Some(&mismatch("grpc", "http"))).await?;
    for kind in ["ingress-gateway/bytes-gw", "service-router/bytes-web"] {
        let target = format!("/v1/config/{kind}");
        consul.ask("DELETE", &target, "").await?;
    }
    Ok(())
}

async fn the_client_sets_gets_lists_and_deletes(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let entries = consul.client.config_entries();
    let kind = ConfigKind::ServiceDefaults;
    equal("none", entries.get(&kind, "typed").await?, None)?;
    let entry = ConfigEntry::from(ServiceDefaults::new("typed").with_meta("k", "v"));
    ensure!(entries.cas(&entry, 0).await?);
    ensure!(!entries.cas(&entry, 0).await?);
    let found = entries.get(&kind, "typed").await?.context("it is there")?;
    ensure!(found.create_index() > 0 && found.modify_index() == found.create_index());
    let mut same = found.clone();
    same.set_indexes(0, 0);
    equal("entry", same, entry)?;
    ensure!(entries.list(&kind).await?.contains(&found));
    entries.set(&found).await?;
    entries.delete(&kind, "typed").await?;
    entries.delete(&kind, "typed").await?;
    equal("deleted", entries.get(&kind, "typed").await?, None)
}

async fn the_client_follows_an_entry(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let entries = consul.client.config_entries();
    let mut changes = entries.watch(&ConfigKind::ServiceDefaults, "followed");
    equal("at first", changes.next().await?.value, None)?;
    let entry = ConfigEntry::from(ServiceDefaults::new("followed"));
    entries.set(&entry).await?;
    let seen = changes.next().await?.value.context("it is there")?;
    equal("name", seen.name(), "followed")
}

async fn the_client_knows_why_an_entry_is_refused(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let entries = consul.client.config_entries();
    let bad = ServiceSplitter::new("refused").with_split(ServiceSplit::new(99.0));
    let Err(error) = entries.set(&bad.into()).await else {
        anyhow::bail!("99 is not 100");
    };
    equal("kind", error.kind(), ErrorKind::InvalidArgument)?;
    let other = ConfigKind::Other("bogus".to_owned());
    let Err(error) = entries.get(&other, "x").await else {
        anyhow::bail!("there is no such kind");
    };
    equal("kind", error.kind(), ErrorKind::InvalidArgument)
}
