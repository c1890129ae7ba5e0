//! Intentions: what is stored, and who may connect to whom.

mod check;
mod write;

use std::cmp::Reverse;
use std::sync::Arc;

use quorate_wire::consul::{Intention, IntentionAction, IntentionSide};
use rpds::RedBlackTreeMapSync;

use super::index::Table;
use super::kv::Found;
use super::refusal::{BadUuid, Refusal};
use super::row::Row;
use super::session_id::SessionId;
use super::state::State;

pub use write::{IntentionChange, IntentionSpec};

/// Stands for any service, and for any namespace.
const ANY: &str = "*";

/// A service on one side of an intention.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Party {
    /// Its namespace: `default`.
    pub namespace: String,
    /// Its name.
    pub name: String,
}

/// An intention on one line, as Consul names it.
pub(crate) fn described(it: &Intention) -> String {
    let action = it.action.as_str().to_uppercase();
    let (from, to) = (&it.source_name, &it.destination_name);
    format!(
        "{action} {}/{from} => {}/{to} (ID: {}, Precedence: {})",
        it.source_ns, it.destination_ns, it.id, it.precedence
    )
}

/// All intentions.
#[derive(Clone, Debug, Default)]
pub(super) struct Intentions {
    by_id: RedBlackTreeMapSync<Box<str>, Arc<Intention>>,
}

impl Intentions {
    pub(super) fn put(&mut self, id: Box<str>, intention: Arc<Intention>) {
        self.by_id.insert_mut(id, intention);
    }

    fn remove(&mut self, id: &str) {
        self.by_id.remove_mut(id);
    }

    /// The intention of that id, in any case of letters.
    fn named(&self, id: &str) -> Result<Option<&Arc<Intention>>, BadUuid> {
        SessionId::named(id)?;
        Ok(self.by_id.get(&*id.to_lowercase()))
    }

    /// The intention with the same parties, in any case of letters.
    fn twin(&self, of: &Intention) -> Option<&Arc<Intention>> {
        let parties = |it: &Intention| {
            let texts = [
                &it.source_ns,
                &it.source_name,
                &it.destination_ns,
                &it.destination_name,
            ];
            texts.map(|text| text.to_lowercase())
        };
        let wanted = parties(of);
        let mut all = self.by_id.values();
        all.find(|it| it.id != of.id && parties(it) == wanted)
    }

    /// Those that pass, in the order in which they count.
    fn sorted(&self, passes: impl Fn(&Intention) -> bool) -> Vec<&Arc<Intention>> {
        let mut found: Vec<_> = self.by_id.values().filter(|it| passes(it)).collect();
        found.sort_by_key(|it| {
            let names = (&it.source_ns, &it.source_name);
            (
                Reverse(it.precedence),
                names,
                (&it.destination_ns, &it.destination_name),
            )
        });
        found
    }

    pub(super) fn rows(&self) -> impl Iterator<Item = Row> + '_ {
        let intentions = self.by_id.iter();
        intentions.map(|(id, it)| Row::Intention(id.clone(), Some(Arc::clone(it))))
    }
}

impl State {
    /// All intentions, in the order in which they count.
    #[must_use]
    pub fn intentions(&self) -> Found<Vec<&Arc<Intention>>> {
        let all = self.intentions.sorted(|_| true);
        Found::new(all, self.table_index(Table::Intentions))
    }

    /// The intention of that id.
    ///
    /// # Errors
    /// When the text can't be an intention's id.
    pub fn intention(&self, id: &str) -> Result<Found<Option<&Arc<Intention>>>, Refusal> {
        let found = self
            .intentions
            .named(id)
            .map_err(Refusal::MalformedIntention)?;
        Ok(Found::new(found, self.table_index(Table::Intentions)))
    }

    /// The intentions that have `party`, or any service, on that side, in the order in which they
    /// count.
    #[must_use]
    pub fn matching_intentions(
        &self,
        side: IntentionSide,
        party: &Party,
    ) -> Found<Vec<&Arc<Intention>>> {
        let (namespace, name) = (party.namespace.to_lowercase(), party.name.to_lowercase());
        let found = self.intentions.sorted(|it| {
            let (ns, of) = match side {
                IntentionSide::Source => (&it.source_ns, &it.source_name),
                IntentionSide::Destination => (&it.destination_ns, &it.destination_name),
            };
            let same = ns.to_lowercase() == namespace;
            (same && (of == ANY || of.to_lowercase() == name)) || (ns == ANY && of == ANY)
        });
        Found::new(found, self.table_index(Table::Intentions))
    }

    /// The intention that decides whether `source` may connect to `destination`, if there is one.
    #[must_use]
    pub fn deciding_intention(
        &self,
        source: &Party,
        destination: &Party,
    ) -> Option<&Arc<Intention>> {
        let matching = self.matching_intentions(IntentionSide::Destination, destination);
        let is = |text: &str, of: &str| text == ANY || text == of;
        let mut matching = matching.value.into_iter();
        matching
            .find(|it| is(&it.source_ns, &source.namespace) && is(&it.source_name, &source.name))
    }

    /// Whether `source` may connect to `destination`; `default` when no intention says.
    #[must_use]
    pub fn may_connect(&self, source: &Party, destination: &Party, default: bool) -> bool {
        let deciding = self.deciding_intention(source, destination);
        deciding.map_or(default, |it| it.action == IntentionAction::Allow)
    }
}
