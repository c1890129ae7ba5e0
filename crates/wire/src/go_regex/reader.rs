use std::fmt;

use super::{class, escape, group, repeat};

/// What is wrong with a pattern, in Go's words, and where.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Problem {
    what: &'static str,
    part: String,
}

impl Problem {
    pub(super) fn new(what: &'static str, part: &str) -> Self {
        Self {
            what,
            part: part.to_owned(),
        }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: `{}`", self.what, self.part)
    }
}

/// What stands last, and can be repeated.
#[derive(Clone, Copy)]
pub(super) struct Atom {
    /// How often the repetitions within multiply what they repeat.
    pub(super) times: u32,
}

/// A pattern on its way from Go's syntax to ours.
pub(super) struct Reader<'a> {
    pattern: &'a str,
    pub(super) rest: &'a str,
    pub(super) out: String,
    /// The groups that are open: the largest repetition in each so far.
    open: Vec<u32>,
    /// The largest repetition of the innermost group.
    largest: u32,
    pub(super) last: Option<Atom>,
    /// Where the repetition began that ended just here.
    pub(super) repeated: Option<&'a str>,
}

impl<'a> Reader<'a> {
    pub(super) fn read(pattern: &'a str) -> Result<String, Problem> {
        let mut reader = Self {
            pattern,
            rest: pattern,
            out: String::with_capacity(pattern.len() + 16),
            open: Vec::new(),
            largest: 1,
            last: None,
            repeated: None,
        };
        while let Some(next) = reader.rest.chars().next() {
            let repeated = reader.repeated.take();
            reader.step(next, repeated)?;
        }
        if !reader.open.is_empty() {
            return Err(Problem::new("missing closing )", pattern));
        }
        Ok(reader.out)
    }

    fn step(&mut self, next: char, repeated: Option<&'a str>) -> Result<(), Problem> {
        match next {
            '*' | '+' | '?' => return repeat::sign(self, next, repeated),
            '{' => return repeat::braces(self, repeated),
            '(' => return group::open(self),
            ')' => return self.close(),
            '[' => return class::read(self),
            '\\' => return escape::read(self),
            '|' => {
                self.copy(1);
                self.last = None;
            }
            '.' | '^' | '$' => {
                self.copy(1);
                self.atom(1);
            }
            other => {
                self.rest = &self.rest[other.len_utf8()..];
                self.literal(other);
            }
        }
        Ok(())
    }

    /// Takes over what means the same in both syntaxes.
    pub(super) fn copy(&mut self, bytes: usize) {
        let (same, rest) = self.rest.split_at(bytes);
        self.out.push_str(same);
        self.rest = rest;
    }

    /// Writes one character that stands for itself.
    pub(super) fn literal(&mut self, c: char) {
        push_char(&mut self.out, c);
        self.atom(1);
    }

    pub(super) fn atom(&mut self, times: u32) {
        self.largest = self.largest.max(times);
        self.last = Some(Atom { times });
    }

    /// A group begins, which is already written.
    pub(super) fn enter(&mut self) {
        self.open.push(self.largest);
        self.largest = 1;
        self.last = None;
    }

    fn close(&mut self) -> Result<(), Problem> {
        let Some(outer) = self.open.pop() else {
            return Err(Problem::new("unexpected )", self.pattern));
        };
        let times = std::mem::replace(&mut self.largest, outer);
        self.copy(1);
        self.atom(times);
        Ok(())
    }
}

/// Writes a character so that it has no meaning but itself, in a class or outside of one.
pub(super) fn push_char(out: &mut String, c: char) {
    if c.is_ascii_alphanumeric() || !c.is_ascii() {
        out.push(c);
    } else {
        out.push_str(&format!("\\x{:02x}", u32::from(c)));
    }
}
