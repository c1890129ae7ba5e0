//! An election: one of many leads, knows when it leads no longer, and all can know who it is.

#![allow(clippy::print_stdout, reason = "an example prints what it does")]

use quorate::prelude::*;
use quorate_examples::{prefix, url};

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let coordinator = quorate::connect(&url()).await?;
    let prefix = prefix("election");
    let election = coordinator.election(&prefix);

    // Whoever wants to know who leads need not take part.
    let mut leaders = election.observe()?;
    assert!(leaders.next().await.expect("it is open")?.is_none());

    let leadership = election.campaign("node-7, port 25").await?;
    let leader = leaders
        .next()
        .await
        .expect("it is open")?
        .expect("one leads");
    println!(
        "{:?} leads with token {}",
        leader.value,
        leadership.fencing_token()
    );

    // Somebody else waits for its turn; the work ends where it stands if the office is lost.
    let next = election.campaign("node-8, port 25");
    let first = async {
        let (key, kv) = (format!("{prefix}/sent"), coordinator.kv());
        let work = kv.put_fenced(leadership.holding(), &key, "1000 letters");
        let sent = leadership.run_while_held(work).await??;
        println!("written as the leader at revision {sent}");
        leadership.proclaim("node-7, stepping down").await?;
        leadership.resign().await
    };
    let (elected, resigned) = tokio::join!(next, first);
    resigned?;
    let elected = elected?;
    println!("the next one has token {}", elected.fencing_token());
    elected.resign().await?;

    // The usual form: stand for election, work while leading, resign.
    let token = election
        .run("node-9", async |held| held.fencing_token())
        .await?
        .acquired()
        .expect("it waits for as long as it takes");
    println!("and the one after that {token}");

    coordinator.kv().delete_prefix(&prefix).await?;
    coordinator.close().await?;
    Ok(())
}
