//! Services: registered, found, followed, taken out of service.

use std::time::Duration;

use anyhow::{Context as _, ensure};
use quorate::{
    ErrorKind, Feed, HealthStatus, Instance, InstanceOptions, InstanceSet, Near, Outcome, Service,
    ServiceCheck,
};
use tokio::net::TcpListener;
use tokio::time::timeout;

use super::target::{CONSUL, Unified};
use crate::protocol::equal;
use crate::server::ReservedPort;
use crate::trial::{Case, Subject};
use crate::{cases, eventually_ok};

const SOON: Duration = Duration::from_secs(50);

pub(super) fn cases() -> Vec<Case<Unified>> {
    cases![Unified;
        a_service_that_was_added_stays_until_it_is_deregistered needs [CONSUL],
        a_service_that_does_not_exist_has_no_instances needs [CONSUL],
        instances_are_found_by_their_tags needs [CONSUL],
        only_those_that_pass_are_found_unless_all_are_wanted needs [CONSUL],
        every_instance_has_a_place_by_distance needs [CONSUL],
        a_watch_of_instances_tells_what_comes_changes_and_goes needs [CONSUL],
        maintenance_takes_an_instance_out_and_brings_it_back needs [CONSUL],
        the_server_checks_what_it_was_told_to needs [CONSUL],
        what_cannot_be_registered_is_refused needs [CONSUL],
    ]
    .into()
}

/// A name of the trial's own.
pub(super) fn named(it: &Subject<Unified>, name: &str) -> String {
    it.key(name).replace('/', "-")
}

/// The next set, within a time.
pub(super) async fn next(sets: &mut Feed<InstanceSet>) -> anyhow::Result<InstanceSet> {
    let next = timeout(SOON, sets.next()).await.context("no set came")?;
    Ok(next.context("the feed ended")??)
}

pub(super) fn ids(instances: &[Instance]) -> Vec<&str> {
    instances.iter().map(|it| it.id.as_str()).collect()
}

/// Waits until exactly these instances pass.
pub(super) async fn passing(
    it: &Subject<Unified>,
    name: &str,
    expected: &[&str],
) -> anyhow::Result<Vec<Instance>> {
    let services = it.coordinator.services();
    let seen = || async {
        let found = services.instances(name).await?;
        equal("instances", ids(&found), expected.to_vec())?;
        anyhow::Ok(found)
    };
    Ok(eventually_ok(SOON, format!("{expected:?} pass"), seen).await?)
}

async fn a_service_that_was_added_stays_until_it_is_deregistered(
    it: &Subject<Unified>,
) -> anyhow::Result<()> {
    let (name, services) = (named(it, "web"), it.coordinator.services());
    let id = format!("{name}-1");
    let service = Service::new(&name)
        .with_id(&id)
        .with_address("10.0.0.7")
        .with_port(8080)
        .with_tag("v2")
        .with_meta("rack", "7");
    // From a handle that is closed then: nobody keeps it registered.
    let other = it.another().await?;
    other.services().add(service.clone()).await?;
    services.add(service).await?;
    let found = passing(it, &name, &[&id]).await?;
    let instance = &found[0];
    equal("address", instance.to_string(), "10.0.0.7:8080")?;
    equal("tags", &instance.tags, &vec!["v2".to_owned()])?;
    equal(
        "label",
        instance.meta.get("rack").map(String::as_str),
        Some("7"),
    )?;
    equal("status", instance.status, HealthStatus::Passing)?;
    let all = services.list().await?;
    let summary = all
        .iter()
        .find(|it| it.name == name)
        .context("not listed")?;
    equal("tags", &summary.tags, &vec!["v2".to_owned()])?;
    let names: Vec<_> = all.iter().map(|it| &it.name).collect();
    ensure!(names.is_sorted(), "{names:?}");
    services.deregister(&id).await?;
    passing(it, &name, &[]).await?;
    // Once more changes nothing, and is no error.
    Ok(services.deregister(&id).await?)
}

async fn a_service_that_does_not_exist_has_no_instances(
    it: &Subject<Unified>,
) -> anyhow::Result<()> {
    let (name, services) = (named(it, "none"), it.coordinator.services());
    equal("instances", services.instances(&name).await?, Vec::new())?;
    equal("checks", services.checks(&name).await?, Vec::new())?;
    let missing = services.begin_maintenance(&name, "").await.err();
    let kind = missing.context("maintained")?.kind();
    equal("kind", kind, ErrorKind::NotFound)?;
    let nameless = services.instances("").await.err().context("found")?;
    equal("kind", nameless.kind(), ErrorKind::InvalidArgument)
}

async fn instances_are_found_by_their_tags(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (name, services) = (named(it, "web"), it.coordinator.services());
    for (id, tags) in [("1", &["a"][..]), ("2", &["a", "b"]), ("3", &[])] {
        let service = Service::new(&name).with_id(format!("{name}-{id}"));
        let add = |service: Service, tag: &&str| service.with_tag(*tag);
        services.add(tags.iter().fold(service, add)).await?;
    }
    let id = |id: &str| format!("{name}-{id}");
    passing(it, &name, &[&id("1"), &id("2"), &id("3")]).await?;
    let tagged = InstanceOptions::default().with_tag("a");
    let found = services.instances_with(&name, &tagged).await?;
    equal("with a", ids(&found), vec![id("1"), id("2")])?;
    let found = services
        .instances_with(&name, &tagged.with_tag("b"))
        .await?;
    equal("with a and b", ids(&found), vec![id("2")])?;
    for number in ["1", "2", "3"] {
        services.deregister(&id(number)).await?;
    }
    Ok(())
}

