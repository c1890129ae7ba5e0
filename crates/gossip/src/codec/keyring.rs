//! The keys of a member.

use super::{CipherError, Key};

/// The keys that a member decrypts with; the first, the primary one, it encrypts with.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Keyring(Vec<Key>);

/// Why a keyring stays as it is. The texts are Serf's.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum KeyringError {
    /// Not a key.
    #[error(transparent)]
    Key(#[from] CipherError),
    /// A key that is not installed cannot be used.
    #[error("Requested key is not in the keyring")]
    Unknown,
    /// The primary key cannot be removed.
    #[error("Removing the primary key is not allowed")]
    Primary,
}

impl Keyring {
    /// A keyring with one key.
    pub fn new(primary: Key) -> Self {
        Self(vec![primary])
    }

    /// A keyring of these keys; the first is the primary one. Without any, nothing is encrypted.
    pub fn of(keys: impl IntoIterator<Item = Key>) -> Self {
        let mut ring = Self::default();
        keys.into_iter().for_each(|key| ring.install(key));
        ring
    }

    /// Whether there is no key, and nothing is encrypted.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The key that encrypts.
    pub fn primary(&self) -> Option<&Key> {
        self.0.first()
    }

    /// All keys, the primary one first.
    pub fn keys(&self) -> impl Iterator<Item = &Key> {
        self.0.iter()
    }

    /// Adds a key for decryption. Nothing happens if it is there.
    pub fn install(&mut self, key: Key) {
        if !self.0.contains(&key) {
            self.0.push(key);
        }
    }

    /// Makes an installed key the primary one.
    ///
    /// # Errors
    ///
    /// [`KeyringError::Unknown`] when it is not installed.
    pub fn use_key(&mut self, key: &Key) -> Result<(), KeyringError> {
        let at = self.0.iter().position(|installed| installed == key);
        let at = at.ok_or(KeyringError::Unknown)?;
        self.0[..=at].rotate_right(1);
        Ok(())
    }

    /// Removes a key. Nothing happens if it is not installed.
    ///
    /// # Errors
    ///
    /// [`KeyringError::Primary`] for the key that encrypts.
    pub fn remove(&mut self, key: &Key) -> Result<(), KeyringError> {
        if self.primary() == Some(key) {
            return Err(KeyringError::Primary);
        }
        self.0.retain(|installed| installed != key);
        Ok(())
    }
}
