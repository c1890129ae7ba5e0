//! Names and values in a query or a body, `application/x-www-form-urlencoded`.

use std::borrow::Cow;

use percent_encoding::percent_decode;

use crate::consul::path::encode_segment;

/// The largest body that servers read, in bytes; they say `http: POST too large` to more.
pub const MAX_BODY_BYTES: usize = 10 << 20;

/// Why a form cannot be read. Printed as the server's cause with code 210.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum FormError {
    /// A `%` without two hexadecimal digits.
    #[error("invalid URL escape {0:?}")]
    Escape(String),
    /// A `;` that is not encoded.
    #[error("invalid semicolon separator in query")]
    Semicolon,
    /// The body is larger than [`MAX_BODY_BYTES`].
    #[error("http: POST too large")]
    TooLarge,
}

/// The fields of a request, in the order in which they count: of a name that is there twice, the
/// first. Bytes that are no UTF-8 become U+FFFD, each one, as they would in every answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Form(Vec<(String, String)>);

impl Form {
    /// A form without fields.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the body of a PUT or POST (empty for all else) and the query of its URL. The body
    /// wins.
    ///
    /// # Errors
    /// [`FormError`]; that of the body comes first.
    pub fn parse(query: &str, body: &[u8]) -> Result<Self, FormError> {
        if body.len() > MAX_BODY_BYTES {
            return Err(FormError::TooLarge);
        }
        let mut fields = Vec::new();
        read(body, &mut fields)?;
        read(query.as_bytes(), &mut fields)?;
        Ok(Self(fields))
    }

    /// The value of a name; `Some("")` if it has none, `None` if it is not there.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        let found = self.0.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }

    /// Adds a field.
    pub fn push(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.0.push((name.into(), value.into()));
    }

    /// Whether there is no field.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The fields in their order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &str)> {
        let pairs = self.0.iter();
        pairs.map(|(name, value)| (name.as_str(), value.as_str()))
    }

    /// The form as a query or a body: everything but letters, digits and `-._~` is encoded.
    #[must_use]
    pub fn encode(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.0 {
            if !text.is_empty() {
                text.push('&');
            }
            text.push_str(&encode_segment(name));
            text.push('=');
            text.push_str(&encode_segment(value));
        }
        text
    }
}

fn read(text: &[u8], fields: &mut Vec<(String, String)>) -> Result<(), FormError> {
    let mut first = Ok(());
    for piece in text.split(|byte| *byte == b'&') {
        if piece.is_empty() {
            continue;
        }
        // As in Go, what can be read is read, and the first error is kept.
        match field(piece) {
            Ok(pair) => fields.push(pair),
            Err(error) if first.is_ok() => first = Err(error),
            Err(_) => {}
        }
    }
    first
}

fn field(piece: &[u8]) -> Result<(String, String), FormError> {
    if piece.contains(&b';') {
        return Err(FormError::Semicolon);
    }
    let at = piece.iter().position(|byte| *byte == b'=');
    let (name, value) = match at {
        Some(at) => (&piece[..at], &piece[at + 1..]),
        None => (piece, &[][..]),
    };
    Ok((unescape(name)?, unescape(value)?))
}

fn unescape(text: &[u8]) -> Result<String, FormError> {
    for (at, byte) in text.iter().enumerate() {
        let digits = text.get(at + 1..at + 3);
        let right = digits.is_some_and(|two| two.iter().all(u8::is_ascii_hexdigit));
        if *byte == b'%' && !right {
            let end = text.len().min(at + 3);
            let escape = String::from_utf8_lossy(&text[at..end]).into_owned();
            return Err(FormError::Escape(escape));
        }
    }
    let spaced: Cow<'_, [u8]> = if text.contains(&b'+') {
        let space = |byte: &u8| if *byte == b'+' { b' ' } else { *byte };
        text.iter().map(space).collect::<Vec<_>>().into()
    } else {
        text.into()
    };
    let bytes: Cow<'_, [u8]> = percent_decode(&spaced).into();
    Ok(lossy(&bytes))
}

/// Each byte that is no UTF-8 becomes U+FFFD, as Go does it.
fn lossy(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        text.push_str(chunk.valid());
        text.extend(chunk.invalid().iter().map(|_| '\u{fffd}'));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_body_wins_and_the_first_of_a_name() {
        let form = Form::parse("value=q&ttl=5&ttl=6&&flag", b"value=b&value=c").unwrap();
        assert_eq!(form.get("value"), Some("b"));
        assert_eq!(form.get("ttl"), Some("5"));
        assert_eq!((form.get("flag"), form.get("none")), (Some(""), None));
    }

    #[test]
    fn a_plus_is_a_space_and_bytes_that_are_no_text_are_replaced() {
        let form = Form::parse("a=1+2%2B%C3%A9&b=%FF%FEx&c=x=y", b"").unwrap();
        assert_eq!(form.get("a"), Some("1 2+é"));
        assert_eq!(form.get("b"), Some("\u{fffd}\u{fffd}x"));
        assert_eq!(form.get("c"), Some("x=y"));
    }

    #[test]
    fn what_cannot_be_read_has_the_servers_words() {
        let cause =
            |query: &str, body: &str| Form::parse(query, body.as_bytes()).unwrap_err().to_string();
        assert_eq!(cause("value=%zz", ""), "invalid URL escape \"%zz\"");
        assert_eq!(cause("%4=1", ""), "invalid URL escape \"%4\"");
        assert_eq!(
            cause("a=1;b&c=%zz", ""),
            "invalid semicolon separator in query"
        );
        assert_eq!(cause("a=1;b", "a=%é"), "invalid URL escape \"%é\"");
        let large = vec![b'a'; MAX_BODY_BYTES + 1];
        assert_eq!(Form::parse("", &large), Err(FormError::TooLarge));
    }

    #[test]
    fn any_text_survives() {
        let mut form = Form::new();
        form.push("value", "a b+&=%;é\n🦀");
        form.push("t t", "");
        let text = form.encode();
        assert!(text.is_ascii() && !text.contains(['+', ';', ' ']), "{text}");
        assert_eq!(Form::parse(&text, b""), Ok(form.clone()));
        assert_eq!(Form::parse("", text.as_bytes()), Ok(form));
    }
}
