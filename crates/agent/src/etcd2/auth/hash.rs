//! Hashes of passwords: bcrypt, as etcd has them, so that a snapshot can take them along. What is
//! too long for bcrypt is hashed by PBKDF2 with SHA-256, which takes about as long.

use std::num::NonZeroU32;

use base64::Engine as _;
use base64::alphabet;
use base64::engine::GeneralPurpose;
use base64::engine::general_purpose::{NO_PAD, STANDARD_NO_PAD as BASE64};
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

/// What begins a hash that etcd can check.
const BCRYPT_KIND: &str = "$2a$";
/// The longest password that bcrypt takes whole.
const BCRYPT_BYTES: usize = 72;
/// The logarithm of how often a password is hashed: that of etcd. A hash says how often it was.
const BCRYPT_COST: u32 = if cfg!(debug_assertions) { 4 } else { 10 };
const MAX_BCRYPT_COST: u32 = 16;
/// The letters of a salt; the rest is the hash.
const BCRYPT_SALT_CHARS: usize = 22;
const BCRYPT_BASE64: GeneralPurpose = GeneralPurpose::new(&alphabet::BCRYPT, NO_PAD);

/// A new hash of `password`; `None` when the system gives no random numbers.
pub(super) fn hash(password: &str) -> Option<SecretText> {
    let mut salt = [0; SALT_BYTES];
    SystemRandom::new().fill(&mut salt).ok()?;
    if password.len() <= BCRYPT_BYTES {
        return Some(bcrypt_hash(BCRYPT_COST, salt, password).into());
    }
    Some(long_hash(&salt, password))
}

fn bcrypt_hash(cost: u32, salt: [u8; SALT_BYTES], password: &str) -> String {
    // C's end of a text counts, as far as there is room for it.
    let mut text = [password.as_bytes(), &[0]].concat();
    text.truncate(BCRYPT_BYTES);
    let hash = bcrypt::bcrypt(cost, salt, &text);
    // The last of the 24 bytes is left out, by a mistake of long ago.
    let (salt, hash) = (
        BCRYPT_BASE64.encode(salt),
        BCRYPT_BASE64.encode(&hash[..23]),
    );
    format!("{BCRYPT_KIND}{cost:02}${salt}{hash}")
}

fn bcrypt_fits(stored: &str, password: &str) -> bool {
    let again = || {
        let (cost, rest) = stored.strip_prefix(BCRYPT_KIND)?.split_once('$')?;
        let cost: u32 = cost.parse().ok()?;
        let salt = BCRYPT_BASE64.decode(rest.get(..BCRYPT_SALT_CHARS)?).ok()?;
        let salt = salt.try_into().ok()?;
        let is_known = (4..=MAX_BCRYPT_COST).contains(&cost) && password.len() <= BCRYPT_BYTES;
        is_known.then(|| bcrypt_hash(cost, salt, password))
    };
    again().is_some_and(|again| is_same(again.as_bytes(), stored.as_bytes()))
}

/// Takes as long wherever they differ.
fn is_same(a: &[u8], b: &[u8]) -> bool {
    let differing = a.iter().zip(b).fold(0, |all, (a, b)| all | (a ^ b));
    a.len() == b.len() && differing == 0
}

/// Whether etcd can check a hash.
pub(crate) fn is_of_etcd(stored: &SecretText) -> bool {
    stored.expose().starts_with(BCRYPT_KIND)
}

fn long_hash(salt: &[u8; SALT_BYTES], password: &str) -> SecretText {
    let mut hash = [0; HASH_BYTES];
    pbkdf2::derive(
        PBKDF2_HMAC_SHA256,
        ROUNDS,
        salt,
        password.as_bytes(),
        &mut hash,
    );
    let (salt, hash) = (BASE64.encode(salt), BASE64.encode(hash));
    SecretText::from(format!("{KIND}${ROUNDS}${salt}${hash}"))
}

/// Whether `stored` is a hash of `password`.
pub(super) fn verify(stored: &SecretText, password: &str) -> bool {
    if is_of_etcd(stored) {
        return bcrypt_fits(stored.expose(), password);
    }
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
        let long = "x".repeat(73);
        for (password, other) in [("hunter2", "hunter3"), (&*long, &*"x".repeat(74))] {
            let stored = hash(password).unwrap();
            assert!(verify(&stored, password));
            assert!(!verify(&stored, other) && !verify(&stored, ""));
            assert!(!stored.expose().contains(password));
            assert_eq!(is_of_etcd(&stored), password.len() <= 72);
            let again = hash(password).unwrap();
            assert_ne!(again, stored, "each has a salt of its own");
        }
    }

    #[test]
    fn a_hash_of_etcds_fits_its_password() {
        // From the database of an etcd 3.5.16.
        let stored = "$2a$10$NBK688A3vkXLsHuyJAIRL.Boke3ZHKvjgYrVmMfHgG3OOV661JWEC".into();
        assert!(verify(&stored, "b") && !verify(&stored, "c"));
    }

    #[test]
    fn the_longest_password_counts_to_its_end() {
        let password = "y".repeat(72);
        let stored = hash(&password).unwrap();
        assert!(is_of_etcd(&stored) && verify(&stored, &password));
        assert!(!verify(&stored, &format!("{}z", &password[1..])));
    }

    #[test]
    fn what_is_no_hash_fits_no_password() {
        for stored in [
            "",
            "x",
            "pbkdf2-sha256$0$$",
            "pbkdf2-sha256$99999999999$$",
            "bcrypt$1$$",
            "$2a$",
            "$2a$31$NBK688A3vkXLsHuyJAIRL.Boke3ZHKvjgYrVmMfHgG3OOV661JWEC",
            "$2a$04$x",
        ] {
            assert!(!verify(&stored.into(), ""), "{stored}");
        }
    }
}
