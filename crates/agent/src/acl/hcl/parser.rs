//! From words and signs to items.

use super::lexer::{LexError, Lexer, Token};
use super::{Item, Key, Literal, Position, Value};
use crate::acl::rules::MAX_DEPTH;

/// Reads the items of a text, or says what is wrong with it and where.
pub(in crate::acl) fn parse(text: &str) -> Result<Vec<Item>, String> {
    let read = || {
        let mut parser = Parser::new(text)?;
        let items = parser.items(0)?;
        match &parser.token {
            (Token::End, _) => Ok(items),
            (other, at) => Err(unexpected(other, *at)),
        }
    };
    read().map_err(|(at, problem)| format!("At {at}: {problem}"))
}

struct Parser<'a> {
    lexer: Lexer<'a>,
    /// The token that is looked at.
    token: (Token, Position),
    /// The comments before it.
    comments: Vec<String>,
}

impl<'a> Parser<'a> {
    fn new(text: &'a str) -> Result<Self, LexError> {
        let mut parser = Self {
            lexer: Lexer::new(text),
            token: (Token::End, Position { line: 1, column: 1 }),
            comments: Vec::new(),
        };
        parser.advance()?;
        Ok(parser)
    }

    /// Goes on to the next token, and returns the one that was looked at.
    fn advance(&mut self) -> Result<(Token, Position), LexError> {
        let next = loop {
            match self.lexer.next()? {
                (Token::Comment(comment), _) => self.comments.push(comment),
                token => break token,
            }
        };
        Ok(std::mem::replace(&mut self.token, next))
    }

    /// Items up to a brace that closes, or to the end.
    fn items(&mut self, depth: usize) -> Result<Vec<Item>, LexError> {
        let mut items = Vec::new();
        while !matches!(self.token.0, Token::End | Token::CloseBrace) {
            items.push(self.item(depth)?);
            if self.token.0 == Token::Comma {
                self.advance()?;
            }
        }
        Ok(items)
    }

    fn item(&mut self, depth: usize) -> Result<Item, LexError> {
        let comments = std::mem::take(&mut self.comments);
        let mut keys = Vec::new();
        let mut source = Vec::new();
        let assigned = loop {
            match self.advance()? {
                (Token::Ident(text), at) => {
                    source.push(text.clone());
                    keys.push(key(text, false, at));
                }
                (Token::Text(text), at) => {
                    source.push(crate::quote::quote(&text));
                    keys.push(key(text, true, at));
                }
                (Token::Assign, at) if keys.is_empty() => {
                    return Err((at, "no object keys found!".into()));
                }
                (Token::Assign, at) if keys.len() > 1 => {
                    let problem = "nested object expected: LBRACE got: ASSIGN";
                    return Err((at, problem.into()));
                }
                (Token::Assign, _) => break true,
                (Token::OpenBrace, at) if keys.is_empty() => {
                    let problem = "expected: IDENT | STRING got: LBRACE";
                    return Err((at, problem.into()));
                }
                (Token::OpenBrace, _) => break false,
                (Token::End | Token::CloseBrace, at) => {
                    let keys = source.join(" ");
                    return Err((
                        at,
                        format!("key '{keys}' expected start of object ('{{') or assignment ('=')"),
                    ));
                }
                (other, at) => return Err(unexpected(&other, at)),
            }
        };
        let value = match assigned {
            true => self.value(depth)?,
            false => self.object(depth)?,
        };
        Ok(Item {
            comments,
            ..Item::new(keys, value, assigned)
        })
    }

    /// What follows an equals sign, or stands in a list.
    fn value(&mut self, depth: usize) -> Result<Value, LexError> {
        let (token, at) = self.advance()?;
        let literal = match token {
            Token::Text(text) => Literal::Text(text),
            Token::Number(number) => Literal::Number(number),
            Token::Bool(flag) => Literal::Bool(flag),
            Token::OpenBrace => return self.object(depth),
            Token::OpenBracket => return self.list(depth, at),
            Token::End | Token::CloseBrace => {
                return Err((at, "object expected closing RBRACE got: EOF".into()));
            }
            other => return Err((at, format!("Unknown token: {at} {}", other.name()))),
        };
        Ok(Value::Literal(literal, Some(at)))
    }

    /// The inside of an object whose brace was read.
    fn object(&mut self, depth: usize) -> Result<Value, LexError> {
        let depth = self.deeper(depth)?;
        let items = self.items(depth)?;
        match self.advance()? {
            (Token::CloseBrace, _) => Ok(Value::Object(items)),
            (other, at) => {
                let name = other.name();
                Err((at, format!("object expected closing RBRACE got: {name}")))
            }
        }
    }

    fn list(&mut self, depth: usize, start: Position) -> Result<Value, LexError> {
        let depth = self.deeper(depth)?;
        let mut values = Vec::new();
        while self.token.0 != Token::CloseBracket {
            values.push(self.value(depth)?);
            match &self.token {
                (Token::Comma, _) => drop(self.advance()?),
                (Token::CloseBracket, _) => {}
                (other, at) => {
                    let name = other.name();
                    let problem =
                        format!("error parsing list, expected comma or list end, got: {name}");
                    return Err((*at, problem));
                }
            }
        }
        self.advance()?;
        Ok(Value::List(values, Some(start)))
    }

    fn deeper(&self, depth: usize) -> Result<usize, LexError> {
        if depth >= MAX_DEPTH {
            let problem = format!("more than {MAX_DEPTH} blocks and lists within each other");
            return Err((self.token.1, problem));
        }
        Ok(depth + 1)
    }
}

fn key(text: String, quoted: bool, at: Position) -> Key {
    let at = Some(at);
    Key { text, quoted, at }
}

fn unexpected(token: &Token, at: Position) -> LexError {
    let name = token.name();
    (
        at,
        format!("expected: IDENT | STRING | ASSIGN | LBRACE got: {name}"),
    )
}
