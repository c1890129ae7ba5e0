//! The words and signs of a text.

use std::iter::Peekable;
use std::str::Chars;

use super::Position;
use super::text;

/// One word or sign.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Ident(String),
    Text(String),
    Number(String),
    Bool(bool),
    Comment(String),
    OpenBrace,
    CloseBrace,
    OpenBracket,
    CloseBracket,
    Comma,
    Assign,
    End,
}

impl Token {
    /// As HCL calls it in errors.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Ident(_) => "IDENT",
            Self::Text(_) => "STRING",
            Self::Number(_) => "NUMBER",
            Self::Bool(_) => "BOOL",
            Self::Comment(_) => "COMMENT",
            Self::OpenBrace => "LBRACE",
            Self::CloseBrace => "RBRACE",
            Self::OpenBracket => "LBRACK",
            Self::CloseBracket => "RBRACK",
            Self::Comma => "COMMA",
            Self::Assign => "ASSIGN",
            Self::End => "EOF",
        }
    }
}

/// Something that is no token, and where.
pub(super) type LexError = (Position, String);

pub(super) struct Lexer<'a> {
    rest: Peekable<Chars<'a>>,
    at: Position,
}

impl<'a> Lexer<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        Self {
            rest: text.chars().peekable(),
            at: Position { line: 1, column: 1 },
        }
    }

    /// The next token and where it stands. HCL counts the end of a text one column late.
    pub(super) fn next(&mut self) -> Result<(Token, Position), LexError> {
        while self
            .take_if(|c| matches!(c, ' ' | '\t' | '\r' | '\n'))
            .is_some()
        {}
        let at = self.at;
        let Some(c) = self.take() else {
            let column = at.column + 1;
            return Ok((Token::End, Position { column, ..at }));
        };
        let token = match c {
            '{' => Token::OpenBrace,
            '}' => Token::CloseBrace,
            '[' => Token::OpenBracket,
            ']' => Token::CloseBracket,
            ',' => Token::Comma,
            '=' => Token::Assign,
            '"' => self.text()?,
            '#' => self.line_comment("#"),
            '/' => self.slash(at)?,
            '<' => self.heredoc()?,
            '-' | '0'..='9' => self.number(c, at)?,
            '\0' => return Err((at, "unexpected null character (0x00)".into())),
            c if c == '_' || c.is_alphabetic() => self.ident(c),
            _ => return Err((at, "illegal char".into())),
        };
        Ok((token, at))
    }

    fn take(&mut self) -> Option<char> {
        let c = self.rest.next()?;
        if c == '\n' {
            self.at = Position {
                line: self.at.line + 1,
                column: 1,
            };
        } else {
            self.at.column += 1;
        }
        Some(c)
    }

    fn take_if(&mut self, wanted: impl Fn(char) -> bool) -> Option<char> {
        let c = *self.rest.peek()?;
        wanted(c).then(|| self.take()).flatten()
    }

    fn ident(&mut self, first: char) -> Token {
        let mut word = String::from(first);
        while let Some(c) = self.take_if(|c| c.is_alphanumeric() || "_-.".contains(c)) {
            word.push(c);
        }
        match word.as_str() {
            "true" => Token::Bool(true),
            "false" => Token::Bool(false),
            _ => Token::Ident(word),
        }
    }

    fn number(&mut self, first: char, at: Position) -> Result<Token, LexError> {
        let mut number = String::from(first);
        while let Some(c) = self.take_if(|c| c.is_ascii_alphanumeric() || "+-.".contains(c)) {
            number.push(c);
        }
        if !number.bytes().any(|byte| byte.is_ascii_digit()) {
            return Err((at, format!("Unknown token: {at} SUB -")));
        }
        if number.eq_ignore_ascii_case("0x") {
            return Err((self.at, "illegal hexadecimal number".into()));
        }
        Ok(Token::Number(number))
    }

    /// A text in quotes. Within `${…}` it goes on over quotes and lines.
    fn text(&mut self) -> Result<Token, LexError> {
        let mut raw = String::new();
        let mut braces = 0_usize;
        loop {
            let Some(c) = self.take().filter(|c| *c != '\n' || braces > 0) else {
                return Err((self.at, "literal not terminated".into()));
            };
            match c {
                '"' if braces == 0 => break,
                '\0' => return Err((self.at, "literal not terminated".into())),
                '\\' if braces == 0 => {
                    let at = self.at;
                    raw.push(c);
                    raw.extend(self.take_if(|c| "abfnrtv\\\"xuU01234567".contains(c)));
                    if raw.ends_with('\\') && self.at == at {
                        return Err((at, "illegal char escape".into()));
                    }
                    continue;
                }
                '$' if self.rest.peek() == Some(&'{') => {
                    raw.push(c);
                    raw.extend(self.take());
                    braces += 1;
                    continue;
                }
                '{' if braces > 0 => braces += 1,
                '}' if braces > 0 => braces -= 1,
                _ => {}
            }
            raw.push(c);
        }
        match text::unescape(&raw) {
            Some(text) => Ok(Token::Text(text)),
            None => Err((self.at, "illegal char escape".into())),
        }
    }

    fn line_comment(&mut self, start: &str) -> Token {
        let mut comment = String::from(start);
        while let Some(c) = self.take_if(|c| c != '\n') {
            comment.push(c);
        }
        Token::Comment(comment.trim_end().to_owned())
    }

    fn slash(&mut self, start: Position) -> Result<Token, LexError> {
        match self.rest.peek() {
            Some('/') => Ok(self.line_comment("/")),
            Some('*') => self.block_comment(),
            _ => Err((start, "expected '/' for comment".into())),
        }
    }

    fn block_comment(&mut self) -> Result<Token, LexError> {
        let mut comment = String::from("/");
        comment.extend(self.take());
        while let Some(c) = self.take() {
            comment.push(c);
            if c == '/' && comment.len() > 3 && comment.ends_with("*/") {
                return Ok(Token::Comment(comment));
            }
        }
        Err((self.at, "comment not terminated".into()))
    }

    /// A text of whole lines: `<<END` … `END`, or `<<-END` with the least indentation taken away.
    fn heredoc(&mut self) -> Result<Token, LexError> {
        if self.take_if(|c| c == '<').is_none() {
            return Err((self.at, "heredoc expected second '<', didn't see it".into()));
        }
        let indented = self.take_if(|c| c == '-').is_some();
        let end = self.line();
        let end = end.as_deref().map(str::trim_end).unwrap_or_default();
        let named = !end.is_empty() && end.chars().all(|c| c.is_alphanumeric() || c == '_');
        let mut lines = Vec::new();
        while let Some(line) = self.line().filter(|_| named) {
            if line.trim() == end && (indented || line.starts_with(end)) {
                return Ok(Token::Text(text::join(&lines, indented)));
            }
            lines.push(line);
        }
        Err((self.at, "heredoc not terminated".into()))
    }

    /// The rest of the line without its end; `None` at the end of the text.
    fn line(&mut self) -> Option<String> {
        self.rest.peek()?;
        let mut line = String::new();
        while let Some(c) = self.take().filter(|c| *c != '\n') {
            line.push(c);
        }
        Some(line)
    }
}
