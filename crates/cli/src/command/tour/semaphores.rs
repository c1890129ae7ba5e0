//! A semaphore with fewer slots than contenders.

use std::time::Duration;

use quorate::{Acquisition, Result, SemaphoreOptions};

use super::Stage;
use super::locks::WAITING;
use super::step::Step;

/// How long a free slot may take to be seen.
const PATIENCE: Duration = Duration::from_secs(5);

pub(super) async fn three_contenders(stage: &Stage, step: &mut Step) -> Result<()> {
    let name = stage.key("semaphores/workers");
    let contender = |label: &str| {
        let options = SemaphoreOptions::default().with_ttl(Duration::from_secs(10));
        let options = options
            .with_value(label.to_owned())
            .with_label(format!("quorate tour: {label}"));
        stage
            .coordinator
            .semaphore(name.as_str(), 2)
            .with_options(options)
    };
    let (eve, fay, gus) = (contender("eve"), contender("fay"), contender("gus"));
    step.sent(format!("eve and fay each acquire a slot of {name}"));
    let first = eve.acquire().await?;
    let second = fay.acquire().await?;
    step.received("two slots are held");
    step.expect("both hold one", first.is_held() && second.is_held());
    step.sent("gus tries");
    let tried = gus.try_acquire().await?;
    let refused = matches!(tried, Acquisition::TimedOut { .. });
    step.received(if refused {
        "all slots are held"
    } else {
        "a slot is held"
    });
    drop(tried);
    step.expect("there is no third slot", refused);
    step.sent("gus waits; eve releases her slot");
    let mut waiting = std::pin::pin!(gus.acquire_within(PATIENCE));
    let early = tokio::time::timeout(WAITING, &mut waiting).await.is_ok();
    step.expect("gus waits while both are held", !early);
    if early {
        return first.release().await;
    }
    let (third, released) = tokio::join!(waiting, first.release());
    released?;
    let Acquisition::Acquired(third) = third? else {
        step.expect("gus gets the slot that eve gave back", false);
        return Ok(());
    };
    step.received("gus holds a slot");
    step.expect(
        "gus and fay hold one each",
        third.is_held() && second.is_held(),
    );
    third.release().await?;
    second.release().await
}
