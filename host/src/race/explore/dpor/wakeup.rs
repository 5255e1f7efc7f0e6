//! Wakeup trees: which sequences of steps are still to be tried, by the state that they begin in
//! (Abdulla, Aronis, Jonsson, Sagonas: Source sets, J. ACM 2017, section 6).

use super::order::{Deed, NONE};
use super::sequence::Sequence;
use togil_interp::race::{Step, Turn};

/// A step to try. Its children are tried after it, the siblings instead of it, from left to right.
struct Node {
    turn: Turn,
    step: Step,
    child: u32,
    sibling: u32,
}

/// What [`Wakeup::pop`] takes out.
pub(super) struct Popped {
    pub(super) turn: Turn,
    pub(super) children: u32,
    pub(super) siblings: u32,
}

/// The nodes of all trees. A tree is the number of its first node, or [`NONE`].
#[derive(Default)]
pub(super) struct Wakeup {
    nodes: Vec<Node>,
    /// Nodes to use again, with what their steps have allocated.
    free: Vec<u32>,
}

impl Wakeup {
    /// Takes the first node out, which must not be [`NONE`].
    pub(super) fn pop(&mut self, node: u32) -> Popped {
        let Node { turn, child, sibling, .. } = self.nodes[node as usize];
        self.free.push(node);
        Popped { turn, children: child, siblings: sibling }
    }

    /// Sees to it that the tree has a branch that covers the sequence. `known` is the number of
    /// objects known where the tree begins.
    pub(super) fn insert(&mut self, tree: &mut u32, sequence: &mut Sequence<'_>, known: u32) {
        let mut last = NONE;
        let mut node = *tree;
        while node != NONE {
            let Node { turn, ref step, child, sibling } = self.nodes[node as usize];
            let deed = Deed { thread: turn.thread, step };
            if !sequence.can_begin_with(deed, known) {
                (last, node) = (node, sibling);
            } else if child == NONE {
                // Whatever follows the leaf is explored, this sequence too.
                return;
            } else {
                sequence.remove_first_of(turn.thread);
                (last, node) = (NONE, child);
            }
        }
        let chain = self.chain(sequence);
        match self.nodes.get_mut(last as usize) {
            Some(last) => last.sibling = chain,
            None => *tree = chain,
        }
    }

    /// The sequence as a tree with one branch.
    fn chain(&mut self, sequence: &Sequence<'_>) -> u32 {
        let mut child = NONE;
        for (turn, deed) in sequence.turns_from_last() {
            child = self.node(turn, deed, child);
        }
        child
    }

    fn node(&mut self, turn: Turn, deed: Deed<'_>, child: u32) -> u32 {
        let Some(number) = self.free.pop() else {
            let step = deed.step.clone();
            self.nodes.push(Node { turn, step, child, sibling: NONE });
            return self.nodes.len() as u32 - 1;
        };
        let node = &mut self.nodes[number as usize];
        node.step.accesses.clone_from(&deed.step.accesses);
        node.step.sync = deed.step.sync;
        (node.turn, node.child, node.sibling) = (turn, child, NONE);
        number
    }
}
