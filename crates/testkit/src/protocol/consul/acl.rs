//! Access rules through the typed client: tokens old and new, policies, roles, logins, rules.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate_consul::acl::{
    Access, AuthMethodRequest, AuthMethodType, AuthorizationRequest, BindType, BindingRuleRequest,
    EntryKind, EntryRequest, KeyAccess, Link, LoginRequest, NodeIdentity, PolicyRequest, Resource,
    Right, RoleRequest, Rules, ServiceIdentity, TokenFilter, TokenLocality, TokenRequest,
};
use quorate_consul::{ErrorKind, Filter, PutOptions, QueryOptions, WriteOptions};

use super::target::{ALONE, Consul, MASTER};
use crate::cases;
use crate::trial::{Case, Subject};

pub(super) fn cases() -> Vec<Case<Consul>> {
    cases![Consul;
        acl_where_it_is_off_every_call_says_so,
        acl_the_first_token_is_made_once needs [ALONE],
        acl_policies_and_roles_live_and_die needs [ALONE],
        acl_tokens_live_and_die needs [ALONE],
        acl_old_tokens_live_and_die needs [ALONE],
        acl_a_login_makes_a_token_and_a_logout_ends_it needs [ALONE],
        acl_rules_mean_the_same_as_hcl_and_as_json needs [ALONE],
        acl_old_rules_are_translated needs [ALONE],
    ]
    .into()
}

