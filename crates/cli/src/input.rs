//! Values and files named on the command line: bytes, never changed.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

use crate::exit::Exit;
use crate::failure::Failure;

/// What messages call standard input.
const STDIN: &str = "standard input";

/// What helps where a value was taken for the name of a file.
const LITERAL: &str = "--literal, if the value itself starts with @";

/// A value: the text itself, `@FILE` or `-`. More than `limit` bytes are refused before they are
/// all read.
pub(crate) fn value(text: &OsStr, limit: usize) -> Result<Vec<u8>, Failure> {
    plain(text, limit).map_err(|failure| match text.as_bytes() {
        [b'@', ..] => failure.or_next(|| LITERAL.into()),
        _ => failure,
    })
}

/// The same where there is no `--literal`.
pub(crate) fn plain(text: &OsStr, limit: usize) -> Result<Vec<u8>, Failure> {
    match text.as_bytes() {
        b"-" => read(io::stdin().lock(), STDIN, limit),
        [b'@', path @ ..] => file(Path::new(OsStr::from_bytes(path)), limit),
        bytes => Ok(bytes.to_vec()),
    }
}

/// A text: the text itself, `@FILE` or `-`.
pub(crate) fn text(text: &str, limit: usize) -> Result<String, Failure> {
    let (bytes, name) = match text.as_bytes() {
        b"-" => (read(io::stdin().lock(), STDIN, limit)?, STDIN),
        [b'@', path @ ..] => (file(Path::new(OsStr::from_bytes(path)), limit)?, &text[1..]),
        _ => return Ok(text.to_owned()),
    };
    String::from_utf8(bytes).map_err(|_| Failure::usage(format!("{name} is no text")))
}

/// The content of a file, or of standard input for `-`.
pub(crate) fn document(path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    match path.as_os_str().as_bytes() {
        b"-" => read(io::stdin().lock(), STDIN, limit),
        _ => file(path, limit),
    }
}

/// The content of a file.
pub(crate) fn file(path: &Path, limit: usize) -> Result<Vec<u8>, Failure> {
    let name = path.display().to_string();
    let opened = File::open(path)
        .map_err(|error| Failure::caused(Exit::Failure, error).context(format!("open {name}")))?;
    read(opened, &name, limit)
}

/// All of `input`, which messages call `name`.
pub(crate) fn read(input: impl Read, name: &str, limit: usize) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let most = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    input
        .take(most)
        .read_to_end(&mut bytes)
        .map_err(|error| Failure::from(error).context(format!("read {name}")))?;
    if bytes.len() > limit {
        return Err(Failure::usage(format!(
            "{name} has more than {limit} bytes, the limit here"
        )));
    }
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_taken_byte_for_byte() {
        let odd = OsStr::from_bytes(b"a\xff\n");
        assert_eq!(value(odd, 9).ok().as_deref(), Some(&b"a\xff\n"[..]));
    }

    #[test]
    fn more_than_the_limit_is_refused() {
        assert!(read(&b"12345"[..], "x", 4).is_err());
        assert_eq!(
            read(&b"1234"[..], "x", 4).ok().as_deref(),
            Some(&b"1234"[..])
        );
    }
}
