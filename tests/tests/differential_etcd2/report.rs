//! What was compared, and what differed.

use std::collections::BTreeMap;

use crate::known::{KNOWN, Known};
use crate::run::Setting;
use crate::script::Ask;

/// How many of the requests before are told with a difference.
const BEFORE: usize = 8;

/// A run on one pair of servers.
pub(crate) struct Report {
    setting: Setting,
    limit: usize,
    compared: u64,
    statuses: BTreeMap<String, u64>,
    known: BTreeMap<&'static str, u64>,
    script: &'static str,
    before: Vec<String>,
    differences: usize,
}

impl Report {
    pub(crate) fn new(setting: Setting, limit: usize) -> Self {
        Self {
            setting,
            limit,
            compared: 0,
            statuses: BTreeMap::new(),
            known: BTreeMap::new(),
            script: "",
            before: Vec::new(),
            differences: 0,
        }
    }

    pub(crate) fn begin_script(&mut self, name: &'static str) {
        self.script = name;
        self.before.clear();
    }

    /// Notes two answers that were compared.
    pub(crate) fn note(&mut self, ask: &Ask, real: &str) {
        self.compared += 1;
        let status = real.lines().next().unwrap_or_default().to_owned();
        *self.statuses.entry(status).or_default() += 1;
        self.before.push(ask.line.clone());
    }

    pub(crate) fn note_known(&mut self, known: &'static Known) {
        *self.known.entry(known.row).or_default() += 1;
    }

    pub(crate) fn note_difference(&mut self, line: usize, ask: &Ask, real: &str, ours: &str) {
        println!("\n{}.txt:{line}: {}", self.script, short(&ask.line));
        let begin = self.before.len().saturating_sub(BEFORE);
        for before in &self.before[begin..] {
            println!("    after {}", short(before));
        }
        println!("  etcd:      {}", short(&real.escape_debug().to_string()));
        println!("  the agent: {}", short(&ours.escape_debug().to_string()));
        self.differences += 1;
    }

    /// Whether it is time to give up.
    pub(crate) fn is_full(&self) -> bool {
        self.differences >= self.limit
    }

    /// Says what was compared, or fails. `all` says whether every script ran, so that each known
    /// difference of these settings must have been seen.
    pub(crate) fn end(self, all: bool) -> anyhow::Result<()> {
        println!("{:?}: {} answers compared", self.setting, self.compared);
        println!("  answered with {:?}", self.statuses);
        for (row, count) in &self.known {
            println!("  known to differ: {row}: {count}");
        }
        anyhow::ensure!(self.differences == 0, "{} answers differ", self.differences);
        let documented = include_str!("../../../docs/compatibility.md");
        for known in KNOWN {
            anyhow::ensure!(
                documented.contains(known.row),
                "docs/compatibility.md does not say: {}",
                known.row
            );
            anyhow::ensure!(
                !all || !(known.is_seen)(self.setting) || self.known.contains_key(known.row),
                "known to differ, but not seen any more: {}",
                known.row
            );
        }
        Ok(())
    }
}

fn short(text: &str) -> String {
    text.chars().take(900).collect()
}
