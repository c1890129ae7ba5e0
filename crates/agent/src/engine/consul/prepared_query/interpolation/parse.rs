use super::{Expression, MAX_DEPTH, Operator, Piece, Place, Text};

/// Reads a whole text; `None` when it is none.
pub(super) fn parse(text: &str) -> Option<Text> {
    let mut reader = Reader {
        rest: text,
        place: Place(1, 1),
        depth: 0,
    };
    let read = reader.text(false)?;
    reader.rest.is_empty().then_some(read)
}

struct Reader<'a> {
    rest: &'a str,
    place: Place,
    depth: usize,
}

impl Reader<'_> {
    fn peek(&self) -> Option<char> {
        self.rest.chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.rest = &self.rest[c.len_utf8()..];
        self.place = match (c, self.place) {
            // The end of a line counts as the first column of the next one.
            ('\n', Place(line, _)) => Place(line + 1, 2),
            (_, Place(line, column)) => Place(line, column + 1),
        };
        Some(c)
    }

    fn skip(&mut self, text: &str) -> bool {
        let found = self.rest.starts_with(text);
        if found {
            text.chars().for_each(|_| {
                self.next();
            });
        }
        found
    }

    fn space(&mut self) {
        while self.peek().is_some_and(char::is_whitespace) {
            self.next();
        }
    }

    /// Runs `read` one level deeper, unless that is too deep.
    fn deeper<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<T> {
        if self.depth == MAX_DEPTH {
            return None;
        }
        self.depth += 1;
        let found = read(self);
        self.depth -= 1;
        found
    }

    /// Literals and expressions, up to the end or, in quotes, up to the quote.
    fn text(&mut self, quoted: bool) -> Option<Text> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        loop {
            if quoted && self.peek()? == '"' {
                break;
            }
            if self.skip("${") {
                if !literal.is_empty() {
                    pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                }
                let expression = self.deeper(Self::arithmetic)?;
                self.space();
                self.skip("}").then_some(())?;
                pieces.push(Piece::Expression(expression));
            } else if self.skip("$$") {
                literal.push('$');
            } else if quoted && self.skip("\\") {
                self.escape(&mut literal)?;
            } else {
                match self.next() {
                    Some(c) => literal.push(c),
                    None => break,
                }
            }
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        Some(Text(pieces))
    }

    fn escape(&mut self, literal: &mut String) -> Option<()> {
        match self.peek()? {
            'n' => literal.push('\n'),
            c @ ('"' | '\\') => literal.push(c),
            _ => {
                // Any other stands for itself, backslash and all.
                literal.push('\\');
                return Some(());
            }
        }
        self.next();
        Some(())
    }

    fn arithmetic(&mut self) -> Option<Expression> {
        let first = self.term()?;
        let mut others = Vec::new();
        while let Some(operator) = self.operator() {
            others.push((operator, self.term()?));
        }
        Some(match others.is_empty() {
            true => first,
            false => Expression::Arithmetic(Box::new(first), others),
        })
    }

    fn operator(&mut self) -> Option<Operator> {
        self.space();
        let operator = match self.peek()? {
            '+' => Operator::Add,
            '-' => Operator::Subtract,
            '*' => Operator::Multiply,
            '/' => Operator::Divide,
            '%' => Operator::Remainder,
            _ => return None,
        };
        self.next();
        Some(operator)
    }

    fn term(&mut self) -> Option<Expression> {
        self.space();
        match self.peek()? {
            '"' => {
                self.next();
                let text = self.deeper(|reader| reader.text(true))?;
                self.next();
                Some(Expression::Text(text))
            }
            '(' => {
                self.next();
                let inner = self.deeper(Self::arithmetic)?;
                self.space();
                self.skip(")").then_some(inner)
            }
            '-' => {
                self.next();
                let term = self.deeper(Self::term)?;
                let zero = Box::new(Expression::Int(0));
                Some(Expression::Arithmetic(
                    zero,
                    vec![(Operator::Subtract, term)],
                ))
            }
            c if c.is_ascii_digit() => self.number(),
            _ => self.name(),
        }
    }

    fn number(&mut self) -> Option<Expression> {
        let is_part = |c: char| c.is_ascii_digit() || c == '.';
        let text = self.take(is_part);
        if text.contains('.') {
            text.parse().ok().map(Expression::Float)
        } else {
            text.parse().ok().map(Expression::Int)
        }
    }

    fn take(&mut self, is_part: impl Fn(char) -> bool) -> String {
        let mut text = String::new();
        while let Some(c) = self.peek().filter(|c| is_part(*c)) {
            text.push(c);
            self.next();
        }
        text
    }

    /// A variable, or the call of a function.
    fn name(&mut self) -> Option<Expression> {
        let place = self.place;
        let name = self.take(|c| c.is_alphanumeric() || matches!(c, '_' | '-' | '.' | '*'));
        if name.is_empty() {
            return None;
        }
        self.space();
        if !self.skip("(") {
            return Some(Expression::Variable(place, name));
        }
        let arguments = self.deeper(Self::arguments)?;
        Some(Expression::Call(place, name, arguments))
    }

    fn arguments(&mut self) -> Option<Vec<Expression>> {
        let mut arguments = Vec::new();
        self.space();
        if self.skip(")") {
            return Some(arguments);
        }
        loop {
            arguments.push(self.arithmetic()?);
            self.space();
            if self.skip(")") {
                return Some(arguments);
            }
            self.skip(",").then_some(())?;
        }
    }
}
