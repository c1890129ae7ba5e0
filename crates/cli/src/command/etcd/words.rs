//! Lines of words as a shell splits them, as far as etcdctl reads them.

use crate::failure::Failure;

/// The words of a line. Text in single or double quotes is one word, without the quotes; in double
/// quotes a backslash escapes.
pub(super) fn split(line: &str) -> Result<Vec<String>, Failure> {
    let (mut words, mut word, mut chars) = (Vec::new(), None::<String>, line.chars());
    while let Some(c) = chars.next() {
        match c {
            '"' | '\'' => {
                let text = quoted(&mut chars, c).ok_or_else(|| {
                    Failure::usage(format!("a quote has no end: {}", line.trim()))
                })?;
                word.get_or_insert_default().push_str(&text);
            }
            c if c.is_whitespace() => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    Ok(words)
}

/// What stands before the closing quote; `None` if there is none.
pub(super) fn quoted(chars: &mut std::str::Chars<'_>, end: char) -> Option<String> {
    let mut text = String::new();
    loop {
        match chars.next()? {
            c if c == end => return Some(text),
            '\\' if end == '"' => text.push(match chars.next()? {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                c => c,
            }),
            c => text.push(c),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_stand_between_blanks_or_in_quotes() {
        let of = |line| split(line).ok();
        let list = |words: &[&str]| Some(words.iter().map(|w| (*w).to_owned()).collect::<Vec<_>>());
        assert_eq!(of(r#"put "x y"  'z "w'"#), list(&["put", "x y", "z \"w"]));
        assert_eq!(
            of(r#"put a "b\"c\n" --lease=1"#),
            list(&["put", "a", "b\"c\n", "--lease=1"])
        );
        assert_eq!(of("put a ''"), list(&["put", "a", ""]));
        assert_eq!(of("  "), list(&[]));
        assert_eq!(of("put 'a"), None);
    }
}
