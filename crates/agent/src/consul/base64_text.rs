//! Base64 as Go's decoder takes it: a little more than the standard says.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;

use super::decode::DecodeError;

/// Decodes standard base64 with padding. As in Go, line breaks are skipped wherever they stand,
/// bits that are left over in the last character may be anything, and an error names the byte.
pub(super) fn decode(text: &str) -> Result<Bytes, DecodeError> {
    if let Ok(bytes) = STANDARD.decode(text) {
        return Ok(bytes.into());
    }
    let decoded = decode_leniently(text.as_bytes());
    decoded.map(Bytes::from).map_err(|at| {
        let problem = format!("illegal base64 data at input byte {at}");
        DecodeError::new(problem)
    })
}

fn decode_leniently(text: &[u8]) -> Result<Vec<u8>, usize> {
    let mut decoded = Vec::with_capacity(text.len() / 4 * 3);
    // The bits of the group that is being read, and how many characters it has.
    let (mut bits, mut count) = (0u32, 0);
    for (at, &byte) in text.iter().enumerate() {
        match byte {
            b'\n' | b'\r' => {}
            b'=' => {
                let left = padding(text, at, count)?;
                bits <<= 6 * (4 - count);
                decoded.extend_from_slice(&bits.to_be_bytes()[1..1 + left]);
                return Ok(decoded);
            }
            byte => {
                bits = bits << 6 | value(byte).ok_or(at)?;
                count += 1;
                if count == 4 {
                    decoded.extend_from_slice(&bits.to_be_bytes()[1..]);
                    (bits, count) = (0, 0);
                }
            }
        }
    }
    match count {
        0 => Ok(decoded),
        _ => Err(text.len() - count),
    }
}

/// How many bytes the last group has, which ends with the `=` at `at` behind `count` characters.
fn padding(text: &[u8], at: usize, count: usize) -> Result<usize, usize> {
    let next = |from: usize| {
        let mut rest = text.iter().enumerate().skip(from);
        rest.find(|(_, byte)| !matches!(byte, b'\n' | b'\r'))
            .map(|(at, byte)| (at, *byte))
    };
    let (left, end) = match count {
        0 | 1 => return Err(at),
        2 => match next(at + 1) {
            None => return Err(text.len()),
            Some((second, b'=')) => (1, second + 1),
            Some((other, _)) => return Err(other - 1),
        },
        _ => (2, at + 1),
    };
    match next(end) {
        None => Ok(left),
        Some((garbage, _)) => Err(garbage),
    }
}

fn value(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(value.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    // What Consul 1.8.7 answered to the same values.
    #[test]
    fn base64_is_judged_as_go_judges_it() {
        for (text, bytes) in [
            ("", &b""[..]),
            ("YQ==", b"a"),
            ("YQ\n==", b"a"),
            ("Y\nQ=\r=\n", b"a"),
            ("YR==", b"a"),
            ("YWJj", b"abc"),
            ("YmN=", b"bc"),
        ] {
            assert_eq!(decode(text).as_deref(), Ok(bytes), "{text:?}");
        }
        for (text, at) in [
            ("*", 0),
            ("Y", 0),
            ("YQ", 0),
            ("YQ=", 3),
            ("Y Q = =", 1),
            ("YWJjZA", 4),
            ("YQ==YQ==", 4),
            ("====", 0),
            ("YWJjZ===", 5),
            ("YQ= =", 2),
            ("ä", 0),
        ] {
            let problem = format!("illegal base64 data at input byte {at}");
            assert_eq!(decode(text), Err(DecodeError::new(problem)), "{text:?}");
        }
    }
}
