//! How the agent is: `stats`.

use std::collections::BTreeMap;
use std::fmt::Display;

use quorate_wire::serf::Stats;

use super::connection::{Ended, Session};
use super::{Front, refusal};

type Section = BTreeMap<String, String>;

impl Session {
    pub(super) async fn stats(&self, seq: u64) -> Result<(), Ended> {
        match self.front.sections().await {
            Ok(sections) => self.answer_with(seq, "", &Stats { sections }).await,
            Err(error) => self.answer(seq, &refusal::text(&error)).await,
        }
    }
}

impl Front {
    async fn sections(&self) -> Result<BTreeMap<String, Section>, quorate_gossip::Error> {
        let handlers = self.handlers.load_full();
        let handlers = handlers.iter().flat_map(|handler| handler.shown());
        let sections = [
            ("agent", section([("name", &self.gossip.name())])),
            ("runtime", self.runtime()),
            ("serf", self.serf().await?),
            ("tags", self.gossip.tags().await?),
            ("event_handlers", handlers.collect()),
        ];
        let sections = sections.into_iter();
        Ok(sections
            .map(|(name, section)| (name.to_owned(), section))
            .collect())
    }

    fn runtime(&self) -> Section {
        let processors = std::thread::available_parallelism().map_or(1, usize::from);
        let version = concat!("quorate ", env!("CARGO_PKG_VERSION"));
        section([
            ("os", &std::env::consts::OS),
            ("arch", &architecture()),
            ("version", &version),
            ("max_procs", &processors),
            // What Go's are to Serf.
            ("goroutines", &self.spawner.len()),
            ("cpu_count", &processors),
        ])
    }

    async fn serf(&self) -> Result<Section, quorate_gossip::Error> {
        let stats = self.gossip.stats().await?;
        Ok(section([
            ("members", &stats.members),
            ("failed", &stats.failed),
            ("left", &stats.left),
            ("health_score", &stats.health_score),
            ("member_time", &stats.member_time),
            ("event_time", &stats.event_time),
            ("query_time", &stats.query_time),
            ("intent_queue", &stats.intent_queue),
            ("event_queue", &stats.event_queue),
            ("query_queue", &stats.query_queue),
            ("encrypted", &stats.encrypted),
            ("coordinate_resets", &stats.coordinate_resets),
        ]))
    }
}

/// As Go calls it.
fn architecture() -> &'static str {
    match std::env::consts::ARCH {
        "x86_64" => "amd64",
        "aarch64" => "arm64",
        "x86" => "386",
        other => other,
    }
}

fn section<const N: usize>(values: [(&str, &dyn Display); N]) -> Section {
    let values = values.into_iter();
    values
        .map(|(name, value)| (name.to_owned(), value.to_string()))
        .collect()
}
