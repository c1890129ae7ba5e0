//! Calls and answers in the order of time, out of which operations are taken and put back.

use super::Operation;

/// Where the list begins and ends.
pub(super) const ENDS: usize = 0;

/// A call or an answer.
#[derive(Clone, Copy, Debug)]
pub(super) struct Node {
    /// The index of its operation.
    pub(super) operation: usize,
    pub(super) is_call: bool,
    before: usize,
    after: usize,
}

/// A ring of nodes; [`ENDS`] is none of them.
#[derive(Debug)]
pub(super) struct List {
    nodes: Vec<Node>,
    /// The nodes of each operation: its call, and its answer if it has one.
    places: Vec<(usize, Option<usize>)>,
}

impl List {
    pub(super) fn new<I, O>(operations: &[Operation<I, O>]) -> Self {
        let mut events = Vec::with_capacity(operations.len() * 2);
        for (at, operation) in operations.iter().enumerate() {
            events.push((operation.called, false, at));
            if operation.output.is_some() {
                events.push((operation.returned, true, at));
            }
        }
        // At one moment calls come first: then the two overlap, which forbids less.
        events.sort_unstable();
        let count = events.len();
        let mut places = vec![(ENDS, None); operations.len()];
        let ends = Node {
            operation: usize::MAX,
            is_call: false,
            before: count,
            after: if count == 0 { ENDS } else { 1 },
        };
        let mut nodes = vec![ends];
        for (number, (_, is_answer, operation)) in events.into_iter().enumerate() {
            let at = number + 1;
            if is_answer {
                places[operation].1 = Some(at);
            } else {
                places[operation].0 = at;
            }
            nodes.push(Node {
                operation,
                is_call: !is_answer,
                before: number,
                after: if at == count { ENDS } else { at + 1 },
            });
        }
        Self { nodes, places }
    }

    pub(super) fn node(&self, at: usize) -> Node {
        self.nodes[at]
    }

    pub(super) fn first(&self) -> usize {
        self.nodes[ENDS].after
    }

    pub(super) fn after(&self, at: usize) -> usize {
        self.nodes[at].after
    }

    /// The call of an operation.
    pub(super) fn call_of(&self, operation: usize) -> usize {
        self.places[operation].0
    }

    /// Takes the call and the answer of an operation out.
    pub(super) fn take(&mut self, operation: usize) {
        let (call, answer) = self.places[operation];
        self.unlink(call);
        if let Some(answer) = answer {
            self.unlink(answer);
        }
    }

    /// Puts back the operation that was taken last of those that are out.
    pub(super) fn put_back(&mut self, operation: usize) {
        let (call, answer) = self.places[operation];
        if let Some(answer) = answer {
            self.link(answer);
        }
        self.link(call);
    }

    fn unlink(&mut self, at: usize) {
        let Node { before, after, .. } = self.nodes[at];
        self.nodes[before].after = after;
        self.nodes[after].before = before;
    }

    /// The node still knows its neighbours.
    fn link(&mut self, at: usize) {
        let Node { before, after, .. } = self.nodes[at];
        self.nodes[before].after = at;
        self.nodes[after].before = at;
    }
}
