//! As much of DER as the place of a public key takes.

const SEQUENCE: u8 = 0x30;
const BIT_STRING: u8 = 0x03;
const OBJECT_ID: u8 = 0x06;
/// The version of a certificate, which old ones leave out.
const VERSION: u8 = 0xa0;

/// A public key: what it is of, and its bytes.
pub(super) struct PublicKey<'a> {
    pub(super) algorithm: &'a [u8],
    /// The curve, for keys that have one.
    pub(super) curve: Option<&'a [u8]>,
    pub(super) bytes: &'a [u8],
}

/// The public key in a SubjectPublicKeyInfo.
pub(super) fn public_key(der: &[u8]) -> Option<PublicKey<'_>> {
    let (info, _) = element(der, SEQUENCE)?;
    let (algorithm, rest) = element(info, SEQUENCE)?;
    let (bits, _) = element(rest, BIT_STRING)?;
    let (algorithm, parameters) = element(algorithm, OBJECT_ID)?;
    let (unused, bytes) = bits.split_first()?;
    (*unused == 0).then_some(PublicKey {
        algorithm,
        curve: element(parameters, OBJECT_ID).map(|(curve, _)| curve),
        bytes,
    })
}

/// The SubjectPublicKeyInfo in a certificate.
pub(super) fn of_certificate(der: &[u8]) -> Option<&[u8]> {
    let (certificate, _) = element(der, SEQUENCE)?;
    let (mut rest, _) = element(certificate, SEQUENCE)?;
    if rest.first() == Some(&VERSION) {
        rest = any(rest)?.1;
    }
    // Its number, its algorithm, its issuer, its life and its subject.
    for _ in 0..5 {
        rest = any(rest)?.1;
    }
    let (_, after) = any(rest)?;
    rest.get(..rest.len() - after.len())
}

/// The inside of the first element, which must be of this kind, and what follows it.
fn element(der: &[u8], kind: u8) -> Option<(&[u8], &[u8])> {
    (der.first() == Some(&kind)).then(|| any(der)).flatten()
}

fn any(der: &[u8]) -> Option<(&[u8], &[u8])> {
    let (length, rest) = der.get(1..)?.split_first()?;
    if *length < 0x80 {
        return rest.split_at_checked(usize::from(*length));
    }
    let count = usize::from(*length & 0x7f);
    let (digits, rest) = rest.split_at_checked(count).filter(|_| count <= 4)?;
    let length = digits
        .iter()
        .fold(0_usize, |length, byte| length << 8 | usize::from(*byte));
    rest.split_at_checked(length)
}
