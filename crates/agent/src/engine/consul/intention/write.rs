//! Creating, changing and deleting intentions.

use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use blake2::Blake2b;
use blake2::digest::Digest;
use blake2::digest::consts::U32;
use quorate_wire::consul::{GoTime, Intention};

use super::super::command::Reply;
use super::super::index::Table;
use super::super::refusal::Refusal;
use super::super::row::Row;
use super::super::state::{State, Step};
use super::check::check;
use super::{ANY, described};
use crate::engine::Time;
use crate::engine::change::Changes;

/// A write of an intention.
#[derive(Clone, Debug)]
pub enum IntentionChange {
    /// `POST /v1/connect/intentions`, under a new random id.
    Create(String, Box<IntentionSpec>),
    /// `PUT /v1/connect/intentions/:id`.
    Update(String, Box<IntentionSpec>),
    /// `DELETE /v1/connect/intentions/:id`.
    Delete(String),
}

/// What a client says of an intention, and when.
#[derive(Clone, Debug, Default)]
pub struct IntentionSpec {
    /// The intention; what the server decides is ignored.
    pub intention: Intention,
    /// The time by the clock on the wall.
    pub at: GoTime,
}

impl State {
    pub(in super::super) fn change_intention(
        &mut self,
        change: IntentionChange,
        now: Time,
        changes: &mut Changes,
    ) -> Result<Reply, Refusal> {
        match change {
            IntentionChange::Create(id, spec) => {
                let mut intention = spec.intention;
                intention.id = id;
                intention.created_at = spec.at;
                self.put_intention(intention, spec.at, None, now, changes)
            }
            IntentionChange::Update(id, spec) => {
                let old = self.found_intention(&id)?;
                let old = old.ok_or(Refusal::UnknownIntention {
                    verb: "modify",
                    id: id.clone(),
                })?;
                let mut intention = spec.intention;
                intention.id.clone_from(&old.id);
                intention.created_at = old.created_at;
                let created = old.create_index;
                self.put_intention(intention, spec.at, Some(created), now, changes)
            }
            IntentionChange::Delete(id) => {
                let old = self.found_intention(&id)?;
                let old = old.ok_or(Refusal::UnknownIntention {
                    verb: "delete",
                    id: id.clone(),
                })?;
                let id = Box::from(old.id.as_str());
                let mut step = Step::begin(self, now, changes);
                step.state.intentions.remove(&id);
                step.store(Row::Intention(id, None));
                step.touch(Table::Intentions);
                Ok(Reply::Done)
            }
        }
    }

    fn found_intention(&self, id: &str) -> Result<Option<Arc<Intention>>, Refusal> {
        let found = self.intentions.named(id);
        found
            .map(|found| found.cloned())
            .map_err(Refusal::IntentionLookup)
    }

    fn put_intention(
        &mut self,
        mut intention: Intention,
        at: GoTime,
        created: Option<u64>,
        now: Time,
        changes: &mut Changes,
    ) -> Result<Reply, Refusal> {
        complete(&mut intention);
        intention.updated_at = at;
        check(&intention)?;
        if let Some(twin) = self.intentions.twin(&intention) {
            return Err(Refusal::DuplicateIntention(described(twin)));
        }
        intention.hash = STANDARD.encode(digest(&intention));
        let mut step = Step::begin(self, now, changes);
        intention.create_index = created.unwrap_or(step.index);
        intention.modify_index = step.index;
        let id = Box::<str>::from(intention.id.as_str());
        let intention = Arc::new(intention);
        step.state
            .intentions
            .put(id.clone(), Arc::clone(&intention));
        step.store(Row::Intention(id, Some(Arc::clone(&intention))));
        step.touch(Table::Intentions);
        Ok(Reply::Intention(intention))
    }
}

/// Fills in what the client left out, and what only the server decides.
fn complete(intention: &mut Intention) {
    let fill = |text: &mut String, default: &str| {
        if text.is_empty() {
            default.clone_into(text);
        }
    };
    fill(&mut intention.source_ns, "default");
    fill(&mut intention.destination_ns, "default");
    fill(&mut intention.source_type, "consul");
    let most = match exact(&intention.destination_ns, &intention.destination_name) {
        0 => 3,
        1 => 6,
        _ => 9,
    };
    let source = exact(&intention.source_ns, &intention.source_name);
    intention.precedence = most - (2 - source);
}

/// How much of a party is said exactly.
fn exact(namespace: &str, name: &str) -> i64 {
    match (namespace, name) {
        (ANY, _) => 0,
        (_, ANY) => 1,
        _ => 2,
    }
}

/// Consul's digest of what users set.
fn digest(intention: &Intention) -> Vec<u8> {
    let mut hasher = Blake2b::<U32>::new();
    let texts = [
        &intention.id,
        &intention.description,
        &intention.source_ns,
        &intention.source_name,
        &intention.destination_ns,
        &intention.destination_name,
        &intention.source_type,
        intention.action.as_str(),
        &intention.default_addr,
    ];
    let labels = intention.meta.iter();
    let labels = labels.flat_map(|(key, value)| [key.as_str(), value.as_str()]);
    for text in texts.into_iter().chain(labels) {
        hasher.update(text.as_bytes());
    }
    hasher.finalize().to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn intention(from: (&str, &str), to: (&str, &str)) -> Intention {
        let mut intention = Intention::default();
        (intention.source_ns, intention.source_name) = (from.0.into(), from.1.into());
        (intention.destination_ns, intention.destination_name) = (to.0.into(), to.1.into());
        complete(&mut intention);
        intention
    }

    #[test]
    fn the_destination_counts_more_than_the_source() {
        for (from, to, precedence) in [
            (("", "a"), ("", "b"), 9),
            (("", "*"), ("", "b"), 8),
            (("*", "*"), ("", "b"), 7),
            (("", "a"), ("", "*"), 6),
            (("", "*"), ("", "*"), 5),
            (("*", "*"), ("*", "*"), 1),
        ] {
            assert_eq!(
                intention(from, to).precedence,
                precedence,
                "{from:?} {to:?}"
            );
        }
    }

    // An intention and its digest as Consul 1.8.7 showed them.
    #[test]
    fn the_digest_is_consuls() {
        let mut intention = intention(("", "m3"), ("", "m"));
        "0cf5d241-3a3e-7d97-8104-774b038aec47".clone_into(&mut intention.id);
        intention.action = quorate_wire::consul::IntentionAction::Allow;
        let digest = STANDARD.encode(digest(&intention));
        assert_eq!(digest, "6R+PekpplgG1oFiRvvTIcQB88HxXdJD3PRFDxuGobwM=");
    }
}
