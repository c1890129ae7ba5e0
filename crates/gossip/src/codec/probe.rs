//! Probing: ping, indirect ping, ack, nack; and what a stream is answered when it was not understood.

use bytes::Bytes;

use crate::msgpack::bodies;

bodies! {
    /// Asks a member whether it is there.
    pub Ping {
        /// Who is meant; somebody else does not answer.
        node: String = "Node",
        /// Comes back in the answer.
        seq: u32 = "SeqNo",
        /// The address of who asks, 4 or 16 bytes.
        source_addr: Bytes = "SourceAddr" [omitempty],
        /// The name of who asks.
        source_node: String = "SourceNode" [omitempty],
        /// The port of who asks.
        source_port: u16 = "SourcePort" [omitempty],
    }

    /// Asks a member to ask another one.
    pub IndirectPing {
        /// Whether to say so when there is no answer in time.
        nack: bool = "Nack",
        /// Who is meant.
        node: String = "Node",
        /// His port.
        port: u16 = "Port",
        /// Comes back in the answer.
        seq: u32 = "SeqNo",
        /// The address of who asks, 4 or 16 bytes.
        source_addr: Bytes = "SourceAddr" [omitempty],
        /// The name of who asks.
        source_node: String = "SourceNode" [omitempty],
        /// The port of who asks.
        source_port: u16 = "SourcePort" [omitempty],
        /// The address of who is meant, 4 or 16 bytes.
        target: Bytes = "Target",
    }

    /// The answer to a ping.
    pub Ack {
        /// What the layer above adds: Serf's network coordinate.
        payload: Bytes = "Payload",
        /// The number of the ping.
        seq: u32 = "SeqNo",
    }

    /// Says that an indirect ping has no answer yet.
    pub Nack {
        /// The number of the indirect ping.
        seq: u32 = "SeqNo",
    }

    /// What a member answers to a stream that it cannot work with.
    pub Fault {
        /// Why.
        error: String = "Error",
    }
}
