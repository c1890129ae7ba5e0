//! Answers to questions.

use bytes::Bytes;

use crate::msgpack::record;

record! {
    /// Answers a question that a stream of the same connection told of. The message that is made of
    /// it has 1,024 bytes at most.
    #[derive(Clone, Debug, Default, PartialEq, Eq)]
    pub struct Respond {
        /// The id of the question.
        id: u64 = "ID",
        /// The answer.
        payload: Bytes = "Payload",
    }
}
