/// A table whose newest index its readers are told. The numbers are the places in the stored row:
/// they never change, and new tables get new ones.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[repr(usize)]
pub enum Table {
    /// Keys and their tombstones.
    Kv = 1,
    /// Sessions.
    Sessions = 2,
    /// Nodes of the catalog.
    Nodes = 3,
    /// Services of the catalog.
    Services = 4,
    /// Checks of the catalog.
    Checks = 5,
    /// Network coordinates.
    Coordinates = 6,
    /// Prepared queries.
    Queries = 7,
    /// Configuration entries.
    ConfigEntries = 8,
    /// Connect's intentions.
    Intentions = 9,
    /// Tokens of the access rules.
    AclTokens = 10,
    /// Policies of the access rules.
    AclPolicies = 11,
    /// Roles of the access rules.
    AclRoles = 12,
    /// Ways to log in.
    AclAuthMethods = 13,
    /// What a login is allowed.
    AclBindingRules = 14,
    /// The certificate authority.
    ConnectCa = 15,
}

/// The index counter, and the index of each table's newest change.
///
/// The counter counts every write, refused ones too; they move no table.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Indexes {
    /// The counter, then each table at its number.
    numbers: [u64; Self::LEN],
}

impl Indexes {
    /// How many numbers [`Indexes::to_array`] has.
    pub const LEN: usize = 16;

    /// A counter that gave out `index` last.
    #[must_use]
    pub fn starting_at(index: u64) -> Self {
        let mut indexes = Self::default();
        indexes.numbers[0] = index;
        indexes
    }

    /// The highest index that was given out.
    #[must_use]
    pub fn last(&self) -> u64 {
        self.numbers[0]
    }

    /// The index of the newest change of `table`; 0 when it never changed.
    #[must_use]
    pub fn table(&self, table: Table) -> u64 {
        self.numbers[table as usize]
    }

    /// Gives out the next index.
    pub(super) fn advance(&mut self) -> u64 {
        self.numbers[0] = self.last().saturating_add(1);
        self.last()
    }

    /// Gives out an index that neither these nor `older` gave out.
    pub(super) fn continue_after(&mut self, older: &Self) {
        self.numbers[0] = self.last().max(older.last());
        self.advance();
    }

    /// Takes over the counter of `later`, but no table: what a refused write leaves behind.
    pub(super) fn keep_counter_of(&mut self, later: &Self) {
        self.numbers[0] = later.last();
    }

    /// Says that `table` changed at `index`.
    pub(super) fn touch(&mut self, table: Table, index: u64) {
        let slot = &mut self.numbers[table as usize];
        *slot = index.max(*slot);
    }

    /// These indexes with `ahead` more of the counter claimed.
    pub(crate) fn claimed(mut self, ahead: u64) -> Self {
        self.numbers[0] = self.last().saturating_add(ahead);
        self
    }

    /// The counter and the tables, in the order of the stored row.
    #[must_use]
    pub fn to_array(self) -> [u64; Self::LEN] {
        self.numbers
    }

    /// The indexes that [`Indexes::to_array`] gave.
    #[must_use]
    pub fn from_array(numbers: [u64; Self::LEN]) -> Self {
        Self { numbers }
    }
}
