//! Text in a body that must not be printed.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A token's secret, a password or a key inside a body: read and written, but never shown by
/// accident.
///
/// `Debug` prints a placeholder and there is no `Display`, so a body that is logged keeps its
/// secrets.
///
/// ```
/// use quorate_wire::consul::SecretText;
///
/// let secret: SecretText = serde_json::from_str("\"b1gs33cr3t\"")?;
/// assert_eq!(format!("{secret:?}"), "SecretText(***)");
/// assert_eq!(secret.expose(), "b1gs33cr3t");
/// # Ok::<(), serde_json::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct SecretText(String);

impl SecretText {
    /// Wraps `text`.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text itself, to put it on the wire. Do not log it.
    #[must_use]
    pub fn expose(&self) -> &str {
        &self.0
    }

    /// Whether there is no text.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for SecretText {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("SecretText(***)")
    }
}

impl From<String> for SecretText {
    fn from(text: String) -> Self {
        Self(text)
    }
}

impl From<&str> for SecretText {
    fn from(text: &str) -> Self {
        Self(text.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn is_not_printed_in_any_debug_form() {
        let secret = SecretText::from("hunter2");
        let holder = (Some(secret.clone()), vec![secret]);
        for text in [format!("{holder:?}"), format!("{holder:#?}")] {
            assert!(!text.contains("hunter2"), "{text}");
            assert!(text.contains("***"), "{text}");
        }
    }

    #[test]
    fn is_a_plain_text_on_the_wire() {
        let secret: SecretText = serde_json::from_str("\"a\"").unwrap();
        assert_eq!(serde_json::to_string(&secret).unwrap(), "\"a\"");
        assert!(SecretText::default().is_empty());
    }
}
