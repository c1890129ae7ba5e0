//! The search for an order.

mod memory;
#[cfg(test)]
mod tests;

use memory::{Memory, Placed};

use super::list::{ENDS, List};
use super::{Model, NotLinear, Operation};

/// How many states are remembered before the search is given up.
const MOST_STATES: usize = 400_000;

/// Looks for an order of all operations that have an answer, and of any of those that have none,
/// that the model allows and that puts no operation before one that ended before it began. Returns
/// how many operations were checked.
///
/// # Errors
///
/// [`NotLinear`] shows how far an order goes and what stands against more.
pub fn check<M: Model>(
    model: &M,
    operations: &[Operation<M::Input, M::Output>],
) -> Result<usize, NotLinear> {
    Search::new(model, operations)
        .run()
        .map(|()| operations.len())
}

/// Where no order went on.
struct Stuck<S> {
    placed: usize,
    state: S,
    operation: usize,
    open: Vec<usize>,
}

struct Search<'a, M: Model> {
    model: &'a M,
    operations: &'a [Operation<M::Input, M::Output>],
    list: List,
    state: M::State,
    /// Which operations are in the order.
    placed: Placed,
    /// Those, with the state before each.
    order: Vec<(usize, M::State)>,
    memory: Memory<M::State>,
    /// The operations with an answer that are not in the order.
    left: usize,
    /// The numbers of those that have one, from the lowest, and how many of them are in the order.
    numbers: Vec<i64>,
    numbered: usize,
    /// The longest order that did not go on.
    deepest: Option<Stuck<M::State>>,
}

impl<'a, M: Model> Search<'a, M> {
    fn new(model: &'a M, operations: &'a [Operation<M::Input, M::Output>]) -> Self {
        let answered = operations.iter().filter_map(|it| it.output.as_ref());
        let mut numbers: Vec<_> = answered.clone().filter_map(|it| model.order(it)).collect();
        numbers.sort_unstable();
        Self {
            model,
            operations,
            list: List::new(operations),
            state: model.initial(),
            placed: Placed::none(operations.len()),
            order: Vec::new(),
            memory: Memory::new(),
            left: answered.count(),
            numbers,
            numbered: 0,
            deepest: None,
        }
    }

    fn run(mut self) -> Result<(), NotLinear> {
        let mut at = self.list.first();
        while self.left > 0 {
            if self.memory.len() > MOST_STATES {
                return Err(NotLinear::undecided(self.memory.len()));
            }
            let node = self.list.node(at);
            if at != ENDS && node.is_call {
                at = if self.place(node.operation) {
                    self.list.first()
                } else {
                    self.list.after(at)
                };
                continue;
            }
            // An answer: its operation has to be in the order by now. The one placed last is wrong.
            self.note(node.operation);
            match self.take_back() {
                Some(call) => at = self.list.after(call),
                None => return Err(self.violation(node.operation)),
            }
        }
        Ok(())
    }

    /// Puts the operation next into the order, unless the model forbids it or that was tried.
    fn place(&mut self, operation: usize) -> bool {
        let it = &self.operations[operation];
        let number = self.number(operation);
        if number.is_some() && number != self.numbers.get(self.numbered).copied() {
            return false;
        }
        let step = self.model.step(&self.state, &it.input, it.output.as_ref());
        let Some(next) = step else { return false };
        if it.output.is_none() && next == self.state {
            // As if it never happened, which it can do without a place.
            return false;
        }
        let waiting = self
            .numbers
            .get(self.numbered + usize::from(number.is_some()));
        if waiting.is_some_and(|least| self.model.reached(&next) > Some(*least)) {
            return false;
        }
        self.placed.add(operation);
        if !self.memory.add(&self.placed, &next) {
            self.placed.remove(operation);
            return false;
        }
        let before = std::mem::replace(&mut self.state, next);
        self.order.push((operation, before));
        self.list.take(operation);
        self.left -= usize::from(it.output.is_some());
        self.numbered += usize::from(number.is_some());
        true
    }

    fn number(&self, operation: usize) -> Option<i64> {
        let output = self.operations[operation].output.as_ref()?;
        self.model.order(output)
    }

    /// Takes the last one out of the order; its call is where to look on.
    fn take_back(&mut self) -> Option<usize> {
        let (operation, before) = self.order.pop()?;
        self.state = before;
        self.placed.remove(operation);
        self.list.put_back(operation);
        self.left += usize::from(self.operations[operation].output.is_some());
        self.numbered -= usize::from(self.number(operation).is_some());
        Some(self.list.call_of(operation))
    }

    fn note(&mut self, operation: usize) {
        let placed = self.order.len();
        if self.deepest.as_ref().is_some_and(|it| it.placed >= placed) {
            return;
        }
        let mut open = Vec::new();
        let mut at = self.list.first();
        while at != ENDS && self.list.node(at).is_call {
            open.push(self.list.node(at).operation);
            at = self.list.after(at);
        }
        self.deepest = Some(Stuck {
            placed,
            state: self.state.clone(),
            operation,
            open,
        });
    }

    fn violation(&self, operation: usize) -> NotLinear {
        match &self.deepest {
            Some(stuck) => NotLinear::of::<M>(
                self.operations,
                stuck.placed,
                &stuck.state,
                stuck.operation,
                &stuck.open,
            ),
            None => NotLinear::of::<M>(self.operations, 0, &self.state, operation, &[]),
        }
    }
}
