//! The grammar: what is tried in which order decides what an error says was expected.

use super::cursor::{Cursor, MAX_DEPTH};
use super::literal::unquote;

/// An expression as it was read.
#[derive(Debug, PartialEq)]
pub(super) enum Parsed {
    Or(Vec<Parsed>),
    And(Vec<Parsed>),
    Not(Box<Parsed>),
    Match(Match),
}

/// One comparison.
#[derive(Debug, PartialEq)]
pub(super) struct Match {
    pub(super) selector: Vec<String>,
    pub(super) operator: Operator,
    pub(super) value: String,
}

/// What is compared, and how; `contains` is `in` the other way round.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Operator {
    Equal,
    NotEqual,
    In,
    NotIn,
    IsEmpty,
    IsNotEmpty,
    Matches,
    NotMatches,
}

pub(super) fn parse(text: &str) -> Result<Parsed, String> {
    let mut cursor = Cursor::new(text);
    cursor.space();
    let read = any_of(&mut cursor, 0).filter(|_| {
        cursor.space();
        cursor.end()
    });
    cursor.finish(read)
}

fn any_of(cursor: &mut Cursor<'_>, depth: usize) -> Option<Parsed> {
    let first = all_of(cursor, depth)?;
    let others = followed_by(cursor, "or", "\"or\"", |cursor| all_of(cursor, depth));
    Some(joined(first, others, Parsed::Or))
}

fn all_of(cursor: &mut Cursor<'_>, depth: usize) -> Option<Parsed> {
    let first = negated(cursor, depth)?;
    let others = followed_by(cursor, "and", "\"and\"", |cursor| negated(cursor, depth));
    Some(joined(first, others, Parsed::And))
}

fn joined(first: Parsed, mut others: Vec<Parsed>, join: fn(Vec<Parsed>) -> Parsed) -> Parsed {
    if others.is_empty() {
        return first;
    }
    others.insert(0, first);
    join(others)
}

/// What follows, each behind a word.
fn followed_by<'a>(
    cursor: &mut Cursor<'a>,
    word: &str,
    shown: &'static str,
    mut read: impl FnMut(&mut Cursor<'a>) -> Option<Parsed>,
) -> Vec<Parsed> {
    let mut found = Vec::new();
    loop {
        let mark = cursor.mark();
        let next = cursor.space() && cursor.word(word, shown) && cursor.space();
        match next.then(|| read(cursor)).flatten() {
            Some(read) => found.push(read),
            None => {
                cursor.back_to(mark);
                return found;
            }
        }
    }
}

/// Any number of `not`, the last of which may also be a selector of that name.
fn negated(cursor: &mut Cursor<'_>, depth: usize) -> Option<Parsed> {
    let mut marks = vec![cursor.mark()];
    while cursor.word("not", "\"not\"") && cursor.space() {
        marks.push(cursor.mark());
    }
    while let Some(mark) = marks.pop() {
        cursor.back_to(mark);
        if let Some(read) = grouped(cursor, depth) {
            let odd = marks.len() % 2 == 1;
            return Some(if odd {
                Parsed::Not(Box::new(read))
            } else {
                read
            });
        }
    }
    None
}

fn grouped(cursor: &mut Cursor<'_>, depth: usize) -> Option<Parsed> {
    let mark = cursor.mark();
    if !cursor.word("(", "\"(\"") {
        return compared(cursor).map(Parsed::Match);
    }
    if depth == MAX_DEPTH {
        cursor.too_deep = true;
        return None;
    }
    cursor.space();
    if let Some(read) = any_of(cursor, depth + 1) {
        cursor.space();
        if cursor.word(")", "\")\"") {
            return Some(read);
        }
        if !cursor.too_deep {
            cursor.error_here("grouping", "Unmatched parentheses");
        }
    }
    cursor.back_to(mark);
    None
}

fn compared(cursor: &mut Cursor<'_>) -> Option<Match> {
    let mark = cursor.mark();
    for form in [selector_and_value, selector_alone, value_and_selector] {
        if let Some(read) = form(cursor) {
            return Some(read);
        }
        cursor.back_to(mark);
    }
    None
}

fn selector_and_value(cursor: &mut Cursor<'_>) -> Option<Match> {
    let selector = selector(cursor)?;
    let operator = first_of(
        cursor,
        &[
            (Operator::Equal, &["=="]),
            (Operator::NotEqual, &["!="]),
            (Operator::In, &["contains"]),
            (Operator::NotIn, &["not", "contains"]),
            (Operator::Matches, &["matches"]),
            (Operator::NotMatches, &["not", "matches"]),
        ],
    )?;
    let value = value(cursor)?;
    Some(Match {
        selector,
        operator,
        value,
    })
}

fn selector_alone(cursor: &mut Cursor<'_>) -> Option<Match> {
    let selector = selector(cursor)?;
    let operator = first_of(
        cursor,
        &[
            (Operator::IsEmpty, &["is", "empty"]),
            (Operator::IsNotEmpty, &["is", "not", "empty"]),
        ],
    )?;
    let value = String::new();
    Some(Match {
        selector,
        operator,
        value,
    })
}