fn kind<T: std::fmt::Debug>(result: Result<T, quorate_consul::Error>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

const UNKNOWN: &str = "99999999-2222-4333-8444-555555555555";

async fn acl_where_it_is_off_every_call_says_so(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let acl = consul.client.acl();
    let off = Some(ErrorKind::Unsupported);
    ensure!(kind(acl.bootstrap().await) == off);
    ensure!(kind(acl.replication().await) == off);
    ensure!(kind(acl.tokens().list().await) == off);
    ensure!(kind(acl.tokens().read(UNKNOWN).await) == off);
    ensure!(kind(acl.policies().read(UNKNOWN).await) == off);
    ensure!(kind(acl.roles().read(UNKNOWN).await) == off);
    ensure!(kind(acl.legacy().list().await) == off);
    ensure!(kind(acl.legacy().create(&EntryRequest::new("x")).await) == off);
    ensure!(kind(acl.login(&LoginRequest::new("m", "t")).await) == off);
    ensure!(kind(acl.logout().await) == off);
    ensure!(kind(acl.translate_rules("").await) == off);
    ensure!(kind(acl.authorize(&[]).await) == off);
    let text = acl.tokens().list().await.expect_err("off");
    ensure!(text.text() == Some("ACL support disabled"), "{text}");
    Ok(())
}

async fn acl_the_first_token_is_made_once(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.unclaimed().await?;
    let client = &consul.client;
    let first = client.acl().bootstrap().await?;
    ensure!(first.id == first.token.secret_id);
    let again = client.acl().bootstrap().await.expect_err("once");
    ensure!(again.kind() == ErrorKind::Conflict, "{again}");
    let options = QueryOptions::new().with_token(first.id.expose());
    let own = client.acl().tokens().read_self_with(&options).await?;
    ensure!(own.value.accessor_id == first.token.accessor_id);
    Ok(())
}

async fn acl_policies_and_roles_live_and_die(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.guarded().await?;
    let client = &consul.client;
    let (policies, roles) = (client.acl().policies(), client.acl().roles());
    let rules = Rules::new().key_prefix("app/", Access::Write);
    let policy = policies
        .create(&PolicyRequest::new("app", &rules).with_description("d"))
        .await?;
    ensure!(policy.rules == rules.to_string() && !policy.hash.is_empty());
    ensure!(policies.read(&policy.id).await?.as_ref() == Some(&policy));
    ensure!(policies.read_by_name("app").await?.as_ref() == Some(&policy));
    ensure!(policies.read(UNKNOWN).await?.is_none());
    ensure!(policies.read_by_name("none").await?.is_none());
    let taken = policies.create(&PolicyRequest::new("app", "")).await;
    ensure!(kind(taken) == Some(ErrorKind::AlreadyExists));
    for (name, rules) in [
        ("a b", ""),
        ("x", "key"),
        ("x", "key \"\" { policy = \"fly\" }"),
    ] {
        let refused = policies.create(&PolicyRequest::new(name, rules)).await;
        ensure!(
            kind(refused) == Some(ErrorKind::InvalidArgument),
            "{name} {rules}"
        );
    }
    let change = PolicyRequest::from(&policy).with_datacenter("dc1");
    let changed = policies.update(&change).await?;
    ensure!(changed.datacenters == ["dc1"] && changed.modify_index > policy.modify_index);

    let role = RoleRequest::new("ops")
        .with_policy(Link::name("app"))
        .with_service_identity(ServiceIdentity::new("web").with_datacenter("dc1"))
        .with_node_identity(NodeIdentity::new("n", "dc1"));
    let role = roles.create(&role).await?;
    ensure!(role.policies == [Link::new(&policy.id, "app")]);
    ensure!(roles.read(&role.id).await?.as_ref() == Some(&role));
    ensure!(roles.read_by_name("ops").await?.as_ref() == Some(&role));
    ensure!(roles.read(UNKNOWN).await?.is_none());
    ensure!(roles.list_of_policy(&policy.id).await? == std::slice::from_ref(&role));
    ensure!(roles.list_of_policy(UNKNOWN).await?.is_empty());
    let unknown = RoleRequest::new("x").with_policy(Link::id(UNKNOWN));
    ensure!(kind(roles.create(&unknown).await) == Some(ErrorKind::NotFound));
    let changed = RoleRequest::from(&role).with_description("changed");
    ensure!(roles.update(&changed).await?.description == "changed");
    roles.delete(&role.id).await?;
    roles.delete(&role.id).await?;
    ensure!(roles.list().await?.is_empty());
    policies.delete(&policy.id).await?;
    ensure!(
        policies.list().await?.len() == 1,
        "global-management is left"
    );
    let built_in = policies
        .delete(quorate_consul::acl::MANAGEMENT_POLICY_ID)
        .await;
    ensure!(kind(built_in) == Some(ErrorKind::InvalidArgument));
    Ok(())
}

async fn acl_tokens_live_and_die(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.guarded().await?;
    let client = &consul.client;
    let tokens = client.acl().tokens();
    let policy = PolicyRequest::new("app", Rules::new().key("a", Access::Write));
    let policy = client.acl().policies().create(&policy).await?;
    let role = RoleRequest::new("r").with_policy(Link::name("app"));
    let role = client.acl().roles().create(&role).await?;
    let hour = Duration::from_secs(3600);
    let request = TokenRequest::new()
        .with_description("app")
        .with_policy(Link::name("app"))
        .with_role(Link::id(&role.id))
        .with_service_identity(ServiceIdentity::new("web"))
        .with_node_identity(NodeIdentity::new("n", "dc1"))
        .with_expiration_ttl(hour);
    let token = tokens.create(&request).await?;
    let ends = token.expiration_time.and_then(|time| time.to_system_time());
    let made = token.create_time.to_system_time().context("a time")?;
    ensure!(ends == Some(made + hour));
    ensure!(tokens.read(&token.accessor_id).await?.as_ref() == Some(&token));
    ensure!(tokens.read(UNKNOWN).await?.is_none());
    let own = QueryOptions::new().with_token(token.secret_id.expose());
    ensure!(tokens.read_self_with(&own).await?.value == token);
    let stranger = QueryOptions::new().with_token(UNKNOWN);
    let read = tokens.read_with(&token.accessor_id, &stranger).await;
    ensure!(
        kind(read) == Some(ErrorKind::Unauthenticated),
        "the asker is unknown"
    );
    ensure!(kind(tokens.read_self_with(&stranger).await) == Some(ErrorKind::Unauthenticated));

    let changed = TokenRequest::from(&token).with_description("changed");
    ensure!(tokens.update(&changed).await?.description == "changed");
    let copy = tokens.clone_token(&token.accessor_id, "").await?;
    ensure!(copy.description == "changed" && copy.secret_id != token.secret_id);
    let copy = tokens.clone_token(&token.accessor_id, "a copy").await?;
    ensure!(copy.description == "a copy" && copy.policies == token.policies);
    for (filter, count) in [
        (TokenFilter::new(), 5),
        (TokenFilter::new().with_policy(&policy.id), 3),
        (TokenFilter::new().with_role(&role.id), 3),
        (TokenFilter::new().with_auth_method("none"), 0),
    ] {
        let rows = tokens.list_filtered(&filter).await?;
        ensure!(rows.len() == count, "{filter:?}: {}", rows.len());
    }
    tokens.delete(&copy.accessor_id).await?;
    tokens.delete(&copy.accessor_id).await?;
    ensure!(tokens.list().await?.len() == 4);
    let cases = [
        (
            TokenRequest::new().with_policy(Link::name("none")),
            ErrorKind::NotFound,
        ),
        (
            TokenRequest::new().with_accessor_id(&token.accessor_id),
            ErrorKind::AlreadyExists,
        ),
        (
            TokenRequest::new().with_secret_id(MASTER),
            ErrorKind::AlreadyExists,
        ),
        (
            TokenRequest::new().with_accessor_id("x"),
            ErrorKind::InvalidArgument,
        ),
        (
            TokenRequest::new().with_expiration_ttl(Duration::from_secs(1)),
            ErrorKind::InvalidArgument,
        ),
    ];
    for (request, expected) in cases {
        let error = tokens.create(&request).await.expect_err("refused");
        ensure!(error.kind() == expected, "{error}");
    }
    let unknown = TokenRequest::new().with_accessor_id(UNKNOWN);
    ensure!(kind(tokens.update(&unknown).await) == Some(ErrorKind::NotFound));
    Ok(())
}

async fn acl_old_tokens_live_and_die(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.guarded().await?;
    let client = &consul.client;
    let old = client.acl().legacy();
    let request = EntryRequest::new("old").with_rules("key \"a\" { policy = \"write\" }");
    let id = old.create(&request).await?;
    let entry = old.info(&id).await?.context("just made")?;
    ensure!((entry.name.as_str(), entry.kind) == ("old", EntryKind::Client));
    let write = WriteOptions::new().with_token(id.expose());
    let put = PutOptions::default().with_write(write);
    client.kv().put_with("a/b", "v", &put).await?;
    old.update(&request.clone().with_id(id.clone()).with_rules(""))
        .await?;
    let denied = client.kv().put_with("a/b", "v", &put).await;
    ensure!(kind(denied) == Some(ErrorKind::PermissionDenied));
    let copy = old.clone_token(&id).await?;
    ensure!(old.list().await?.len() == 3, "and the master token");
    old.destroy(&copy).await?;
    old.destroy(&copy).await?;
    ensure!(old.info(&copy).await?.is_none());
    ensure!(kind(old.update(&request).await) == Some(ErrorKind::InvalidArgument));
    let refused = old.create(&EntryRequest::new("x").with_rules("key")).await;
    ensure!(kind(refused) == Some(ErrorKind::InvalidArgument));
    let missing = old.clone_token(&"none".into()).await.expect_err("unknown");
    ensure!(missing.kind() == ErrorKind::PermissionDenied, "{missing}");
    let text = format!("{missing} {missing:?}");
    ensure!(!text.contains("`none`"), "a secret in an error: {text}");
    Ok(())
}

pub(super) fn key_file(name: &str) -> std::io::Result<String> {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../wire/fixtures/jwt");
    std::fs::read_to_string(format!("{folder}/{name}"))
}

async fn acl_a_login_makes_a_token_and_a_logout_ends_it(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let consul = consul.guarded().await?;
    let client = &consul.client;
    let (methods, rules) = (client.acl().auth_methods(), client.acl().binding_rules());
    let method = AuthMethodRequest::new("jwt", AuthMethodType::Jwt)
        .with_display_name("Tokens")
        .with_max_token_ttl(Duration::from_secs(300))
        .with_token_locality(TokenLocality::Local)
        .with_config("JWTValidationPubKeys", vec![key_file("public.pem")?])
        .with_config("BoundAudiences", vec!["quorate"])
        .with_config("ClaimMappings", serde_json::json!({"sub": "user"}))
        .with_config("ListClaimMappings", serde_json::json!({"groups": "groups"}));
    let method = methods.create(&method).await?;
    ensure!(method.max_token_ttl.to_string() == "5m0s");
    ensure!(methods.read("jwt").await?.as_ref() == Some(&method));
    ensure!(methods.read("none").await?.is_none());
    let short = AuthMethodRequest::from(&method).with_max_token_ttl(Duration::from_secs(1));
    ensure!(kind(methods.update(&short).await) == Some(ErrorKind::InvalidArgument));
    let changed = AuthMethodRequest::from(&method).with_description("changed");
    ensure!(methods.update(&changed).await?.description == "changed");
    ensure!(methods.list().await?.len() == 1);

    let bob = Filter::field("value.user").eq("bob");
    let rule = BindingRuleRequest::new("jwt", BindType::Service, "web-${value.user}")
        .with_selector(bob & Filter::value("ops").is_in("list.groups"));
    let rule = rules.create(&rule).await?;
    ensure!(rules.read(&rule.id).await?.as_ref() == Some(&rule));
    ensure!(rules.read(UNKNOWN).await?.is_none());
    ensure!(rules.list_of_auth_method("jwt").await? == std::slice::from_ref(&rule));
    ensure!(rules.list_of_auth_method("none").await?.is_empty());
    let changed = BindingRuleRequest::from(&rule).with_description("changed");
    ensure!(rules.update(&changed).await?.description == "changed");
    let unknown = BindingRuleRequest::new("none", BindType::Role, "r");
    ensure!(kind(rules.create(&unknown).await) == Some(ErrorKind::NotFound));

    let nobody = consul.as_token("")?;
    let login = LoginRequest::new("jwt", key_file("bob.jwt")?).with_meta("pod", "p");
    let token = nobody.acl().login(&login).await?;
    ensure!(token.service_identities == [ServiceIdentity::new("web-bob")]);
    ensure!((token.auth_method.as_str(), token.local) == ("jwt", true));
    let filter = TokenFilter::new().with_auth_method("jwt");
    ensure!(client.acl().tokens().list_filtered(&filter).await?.len() == 1);
    let eve = LoginRequest::new("jwt", key_file("eve.jwt")?);
    ensure!(kind(nobody.acl().login(&eve).await) == Some(ErrorKind::PermissionDenied));
    for (method, proof) in [("jwt", "x"), ("jwt", ""), ("none", "x")] {
        let refused = nobody.acl().login(&LoginRequest::new(method, proof)).await;
        ensure!(
            kind(refused) == Some(ErrorKind::Unauthenticated),
            "{method} {proof}"
        );
    }
    let own = WriteOptions::new().with_token(token.secret_id.expose());
    nobody.acl().logout_with(&own).await?;
    ensure!(kind(nobody.acl().logout_with(&own).await) == Some(ErrorKind::Unauthenticated));
    ensure!(kind(client.acl().logout().await) == Some(ErrorKind::PermissionDenied));
    rules.delete(&rule.id).await?;
    methods.delete("jwt").await?;
    methods.delete("jwt").await?;
    ensure!(rules.list().await?.is_empty() && methods.list().await?.is_empty());
    Ok(())
}

/// Names that an escape could get wrong.
const NAMES: [&str; 8] = [
    "",
    "plain/path",
    "quo\"te",
    "back\\slash\\",
    "${not.an.expression}",
    "$${x}",
    "line\nbreak\ttab",
    "é漢🦀",
];

async fn acl_rules_mean_the_same_as_hcl_and_as_json(
    consul: &Subject<Consul>,
) -> anyhow::Result<()> {
    let consul = consul.guarded().await?;
    let client = &consul.client;
    let mut rules = Rules::new()
        .acl(Access::Read)
        .operator(Access::Write)
        .keyring(Access::Read)
        .service_and_intentions("web", Access::Write, Access::Read)
        .service_prefix_and_intentions("db", Access::Read, Access::Write)
        .service_prefix("x", Access::Read)
        .key_prefix("tree/", KeyAccess::List);
    for name in NAMES {
        rules = rules
            .key(name, Access::Write)
            .service(format!("s{name}"), Access::Read)
            .agent(name, Access::Read)
            .agent_prefix(format!("p{name}"), Access::Write)
            .event(name, Access::Write)
            .event_prefix(format!("p{name}"), Access::Read)
            .node(name, Access::Write)
            .node_prefix(format!("p{name}"), Access::Read)
            .query(name, Access::Write)
            .query_prefix(format!("p{name}"), Access::Read)
            .session(name, Access::Write)
            .session_prefix(format!("p{name}"), Access::Read);
    }
    let mut questions = vec![
        (Resource::Acl, "", [true, false]),
        (Resource::Operator, "", [true, true]),
        (Resource::Keyring, "", [true, false]),
        (Resource::Service, "web", [true, true]),
        (Resource::Intention, "web", [true, false]),
        (Resource::Service, "db1", [true, false]),
        (Resource::Intention, "db1", [true, true]),
        (Resource::Key, "unnamed", [false, false]),
        (Resource::Key, "tree/a", [true, false]),
    ];
    for name in NAMES.iter().filter(|name| !name.is_empty()) {
        questions.push((Resource::Key, name, [true, true]));
        questions.push((Resource::Agent, name, [true, false]));
        questions.push((Resource::Event, name, [true, true]));
    }
    for (name, text) in [("hcl", rules.to_string()), ("json", rules.to_json())] {
        let policy = PolicyRequest::new(name, text);
        client.acl().policies().create(&policy).await?;
        let token = TokenRequest::new().with_policy(Link::name(name));
        let token = client.acl().tokens().create(&token).await?;
        let options = QueryOptions::new().with_token(token.secret_id.expose());
        let ask = |access: Right| {
            let ask = |(resource, segment, _): &(Resource, &str, _)| {
                AuthorizationRequest::new(resource.clone(), *segment, access.clone())
            };
            questions.iter().map(ask).collect::<Vec<_>>()
        };
        for (at, access) in [Right::Read, Right::Write].into_iter().enumerate() {
            let answers = client.acl().authorize_with(&ask(access), &options).await?;
            for (answer, (_, _, expected)) in answers.iter().zip(&questions) {
                ensure!(answer.allow == expected[at], "{name}: {answer:?}");
            }
        }
        let list = [AuthorizationRequest::new(
            Resource::Key,
            "tree/a",
            Right::List,
        )];
        ensure!(
            client.acl().authorize_with(&list, &options).await?[0].allow,
            "{name}"
        );
    }
    Ok(())
}

async fn acl_old_rules_are_translated(consul: &Subject<Consul>) -> anyhow::Result<()> {
    let consul = consul.guarded().await?;
    let client = &consul.client;
    let acl = client.acl();
    let translated = acl
        .translate_rules("key \"a\" { policy = \"read\" }")
        .await?;
    ensure!(translated.contains("key_prefix \"a\""), "{translated}");
    let bad = acl.translate_rules("key").await;
    ensure!(kind(bad) == Some(ErrorKind::InvalidArgument));
    ensure!(kind(acl.translate_token_rules(UNKNOWN).await) == Some(ErrorKind::Unauthenticated));
    let own = acl.tokens().read_self().await?;
    let new = acl.translate_token_rules(&own.accessor_id).await;
    ensure!(kind(new) == Some(ErrorKind::InvalidArgument));
    let replication = acl.replication().await?;
    ensure!(!replication.enabled && replication.last_success.is_zero());
    Ok(())
}
