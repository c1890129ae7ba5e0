//! Time from exec to the first answer, and memory at rest, of both agents.
//!
//! `cargo build --release && cargo run --release -p quorate-benches --bin startup`

#![allow(
    clippy::print_stdout,
    reason = "benchmarks are programs that print figures"
)]

use std::time::Duration;

use quorate_benches::process::{Server, sibling};
use quorate_benches::report::{at_most, median};

const ROUNDS: usize = 7;
const FIRST: &[u8] = b"GET /v1/status/leader HTTP/1.1\r\nHost: bench\r\n\r\n";

/// Milliseconds to the first answer and to the first write, and megabytes after `rest`.
fn measure(
    start: impl Fn() -> anyhow::Result<Server>,
    rounds: usize,
    rest: Duration,
) -> anyhow::Result<[f64; 3]> {
    let (mut first, mut writable, mut resident) = (vec![], vec![], vec![]);
    for _ in 0..rounds {
        let server = start()?;
        first.push(server.wait_for(FIRST)?.as_secs_f64() * 1e3);
        writable.push(server.wait_until_writable()?.as_secs_f64() * 1e3);
        std::thread::park_timeout(rest);
        #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
        resident.push(server.resident()? as f64 / 1e6);
    }
    Ok([median(&first), median(&writable), median(&resident)])
}

fn main() -> anyhow::Result<()> {
    let rest = Duration::from_secs(1);
    for (durable, how) in [(false, "in memory"), (true, "with a data directory")] {
        let [first, writable, resident] = measure(|| Server::quorate(durable), ROUNDS, rest)?;
        let consul = measure(|| Server::consul(durable), 3, rest)?;
        println!("\n{how}:");
        at_most("first answer of quorate", first, "ms", 20.0);
        println!(
            "  consul {:.0} ms, quorate / consul {:.3}",
            consul[0],
            first / consul[0]
        );
        println!(
            "first write of quorate {writable:.1} ms, of consul {:.0} ms",
            consul[1]
        );
        at_most("memory of quorate at rest", resident, "MB", 12.0);
        println!(
            "  consul {:.0} MB, quorate / consul {:.3}",
            consul[2],
            resident / consul[2]
        );
    }
    #[expect(clippy::cast_precision_loss, reason = "a figure for people")]
    let size = std::fs::metadata(sibling("quorate")?)?.len() as f64 / 1e6;
    at_most("\nsize of the stripped program", size, "MB", 15.0);
    Ok(())
}
