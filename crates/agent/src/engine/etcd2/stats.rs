/// How often each kind of write succeeded and failed since the agent started.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Plain writes.
    pub sets: Tally,
    /// Removals.
    pub deletes: Tally,
    /// Writes to what exists.
    pub updates: Tally,
    /// Writes to what did not exist.
    pub creates: Tally,
    /// Writes under a condition.
    pub swaps: Tally,
    /// Removals under a condition.
    pub compared_deletes: Tally,
    /// Keys and directories whose time was up.
    pub expired: u64,
}

/// How often something succeeded and failed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// How often it succeeded.
    pub success: u64,
    /// How often it failed.
    pub fail: u64,
}

impl Tally {
    pub(super) fn count(&mut self, succeeded: bool) {
        if succeeded {
            self.success += 1;
        } else {
            self.fail += 1;
        }
    }
}

/// A kind of write that is counted.
#[derive(Clone, Copy, Debug)]
pub(super) enum Kind {
    Set,
    Create,
    Update,
    Swap,
    Delete,
    ComparedDelete,
}

impl Stats {
    pub(super) fn of(&mut self, kind: Kind) -> &mut Tally {
        match kind {
            Kind::Set => &mut self.sets,
            Kind::Create => &mut self.creates,
            Kind::Update => &mut self.updates,
            Kind::Swap => &mut self.swaps,
            Kind::Delete => &mut self.deletes,
            Kind::ComparedDelete => &mut self.compared_deletes,
        }
    }
}
