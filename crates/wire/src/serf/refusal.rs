//! Why agents refuse requests: texts, which is all that the protocol has.

/// What the text of a refusal means.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Refusal {
    /// `Handshake required`. The agent ends the connection.
    HandshakeRequired,
    /// `Handshake already performed`.
    HandshakeRepeated,
    /// `Unsupported IPC version`.
    UnsupportedVersion,
    /// `Authentication required`: a token has to be shown first.
    AuthenticationRequired,
    /// `Invalid authentication token`.
    InvalidToken,
    /// `Unsupported command`. The agent ends the connection.
    UnsupportedCommand,
    /// `Monitor already exists`: a connection has one.
    MonitorExists,
    /// `Stream with given sequence exists`.
    StreamExists,
    /// `Invalid event filter`.
    InvalidFilter,
    /// `Unknown log level: …`.
    UnknownLogLevel,
    /// `No pending queries matching ID`: it is unknown on this connection, or its time is over.
    NoSuchQuery,
    /// The query was answered before, on this connection.
    AlreadyResponded,
    /// The time of the query is over.
    PastDeadline,
    /// The message is larger than the agent takes. The limit in bytes is there if the text has it.
    TooLarge {
        /// The limit that the text names.
        limit: Option<u64>,
    },
    /// `Queries cannot contain the '_serf_' prefix`.
    ReservedName,
    /// So many of so many members refused, or did not answer.
    Partial {
        /// How many.
        some: u64,
        /// Of how many.
        all: u64,
    },
    /// None of the addresses could be joined.
    JoinFailed,
    /// The agent is about to leave or has left.
    Leaving,
    /// The change was not passed on in time.
    BroadcastTimeout,
    /// Anything else.
    Other,
}

/// Texts that mean exactly one thing, in lower case.
const EXACT: &[(&str, Refusal)] = &[
    ("handshake required", Refusal::HandshakeRequired),
    ("handshake already performed", Refusal::HandshakeRepeated),
    ("unsupported ipc version", Refusal::UnsupportedVersion),
    ("authentication required", Refusal::AuthenticationRequired),
    ("invalid authentication token", Refusal::InvalidToken),
    ("unsupported command", Refusal::UnsupportedCommand),
    ("monitor already exists", Refusal::MonitorExists),
    ("stream with given sequence exists", Refusal::StreamExists),
    ("invalid event filter", Refusal::InvalidFilter),
    ("no pending queries matching id", Refusal::NoSuchQuery),
    (
        "timeout waiting for update broadcast",
        Refusal::BroadcastTimeout,
    ),
    (
        "timed out broadcasting node removal",
        Refusal::BroadcastTimeout,
    ),
    ("leave already in progress", Refusal::Leaving),
    ("leave called after shutdown", Refusal::Leaving),
];

/// Parts of texts, in lower case, looked for in this order.
const PARTS: &[(&str, Refusal)] = &[
    ("unknown log level: ", Refusal::UnknownLogLevel),
    ("response already sent", Refusal::AlreadyResponded),
    ("response is past the deadline", Refusal::PastDeadline),
    ("'_serf_' prefix", Refusal::ReservedName),
    ("after leave or shutdown", Refusal::Leaving),
    ("failed to join ", Refusal::JoinFailed),
];

impl Refusal {
    /// What the text of a refusal means. Versions of Serf differ in upper and lower case.
    #[must_use]
    pub fn of(text: &str) -> Self {
        let text = text.to_lowercase();
        if let Some((_, refusal)) = EXACT.iter().find(|(exact, _)| *exact == text) {
            return refusal.clone();
        }
        if let Some((_, refusal)) = PARTS.iter().find(|(part, _)| text.contains(part)) {
            return refusal.clone();
        }
        if text.contains("exceeds") && text.contains("limit of") {
            return Self::TooLarge {
                limit: number_after(&text, "limit of "),
            };
        }
        partial(&text).unwrap_or(Self::Other)
    }
}

fn number_after(text: &str, words: &str) -> Option<u64> {
    text.split_once(words)?.1.split(' ').next()?.parse().ok()
}

/// `1/3 nodes reported failure`, `2/3 nodes reported success`.
fn partial(text: &str) -> Option<Refusal> {
    let (fraction, rest) = text.split_once(' ')?;
    let (some, all) = fraction.split_once('/')?;
    let (some, all) = (some.parse().ok()?, all.parse().ok()?);
    match rest {
        "nodes reported failure" => Some(Refusal::Partial { some, all }),
        "nodes reported success" => Some(Refusal::Partial {
            some: u64::saturating_sub(all, some),
            all,
        }),
        _ => None,
    }
}
