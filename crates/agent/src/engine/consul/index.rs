/// A table whose newest index its readers are told.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Table {
    /// Keys and their tombstones.
    Kv,
    /// Sessions.
    Sessions,
    /// Nodes of the catalog.
    Nodes,
    /// Services of the catalog.
    Services,
    /// Checks of the catalog.
    Checks,
}

/// The index counter, and the index of each table's newest change.
///
/// The counter counts every write, refused ones too; they move no table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Indexes {
    last: u64,
    kv: u64,
    sessions: u64,
    nodes: u64,
    services: u64,
    checks: u64,
}

impl Indexes {
    /// How many numbers [`Indexes::to_array`] has.
    pub const LEN: usize = 6;

    /// A counter that gave out `index` last.
    #[must_use]
    pub fn starting_at(index: u64) -> Self {
        Self {
            last: index,
            ..Self::default()
        }
    }

    /// The highest index that was given out.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.last
    }

    /// The index of the newest change of `table`; 0 when it never changed.
    #[must_use]
    pub fn table(&self, table: Table) -> u64 {
        match table {
            Table::Kv => self.kv,
            Table::Sessions => self.sessions,
            Table::Nodes => self.nodes,
            Table::Services => self.services,
            Table::Checks => self.checks,
        }
    }

    /// Gives out the next index.
    pub(super) fn advance(&mut self) -> u64 {
        self.last = self.last.saturating_add(1);
        self.last
    }

    /// Takes over the counter of `later`, but no table: what a refused write leaves behind.
    pub(super) fn keep_counter_of(&mut self, later: &Self) {
        self.last = later.last;
    }

    /// Says that `table` changed at `index`.
    pub(super) fn touch(&mut self, table: Table, index: u64) {
        let slot = match table {
            Table::Kv => &mut self.kv,
            Table::Sessions => &mut self.sessions,
            Table::Nodes => &mut self.nodes,
            Table::Services => &mut self.services,
            Table::Checks => &mut self.checks,
        };
        *slot = index.max(*slot);
    }

    /// These indexes with `ahead` more of the counter claimed.
    pub(crate) fn claimed(self, ahead: u64) -> Self {
        Self {
            last: self.last.saturating_add(ahead),
            ..self
        }
    }

    /// The counter and the tables, in the order of the stored row.
    #[must_use]
    pub fn to_array(self) -> [u64; Self::LEN] {
        [
            self.last,
            self.kv,
            self.sessions,
            self.nodes,
            self.services,
            self.checks,
        ]
    }

    /// The indexes that [`Indexes::to_array`] gave.
    #[must_use]
    pub fn from_array([last, kv, sessions, nodes, services, checks]: [u64; Self::LEN]) -> Self {
        Self {
            last,
            kv,
            sessions,
            nodes,
            services,
            checks,
        }
    }
}
