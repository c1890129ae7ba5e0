//! How text looks: plain to a pipe, with colour and without control characters on a terminal.

use std::borrow::Cow;
use std::fmt;

use super::sanitize;

/// How text is written to one stream.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Style {
    terminal: bool,
    color: bool,
}

impl Style {
    /// To a pipe or a file.
    #[cfg(test)]
    pub(crate) const PLAIN: Self = Self {
        terminal: false,
        color: false,
    };

    /// To a terminal in colour.
    #[cfg(test)]
    pub(crate) const COLOR: Self = Self {
        terminal: true,
        color: true,
    };

    /// Colour only on a terminal, and not with `NO_COLOR` or a dumb terminal.
    pub(crate) fn detect(terminal: bool) -> Self {
        let refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        Self {
            terminal,
            color: terminal && !refused && !dumb,
        }
    }

    /// Whether there is colour.
    pub(crate) fn has_color(&self) -> bool {
        self.color
    }

    /// Whether it is a terminal.
    pub(crate) fn is_terminal(&self) -> bool {
        self.terminal
    }

    /// Foreign text: control characters are shown, not obeyed, on a terminal; a pipe gets them raw.
    pub(crate) fn clean<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if self.terminal {
            sanitize::visible(text)
        } else {
            Cow::Borrowed(text)
        }
    }

    /// Foreign text that has to stay on its line, whatever reads it: ends of lines are shown.
    pub(crate) fn line<'a>(&self, text: &'a str) -> Cow<'a, str> {
        if text.contains(['\n', '\r']) {
            let shown = text.replace('\r', "\\r").replace('\n', "\\n");
            return Cow::Owned(self.clean(&shown).into_owned());
        }
        self.clean(text)
    }

    /// Something that went well.
    pub(crate) fn good<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint("32", text)
    }

    /// Something that went wrong.
    pub(crate) fn bad<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint("1;31", text)
    }

    /// A title.
    pub(crate) fn title<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint("1", text)
    }

    /// Something in the background.
    pub(crate) fn faint<T: fmt::Display>(&self, text: T) -> Painted<T> {
        self.paint("2", text)
    }

    fn paint<T: fmt::Display>(&self, code: &'static str, text: T) -> Painted<T> {
        Painted {
            code: self.color.then_some(code),
            text,
        }
    }
}

/// Text in a colour, or not.
#[derive(Debug)]
pub(crate) struct Painted<T> {
    code: Option<&'static str>,
    text: T,
}

impl<T: fmt::Display> fmt::Display for Painted<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "\x1b[{code}m{}\x1b[0m", self.text),
            None => self.text.fmt(f),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pipe_gets_neither_colour_nor_changed_text() {
        let style = Style::PLAIN;
        assert_eq!(style.good("ok").to_string(), "ok");
        assert_eq!(style.clean("a\x1b[2Jb"), "a\x1b[2Jb");
    }

    #[test]
    fn a_terminal_never_obeys_foreign_text() {
        let style = Style {
            terminal: true,
            color: true,
        };
        assert_eq!(style.clean("a\x1b[2Jb"), "a\u{fffd}[2Jb");
        assert_eq!(style.bad("no").to_string(), "\x1b[1;31mno\x1b[0m");
    }
}
