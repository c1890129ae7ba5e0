//! The keys of the cluster: `install-key`, `use-key`, `remove-key`, `list-keys`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use quorate_gossip::codec;
use quorate_gossip::serf::KeyReport;
use quorate_gossip::{Error, Failure};
use quorate_wire::msgpack::Decode;
use quorate_wire::serf::{Key, KeyResponse};

use super::connection::{Ended, Session};
use super::refusal;

impl Session {
    pub(super) async fn install_key(&self, seq: u64, body: &[u8]) -> Result<(), Ended> {
        match key(body)? {
            Ok(key) => {
                self.keys(seq, self.front.gossip.install_key(key).await)
                    .await
            }
            Err(problem) => self.no_key(seq, &problem).await,
        }
    }

    pub(super) async fn use_key(&self, seq: u64, body: &[u8]) -> Result<(), Ended> {
        match key(body)? {
            Ok(key) => self.keys(seq, self.front.gossip.use_key(key).await).await,
            Err(problem) => self.no_key(seq, &problem).await,
        }
    }

    pub(super) async fn remove_key(&self, seq: u64, body: &[u8]) -> Result<(), Ended> {
        match key(body)? {
            Ok(key) => {
                self.keys(seq, self.front.gossip.remove_key(key).await)
                    .await
            }
            Err(problem) => self.no_key(seq, &problem).await,
        }
    }

    pub(super) async fn list_keys(&self, seq: u64) -> Result<(), Ended> {
        let (error, report) = split(self.front.gossip.list_keys().await);
        let mut body = shown(&report);
        let keys = report.keys.iter();
        body.keys = Some(
            keys.map(|(key, count)| (key.clone(), number(*count)))
                .collect(),
        );
        self.answer_with(seq, &error, &body).await
    }

    /// A body follows also when some members did not do it.
    async fn keys(&self, seq: u64, done: Result<KeyReport, Error>) -> Result<(), Ended> {
        let (error, report) = split(done);
        self.answer_with(seq, &error, &shown(&report)).await
    }

    async fn no_key(&self, seq: u64, problem: &str) -> Result<(), Ended> {
        self.answer_with(seq, problem, &KeyResponse::default())
            .await
    }
}

/// The key of a request, or why it is none. One of a wrong size is refused here, and not by each
/// member.
fn key(body: &[u8]) -> Result<Result<codec::Key, String>, Ended> {
    let Key { key } = Key::from_msgpack(body)?;
    let bytes = match STANDARD.decode(&key) {
        Ok(bytes) => bytes,
        Err(error) => return Ok(Err(not_base64(&key, &error))),
    };
    Ok(codec::Key::new(&bytes).map_err(|error| error.to_string()))
}

/// As Go says it.
fn not_base64(key: &str, error: &base64::DecodeError) -> String {
    let at = match *error {
        base64::DecodeError::InvalidByte(at, _) => at,
        // The beginning of the last four, which are not four.
        _ => key.len() / 4 * 4,
    };
    format!("illegal base64 data at input byte {at}")
}

/// What is wrong, if anything, and what the members said.
fn split(done: Result<KeyReport, Error>) -> (String, KeyReport) {
    match done {
        Ok(report) => (String::new(), report),
        Err(Error::Failure(Failure::Keys(report))) => {
            let error = Error::Failure(Failure::Keys(report.clone()));
            (refusal::text(&error), report)
        }
        Err(error) => (refusal::text(&error), KeyReport::default()),
    }
}

fn shown(report: &KeyReport) -> KeyResponse {
    KeyResponse {
        keys: None,
        messages: report.messages.clone(),
        num_err: number(report.errors),
        num_nodes: number(report.nodes),
        num_resp: number(report.responses),
    }
}

fn number(count: usize) -> u64 {
    u64::try_from(count).unwrap_or(u64::MAX)
}
