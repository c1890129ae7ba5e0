//! `serf event` and `serf monitor`.

use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::trial::{Case, Subject};

use crate::serf::{Serf, Setup};

pub(crate) fn cases() -> Vec<Case<Serf>> {
    cases![Serf;
        a_monitor_tells_the_log_and_what_happens,
        serf_sends_events,
    ]
    .into()
}

async fn serf_sends_events(serf: &Subject<Serf>) -> anyhow::Result<()> {
    let said = "Event 'deploy' dispatched! Coalescing enabled: true\n";
    serf.says(&["event", "deploy", "v17"], said).await?;
    let said = "Event 'deploy' dispatched! Coalescing enabled: false\n";
    serf.says(&["event", "-coalesce=false", "deploy"], said)
        .await?;
    let refusal = "user event exceeds configured limit of 512 bytes before encoding";
    serf.refuses(&["event", "deploy", &"x".repeat(600)], refusal)
        .await
}

async fn a_monitor_tells_the_log_and_what_happens(serf: &Subject<Serf>) -> anyhow::Result<()> {
    let own = serf.alone("solo", Setup::default()).await?;
    let monitor = own.tell(&["monitor", "-log-level", "debug"])?;
    // It follows the log before it follows events, or the other way round: once there is a line, an
    // event is sent until it is told.
    monitor.until("[").await?;
    let told = async {
        while !monitor.text()?.contains("Name: \"deploy\"") {
            own.run(&["event", "-coalesce=false", "deploy", "v17"])
                .await?;
        }
        anyhow::Ok(())
    };
    told.await?;
    // Its fields come in any order, another one each time.
    for field in [
        "Event Info:\n",
        "\tEvent: \"user\"\n",
        "\tCoalesce: false\n",
        "\tLTime: ",
    ] {
        monitor.until(field).await?;
    }
    own.run(&["tags", "-set", "a=b"]).await?;
    monitor.until("\tEvent: \"member-update\"\n").await?;
    let said = monitor.interrupt().await?;
    ensure!(
        said.contains("\tPayload: []byte{0x76, 0x31, 0x37}\n"),
        "{said}"
    );
    own.refuses(
        &["monitor", "-log-level", "loud"],
        "Unknown log level: LOUD",
    )
    .await
}
