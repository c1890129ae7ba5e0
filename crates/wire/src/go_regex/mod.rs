//! Regular expressions in Go's syntax, refused in Go's words.
//!
//! A pattern is read as Go's `regexp` reads it and written again for the `regex` crate, so that
//! both mean the same: classes like `\d` are ASCII alone, a name may stand twice, a brace that
//! repeats nothing is a brace. Both engines take time linear in the text. What a pattern may cost
//! is bounded: its size by whoever passes it, its program by a limit of its own.

mod class;
mod escape;
mod group;
mod reader;
mod repeat;

use regex::{Regex, RegexBuilder};

use reader::Reader;

/// The largest program that a pattern may become.
const PROGRAM_BYTES: usize = 1 << 20;
/// How deep groups may nest.
const MAX_NESTING: u32 = 200;

/// Compiles `pattern`, or says in Go's words what is wrong with it.
///
/// # Errors
/// What is wrong with it: ``error parsing regexp: missing closing ): `(` ``.
pub fn compile(pattern: &str) -> Result<Regex, String> {
    let problem = |what: &str| format!("error parsing regexp: {what}");
    let ours = Reader::read(pattern).map_err(|error| problem(&error.to_string()))?;
    let mut builder = RegexBuilder::new(&ours);
    builder
        .size_limit(PROGRAM_BYTES)
        .dfa_size_limit(PROGRAM_BYTES);
    builder.nest_limit(MAX_NESTING).build().map_err(|error| {
        problem(match error {
            regex::Error::CompiledTooBig(_) => "expression is too large",
            // What is left is what only Go accepts, and nesting.
            _ => "expression is not supported, or nests too deep",
        })
    })
}

