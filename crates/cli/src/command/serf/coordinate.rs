//! `quorate serf rtt`.

use serde_json::json;

use super::Context;
use crate::args::serf::coordinate::RttArgs;
use crate::exit::Exit;
use crate::failure::Failure;

pub(super) async fn round_trip(context: Context<'_>, args: RttArgs) -> Result<Exit, Failure> {
    let client = context.client;
    let other = match args.other {
        Some(other) => other,
        None => {
            let stats = client.stats().await?;
            stats.get("agent", "name").unwrap_or_default().to_owned()
        }
    };
    let mut places = Vec::with_capacity(2);
    for name in [&args.one, &other] {
        let Some(place) = client.coordinate(name).await? else {
            let why = format!("Could not find a coordinate for node {name:?}");
            return Err(Failure::new(Exit::NotFound, why).with_next("quorate serf members"));
        };
        places.push(place);
    }
    let Some(time) = places[0].distance(&places[1]) else {
        let why = "the two members have coordinates of different dimensions";
        return Err(Failure::new(Exit::Failure, why));
    };
    let seconds = time.as_secs_f64();
    let text = format!(
        "Estimated {} <-> {other} rtt: {:.3} ms",
        args.one,
        seconds * 1e3
    );
    context.say(
        json!({"from": args.one, "to": other, "seconds": seconds}),
        text,
    )
}