fn value_and_selector(cursor: &mut Cursor<'_>) -> Option<Match> {
    let value = value(cursor)?;
    let operators = [
        (Operator::In, &["in"] as &[_]),
        (Operator::NotIn, &["not", "in"]),
    ];
    let operator = first_of(cursor, &operators)?;
    let Some(selector) = selector(cursor) else {
        cursor.error_here("match", "Invalid selector");
        return None;
    };
    Some(Match {
        selector,
        operator,
        value,
    })
}

/// The first of `operators` whose words stand here. Signs need no space around them; words need it
/// on both sides, but the last of `is empty`.
fn first_of(cursor: &mut Cursor<'_>, operators: &[(Operator, &[&str])]) -> Option<Operator> {
    let mark = cursor.mark();
    for (operator, words) in operators {
        let read = match operator {
            Operator::Equal | Operator::NotEqual => {
                cursor.space();
                let read = words.iter().all(|word| cursor.word(word, shown(word)));
                if read {
                    cursor.space();
                }
                read
            }
            Operator::IsEmpty | Operator::IsNotEmpty => spaced(cursor, words),
            _ => spaced(cursor, words) && cursor.space(),
        };
        if read {
            return Some(*operator);
        }
        cursor.back_to(mark);
    }
    None
}

fn spaced(cursor: &mut Cursor<'_>, words: &[&str]) -> bool {
    let mut words = words.iter();
    words.all(|word| cursor.space() && cursor.word(word, shown(word)))
}

fn shown(word: &str) -> &'static str {
    match word {
        "==" => "\"==\"",
        "!=" => "\"!=\"",
        "contains" => "\"contains\"",
        "matches" => "\"matches\"",
        "is" => "\"is\"",
        "in" => "\"in\"",
        "empty" => "\"empty\"",
        _ => "\"not\"",
    }
}

fn selector(cursor: &mut Cursor<'_>) -> Option<Vec<String>> {
    let mut parts = vec![identifier(cursor)?];
    loop {
        let mark = cursor.mark();
        let dotted = cursor.word(".", "\".\"").then(|| identifier(cursor));
        let part = dotted.flatten().or_else(|| {
            cursor.back_to(mark);
            index(cursor)
        });
        match part {
            Some(part) => parts.push(part),
            None => {
                cursor.back_to(mark);
                return Some(parts);
            }
        }
    }
}

fn identifier(cursor: &mut Cursor<'_>) -> Option<String> {
    let mark = cursor.mark();
    if !cursor.class(|c| c.is_ascii_alphabetic(), "[a-zA-Z]") {
        return None;
    }
    let is_word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    while cursor.class(is_word, "[a-zA-Z0-9_]") {}
    Some(cursor.since(mark).to_owned())
}

/// `["…"]`
fn index(cursor: &mut Cursor<'_>) -> Option<String> {
    if !cursor.word("[", "\"[\"") {
        return None;
    }
    cursor.space();
    let Some(name) = string(cursor) else {
        // The place is the one where a string was expected, wherever it failed to end.
        cursor.error_here("index", "Invalid index");
        return None;
    };
    cursor.space();
    if !cursor.word("]", "\"]\"") {
        cursor.error_here("index", "Unclosed index expression");
        return None;
    }
    Some(name)
}

fn value(cursor: &mut Cursor<'_>) -> Option<String> {
    if let Some(path) = selector(cursor) {
        return Some(path.join("."));
    }
    let mark = cursor.mark();
    if let Some(number) = number(cursor) {
        return Some(number);
    }
    cursor.back_to(mark);
    string(cursor)
}

fn number(cursor: &mut Cursor<'_>) -> Option<String> {
    let mark = cursor.mark();
    cursor.word("-", "\"-\"");
    let is_digit = |c: char| c.is_ascii_digit();
    if !cursor.word("0", "\"0\"") {
        if !cursor.class(|c| matches!(c, '1'..='9'), "[1-9]") {
            return None;
        }
        while cursor.class(is_digit, "[0-9]") {}
    }
    let whole = cursor.mark();
    if cursor.word(".", "\".\"") && cursor.class(is_digit, "[0-9]") {
        while cursor.class(is_digit, "[0-9]") {}
    } else {
        cursor.back_to(whole);
    }
    let number = cursor.since(mark).to_owned();
    let end = cursor.mark();
    if cursor.space() || cursor.end() || cursor.word(")", "\")\"") {
        cursor.back_to(end);
        return Some(number);
    }
    cursor.error_here("number", "Invalid number literal");
    None
}

fn string(cursor: &mut Cursor<'_>) -> Option<String> {
    let mark = cursor.mark();
    let quote = if cursor.word("`", "\"`\"") {
        '`'
    } else if cursor.word("\"", "\"\\\"\"") {
        '"'
    } else {
        return None;
    };
    let start = cursor.mark();
    if !cursor.up_to(quote) {
        cursor.error_here("string", "Unterminated string literal");
        cursor.back_to(mark);
        return None;
    }
    let inner = cursor.since(start);
    cursor.word(if quote == '`' { "`" } else { "\"" }, "\"\\\"\"");
    if quote == '`' {
        return Some(inner.replace('\r', ""));
    }
    let text = unquote(inner);
    if text.is_none() {
        cursor.error(mark, "string", "invalid syntax");
    }
    Some(text.unwrap_or_default())
}
