//! Services: kept registered with their health, found, followed, and told of by events.

#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use quorate::{Delivery, Health, RegisterOptions, Service};
use quorate_examples::{prefix, url};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let coordinator = quorate::connect(&url()).await?;
    let services = coordinator.services();
    // A name of this run's own: on a shared server examples must not meet.
    let name = prefix("services").replace('/', "-");

    // Whoever calls the service follows its instances: those that pass all their checks.
    let mut sets = services.watch(&name)?;
    let set = sets.next().await.expect("it is open")?;
    assert!(set.instances.is_empty(), "nobody has registered yet");

    // The service says how it is whenever it is asked, and is registered again if the agent forgot.
    let well = Arc::new(AtomicBool::new(true));
    let asked = Arc::clone(&well);
    let options = RegisterOptions::default()
        .with_health(move || {
            let well = asked.load(Ordering::SeqCst);
            async move {
                match well {
                    true => Health::passing("all is well"),
                    false => Health::critical("the disk is full"),
                }
            }
        })
        .with_drain(Duration::from_millis(200));
    let service = Service::new(&name)
        .with_id(format!("{name}-1"))
        .with_address("10.0.0.7")
        .with_port(8080)
        .with_tag("v2");
    let registration = services.register_with(service, &options).await?;
    let set = sets.next().await.expect("it is open")?;
    println!(
        "registered: {} on {}",
        set.instances[0], set.instances[0].node
    );

    // It does not feel well: callers see it go, and whoever looks sees why.
    well.store(false, Ordering::SeqCst);
    registration.check_now();
    let set = sets.next().await.expect("it is open")?;
    assert!(set.instances.is_empty());
    for check in services.checks(&name).await? {
        println!("{} is {}: {}", check.id, check.status, check.output);
    }
    well.store(true, Ordering::SeqCst);
    registration.check_now();
    let set = sets.next().await.expect("it is open")?;
    println!("back again: {}", set.instances[0]);

    // An event tells everybody that there is something to look up.
    let mut releases = coordinator.events().watch(&name).await?;
    coordinator.events().fire(&name, "release 17").await?;
    match releases.next().await.expect("it is open")? {
        Delivery::Event(event) => println!("told of {:?}", event.payload),
        gap => println!("look everything up anew: {gap:?}"),
    }

    // Nobody new comes for a while, then it is gone.
    registration.release().await?;
    assert!(services.instances(&name).await?.is_empty());
    for node in coordinator.nodes().list().await? {
        println!("node {} at {} is {}", node.name, node.address, node.status);
    }
    coordinator.close().await?;
    Ok(())
}
