use super::reader::{Problem, Reader};

/// `(`, and what a `?` behind it says.
pub(super) fn open(reader: &mut Reader<'_>) -> Result<(), Problem> {
    let text = reader.rest;
    if !text.starts_with("(?") {
        reader.out.push('(');
        reader.rest = &text[1..];
        reader.enter();
        return Ok(());
    }
    if text.len() > 4 && text.starts_with("(?P<") {
        return named(reader);
    }
    flags(reader)
}

fn named(reader: &mut Reader<'_>) -> Result<(), Problem> {
    let text = reader.rest;
    let bad = |part| Problem::new("invalid named capture", part);
    let end = text.find('>').ok_or_else(|| bad(text))?;
    let name = &text[4..end];
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.is_empty() || !name.chars().all(is_word) {
        return Err(bad(&text[..=end]));
    }
    // Nobody asks by name, and a name may stand twice.
    reader.out.push('(');
    reader.rest = &text[end + 1..];
    reader.enter();
    Ok(())
}

/// `(?flags)` or `(?flags:`, which mean the same in both syntaxes.
fn flags(reader: &mut Reader<'_>) -> Result<(), Problem> {
    let text = reader.rest;
    let (mut negative, mut any) = (false, false);
    let mut length = 2;
    for c in text[2..].chars() {
        length += c.len_utf8();
        match c {
            'i' | 'm' | 's' | 'U' => any = true,
            '-' if !negative => (negative, any) = (true, false),
            ':' | ')' if any || !negative => {
                // Go takes an empty `(?)`, which says nothing.
                if &text[..length] == "(?)" {
                    reader.rest = &text[length..];
                } else {
                    reader.copy(length);
                }
                if c == ':' {
                    reader.enter();
                }
                return Ok(());
            }
            _ => break,
        }
    }
    let what = "invalid or unsupported Perl syntax";
    Err(Problem::new(what, &text[..length]))
}
