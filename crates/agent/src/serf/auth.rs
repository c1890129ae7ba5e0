//! The token of the RPC: `auth`.

use std::fmt;
use std::io;
use std::time::Duration;

use quorate_net::secret::Secret;
use quorate_wire::msgpack::Decode;
use quorate_wire::serf;
use ring::hmac;
use ring::rand::SystemRandom;

use super::connection::{Ended, Session};
use super::refusal::INVALID_TOKEN;

/// How long whoever shows a wrong token waits for the answer.
const DELAY: Duration = Duration::from_millis(250);

/// A token that others are compared with, in a time that does not tell where they differ.
pub(crate) struct Token {
    key: hmac::Key,
    tag: hmac::Tag,
}

impl Token {
    /// # Errors
    /// When the system gives no random bytes.
    pub(crate) fn new(token: &Secret) -> io::Result<Self> {
        let key = hmac::Key::generate(hmac::HMAC_SHA256, &SystemRandom::new())
            .map_err(|_| io::Error::other("no random bytes"))?;
        let tag = hmac::sign(&key, token.expose().as_bytes());
        Ok(Self { key, tag })
    }

    fn is(&self, shown: &str) -> bool {
        hmac::verify(&self.key, shown.as_bytes(), self.tag.as_ref()).is_ok()
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(***)")
    }
}

impl Session {
    /// An agent without a token takes the empty one, as Serf's does. Whoever has shown the right one
    /// stays known when he shows a wrong one later.
    pub(super) async fn auth(&mut self, seq: u64, body: &[u8]) -> Result<(), Ended> {
        let serf::Auth { auth_key } = serf::Auth::from_msgpack(body)?;
        let right = match &self.front.auth {
            Some(token) => token.is(&auth_key),
            None => auth_key.is_empty(),
        };
        if right {
            self.authenticated = true;
            return self.answer(seq, "").await;
        }
        tokio::time::sleep(DELAY).await;
        self.answer(seq, INVALID_TOKEN).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_token_itself_is_taken() {
        let token = Token::new(&Secret::new("a token")).unwrap();
        assert!(token.is("a token"));
        for other in ["", "a", "a tokeN", "a token "] {
            assert!(!token.is(other), "{other:?}");
        }
        assert_eq!(format!("{token:?}"), "Token(***)");
    }
}
