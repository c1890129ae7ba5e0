//! Public keys that JSON web tokens are checked with.

use ring::signature::{self, UnparsedPublicKey, VerificationAlgorithm};
use rustls_pki_types::pem::PemObject;
use rustls_pki_types::{CertificateDer, SubjectPublicKeyInfoDer};

use super::der;

/// A public key.
#[derive(Debug)]
pub(super) struct Key {
    kind: Kind,
    bytes: Vec<u8>,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Rsa,
    P256,
    P384,
    Ed25519,
}

const RSA: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 0x01, 0x01, 0x01];
const ELLIPTIC: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07];
const P384: &[u8] = &[0x2b, 0x81, 0x04, 0x00, 0x22];

const NO_KEY: &str = "data does not contain any valid RSA, ECDSA, or ED25519 public keys";

impl Key {
    /// Reads a public key, or that of a certificate, from PEM.
    pub(super) fn parse(pem: &str) -> Result<Self, String> {
        let info = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes());
        let info = info.map(|info| info.to_vec()).ok().or_else(|| {
            let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).ok()?;
            der::of_certificate(&certificate).map(<[u8]>::to_vec)
        });
        let info = info.ok_or(NO_KEY)?;
        let key = der::public_key(&info).ok_or(NO_KEY)?;
        let kind = match (key.algorithm, key.curve) {
            (RSA, _) => Kind::Rsa,
            (ED25519, _) => Kind::Ed25519,
            (ELLIPTIC, Some(P256)) => Kind::P256,
            (ELLIPTIC, Some(P384)) => Kind::P384,
            (ELLIPTIC, _) => {
                let text = "this agent knows the curves P-256 and P-384 alone";
                return Err(text.into());
            }
            _ => return Err(NO_KEY.into()),
        };
        Ok(Self {
            kind,
            bytes: key.bytes.to_vec(),
        })
    }

    /// Whether this key made the signature.
    pub(super) fn verifies(&self, algorithm: &str, message: &[u8], signed: &[u8]) -> bool {
        let checked: &'static dyn VerificationAlgorithm = match (self.kind, algorithm) {
            (Kind::Rsa, "RS256") => &signature::RSA_PKCS1_2048_8192_SHA256,
            (Kind::Rsa, "RS384") => &signature::RSA_PKCS1_2048_8192_SHA384,
            (Kind::Rsa, "RS512") => &signature::RSA_PKCS1_2048_8192_SHA512,
            (Kind::Rsa, "PS256") => &signature::RSA_PSS_2048_8192_SHA256,
            (Kind::Rsa, "PS384") => &signature::RSA_PSS_2048_8192_SHA384,
            (Kind::Rsa, "PS512") => &signature::RSA_PSS_2048_8192_SHA512,
            (Kind::P256, "ES256") => &signature::ECDSA_P256_SHA256_FIXED,
            (Kind::P384, "ES384") => &signature::ECDSA_P384_SHA384_FIXED,
            (Kind::Ed25519, "EdDSA") => &signature::ED25519,
            _ => return false,
        };
        let key = UnparsedPublicKey::new(checked, &self.bytes);
        key.verify(message, signed).is_ok()
    }
}
