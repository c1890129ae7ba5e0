//! Passwords: hashed and compared on threads of their own, and remembered once they fit.

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};

use quorate_wire::consul::SecretText;
use ring::digest::{Context, SHA256};
use tokio::sync::Semaphore;

use super::hash;
use crate::identity::new_uuid;
use crate::thread::on_a_thread;

/// How many passwords are hashed at a time: it is meant to be slow.
const AT_ONCE: usize = 2;
/// How many that fit are remembered.
const REMEMBERED: usize = 1024;

/// Which passwords fit, so that not every request costs what the first one does.
#[derive(Debug)]
pub(crate) struct Passwords {
    /// Digests of a hash and the password that fits it, with a salt of this process.
    fitting: Mutex<HashSet<Vec<u8>>>,
    salt: [u8; 16],
    slots: Semaphore,
}

impl Default for Passwords {
    fn default() -> Self {
        Self {
            fitting: Mutex::default(),
            salt: new_uuid(),
            slots: Semaphore::new(AT_ONCE),
        }
    }
}

impl Passwords {
    /// A hash of `password`; `None` when the system gives no random numbers or threads.
    pub(crate) async fn hash(&self, password: SecretText) -> Option<SecretText> {
        self.on_a_thread(move || hash::hash(password.expose()))
            .await
            .flatten()
    }

    /// Whether `stored` is the hash of `password`.
    pub(crate) async fn fits(&self, stored: SecretText, password: &str) -> bool {
        let digest = self.digest(&stored, password);
        if self.lock().contains(&digest) {
            return true;
        }
        let password = SecretText::from(password);
        let verify = move || hash::verify(&stored, password.expose());
        let fits = self.on_a_thread(verify).await.unwrap_or(false);
        if fits {
            let mut fitting = self.lock();
            if fitting.len() >= REMEMBERED {
                fitting.clear();
            }
            fitting.insert(digest);
        }
        fits
    }

    fn digest(&self, stored: &SecretText, password: &str) -> Vec<u8> {
        let mut context = Context::new(&SHA256);
        context.update(&self.salt);
        context.update(stored.expose().as_bytes());
        context.update(&[0]);
        context.update(password.as_bytes());
        context.finish().as_ref().to_vec()
    }

    fn lock(&self) -> MutexGuard<'_, HashSet<Vec<u8>>> {
        self.fitting.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn on_a_thread<T: Send + 'static>(
        &self,
        work: impl FnOnce() -> T + Send + 'static,
    ) -> Option<T> {
        let _slot = self.slots.acquire().await.ok()?;
        on_a_thread("quorate-password", work).await
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_that_fits_is_remembered_and_another_is_not() {
        let passwords = Passwords::default();
        let stored = passwords.hash("one".into()).await.unwrap();
        assert!(passwords.fits(stored.clone(), "one").await);
        assert!(!passwords.fits(stored.clone(), "two").await);
        assert_eq!(passwords.lock().len(), 1);
        assert!(passwords.fits(stored, "one").await);
        let other = passwords.hash("two".into()).await.unwrap();
        assert!(
            !passwords.fits(other, "one").await,
            "it fitted another hash"
        );
    }
}
