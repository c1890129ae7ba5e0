//! How the indexes of the two servers relate.

use std::collections::BTreeMap;

/// The indexes of the real server, each with ours that means the same moment.
///
/// The numbers differ, for the real server also counts what it writes for itself. What has to agree
/// is which are equal, and which is greater.
#[derive(Debug, Default)]
pub(crate) struct Moments {
    ours_of: BTreeMap<u64, u64>,
    real_of: BTreeMap<u64, u64>,
    /// What the two had before the first request.
    begin: Option<(u64, u64)>,
}

impl Moments {
    /// Everything up to these indexes was before the first request, in whatever order.
    pub(crate) fn begin(&mut self, real: u64, ours: u64) {
        self.begin = Some((real, ours));
    }

    /// Notes that the two mean the same moment, or says why they can't.
    pub(crate) fn note(&mut self, real: u64, ours: u64) -> Result<(), Clash> {
        if self.check(real, ours)? {
            self.ours_of.insert(real, ours);
            self.real_of.insert(ours, real);
        }
        Ok(())
    }

    /// Whether the two could mean the same moment and it is worth to note that.
    pub(crate) fn check(&self, real: u64, ours: u64) -> Result<bool, Clash> {
        // Only numbers that came with the request, and 1 for none at all, are the same: the
        // agent's own begin above the microseconds of the day that it was started.
        if real == ours {
            return Ok(false);
        }
        let early = |(real_begin, ours_begin)| real <= real_begin && ours <= ours_begin;
        if real != 1 && ours != 1 && self.begin.is_some_and(early) {
            return Ok(false);
        }
        let clash = |later: bool, why: String| {
            let what = format!("index {ours} where Consul has {real}: {why}");
            Err(Clash { later, what })
        };
        if real == 1 || ours == 1 {
            return clash(real == 1, "1 stands for no index at all".to_owned());
        }
        if let Some(known) = self.ours_of.get(&real) {
            return match *known == ours {
                true => Ok(false),
                false => clash(ours > *known, format!("that was {known}")),
            };
        }
        if let Some(known) = self.real_of.get(&ours) {
            return clash(*known > real, format!("ours was Consul's {known}"));
        }
        let before = self.ours_of.range(..real).next_back();
        let after = self.ours_of.range(real..).next();
        if let Some((other_real, other)) = before.filter(|(_, other)| **other >= ours) {
            return clash(false, format!("Consul's earlier {other_real} was {other}"));
        }
        if let Some((other_real, other)) = after.filter(|(_, other)| **other <= ours) {
            return clash(true, format!("Consul's later {other_real} was {other}"));
        }
        Ok(true)
    }
}

/// Two indexes that can't mean the same moment.
#[derive(Debug)]
pub(crate) struct Clash {
    /// Whether ours means a later one than Consul's.
    pub(crate) later: bool,
    /// What tells so.
    pub(crate) what: String,
}
