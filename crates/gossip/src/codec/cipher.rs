//! Encryption of one message: AES-GCM, with the length of the key that it was given.

use std::fmt;

use aes_gcm::aead::consts::U12;
use aes_gcm::aead::{AeadInOut, KeyInit, Nonce};
use aes_gcm::aes::Aes192;
use aes_gcm::{Aes128Gcm, Aes256Gcm, AesGcm};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

/// How many random bytes each message needs.
pub const NONCE_LEN: usize = 12;

const TAG_LEN: usize = 16;
const BLOCK: usize = 16;

type Aes192Gcm = AesGcm<Aes192, U12>;

/// Why a key is none, or a message could not be decrypted.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CipherError {
    /// Not the length of an AES key. The text is Serf's.
    #[error("key size must be 16, 24 or 32 bytes")]
    KeySize,
    /// Not base64.
    #[error("the key is not base64")]
    NotBase64,
    /// Encrypted in a way that is not known here.
    #[error("unsupported encryption version {0}")]
    Version(u8),
    /// Too short to be an encrypted message.
    #[error("the encrypted message is too short")]
    TooShort,
    /// No key fits, or the message was changed on the way.
    #[error("no installed key could decrypt the message")]
    NoKey,
}

/// An AES key of 16, 24 or 32 bytes. Its `Debug` form shows nothing of it.
#[derive(Clone, PartialEq, Eq)]
pub struct Key(Vec<u8>);

impl Key {
    /// A key of these bytes.
    ///
    /// # Errors
    ///
    /// [`CipherError::KeySize`] for any other length than 16, 24 and 32.
    pub fn new(bytes: &[u8]) -> Result<Self, CipherError> {
        match bytes.len() {
            16 | 24 | 32 => Ok(Self(bytes.to_vec())),
            _ => Err(CipherError::KeySize),
        }
    }

    /// The key that `serf keygen` prints: base64.
    ///
    /// # Errors
    ///
    /// [`CipherError`] when it is not base64, or not of the length of a key.
    pub fn from_base64(text: &str) -> Result<Self, CipherError> {
        let bytes = STANDARD
            .decode(text.trim())
            .map_err(|_| CipherError::NotBase64)?;
        Self::new(&bytes)
    }

    /// The key as base64. Do not log it.
    pub fn expose_base64(&self) -> String {
        STANDARD.encode(&self.0)
    }

    pub(crate) fn expose_bytes(&self) -> &[u8] {
        &self.0
    }

    fn run(&self, nonce: &[u8; NONCE_LEN], aad: &[u8], text: &mut Vec<u8>, seal: bool) -> bool {
        match self.0.len() {
            16 => with::<Aes128Gcm>(&self.0, nonce, aad, text, seal),
            24 => with::<Aes192Gcm>(&self.0, nonce, aad, text, seal),
            _ => with::<Aes256Gcm>(&self.0, nonce, aad, text, seal),
        }
    }
}

fn with<C>(key: &[u8], nonce: &[u8; NONCE_LEN], aad: &[u8], text: &mut Vec<u8>, seal: bool) -> bool
where
    C: KeyInit + AeadInOut<NonceSize = U12>,
{
    let Ok(cipher) = C::new_from_slice(key) else {
        return false;
    };
    let nonce = Nonce::<C>::from(*nonce);
    let done = if seal {
        cipher.encrypt_in_place(&nonce, aad, text)
    } else {
        cipher.decrypt_in_place(&nonce, aad, text)
    };
    done.is_ok()
}

impl fmt::Debug for Key {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Key(***)")
    }
}

/// How many bytes the encryption of a message of `len` bytes needs in all.
pub(super) fn sealed_len(version: u8, len: usize) -> usize {
    let padding = if version == 0 { BLOCK - len % BLOCK } else { 0 };
    1 + NONCE_LEN + len + padding + TAG_LEN
}

/// `version`, `nonce` and the encrypted `message`. Version 0, of members that speak memberlist's
/// protocol 1, pads it to whole blocks.
pub(super) fn seal(
    key: &Key,
    version: u8,
    nonce: &[u8; NONCE_LEN],
    message: &[u8],
    aad: &[u8],
) -> Vec<u8> {
    let mut text = message.to_vec();
    if version == 0 {
        let padding = BLOCK - text.len() % BLOCK;
        text.resize(text.len() + padding, u8::try_from(padding).unwrap_or(0));
    }
    // AES-GCM refuses messages of more than 64 GiB and nothing else.
    key.run(nonce, aad, &mut text, true);
    let mut out = Vec::with_capacity(1 + NONCE_LEN + text.len());
    out.push(version);
    out.extend_from_slice(nonce);
    out.extend_from_slice(&text);
    out
}

/// The message within `sealed`, by the first key of `keys` that fits.
pub(super) fn open<'k>(
    keys: impl Iterator<Item = &'k Key>,
    sealed: &[u8],
    aad: &[u8],
) -> Result<Vec<u8>, CipherError> {
    let (&version, rest) = sealed.split_first().ok_or(CipherError::TooShort)?;
    if version > 1 {
        return Err(CipherError::Version(version));
    }
    let (nonce, text) = rest
        .split_first_chunk::<NONCE_LEN>()
        .ok_or(CipherError::TooShort)?;
    if text.len() < TAG_LEN {
        return Err(CipherError::TooShort);
    }
    for key in keys {
        let mut text = text.to_vec();
        if key.run(nonce, aad, &mut text, false) {
            if version == 0 {
                unpad(&mut text)?;
            }
            return Ok(text);
        }
    }
    Err(CipherError::NoKey)
}

fn unpad(text: &mut Vec<u8>) -> Result<(), CipherError> {
    let padding = usize::from(*text.last().ok_or(CipherError::TooShort)?);
    if padding == 0 || padding > BLOCK || padding > text.len() {
        return Err(CipherError::TooShort);
    }
    text.truncate(text.len() - padding);
    Ok(())
}
