//! The inside of texts.

/// Replaces the escapes of a text in quotes, except within `${…}`; `None` when one is none.
pub(super) fn unescape(raw: &str) -> Option<String> {
    let mut text = String::with_capacity(raw.len());
    let mut rest = raw.chars();
    let mut braces = 0_usize;
    while let Some(c) = rest.next() {
        match c {
            '\\' if braces == 0 => {
                text.push(escaped(&mut rest)?);
                continue;
            }
            '$' if rest.as_str().starts_with('{') => {
                text.push(c);
                text.extend(rest.next());
                braces += 1;
                continue;
            }
            '{' if braces > 0 => braces += 1,
            '}' => braces = braces.saturating_sub(1),
            _ => {}
        }
        text.push(c);
    }
    Some(text)
}

/// The character behind a backslash.
fn escaped(rest: &mut std::str::Chars<'_>) -> Option<char> {
    let c = rest.next()?;
    Some(match c {
        'a' => '\u{7}',
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        'v' => '\u{b}',
        '\\' | '"' => c,
        'x' => char::from_u32(digits(rest, 2, 16)?)?,
        'u' => char::from_u32(digits(rest, 4, 16)?)?,
        'U' => char::from_u32(digits(rest, 8, 16)?)?,
        '0'..='7' => {
            let first = c.to_digit(8)? * 64;
            char::from_u32(first + digits(rest, 2, 8)?).filter(|c| u32::from(*c) < 256)?
        }
        _ => return None,
    })
}

fn digits(rest: &mut std::str::Chars<'_>, count: usize, radix: u32) -> Option<u32> {
    let mut number = 0_u32;
    for _ in 0..count {
        let digit = rest.next()?.to_digit(radix)?;
        number = number.checked_mul(radix)?.checked_add(digit)?;
    }
    Some(number)
}

/// The lines of a text, each with its end. If they are indented, what all of them have in common is
/// taken away.
pub(super) fn join(lines: &[String], indented: bool) -> String {
    let indent = |line: &String| line.len() - line.trim_start_matches([' ', '\t']).len();
    let common = match indented {
        true => lines.iter().map(indent).min().unwrap_or(0),
        false => 0,
    };
    let mut text = String::new();
    for line in lines {
        text.push_str(&line[common..]);
        text.push('\n');
    }
    text
}

/// `text` between quotes, so that it is read as the same text again.
pub(in crate::acl) fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    let mut rest = text;
    while let Some(at) = rest.find("${") {
        push_escaped(&mut quoted, &rest[..at]);
        rest = &rest[at..];
        // What stands in braces is never escaped; a brace that is not closed must not be one.
        if let Some(length) = interpolated(rest) {
            quoted.push_str(&rest[..length]);
            rest = &rest[length..];
        } else {
            quoted.push_str("\\x24");
            rest = &rest[1..];
        }
    }
    push_escaped(&mut quoted, rest);
    quoted.push('"');
    quoted
}

fn push_escaped(out: &mut String, text: &str) {
    let quoted = crate::quote::quote(text);
    out.push_str(&quoted[1..quoted.len() - 1]);
}

/// The length of the `${…}` that `text` begins with, if it is one that can be written.
fn interpolated(text: &str) -> Option<usize> {
    let mut braces = 0_usize;
    for (at, c) in text.char_indices() {
        match c {
            '\0' => return None,
            '{' => braces += 1,
            '}' if braces == 1 => return Some(at + 1),
            '}' => braces = braces.checked_sub(1)?,
            _ => {}
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_quoted_is_the_same_text_again() {
        for text in [
            "",
            "a\"b\\",
            "${a\"b}",
            "${",
            "${{}",
            "a${b}}c{",
            "$${x}",
            "${\0}",
            "${a\\}",
            "\u{7}é\u{2028}",
        ] {
            let quoted = quote(text);
            let inner = &quoted[1..quoted.len() - 1];
            assert_eq!(unescape(inner).as_deref(), Some(text), "{quoted}");
        }
    }

    #[test]
    fn escapes_are_gos_and_variables_stay_as_they_are() {
        assert_eq!(unescape(r"a\n\t\\").as_deref(), Some("a\n\t\\"));
        assert_eq!(unescape(r"\x41\u00e9\101").as_deref(), Some("A\u{e9}A"));
        assert_eq!(unescape(r"${a\z}b").as_deref(), Some(r"${a\z}b"));
        for bad in [r"\z", r"\", r"\x4", r"\ud800", r"\8", r"\777"] {
            assert_eq!(unescape(bad), None, "{bad}");
        }
    }
}
