//! The names of the commands, and what is sent with each.

use std::fmt;
use std::str::FromStr;

/// What follows the header of an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Answer {
    /// Nothing.
    Header,
    /// A body, unless the request was refused.
    BodyIfAccepted,
    /// A body, also when the request was refused.
    Body,
    /// Nothing, and then records with the same number until it is stopped or done.
    Records,
}

macro_rules! commands {
    ($($(#[$about:meta])+ $name:ident = $wire:literal, $body:literal, $answer:ident;)+) => {
        /// What a client can ask an agent for.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum Command {
            $($(#[$about])+ $name,)+
        }

        impl Command {
            /// All of them.
            pub const ALL: &[Self] = &[$(Self::$name),+];

            /// Its name on the wire.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $wire,)+
                }
            }

            /// Whether a body belongs to the request. One that does not belong there is taken for the
            /// next header, and the command runs again.
            #[must_use]
            pub fn request_has_body(self) -> bool {
                match self {
                    $(Self::$name => $body,)+
                }
            }

            /// What the agent answers.
            #[must_use]
            pub fn answer(self) -> Answer {
                match self {
                    $(Self::$name => Answer::$answer,)+
                }
            }
        }
    };
}

commands! {
    /// Begins a connection. Nothing else is accepted before it.
    Handshake = "handshake", true, Header;
    /// Shows the token, if the agent wants one.
    Auth = "auth", true, Header;
    /// Sends a user event through the cluster.
    Event = "event", true, Header;
    /// Makes a failed member one that has left.
    ForceLeave = "force-leave", true, Header;
    /// Joins other agents.
    Join = "join", true, Body;
    /// Lists all members.
    Members = "members", false, BodyIfAccepted;
    /// Lists the members that match.
    MembersFiltered = "members-filtered", true, BodyIfAccepted;
    /// Changes the tags of the agent.
    Tags = "tags", true, Header;
    /// Follows events.
    Stream = "stream", true, Records;
    /// Follows the log of the agent.
    Monitor = "monitor", true, Records;
    /// Ends what `stream` or `monitor` began.
    Stop = "stop", true, Header;
    /// Makes the agent leave the cluster and end.
    Leave = "leave", false, Header;
    /// Asks all members a question.
    Query = "query", true, Records;
    /// Answers a question that a stream told of.
    Respond = "respond", true, Header;
    /// Adds a key to the keyrings of all members.
    InstallKey = "install-key", true, Body;
    /// Encrypts with another key from now on.
    UseKey = "use-key", true, Body;
    /// Removes a key from the keyrings of all members.
    RemoveKey = "remove-key", true, Body;
    /// Counts the keys of all members.
    ListKeys = "list-keys", false, Body;
    /// Tells how the agent is.
    Stats = "stats", false, BodyIfAccepted;
    /// Tells where a member is in the network.
    GetCoordinate = "get-coordinate", true, BodyIfAccepted;
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// A command that the protocol does not have.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("no command of Serf: {0}")]
pub struct UnknownCommand(pub String);

impl FromStr for Command {
    type Err = UnknownCommand;

    fn from_str(name: &str) -> Result<Self, UnknownCommand> {
        let found = Self::ALL.iter().find(|command| command.as_str() == name);
        found
            .copied()
            .ok_or_else(|| UnknownCommand(name.to_owned()))
    }
}
