//! Hashes of passwords: PBKDF2 with SHA-256, which takes about as long as etcd's bcrypt.

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD_NO_PAD as BASE64;
use quorate_wire::consul::SecretText;
use ring::pbkdf2::{self, PBKDF2_HMAC_SHA256};
use ring::rand::{SecureRandom, SystemRandom};

/// What a hash begins with, so that it can be told from those of another kind.
const KIND: &str = "pbkdf2-sha256";
/// How often the password is hashed. A hash says how often it was, so that any build reads those of
/// others; in one that is not optimised as many would take seconds.
const ROUNDS: NonZeroU32 = NonZeroU32::MIN.saturating_add(match cfg!(debug_assertions) {
    true => 4_999,
    false => 209_999,
});
/// Nobody needs more, and nobody is to wait longer than for that.
const MAX_ROUNDS: u32 = 10_000_000;
const SALT_BYTES: usize = 16;
const HASH_BYTES: usize = 32;

/// A new hash of `password`; `None` when the system gives no random numbers.
pub(super) fn hash(password: &str) -> Option<SecretText> {
    let mut salt = [0; SALT_BYTES];
    SystemRandom::new().fill(&mut salt).ok()?;
    let mut hash = [0; HASH_BYTES];
    pbkdf2::derive(
        PBKDF2_HMAC_SHA256,
        ROUNDS,
        &salt,
        password.as_bytes(),
        &mut hash,
    );
    let (salt, hash) = (BASE64.encode(salt), BASE64.encode(hash));
    Some(SecretText::from(format!("{KIND}${ROUNDS}${salt}${hash}")))
}

/// Whether `stored` is a hash of `password`.
pub(super) fn verify(stored: &SecretText, password: &str) -> bool {
    parse(stored.expose()).is_some_and(|(rounds, salt, hash)| {
        pbkdf2::verify(
            PBKDF2_HMAC_SHA256,
            rounds,
            &salt,
            password.as_bytes(),
            &hash,
        )
        .is_ok()
    })
}

fn parse(stored: &str) -> Option<(NonZeroU32, Vec<u8>, Vec<u8>)> {
    let mut parts = stored.split('$');
    let kind = parts.next()?;
    let rounds: NonZeroU32 = parts.next()?.parse().ok()?;
    let salt = BASE64.decode(parts.next()?).ok()?;
    let hash = BASE64.decode(parts.next()?).ok()?;
    let is_ours = kind == KIND && parts.next().is_none() && rounds.get() <= MAX_ROUNDS;
    is_ours.then_some((rounds, salt, hash))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_hash_tells_its_password_from_others_and_shows_nothing_of_it() {
        let stored = hash("hunter2").unwrap();
        assert!(verify(&stored, "hunter2"));
        assert!(!verify(&stored, "hunter3") && !verify(&stored, ""));
        assert!(!stored.expose().contains("hunter2"));
        assert_ne!(
            hash("hunter2").unwrap(),
            stored,
            "each has a salt of its own"
        );
    }

    #[test]
    fn what_is_no_hash_fits_no_password() {
        for stored in [
            "",
            "x",
            "pbkdf2-sha256$0$$",
            "pbkdf2-sha256$99999999999$$",
            "bcrypt$1$$",
        ] {
            assert!(!verify(&stored.into(), ""), "{stored}");
        }
    }
}