async fn only_those_that_pass_are_found_unless_all_are_wanted(
    it: &Subject<Unified>,
) -> anyhow::Result<()> {
    let (name, services) = (named(it, "web"), it.coordinator.services());
    let (up, down) = (format!("{name}-1"), format!("{name}-2"));
    services.add(Service::new(&name).with_id(&up)).await?;
    // Nobody listens there, so it never passes.
    let check = ServiceCheck::tcp("127.0.0.1:1", Duration::from_secs(3600));
    let service = Service::new(&name).with_id(&down).with_check(check);
    services.add(service).await?;
    passing(it, &name, &[&up]).await?;
    let any = InstanceOptions::default().with_any_health();
    let both = || async {
        let found = services.instances_with(&name, &any).await?;
        equal("all", ids(&found), vec![&up, &down])?;
        anyhow::Ok(found)
    };
    let found = eventually_ok(SOON, "both are there", both).await?;
    equal("status", found[1].status, HealthStatus::Critical)?;
    let checks = services.checks(&name).await?;
    equal("checks", checks.len(), 1)?;
    equal("instance", checks[0].instance.as_ref(), Some(&down))?;
    equal("status", checks[0].status, HealthStatus::Critical)?;
    services.deregister(&up).await?;
    Ok(services.deregister(&down).await?)
}

async fn every_instance_has_a_place_by_distance(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (name, services) = (named(it, "web"), it.coordinator.services());
    ensure!(it.coordinator.capabilities().service_distances);
    services.add(Service::new(&name)).await?;
    let found = passing(it, &name, &[&name]).await?;
    for near in [Near::Here, Near::Node(found[0].node.clone())] {
        let options = InstanceOptions::default().with_near(near);
        let near = services.instances_with(&name, &options).await?;
        equal("instances", &near, &found)?;
    }
    Ok(services.deregister(&name).await?)
}

async fn a_watch_of_instances_tells_what_comes_changes_and_goes(
    it: &Subject<Unified>,
) -> anyhow::Result<()> {
    let (name, services) = (named(it, "web"), it.coordinator.services());
    let mut sets = it.another().await?.services().watch(&name)?;
    equal(
        "the first set",
        next(&mut sets).await?,
        InstanceSet::default(),
    )?;
    let service = Service::new(&name).with_port(80);
    services.add(service.clone()).await?;
    let set = next(&mut sets).await?;
    equal("added", ids(&set.added), vec![name.as_str()])?;
    equal("all", &set.instances, &set.added)?;
    services.add(service.with_port(81)).await?;
    let set = next(&mut sets).await?;
    let ports = (set.removed[0].port, set.added[0].port);
    equal("the port before and now", ports, (80, 81))?;
    services.deregister(&name).await?;
    let set = next(&mut sets).await?;
    equal("removed", ids(&set.removed), vec![name.as_str()])?;
    ensure!(set.instances.is_empty() && set.added.is_empty());
    Ok(())
}

async fn maintenance_takes_an_instance_out_and_brings_it_back(
    it: &Subject<Unified>,
) -> anyhow::Result<()> {
    let (name, services) = (named(it, "web"), it.coordinator.services());
    services.add(Service::new(&name)).await?;
    passing(it, &name, &[&name]).await?;
    services.begin_maintenance(&name, "new disks").await?;
    passing(it, &name, &[]).await?;
    let any = InstanceOptions::default().with_any_health();
    let found = services.instances_with(&name, &any).await?;
    equal("status", found[0].status, HealthStatus::Maintenance)?;
    let checks = services.checks(&name).await?;
    let why = checks
        .iter()
        .find(|check| check.output.contains("new disks"));
    ensure!(why.is_some(), "{checks:?}");
    services.end_maintenance(&name).await?;
    passing(it, &name, &[&name]).await?;
    Ok(services.deregister(&name).await?)
}

async fn the_server_checks_what_it_was_told_to(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (name, services) = (named(it, "web"), it.coordinator.services());
    // Nobody else listens there once this one does not.
    let port = ReservedPort::new()?.share()?;
    let listener = TcpListener::bind(port.addr()).await?;
    let address = port.addr().to_string();
    let check = ServiceCheck::tcp(address, Duration::from_secs(1));
    services.add(Service::new(&name).with_check(check)).await?;
    passing(it, &name, &[&name]).await?;
    drop(listener);
    passing(it, &name, &[]).await?;
    Ok(services.deregister(&name).await?)
}

async fn what_cannot_be_registered_is_refused(it: &Subject<Unified>) -> anyhow::Result<()> {
    let (name, services) = (named(it, "web"), it.coordinator.services());
    let web = || Service::new(&name);
    let minute = Duration::from_secs(59);
    for (service, field) in [
        (Service::new(""), "Name"),
        (web().with_address("0.0.0.0"), "Address"),
        (web().with_meta("a b", ""), "Meta"),
        (web().with_check(ServiceCheck::http("", minute)), "HTTP"),
        (
            web().with_check(ServiceCheck::tcp("a:1", Duration::ZERO)),
            "Interval",
        ),
        (
            web().with_deregister_critical_after(minute),
            "deregister_critical_after",
        ),
    ] {
        let added = services.add(service.clone()).await.err();
        let kept = services.register(service).await.err();
        for error in [added, kept] {
            let error = error.context("accepted")?;
            let shown = (error.kind(), error.outcome());
            let expected = (ErrorKind::InvalidArgument, Outcome::DidNotHappen);
            equal("error", shown, expected)?;
            ensure!(error.to_string().contains(field), "{error}");
        }
    }
    equal("instances", services.instances(&name).await?, Vec::new())
}
