//! What children are called.

use std::borrow::Cow;

use quorate_consul::wire::path::is_printable;

/// The child that says what a directory is where its other children don't.
pub(crate) const MARKER: &str = ".tree";
/// What locks and semaphores keep in the directory that they are named after.
pub(crate) const LOCK: &str = ".lock";

/// The empty key of a map.
const EMPTY: &str = "%";
/// How many digits an in-order key of etcd v2 has.
const IN_ORDER_DIGITS: usize = 20;

/// The key of a map as one segment of a path, by the rules of the [module](super).
///
/// ```
/// assert_eq!(quorate::tree::escape("a/b"), "a%2Fb");
/// assert_eq!(quorate::tree::escape("_hidden"), "%5Fhidden");
/// ```
#[must_use]
pub fn escape(key: &str) -> Cow<'_, str> {
    if key.is_empty() {
        return Cow::Borrowed(EMPTY);
    }
    let plain = |at: usize, c: char| {
        !(matches!(c, '/' | '%') || at == 0 && matches!(c, '.' | '_')) && is_printable(c)
    };
    if key.char_indices().all(|(at, c)| plain(at, c)) {
        return Cow::Borrowed(key);
    }
    let mut name = String::with_capacity(key.len() + 8);
    for (at, c) in key.char_indices() {
        if plain(at, c) {
            name.push(c);
        } else {
            escape_char(c, &mut name);
        }
    }
    Cow::Owned(name)
}

fn escape_char(c: char, name: &mut String) {
    const DIGITS: &[u8; 16] = b"0123456789ABCDEF";
    for byte in c.encode_utf8(&mut [0; 4]).bytes() {
        name.push('%');
        name.push(char::from(DIGITS[usize::from(byte >> 4)]));
        name.push(char::from(DIGITS[usize::from(byte & 15)]));
    }
}

/// The key of a map that was written as the segment `name`. What is no escape stays as it is.
///
/// ```
/// assert_eq!(quorate::tree::unescape("a%2Fb"), "a/b");
/// assert_eq!(quorate::tree::unescape("50%"), "50%");
/// ```
#[must_use]
pub fn unescape(name: &str) -> Cow<'_, str> {
    if name == EMPTY {
        return Cow::Borrowed("");
    }
    if !name.contains('%') {
        return Cow::Borrowed(name);
    }
    let bytes: Vec<u8> = percent_encoding::percent_decode_str(name).collect();
    match String::from_utf8(bytes) {
        Ok(key) => Cow::Owned(key),
        Err(_) => Cow::Borrowed(name),
    }
}

/// Whether a directory with these names is a list unless a marker says otherwise: they are exactly
/// `1` to `n`, or all have 20 digits.
pub(crate) fn look_like_a_list<'a>(names: &(impl Iterator<Item = &'a str> + Clone)) -> bool {
    let count = names.clone().count();
    let in_order = |name: &str| name.len() == IN_ORDER_DIGITS && is_index(name);
    // They are different from each other, so as many of them as the greatest means all of them.
    let plain = |name: &str| {
        is_index(name)
            && !name.starts_with('0')
            && name.parse().is_ok_and(|number: usize| number <= count)
    };
    count > 0 && (names.clone().all(in_order) || names.clone().all(plain))
}

/// Whether a child of this name can be the item of a list.
pub(crate) fn is_index(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|byte| byte.is_ascii_digit())
}

/// What names of items are ordered by: their numbers, however long.
pub(crate) fn index_order(name: &str) -> (usize, &str, &str) {
    let digits = name.trim_start_matches('0');
    (digits.len(), digits, name)
}

/// The name of item `number`, which counts from 1.
pub(crate) fn item_name(number: u64, padded: bool) -> String {
    if padded {
        format!("{number:0IN_ORDER_DIGITS$}")
    } else {
        number.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Key;

    #[test]
    fn every_text_is_a_legal_name_and_comes_back() {
        for (key, name) in [
            ("plain", "plain"),
            ("", "%"),
            ("%", "%25"),
            (".", "%2E"),
            ("..", "%2E."),
            (".tree", "%2Etree"),
            ("_x", "%5Fx"),
            ("a_b.c", "a_b.c"),
            ("a/b", "a%2Fb"),
            ("/", "%2F"),
            ("50%", "50%25"),
            ("%2F", "%252F"),
            ("a\nb", "a%0Ab"),
            ("\u{200b}", "%E2%80%8B"),
            ("ä 漢🦀", "ä 漢🦀"),
        ] {
            assert_eq!(escape(key), name);
            assert_eq!(unescape(name), key);
            Key::new(name).unwrap();
        }
    }

    #[test]
    fn what_is_no_escape_stays_as_it_is() {
        for name in ["50%", "%zz", "%f", "%FF", "_x", ".x"] {
            assert_eq!(unescape(name), name);
        }
    }

    #[test]
    fn lists_are_told_by_their_names() {
        let look = |names: &[&str]| look_like_a_list(&names.iter().copied());
        assert!(look(&["1"]) && look(&["2", "1"]));
        assert!(look(&["00000000000000000026", "00000000000000000031"]));
        assert!(!look(&[]) && !look(&["0"]) && !look(&["2"]) && !look(&["1", "3"]));
        assert!(!look(&["01"]) && !look(&["1", "a"]) && !look(&["80", "443"]));
        assert!(!look(&["99999999999999999999999"]));
    }

    #[test]
    fn items_are_ordered_by_their_numbers_whatever_their_padding() {
        let mut names = ["10", "9", "002", "1", "99999999999999999999999"];
        names.sort_by(|a, b| index_order(a).cmp(&index_order(b)));
        assert_eq!(names, ["1", "002", "9", "10", "99999999999999999999999"]);
    }
}
