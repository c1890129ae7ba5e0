//! Text that must not be printed.

use std::fmt;
use std::sync::Arc;

/// A token, a password or a key: usable, but never shown by accident.
///
/// `Debug` prints a placeholder and there is no `Display`, so a secret inside an options struct,
/// an error or a log line stays secret. Cloning shares the text.
///
/// ```
/// use quorate_net::secret::Secret;
///
/// let token = Secret::new("b1gs33cr3t");
/// assert_eq!(format!("{token:?}"), "Secret(***)");
/// assert_eq!(token.expose(), "b1gs33cr3t");
/// ```
#[derive(Clone, Default)]
pub struct Secret(Arc<str>);

impl Secret {
    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(Arc::from(text.into()))
    }

    /// The text itself, to put it on the wire. Do not log it.
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether the text is empty, which servers commonly treat as "no token".
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(***)")
    }
}

impl From<String> for Secret {
    fn from(text: String) -> Self {
        Self::new(text)
    }
}

impl From<&str> for Secret {
    fn from(text: &str) -> Self {
        Self(Arc::from(text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_not_printed_in_any_debug_form() {
        let secret = Secret::from("hunter2");
        let holder = (Some(secret.clone()), vec![secret]);
        for text in [format!("{holder:?}"), format!("{holder:#?}")] {
            assert!(!text.contains("hunter2"), "{text}");
            assert!(text.contains("***"), "{text}");
        }
    }

    #[test]
    fn gives_the_text_back() {
        assert_eq!(Secret::from(String::from("a")).expose(), "a");
        assert!(Secret::default().is_empty());
    }
}
