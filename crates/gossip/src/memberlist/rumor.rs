//! What is said about members: alive, suspect, dead, left.

use std::sync::Arc;

use bytes::Bytes;

use super::Node;
use crate::codec::{Alive, Dead, Message, NodeState, Suspect, Versions};
use crate::engine::{Engine, OpId};

/// What an alive message means for a member that is known.
enum Heard {
    /// Nothing: it is old.
    Old,
    /// Another member has the name.
    Conflict,
    /// It is about ourselves, and not what we said.
    Ours,
    /// It is news.
    News,
}

/// How many members are listed at most: a stranger could name any number of them.
const MOST: usize = 1 << 16;

/// How long a name may be. Serf's agents refuse more than 128 bytes, if they are told to look.
pub(crate) const LONGEST_NAME: usize = 512;

impl Engine {
    /// Somebody is there.
    pub(crate) fn alive(&mut self, alive: &Alive) {
        let named = (1..=LONGEST_NAME).contains(&alive.node.len());
        let named = named && alive.meta.len() <= crate::serf::tags::LIMIT;
        let mine = alive.node == self.config.name;
        // While we leave, nobody can bring us back.
        if !named || (mine && self.list.leaving) || !alive.versions().is_valid() {
            return;
        }
        let Some(addr) = alive.address() else {
            return;
        };
        let heard = match self.list.roster.get(&alive.node) {
            None if self.list.roster.len() < MOST => {
                self.add(alive, addr);
                Heard::News
            }
            None => Heard::Old,
            Some(node) => self.judge(node, alive, addr, mine),
        };
        match heard {
            Heard::Old => {}
            Heard::Conflict => self.name_conflict(&alive.node, addr),
            Heard::Ours => self.refute(alive.incarnation),
            Heard::News => self.accept_alive(alive, addr),
        }
    }

    fn judge(&self, node: &Node, alive: &Alive, addr: std::net::SocketAddr, mine: bool) -> Heard {
        let mut moved = false;
        if node.addr != addr {
            let reclaim = self.config.profile.dead_reclaim;
            let since = self.now.saturating_sub(node.changed);
            let may_reclaim =
                node.state == NodeState::Dead && !reclaim.is_zero() && since > reclaim;
            if mine || !(node.state == NodeState::Left || may_reclaim) {
                return Heard::Conflict;
            }
            moved = true;
        }
        if mine {
            let same = node.meta == alive.meta && node.versions == alive.versions();
            return match alive.incarnation.cmp(&node.incarnation) {
                std::cmp::Ordering::Less => Heard::Old,
                std::cmp::Ordering::Equal if same => Heard::Old,
                _ => Heard::Ours,
            };
        }
        if alive.incarnation <= node.incarnation && !moved {
            return Heard::Old;
        }
        Heard::News
    }

    /// Lists a member that was not known; what it says is taken next.
    fn add(&mut self, alive: &Alive, addr: std::net::SocketAddr) {
        let name: Arc<str> = alive.node.as_str().into();
        self.list.roster.insert(Node {
            name: name.clone(),
            addr,
            meta: Bytes::new(),
            versions: Versions::from_bytes(&[]),
            incarnation: 0,
            state: NodeState::Dead,
            changed: self.now,
            suspicion: None,
        });
        // At a random place, so that members that joined in the same order do not probe in step.
        let place = self.rng.below(self.list.turns.len() + 1);
        self.list.turns.insert(place, name);
    }

    fn accept_alive(&mut self, alive: &Alive, addr: std::net::SocketAddr) {
        self.end_suspicion(&alive.node);
        let now = self.now;
        let Some(node) = self.list.roster.get_mut(&alive.node) else {
            return;
        };
        let was_gone = node.is_gone();
        let told = node.meta != alive.meta || node.addr != addr;
        node.addr = addr;
        node.meta = alive.meta.clone();
        node.versions = alive.versions();
        node.incarnation = alive.incarnation;
        if node.state != NodeState::Alive {
            node.state = NodeState::Alive;
            node.changed = now;
        }
        let name = node.name.clone();
        let message = Message::Alive(alive.clone()).encode();
        self.rumor(name.clone(), message.into(), None);
        if was_gone {
            self.member_joined(&name);
        } else if told {
            self.member_updated(&name);
        }
    }

    /// Somebody did not answer.
    pub(crate) fn suspect(&mut self, suspect: &Suspect) {
        let Some(node) = self.list.roster.get(&suspect.node) else {
            return;
        };
        let name = node.name.clone();
        if suspect.incarnation < node.incarnation {
            return;
        }
        if node.suspicion.is_some() {
            if self.confirm_suspicion(&name, &suspect.from) {
                self.rumor(
                    name,
                    Message::Suspect(suspect.clone()).encode().into(),
                    None,
                );
            }
            return;
        }
        if node.state != NodeState::Alive {
            return;
        }
        if suspect.node == self.config.name {
            self.refute(suspect.incarnation);
            return;
        }
        let now = self.now;
        if let Some(node) = self.list.roster.get_mut(&name) {
            node.incarnation = suspect.incarnation;
            node.state = NodeState::Suspect;
            node.changed = now;
        }
        self.rumor(
            name.clone(),
            Message::Suspect(suspect.clone()).encode().into(),
            None,
        );
        self.begin_suspicion(&name, &suspect.from);
    }

    /// Somebody failed, or left.
    pub(crate) fn dead(&mut self, dead: &Dead) {
        self.dead_for(dead, None);
    }

    pub(super) fn dead_for(&mut self, dead: &Dead, op: Option<OpId>) {
        let Some(node) = self.list.roster.get(&dead.node) else {
            return;
        };
        if dead.incarnation < node.incarnation {
            return;
        }
        let (name, gone) = (node.name.clone(), node.is_gone());
        self.end_suspicion(&name);
        if gone {
            return;
        }
        if dead.node == self.config.name && !self.list.leaving {
            self.refute(dead.incarnation);
            return;
        }
        self.rumor(
            name.clone(),
            Message::Dead(dead.clone()).encode().into(),
            op,
        );
        let now = self.now;
        if let Some(node) = self.list.roster.get_mut(&name) {
            node.incarnation = dead.incarnation;
            node.changed = now;
            node.state = if dead.is_leave() {
                NodeState::Left
            } else {
                NodeState::Dead
            };
        }
        self.member_gone(&name);
    }
}
