//! Push/pull: two members tell each other everything.

use crate::codec::{Alive, Dead, NodeState, PushPull, RemoteNode, Suspect, Versions};
use crate::engine::Dial;
use crate::engine::{Engine, Timer};
use crate::msgpack::DecodeError;

impl Engine {
    /// Everything that we know.
    pub(crate) fn local_state(&self, join: bool) -> PushPull {
        PushPull {
            join,
            nodes: self
                .list
                .roster
                .iter()
                .map(super::Node::to_remote)
                .collect(),
            user: self.serf_state().into(),
        }
    }

    /// Exchanges everything with one member.
    pub(crate) fn push_pull_next(&mut self) {
        let every = self.config.profile.push_pull_every(self.list.roster.len());
        self.after(every, Timer::PushPull);
        let me = self.config.name.clone();
        let fits = |node: &super::Node| *node.name != *me && node.state == NodeState::Alive;
        let chosen = self.list.roster.sample(&mut self.rng, 1, fits);
        for (to, _) in chosen {
            let message = self.local_state(false).encode();
            self.dial(to, message, Dial::PushPull { to, join: None });
        }
    }

    /// Takes everything that somebody else knows.
    pub(crate) fn merge(
        &mut self,
        remote: &PushPull,
        join: bool,
        ignore_old: bool,
    ) -> Result<(), DecodeError> {
        self.check_versions(remote)?;
        // Serf looks at the clocks before it hears of members.
        let state = self.decode_serf_state(&remote.user)?;
        remote.nodes.iter().for_each(|node| self.merge_node(node));
        if let Some(state) = state {
            self.merge_serf_state(&state, join && ignore_old);
        }
        Ok(())
    }

    fn merge_node(&mut self, node: &RemoteNode) {
        match node.state {
            NodeState::Alive => self.alive(&Alive {
                addr: node.addr.clone(),
                incarnation: node.incarnation,
                meta: node.meta.clone(),
                node: node.name.clone(),
                port: node.port,
                versions: node.versions.clone(),
            }),
            NodeState::Left => self.dead(&Dead {
                from: node.name.clone(),
                incarnation: node.incarnation,
                node: node.name.clone(),
            }),
            // Somebody else's word is not enough: it may have been cut off, and the member not.
            NodeState::Dead | NodeState::Suspect => self.suspect(&Suspect {
                from: self.config.name.clone(),
                incarnation: node.incarnation,
                node: node.name.clone(),
            }),
        }
    }

    /// Members whose protocols do not fit together do not merge.
    fn check_versions(&self, remote: &PushPull) -> Result<(), DecodeError> {
        let live = remote
            .nodes
            .iter()
            .filter(|node| node.state == NodeState::Alive);
        let theirs = live.map(RemoteNode::versions).filter(|one| one.is_valid());
        let ours = self.list.roster.iter().filter(|node| node.is_live());
        let ours = ours.map(|node| node.versions);
        if Versions::agree(theirs.chain(ours)) {
            return Ok(());
        }
        Err(DecodeError::Malformed(
            "the versions of the protocols do not fit together",
        ))
    }
}
