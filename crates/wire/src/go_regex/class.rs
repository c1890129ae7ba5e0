use super::escape::character;
use super::reader::{Problem, Reader, push_char};

/// The named classes of ASCII.
const NAMED: [&str; 14] = [
    "alnum", "alpha", "ascii", "blank", "cntrl", "digit", "graph", "lower", "print", "punct",
    "space", "upper", "word", "xdigit",
];

/// `[…]`, written so that every character in it stands for itself.
pub(super) fn read(reader: &mut Reader<'_>) -> Result<(), Problem> {
    let whole = reader.rest;
    let mut rest = &whole[1..];
    reader.out.push('[');
    if let Some(after) = rest.strip_prefix('^') {
        reader.out.push('^');
        rest = after;
    }
    let mut first = true;
    while first || !rest.starts_with(']') {
        first = false;
        rest = member(&mut reader.out, rest, whole)?;
    }
    reader.out.push(']');
    reader.rest = &rest[1..];
    reader.atom(1);
    Ok(())
}

/// One part of a class: a class in it, a character or a range.
fn member<'a>(out: &mut String, text: &'a str, whole: &str) -> Result<&'a str, Problem> {
    if let Some(end) = text.strip_prefix("[:").and_then(|_| text.find(":]")) {
        return named(out, &text[..end + 2], &text[end + 2..]);
    }
    match text.as_bytes() {
        [b'\\', b'p' | b'P', ..] => {
            let (class, rest) = unicode(text)?;
            out.push_str(&class);
            return Ok(rest);
        }
        [b'\\', class, ..] => {
            if let Some(class) = perl(*class) {
                out.push_str(class);
                return Ok(&text[2..]);
            }
        }
        _ => {}
    }
    let (low, rest) = one(text, whole)?;
    push_char(out, low);
    let range = rest.strip_prefix('-');
    let Some(after) = range.filter(|after| !after.is_empty() && !after.starts_with(']')) else {
        return Ok(rest);
    };
    let (high, rest) = one(after, whole)?;
    if high < low {
        let range = &text[..text.len() - rest.len()];
        return Err(Problem::new("invalid character class range", range));
    }
    out.push('-');
    push_char(out, high);
    Ok(rest)
}

fn named<'a>(out: &mut String, name: &str, rest: &'a str) -> Result<&'a str, Problem> {
    let bare = name.trim_start_matches("[:").trim_end_matches(":]");
    if !NAMED.contains(&bare.strip_prefix('^').unwrap_or(bare)) {
        return Err(Problem::new("invalid character class range", name));
    }
    out.push_str(name);
    Ok(rest)
}

fn one<'a>(text: &'a str, whole: &str) -> Result<(char, &'a str), Problem> {
    match text.chars().next() {
        None => Err(Problem::new("missing closing ]", whole)),
        Some('\\') => character(text),
        Some(c) => Ok((c, &text[c.len_utf8()..])),
    }
}

/// What `\d` and its like hold, to be put into a class. Go knows only ASCII here.
pub(super) fn perl(letter: u8) -> Option<&'static str> {
    Some(match letter {
        b'd' => "0-9",
        b'D' => "[^0-9]",
        b's' => r"\t\n\f\r ",
        b'S' => r"[^\t\n\f\r ]",
        b'w' => "0-9A-Za-z_",
        b'W' => "[^0-9A-Za-z_]",
        _ => return None,
    })
}

/// `\pL`, `\p{Name}` or `\p{^Name}`, and what follows it.
pub(super) fn unicode(text: &str) -> Result<(String, &str), Problem> {
    let bad = |part| Problem::new("invalid character class range", part);
    let body = &text[2..];
    let length = match body.chars().next() {
        None => 0,
        Some('{') => body.find('}').ok_or_else(|| bad(text))? + 1,
        Some(c) => c.len_utf8(),
    };
    let (name, rest) = body.split_at(length);
    let sequence = &text[..2 + length];
    let bare = name.trim_start_matches('{').trim_end_matches('}');
    let bare_name = bare.strip_prefix('^').unwrap_or(bare);
    let negative = text.starts_with(r"\P") != (bare_name.len() < bare.len());
    let letter = if negative { 'P' } else { 'p' };
    let plain = !bare_name.is_empty()
        && bare_name
            .bytes()
            .all(|it| it.is_ascii_alphabetic() || it == b'_');
    let class = match bare_name {
        "Any" => String::from(if negative {
            r"[^\x00-\x{10FFFF}]"
        } else {
            r"[\x00-\x{10FFFF}]"
        }),
        name => format!("\\{letter}{{{name}}}"),
    };
    if !plain || regex::Regex::new(&class).is_err() {
        return Err(bad(sequence));
    }
    Ok((class, rest))
}
