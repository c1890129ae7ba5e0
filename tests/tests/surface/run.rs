//! Runs the scripts against a pair of servers.

use std::time::Duration;

use quorate_conformance::random::Random;
use tokio::time::{Instant, sleep};

use crate::ask::Ask;
use crate::known::known;
use crate::plain::plain;
use crate::report::Report;
use crate::script::{Amount, requests};
use crate::scripts::{Script, scripts};
use crate::sweep::sweep;
use crate::world::{Setting, World};

/// How long a read may differ: Consul's agent tells its catalog a moment later, coordinates are
/// collected for five seconds.
const SETTLING: Duration = Duration::from_secs(12);
/// How often it is made again within that.
const AGAIN: Duration = Duration::from_millis(40);
/// What is drawn unless something else is asked for.
const SEED: u64 = 20_261_121;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok().and_then(|text| text.parse().ok())
}

/// Compares the answers of two servers that are set up like this.
pub(crate) async fn compare(setting: Setting) -> anyhow::Result<()> {
    let only = std::env::var("QUORATE_SURFACE_SCRIPT").ok();
    let seed = match number("QUORATE_SURFACE_SEED") {
        None => SEED,
        Some(0) => Random::any_seed(),
        Some(seed) => seed,
    };
    let rounds = number("QUORATE_SURFACE_ROUNDS").unwrap_or(1);
    println!("QUORATE_SURFACE_SEED={seed} QUORATE_SURFACE_ROUNDS={rounds}");
    let limit = number("QUORATE_SURFACE_REPORTS").unwrap_or(20);
    let mut report = Report::new(usize::try_from(limit)?);
    let mut amount = Amount {
        rounds,
        random: Random::new(seed),
    };
    let wanted = |script: &&Script| {
        script.setting == setting && only.as_deref().is_none_or(|only| only == script.name)
    };
    let scripts: Vec<_> = scripts().iter().filter(wanted).collect();
    if scripts.is_empty() {
        return Ok(());
    }
    let mut world = World::start(setting).await?;
    for script in scripts {
        report.begin_script(script.name);
        perform(&mut world, script, &mut amount, &mut report).await?;
        if report.is_full() {
            break;
        }
        for side in [&mut world.real, &mut world.ours] {
            sweep(side).await?;
        }
    }
    report.end(setting.word(), only.is_none() && seed == SEED)
}

async fn perform(
    world: &mut World,
    script: &Script,
    amount: &mut Amount,
    report: &mut Report,
) -> anyhow::Result<()> {
    let known_ids = script.text.to_ascii_lowercase();
    for (line, text) in requests(script.text, amount) {
        let ask = Ask::parse(&text);
        // What differs once may have led to the next, and nobody waits for all of it.
        let patience = match report.is_clean() {
            true => SETTLING,
            false => AGAIN,
        };
        let (real, ours) = settled(world, &known_ids, &ask, patience).await;
        report.note(&ask, &real);
        if real == ours {
            continue;
        }
        match known(&ask, &real, &ours) {
            Some(known) => report.note_known(known),
            None => report.note_difference(line, &ask, &real, &ours),
        }
        if report.is_full() {
            break;
        }
    }
    world.real.forget();
    world.ours.forget();
    Ok(())
}

/// Both answers; to a read, as soon as they are the same, if they ever are.
async fn settled(
    world: &mut World,
    known_ids: &str,
    ask: &Ask,
    patience: Duration,
) -> (String, String) {
    let deadline = Instant::now() + patience;
    loop {
        let World { real, ours, .. } = world;
        let (one, other) = tokio::join!(real.ask(ask), ours.ask(ask));
        let one = plain(real, known_ids, ask.care, &one);
        let other = plain(ours, known_ids, ask.care, &other);
        let is_over = one == other
            || !ask.is_read()
            || Instant::now() > deadline
            || known(ask, &one, &other).is_some();
        if is_over {
            return (one, other);
        }
        sleep(AGAIN).await;
    }
}
