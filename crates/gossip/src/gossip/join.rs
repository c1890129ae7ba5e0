//! Joining by names, and again.

use std::net::SocketAddr;
use std::time::Duration;

use tokio::net::lookup_host;

use super::config::PORT;
use super::handle::{Gossip, WeakGossip};
use crate::engine::{Failure, Outcome};
use crate::error::Error;
use crate::serf::Status;

/// How long the look-up of one name may take.
const LOOKUP: Duration = Duration::from_secs(5);

/// In each such round the seeds are tried even if others are there, but no seed is: two parts of a
/// cluster that forgot each other would never meet again.
const CUT_OFF: u64 = 10;

/// How many addresses of one name are tried.
const ADDRESSES: usize = 16;

/// Who was joined, and who was not.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Joined {
    /// How many members were reached.
    pub reached: usize,
    /// Who was not reached, and why.
    pub failed: Vec<(String, String)>,
}

impl Gossip {
    /// Joins the clusters of the members at these addresses: `HOST`, `HOST:PORT`, or `NAME/` and
    /// either, as Serf takes them. The port is 7946 unless it is said. With `ignore_old`, user
    /// events from before are not delivered (Serf's `-replay` is the opposite).
    ///
    /// # Errors
    ///
    /// [`Error::Join`] when none was reached. Some that were not are in [`Joined::failed`].
    ///
    /// # Cancel safety
    ///
    /// Dropping the future stops waiting; the member still joins.
    pub async fn join<S: AsRef<str>>(
        &self,
        members: &[S],
        ignore_old: bool,
    ) -> Result<Joined, Error> {
        let mut joined = Joined::default();
        let mut addresses = Vec::new();
        for member in members {
            match resolve(member.as_ref()).await {
                Ok(found) => addresses.extend(found),
                Err(why) => joined.failed.push((member.as_ref().to_owned(), why)),
            }
        }
        let asked = self.operation(move |driver, op| {
            let now = driver.now();
            driver.engine.join(now, op, &addresses, ignore_old);
        });
        let texts = |failed: Vec<(SocketAddr, String)>| {
            failed.into_iter().map(|(to, why)| (to.to_string(), why))
        };
        match asked.await {
            Ok(Outcome::Joined { reached, failed }) => {
                joined.reached = reached;
                joined.failed.extend(texts(failed));
            }
            Ok(_) => {}
            Err(Error::Failure(Failure::Join(failed))) => joined.failed.extend(texts(failed)),
            Err(error) => return Err(error),
        }
        if joined.reached == 0 && !joined.failed.is_empty() {
            return Err(Error::Join(joined.failed));
        }
        Ok(joined)
    }
}

/// Joins the seeds whenever nobody else is there, and from time to time when no seed is, until the
/// member stops. It holds the member only while it joins, so that it ends with the last handle.
pub(super) async fn keep_joined(
    member: WeakGossip,
    seeds: Vec<String>,
    every: Duration,
    replay: bool,
) {
    // What is older than its membership is no concern of a newcomer.
    let mut newcomer = !replay;
    for round in 0_u64.. {
        let Some(gossip) = member.upgrade() else {
            return;
        };
        let Ok(members) = gossip.members().await else {
            return;
        };
        let others = members.iter().filter(|member| {
            member.status == Status::Alive && member.name.as_str() != gossip.name()
        });
        let others: Vec<_> = others.map(|member| member.address).collect();
        newcomer &= others.is_empty();
        let cut_off = round % CUT_OFF == CUT_OFF - 1 && !any_of(&seeds, &others).await;
        if (others.is_empty() || cut_off)
            && let Err(error) = gossip.join(&seeds, newcomer).await
        {
            tracing::warn!(%error, "no seed was reached");
        }
        drop(gossip);
        tokio::time::sleep(every).await;
    }
}

/// Whether one of the seeds is among those that listen here.
async fn any_of(seeds: &[String], here: &[SocketAddr]) -> bool {
    for seed in seeds {
        let found = resolve(seed).await.unwrap_or_default();
        if found.iter().any(|address| here.contains(address)) {
            return true;
        }
    }
    false
}

async fn resolve(member: &str) -> Result<Vec<SocketAddr>, String> {
    let address = member
        .split_once('/')
        .map_or(member, |(_, address)| address);
    let (host, port) = host_and_port(address)?;
    let found = tokio::time::timeout(LOOKUP, lookup_host((host, port))).await;
    let found = found.map_err(|_| format!("not looked up within {LOOKUP:?}"))?;
    let found: Vec<_> = found
        .map_err(|error| error.to_string())?
        .take(ADDRESSES)
        .collect();
    if found.is_empty() {
        return Err("no address".to_owned());
    }
    Ok(found)
}

fn host_and_port(address: &str) -> Result<(&str, u16), String> {
    let port = |text: &str| text.parse().map_err(|_| format!("{text:?} is no port"));
    if let Some(rest) = address.strip_prefix('[') {
        let (host, rest) = rest.split_once(']').ok_or("a bracket is missing")?;
        return match rest.strip_prefix(':') {
            Some(text) => Ok((host, port(text)?)),
            None => Ok((host, PORT)),
        };
    }
    match address.rsplit_once(':') {
        // More than one colon, and no brackets: an IPv6 address.
        Some((host, text)) if !host.contains(':') => Ok((host, port(text)?)),
        _ => Ok((address, PORT)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_read_as_serf_reads_them() {
        for (text, host, port) in [
            ("a", "a", 7946),
            ("a:1", "a", 1),
            ("10.0.0.1", "10.0.0.1", 7946),
            ("::1", "::1", 7946),
            ("[::1]", "::1", 7946),
            ("[::1]:80", "::1", 80),
        ] {
            assert_eq!(host_and_port(text), Ok((host, port)), "{text}");
        }
        assert!(host_and_port("a:b").is_err());
        assert!(host_and_port("[::1").is_err());
    }
}
