//! The layers around a message: label, encryption, checksum, compression.

use std::borrow::Cow;

use super::cipher::{self, CipherError, NONCE_LEN};
use super::{Keyring, Kind, Label, MAX_DECOMPRESSED, checksum, compress, decompress};
use crate::msgpack::DecodeError;

/// How many bytes a packet has at most, layers included.
pub const PACKET_LIMIT: usize = 1400;

/// Why a packet or a stream was dropped.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum OpenError {
    /// It is no message.
    #[error(transparent)]
    Decode(#[from] DecodeError),
    /// It could not be decrypted.
    #[error(transparent)]
    Cipher(#[from] CipherError),
    /// It is not encrypted, and should be. The text is memberlist's.
    #[error("encryption is configured but remote state is not encrypted")]
    Plain,
    /// It is encrypted, and there is no key. The text is memberlist's.
    #[error("remote state is encrypted and encryption is not configured")]
    Encrypted,
}

/// The layers that a member puts around what it sends, and takes off what it gets.
#[derive(Clone, Debug)]
pub struct Envelope {
    /// The name of the cluster.
    pub label: Label,
    /// The keys; none means that nothing is encrypted.
    pub keyring: Keyring,
    /// Whether to compress what is sent. What is received is decompressed in any case.
    pub compression: bool,
    /// Whether what is sent is encrypted when there is a key. Switched off while encryption is
    /// being rolled out.
    pub encrypt_outgoing: bool,
    /// Whether what is not encrypted is dropped when there is a key.
    pub verify_incoming: bool,
    /// How messages are encrypted: 1, or 0 for members that speak memberlist's protocol 1.
    pub cipher_version: u8,
}

impl Default for Envelope {
    fn default() -> Self {
        Self {
            label: Label::default(),
            keyring: Keyring::default(),
            compression: true,
            encrypt_outgoing: true,
            verify_incoming: true,
            cipher_version: 1,
        }
    }
}

impl Envelope {
    /// Everything at its default, and these keys.
    pub fn with_keyring(keyring: Keyring) -> Self {
        Self {
            keyring,
            ..Self::default()
        }
    }

    /// How many bytes of messages fit into one packet.
    pub fn packet_room(&self) -> usize {
        let sealed = if self.encrypts() {
            cipher::sealed_len(self.cipher_version, 0)
        } else {
            0
        };
        PACKET_LIMIT - sealed - checksum::OVERHEAD - self.label.overhead()
    }

    /// The packet for `message`. `checksum` is for members whose newest memberlist protocol is at
    /// least 5. `nonce` must never be used twice with one key: 12 random bytes.
    pub fn seal_packet(&self, message: &[u8], checksum: bool, nonce: &[u8; NONCE_LEN]) -> Vec<u8> {
        let smaller = if self.compression {
            compress(message).filter(|smaller| smaller.len() < message.len())
        } else {
            None
        };
        let mut inner = smaller.map_or(Cow::Borrowed(message), Cow::Owned);
        if checksum {
            inner = Cow::Owned(checksum::wrap(&inner));
        }
        let mut packet = self.label.header();
        match self.keyring.primary().filter(|_| self.encrypt_outgoing) {
            Some(key) => {
                let aad = self.label.as_bytes();
                packet.extend(cipher::seal(key, self.cipher_version, nonce, &inner, aad));
            }
            None => packet.extend_from_slice(&inner),
        }
        packet
    }

    /// What is inside of a packet below all layers but compound: one message, or several.
    ///
    /// # Errors
    ///
    /// [`OpenError`] when it has to be dropped.
    pub fn open_packet(&self, packet: &[u8]) -> Result<Vec<u8>, OpenError> {
        let sealed = self.label.strip(packet)?;
        let mut inner = Cow::Borrowed(sealed);
        if !self.keyring.is_empty() {
            match cipher::open(self.keyring.keys(), sealed, self.label.as_bytes()) {
                Ok(opened) => inner = Cow::Owned(opened),
                Err(error) if self.verify_incoming => return Err(error.into()),
                Err(_) => {}
            }
        }
        if inner.first() == Some(&Kind::Crc.byte()) {
            inner = Cow::Owned(checksum::unwrap(&inner[1..])?.to_vec());
        }
        // A packet has at most 64 KiB, and nobody sends one that says more than a stream may.
        self.decompressed(inner.into_owned(), PACKET_EXPANDED)
    }

    /// The bytes of a stream that say `message`; the label is not among them, because only who
    /// connects sends it, before anything else. `nonce` as in [`seal_packet`](Self::seal_packet).
    pub fn seal_stream(&self, message: &[u8], nonce: &[u8; NONCE_LEN]) -> Vec<u8> {
        let compressed = if self.compression {
            compress(message)
        } else {
            None
        };
        let inner = compressed.as_deref().unwrap_or(message);
        let Some(key) = self.keyring.primary().filter(|_| self.encrypt_outgoing) else {
            return inner.to_vec();
        };
        let mut out = vec![Kind::Encrypt.byte()];
        let len = cipher::sealed_len(self.cipher_version, inner.len());
        out.extend_from_slice(&u32::try_from(len).unwrap_or(u32::MAX).to_be_bytes());
        let aad = [&out[..], self.label.as_bytes()].concat();
        out.extend(cipher::seal(key, self.cipher_version, nonce, inner, &aad));
        out
    }

    /// The message within the bytes that one side of a stream sent, as [`FrameScanner`] finds
    /// them, without the label.
    ///
    /// [`FrameScanner`]: super::FrameScanner
    ///
    /// # Errors
    ///
    /// [`OpenError`] when the stream has to be refused.
    pub fn open_stream(&self, frame: &[u8]) -> Result<Vec<u8>, OpenError> {
        if frame.first() == Some(&Kind::Encrypt.byte()) {
            if self.keyring.is_empty() {
                return Err(OpenError::Encrypted);
            }
            let (head, sealed) = frame.split_at_checked(5).ok_or(DecodeError::Truncated)?;
            let aad = [head, self.label.as_bytes()].concat();
            let opened = cipher::open(self.keyring.keys(), sealed, &aad)?;
            return self.decompressed(opened, MAX_DECOMPRESSED);
        }
        if !self.keyring.is_empty() && self.verify_incoming {
            return Err(OpenError::Plain);
        }
        self.decompressed(frame.to_vec(), MAX_DECOMPRESSED)
    }

    /// Whether what is sent is encrypted.
    pub fn encrypts(&self) -> bool {
        self.encrypt_outgoing && !self.keyring.is_empty()
    }

    fn decompressed(&self, message: Vec<u8>, limit: usize) -> Result<Vec<u8>, OpenError> {
        match message.first() {
            Some(kind) if *kind == Kind::Compress.byte() => {
                let inner = decompress(&message[1..], limit)?;
                if inner.is_empty() {
                    return Err(DecodeError::Malformed("nothing was compressed").into());
                }
                Ok(inner)
            }
            Some(_) => Ok(message),
            None => Err(DecodeError::Truncated.into()),
        }
    }
}

const PACKET_EXPANDED: usize = 1 << 20;
