//! The same history with one answer from the past, which nobody may take for right.

use quorate_testkit::linear::{Action, Seen};

use super::Op;

/// The history up to an early read of a key, which now saw the key as it was before the write that
/// it saw. `None` if no read saw an acknowledged write over something.
pub(super) fn with_a_stale_read(operations: &[Op]) -> Option<Vec<Op>> {
    let found = operations.iter().enumerate();
    let found = found.filter_map(|(at, it)| Some((at, it, overwritten(it, operations)?)));
    let (read, before) = found
        .min_by_key(|(_, it, _)| it.called)
        .map(|(at, _, before)| (at, before))?;
    let mut stale = operations.to_vec();
    stale[read].output.as_mut()?.seen = vec![Some(before)];
    let end = stale[read].returned;
    stale.retain(|it| it.called <= end);
    Some(stale)
}

/// What the write that this read saw was written over.
fn overwritten(read: &Op, operations: &[Op]) -> Option<Seen> {
    let (Action::Get(key), Some(saw)) = plain(read)? else {
        return None;
    };
    let mut writes = operations.iter().filter(|it| {
        let revision = it.output.as_ref().map(|reply| reply.revision);
        revision == Some(saw.modified)
    });
    writes.find_map(|it| match plain(it)? {
        (Action::Put(of, _), before) if of == key => before,
        _ => None,
    })
}

/// An operation of its own that was answered, and how its key looked before it.
fn plain(operation: &Op) -> Option<(Action, Option<Seen>)> {
    let reply = operation.output.as_ref()?;
    match (&operation.input.then[..], &reply.seen[..]) {
        ([action], [seen]) if operation.input.conditions.is_empty() => Some((*action, *seen)),
        _ => None,
    }
}
