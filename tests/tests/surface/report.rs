//! What was compared, and how it differed.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use crate::ask::Ask;
use crate::known::{KNOWN, Known};

/// How many requests before the one that differs are told.
const BEFORE: usize = 6;

/// The tally of a pair of servers.
pub(crate) struct Report {
    limit: usize,
    compared: usize,
    statuses: BTreeMap<String, usize>,
    scripts: Vec<(&'static str, usize, Duration)>,
    known: BTreeMap<&'static str, usize>,
    differences: Vec<String>,
    /// The last writes of the script.
    writes: Vec<String>,
    began: Instant,
}

impl Report {
    pub(crate) fn new(limit: usize) -> Self {
        Self {
            limit,
            compared: 0,
            statuses: BTreeMap::new(),
            scripts: Vec::new(),
            known: BTreeMap::new(),
            differences: Vec::new(),
            writes: Vec::new(),
            began: Instant::now(),
        }
    }

    pub(crate) fn begin_script(&mut self, name: &'static str) {
        self.scripts.push((name, 0, Duration::ZERO));
        self.writes.clear();
        self.began = Instant::now();
    }

    /// Notes two answers that were compared.
    pub(crate) fn note(&mut self, ask: &Ask, real: &str) {
        self.compared += 1;
        let status = real.lines().next().unwrap_or_default().to_owned();
        *self.statuses.entry(status).or_default() += 1;
        if let Some((_, count, took)) = self.scripts.last_mut() {
            *count += 1;
            *took = self.began.elapsed();
        }
        if !ask.is_read() {
            self.writes.push(ask.line.clone());
        }
    }

    pub(crate) fn note_known(&mut self, known: &'static Known) {
        *self.known.entry(known.name).or_default() += 1;
    }

    pub(crate) fn note_difference(&mut self, line: usize, ask: &Ask, real: &str, ours: &str) {
        let script = self.scripts.last().map_or("", |(name, ..)| name);
        let mut text = format!("{script}.txt:{line}: {}\n", short(&ask.line, 0, 900));
        let begin = self.writes.len().saturating_sub(BEFORE);
        for write in &self.writes[begin..] {
            text += &format!("    after {}\n", short(write, 0, 300));
        }
        let at = real
            .bytes()
            .zip(ours.bytes())
            .take_while(|(real, ours)| real == ours);
        let at = at.count().saturating_sub(160);
        let at = if real.len().max(ours.len()) < 700 {
            0
        } else {
            at
        };
        text += &format!("  Consul:    {}\n", short(real, at, 700).escape_debug());
        text += &format!("  the agent: {}\n", short(ours, at, 700).escape_debug());
        println!("\n{text}");
        self.differences.push(text);
    }

    /// Whether nothing differs that is not meant to.
    pub(crate) fn is_clean(&self) -> bool {
        self.differences.is_empty()
    }

    /// Whether it is time to give up.
    pub(crate) fn is_full(&self) -> bool {
        self.differences.len() >= self.limit
    }

    /// Says what was compared, or fails. `all` says whether every script ran, so that each known
    /// difference of these settings must have been seen.
    pub(crate) fn end(self, setting: &'static str, all: bool) -> anyhow::Result<()> {
        let scripts = self.scripts.iter();
        let scripts = scripts.map(|(name, count, took)| format!("{name} {count} in {took:.1?}"));
        let scripts = scripts.collect::<Vec<_>>().join(", ");
        println!("{setting}: {} requests compared: {scripts}", self.compared);
        println!("  answered with {:?}", self.statuses);
        for (name, count) in &self.known {
            println!("  known to differ: {name}: {count}");
        }
        let count = self.differences.len();
        anyhow::ensure!(count == 0, "{count} answers differ");
        let documented = include_str!("../../../docs/compatibility.md");
        if let Some(known) = KNOWN.iter().find(|known| !documented.contains(known.row)) {
            anyhow::bail!("docs/compatibility.md does not say: {}", known.row);
        }
        let mut unseen = KNOWN
            .iter()
            .filter(|known| known.settings.contains(&setting));
        let unseen = unseen.find(|known| !self.known.contains_key(known.name));
        if let Some(unseen) = unseen.filter(|_| all) {
            anyhow::bail!("known to differ, but not seen any more: {}", unseen.name);
        }
        Ok(())
    }
}

/// At most so many characters of a text, from about here on.
fn short(text: &str, from: usize, limit: usize) -> String {
    let mut from = from.min(text.len());
    while !text.is_char_boundary(from) {
        from -= 1;
    }
    text[from..].chars().take(limit).collect()
}
