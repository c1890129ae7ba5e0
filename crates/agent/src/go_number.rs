//! Numbers and flags in texts, as Go reads them.

/// A number as Go reads it with any base: a prefix says which, and `_` may stand between digits.
pub(crate) fn parse_int(text: &str) -> Result<i64, &'static str> {
    const SYNTAX: &str = "invalid syntax";
    let (negative, digits) = match text.as_bytes().first() {
        Some(b'-') => (true, &text[1..]),
        Some(b'+') => (false, &text[1..]),
        _ => (false, text),
    };
    let lower = digits.to_ascii_lowercase();
    let prefixed = |prefix| lower.strip_prefix(prefix);
    let (radix, digits) = if let Some(rest) = prefixed("0x") {
        (16, rest)
    } else if let Some(rest) = prefixed("0b") {
        (2, rest)
    } else if let Some(rest) = prefixed("0o") {
        (8, rest)
    } else if lower.len() > 1 && lower.starts_with('0') {
        (8, &lower[1..])
    } else {
        (10, lower.as_str())
    };
    if !underscores_fit(digits, radix != 10) {
        return Err(SYNTAX);
    }
    let digits = digits.replace('_', "");
    if digits.is_empty() || !digits.chars().all(|c| c.is_digit(radix)) {
        return Err(SYNTAX);
    }
    let magnitude = i128::from_str_radix(&digits, radix).unwrap_or(i128::MAX);
    let value = if negative { -magnitude } else { magnitude };
    i64::try_from(value).map_err(|_| "value out of range")
}

/// An underscore stands between digits, or between a prefix and a digit.
fn underscores_fit(digits: &str, has_prefix: bool) -> bool {
    let misplaced = digits.ends_with('_') || digits.contains("__");
    !misplaced && (has_prefix || !digits.starts_with('_'))
}

/// A flag as Go reads it.
pub(crate) fn parse_bool(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Some(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    // What Consul 1.8.7 made of the same texts.
    #[test]
    fn numbers_may_have_a_base_and_underscores() {
        for (text, value) in [
            ("8300", Ok(8300)),
            ("-1", Ok(-1)),
            ("+1", Ok(1)),
            ("0x206c", Ok(8300)),
            ("0X_20_6c", Ok(8300)),
            ("8_300", Ok(8300)),
            ("020154", Ok(8300)),
            ("0o20154", Ok(8300)),
            ("0b1", Ok(1)),
            ("0", Ok(0)),
            ("9223372036854775807", Ok(i64::MAX)),
            ("-9223372036854775808", Ok(i64::MIN)),
            ("9223372036854775808", Err("value out of range")),
            (
                "99999999999999999999999999999999999999999",
                Err("value out of range"),
            ),
            ("", Err("invalid syntax")),
            (" 1", Err("invalid syntax")),
            ("1.5", Err("invalid syntax")),
            ("08", Err("invalid syntax")),
            ("0x", Err("invalid syntax")),
            ("_1", Err("invalid syntax")),
            ("1_", Err("invalid syntax")),
            ("1__0", Err("invalid syntax")),
            ("--1", Err("invalid syntax")),
            ("é", Err("invalid syntax")),
        ] {
            assert_eq!(parse_int(text), value, "{text}");
        }
    }
}
