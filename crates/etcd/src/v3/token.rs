//! Who we are: a name and password, and the token that servers give for them.

use std::sync::{Mutex, PoisonError};

use quorate_net::secret::Secret;

use super::channel::Token;

/// The token of now, and which one it is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Current {
    /// Counts the tokens, so that one that was refused is replaced once.
    pub(crate) generation: u64,
    /// `None` if access control is off.
    pub(crate) token: Option<Token>,
    /// Whether it is known that it is not accepted any more.
    refused: bool,
}

/// A name and password, and the token that they gave.
#[derive(Debug)]
pub(crate) struct Tokens {
    pub(crate) user: String,
    pub(crate) password: Secret,
    current: Mutex<Option<Current>>,
    /// Whoever authenticates holds this, and the others wait for what comes of it.
    pub(crate) renewing: tokio::sync::Mutex<()>,
}

impl Tokens {
    pub(crate) fn new(user: String, password: Secret) -> Self {
        Self {
            user,
            password,
            current: Mutex::new(None),
            renewing: tokio::sync::Mutex::new(()),
        }
    }

    /// The token, unless it is the one that was refused.
    pub(crate) fn other_than(&self, refused: Option<u64>) -> Option<Current> {
        let current = self.lock().clone();
        let other = |current: &Current| refused.is_none_or(|refused| current.generation != refused);
        current.filter(|current| !current.refused && other(current))
    }

    /// The token is not accepted: the next call asks for another one.
    pub(crate) fn forget(&self) {
        let mut slot = self.lock();
        if let Some(current) = &mut *slot {
            current.refused = true;
        }
    }

    pub(crate) fn replace(&self, token: Option<Token>) -> Current {
        let mut slot = self.lock();
        let generation = slot.as_ref().map_or(1, |current| current.generation + 1);
        let current = Current {
            generation,
            token,
            refused: false,
        };
        *slot = Some(current.clone());
        current
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Option<Current>> {
        self.current.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_that_was_refused_is_replaced_once() {
        let tokens = Tokens::new("ann".into(), Secret::new("pw"));
        assert!(tokens.other_than(None).is_none());
        let first = tokens.replace(Some(Token::from_static("one")));
        assert_eq!(
            tokens.other_than(None).unwrap().generation,
            first.generation
        );
        assert!(tokens.other_than(Some(first.generation)).is_none());
        let second = tokens.replace(Some(Token::from_static("two")));
        let seen = tokens.other_than(Some(first.generation)).unwrap();
        assert_eq!(
            seen.generation, second.generation,
            "it was replaced meanwhile"
        );
    }
}
