use std::collections::BTreeSet;

/// How many levels parentheses may nest.
pub(super) const MAX_DEPTH: usize = 128;

const SPACE: &str = r"[ \t\r\n]";

/// A place in an expression, and everything that is needed to say why it can't be read: the
/// farthest place where something else was expected, and what.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
    farthest: usize,
    expected: BTreeSet<&'static str>,
    errors: Vec<String>,
    /// Whether reading was given up because it nests too deep.
    pub(super) too_deep: bool,
}

impl<'a> Cursor<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            text,
            at: 0,
            farthest: 0,
            expected: BTreeSet::new(),
            errors: Vec::new(),
            too_deep: false,
        }
    }

    pub(super) fn mark(&self) -> usize {
        self.at
    }

    pub(super) fn back_to(&mut self, mark: usize) {
        self.at = mark;
    }

    /// What was read since `mark`.
    pub(super) fn since(&self, mark: usize) -> &'a str {
        &self.text[mark..self.at]
    }

    fn miss(&mut self, expected: &'static str) -> bool {
        if self.at > self.farthest {
            self.farthest = self.at;
            self.expected.clear();
        }
        if self.at == self.farthest {
            self.expected.insert(expected);
        }
        false
    }

    /// Reads `word`, which is shown between quotes when it is missed.
    pub(super) fn word(&mut self, word: &str, shown: &'static str) -> bool {
        if self.text[self.at..].starts_with(word) {
            self.at += word.len();
            return true;
        }
        self.miss(shown)
    }

    /// Reads one character of a class.
    pub(super) fn class(&mut self, holds: fn(char) -> bool, shown: &'static str) -> bool {
        match self.text[self.at..].chars().next() {
            Some(c) if holds(c) => {
                self.at += c.len_utf8();
                true
            }
            _ => self.miss(shown),
        }
    }

    /// Reads space, at least one character of it.
    pub(super) fn space(&mut self) -> bool {
        let is_space = |c| matches!(c, ' ' | '\t' | '\r' | '\n');
        let mut any = false;
        while self.class(is_space, SPACE) {
            any = true;
        }
        any
    }

    /// Reads everything up to `end`; `false` when the expression ends first.
    pub(super) fn up_to(&mut self, end: char) -> bool {
        let found = self.text[self.at..].find(end);
        self.at = found.map_or(self.text.len(), |length| self.at + length);
        found.is_some()
    }

    pub(super) fn end(&mut self) -> bool {
        // Sorts behind everything else that can be expected, as Consul shows it.
        self.at == self.text.len() || self.miss("~EOF")
    }

    /// Notes an error of a rule at a place. Consul says each once, and goes on.
    pub(super) fn error(&mut self, at: usize, rule: &str, what: &str) {
        let error = format!("{}: rule \"{rule}\": {what}", self.place(at));
        if !self.errors.contains(&error) {
            self.errors.push(error);
        }
    }

    /// As [`Cursor::error`], where reading stands.
    pub(super) fn error_here(&mut self, rule: &str, what: &str) {
        self.error(self.at, rule, what);
    }

    /// What reading comes to: `read`, unless something is wrong.
    pub(super) fn finish<T>(self, read: Option<T>) -> Result<T, String> {
        if self.too_deep {
            return Err(format!(
                "the expression nests deeper than {MAX_DEPTH} levels"
            ));
        }
        match read {
            Some(read) if self.errors.is_empty() => Ok(read),
            None if self.errors.is_empty() => Err(format!(
                "{}: no match found, expected: {}",
                self.place(self.farthest),
                self.listed()
            )),
            _ => Err(self.errors.join("\n")),
        }
    }

    /// Line, column and offset. A line's end counts to the line behind it.
    fn place(&self, at: usize) -> String {
        let before = &self.text[..at];
        let at_end_of_line = self.text[at..].starts_with('\n');
        let line = 1 + before.matches('\n').count() + usize::from(at_end_of_line);
        let last_line = before.rsplit('\n').next().unwrap_or_default();
        let column = if at_end_of_line {
            0
        } else {
            last_line.chars().count() + 1
        };
        format!("{line}:{column} ({at})")
    }

    fn listed(&self) -> String {
        let names: Vec<_> = self
            .expected
            .iter()
            .map(|name| name.trim_start_matches('~'))
            .collect();
        match names.split_last() {
            Some((last, [])) => (*last).to_owned(),
            Some((last, others)) => format!("{} or {last}", others.join(", ")),
            None => String::new(),
        }
    }
}
