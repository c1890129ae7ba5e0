//! Smoothing of measured times.

use std::collections::BTreeMap;

/// How many measurements of a member are kept; the middle one counts.
const KEPT: usize = 3;

/// The latest measurements of each member.
#[derive(Clone, Debug, Default)]
pub(super) struct LatencyFilter(BTreeMap<String, Vec<f64>>);

impl LatencyFilter {
    /// Takes a measurement and gives the one that counts.
    pub(super) fn take(&mut self, node: &str, seconds: f64) -> f64 {
        let kept = self.0.entry(node.to_owned()).or_default();
        kept.push(seconds);
        if kept.len() > KEPT {
            kept.remove(0);
        }
        let mut sorted = kept.clone();
        sorted.sort_by(f64::total_cmp);
        sorted[sorted.len() / 2]
    }

    pub(super) fn forget(&mut self, node: &str) {
        self.0.remove(node);
    }
}