/// A pattern that matches exactly this text.
#[must_use]
pub fn literal(text: &str) -> String {
    regex::escape(text)
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "tests fail by panicking")]

    use super::*;

    // What Consul 1.8.7 answered about the same patterns.
    #[test]
    fn what_is_wrong_is_told_in_gos_words() {
        for (pattern, error) in [
            ("(", "missing closing ): `(`"),
            ("[", "missing closing ]: `[`"),
            ("*", "missing argument to repetition operator: `*`"),
            ("a**", "invalid nested repetition operator: `**`"),
            ("(?=a)", "invalid or unsupported Perl syntax: `(?=`"),
            (r"\q", r"invalid escape sequence: `\q`"),
            ("a{1001}", "invalid repeat count: `{1001}`"),
            ("a{2,1}", "invalid repeat count: `{2,1}`"),
            ("(?P<n", "invalid named capture: `(?P<n`"),
            ("(?<n>a)", "invalid or unsupported Perl syntax: `(?<`"),
            ("[z-a]", "invalid character class range: `z-a`"),
            ("[[:foo:]]", "invalid character class range: `[:foo:]`"),
            (r"\", "trailing backslash at end of expression: ``"),
            ("a)", "unexpected ): `a)`"),
            (r"\pX", r"invalid character class range: `\pX`"),
            (r"\p{Foo}", r"invalid character class range: `\p{Foo}`"),
            (r"[\q]", r"invalid escape sequence: `\q`"),
            ("(?x)a", "invalid or unsupported Perl syntax: `(?x`"),
            ("+", "missing argument to repetition operator: `+`"),
            ("a++", "invalid nested repetition operator: `++`"),
            ("a{2}{3}", "invalid nested repetition operator: `{2}{3}`"),
            ("(a{1000}){1000}", "invalid repeat count: `{1000}`"),
            ("[a", "missing closing ]: `[a`"),
            (r"[a-\d]", r"invalid escape sequence: `\d`"),
            (r"\x{110000}", r"invalid escape sequence: `\x{110000`"),
            (r"\xg", r"invalid escape sequence: `\xg`"),
            (r"\8", r"invalid escape sequence: `\8`"),
            (r"\C", r"invalid escape sequence: `\C`"),
            (r"\Z", r"invalid escape sequence: `\Z`"),
            ("(?i", "invalid or unsupported Perl syntax: `(?i`"),
            ("(?P=n)", "invalid or unsupported Perl syntax: `(?P`"),
            ("(?#a)", "invalid or unsupported Perl syntax: `(?#`"),
            ("*a|b", "missing argument to repetition operator: `*`"),
            ("(*)", "missing argument to repetition operator: `*`"),
            ("(|*)", "missing argument to repetition operator: `*`"),
            (r"\é", r"invalid escape sequence: `\é`"),
            (r"\1", r"invalid escape sequence: `\1`"),
            ("(?-)", "invalid or unsupported Perl syntax: `(?-)`"),
            ("(?:", "missing closing ): `(?:`"),
            ("(?", "invalid or unsupported Perl syntax: `(?`"),
            ("(?:a))", "unexpected ): `(?:a))`"),
            ("[[:alpha:]", "missing closing ]: `[[:alpha:]`"),
            ("[a-", "missing closing ]: `[a-`"),
        ] {
            let expected = format!("error parsing regexp: {error}");
            assert_eq!(compile(pattern).map(|_| ()), Err(expected), "{pattern}");
        }
    }

    #[test]
    fn what_go_accepts_means_what_it_means_in_go() {
        for (pattern, text, matches) in [
            ("(?i)N1", "n1", true),
            ("a{", "a{", true),
            ("{", "{", true),
            ("a{,3}", "a{,3}", true),
            ("a{01}", "a{01}", true),
            ("a{1,}", "aaa", true),
            ("a+?", "a", true),
            ("|", "", true),
            ("()", "x", true),
            ("[]a]", "]", true),
            ("[^]a]", "]", false),
            ("[[]", "[", true),
            ("[a&&b]", "&", true),
            ("[--a]", ".", true),
            ("[a-]", "-", true),
            ("[[:^alpha:]]", "1", true),
            (r"\d", "٣", false),
            (r"^\w$", "é", false),
            (r"[\W]", "é", true),
            (r"é\b", "é", false),
            (r"\Qa+\E", "a+", true),
            (r"\Qa+", "a+", true),
            (r"a\z", "a", true),
            (r"\x41\x{42}\103", "ABC", true),
            (r"\07", "\u{7}", true),
            (r"\_", "_", true),
            ("(?P<n>a)(?P<n>b)", "ab", true),
            ("(?P<1>a)", "a", true),
            ("(?i-s:A)", "a", true),
            (r"\p{Greek}\pL", "αb", true),
            (r"\p{^Greek}", "a", true),
            ("^*", "a", true),
        ] {
            let regex = compile(pattern).unwrap_or_else(|error| panic!("{pattern}: {error}"));
            assert_eq!(regex.is_match(text), matches, "{pattern} on {text}");
        }
    }

    #[test]
    fn a_literal_matches_its_text_alone() {
        for text in ["a.b", "(x)[y]{2}", r"\d", "a-b#c~d&e", "é|^$*+?"] {
            let regex = compile(&format!("^{}$", literal(text))).unwrap();
            assert!(regex.is_match(text), "{text}");
        }
        assert!(!compile(&literal("a.b")).unwrap().is_match("axb"));
    }

    #[test]
    fn hostile_patterns_end_in_an_error() {
        for pattern in [
            "(".repeat(30_000) + "a" + &")".repeat(30_000),
            r"(\pL{100}){10}".repeat(50),
            "((a{10}){10}){10}".repeat(2_000),
            "[".repeat(60_000),
        ] {
            assert!(compile(&pattern).is_err(), "{}", &pattern[..20]);
        }
    }

    proptest::proptest! {
        #[test]
        fn no_pattern_panics(pattern in r"[\x{0}-\x{7f}é☃(){}\[\]\\*+?|^$.,:<>=!-]{0,40}") {
            let _ = compile(&pattern);
        }
    }
}
