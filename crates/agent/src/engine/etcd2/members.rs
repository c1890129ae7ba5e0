use super::event::Event;
use super::row::Row;
use super::state::Step;

impl Step<'_> {
    /// Says where the agent's own member would be reached by others. It takes an index, as on the
    /// real server, which keeps its members in the same store.
    pub(super) fn set_peers(&mut self, peers: Vec<String>) {
        let peers: std::sync::Arc<[String]> = peers.into();
        self.state.peers = Some(peers.clone());
        self.store(Row::Peers(peers));
        self.spend_index();
    }

    /// Takes an index for something that no watcher sees.
    pub(super) fn spend_index(&mut self) {
        let event = Event::internal(self.next_index());
        self.record(event);
    }
}
