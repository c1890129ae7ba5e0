use super::class::{perl, unicode};
use super::reader::{Problem, Reader};

/// A backslash outside of a class.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<(), Problem> {
    let text = reader.rest;
    match text.as_bytes().get(1) {
        Some(b'A' | b'z' | b'B') => {
            reader.copy(2);
            reader.atom(1);
        }
        Some(b'b') => {
            reader.out.push_str(r"(?-u:\b)");
            reader.rest = &text[2..];
            reader.atom(1);
        }
        Some(b'Q') => quoted(reader),
        Some(b'p' | b'P') => {
            let (class, rest) = unicode(text)?;
            reader.out.push_str(&class);
            reader.rest = rest;
            reader.atom(1);
        }
        Some(class) if perl(*class).is_some() => {
            reader.out.push('[');
            reader.out.push_str(perl(*class).unwrap_or_default());
            reader.out.push(']');
            reader.rest = &text[2..];
            reader.atom(1);
        }
        _ => {
            let (c, rest) = character(text)?;
            reader.rest = rest;
            reader.literal(c);
        }
    }
    Ok(())
}

/// `\Q…\E`: everything in between stands for itself.
fn quoted(reader: &mut Reader<'_>) {
    let text = &reader.rest[2..];
    let (literal, rest) = text.split_once(r"\E").unwrap_or((text, ""));
    literal.chars().for_each(|c| reader.literal(c));
    reader.rest = rest;
}

/// An escape that stands for one character, and what follows it.
pub(super) fn character(text: &str) -> Result<(char, &str), Problem> {
    let mut rest = text[1..].chars();
    let Some(c) = rest.next() else {
        return Err(Problem::new("trailing backslash at end of expression", ""));
    };
    let found = match c {
        '0'..='7' => octal(c, &mut rest),
        'x' => hex(&mut rest),
        'a' => Some('\u{7}'),
        'f' => Some('\u{c}'),
        'n' => Some('\n'),
        'r' => Some('\r'),
        't' => Some('\t'),
        'v' => Some('\u{b}'),
        c if c.is_ascii() && !c.is_ascii_alphanumeric() => Some(c),
        _ => None,
    };
    let rest = rest.as_str();
    let read = &text[..text.len() - rest.len()];
    let bad = || Problem::new("invalid escape sequence", read);
    found.map(|c| (c, rest)).ok_or_else(bad)
}

/// Up to three digits; a single one other than 0 would be a back reference, which Go has not.
fn octal(first: char, rest: &mut std::str::Chars<'_>) -> Option<char> {
    let digit = |rest: &std::str::Chars<'_>| rest.clone().next().and_then(|c| c.to_digit(8));
    if first != '0' {
        digit(rest)?;
    }
    let mut value = first.to_digit(8)?;
    for _ in 0..2 {
        let Some(next) = digit(rest) else {
            break;
        };
        rest.next();
        value = value * 8 + next;
    }
    char::from_u32(value)
}

/// Two digits, or any number of them in braces.
fn hex(rest: &mut std::str::Chars<'_>) -> Option<char> {
    let first = rest.next()?;
    if first != '{' {
        let second = rest.next()?;
        let value = first.to_digit(16)? * 16 + second.to_digit(16)?;
        return char::from_u32(value);
    }
    let (mut value, mut any) = (0_u32, false);
    loop {
        match rest.next()? {
            '}' if any => return Some(char::from_u32(value).unwrap_or('\u{fffd}')),
            c => {
                value = value * 16 + c.to_digit(16)?;
                any = true;
            }
        }
        if value > u32::from(char::MAX) {
            return None;
        }
    }
}
