use super::{Expression, Operator, Piece, Place, Text};
use crate::go_number::parse_int;
use crate::quote::quote;

/// What a text may ask for.
#[derive(Debug)]
pub(in super::super) struct Variables<'a> {
    /// The whole name: `name.full`.
    pub(in super::super) full: &'a str,
    /// The template's prefix: `name.prefix`.
    pub(in super::super) prefix: &'a str,
    /// What follows it: `name.suffix`.
    pub(in super::super) suffix: &'a str,
    /// What the regular expression matched, the whole first: `match(N)`.
    pub(in super::super) groups: Vec<&'a str>,
}

impl Variables<'_> {
    fn get(&self, name: &str) -> Option<&str> {
        match name {
            "name.full" => Some(self.full),
            "name.prefix" => Some(self.prefix),
            "name.suffix" => Some(self.suffix),
            // Only Consul Enterprise has segments.
            "agent.segment" => Some(""),
            _ => None,
        }
    }

    fn group(&self, number: i64) -> &str {
        let group = usize::try_from(number).ok();
        group
            .and_then(|group| self.groups.get(group))
            .copied()
            .unwrap_or_default()
    }
}

impl Text {
    /// The text with everything replaced, or what is wrong with it in the real server's words.
    pub(in super::super) fn render(&self, variables: &Variables<'_>) -> Result<String, String> {
        // All names are looked up before anything is computed.
        self.check(variables)?;
        self.value(variables)
    }

    fn check(&self, variables: &Variables<'_>) -> Result<(), String> {
        self.0.iter().try_for_each(|piece| match piece {
            Piece::Literal(_) => Ok(()),
            Piece::Expression(expression) => expression.check(variables),
        })
    }

    fn value(&self, variables: &Variables<'_>) -> Result<String, String> {
        let mut rendered = String::new();
        for piece in &self.0 {
            match piece {
                Piece::Literal(text) => rendered.push_str(text),
                Piece::Expression(expression) => {
                    rendered.push_str(&expression.value(variables)?.into_text());
                }
            }
        }
        Ok(rendered)
    }
}

enum Value {
    Int(i64),
    Float(f64),
    Text(String),
}

impl Expression {
    fn check(&self, variables: &Variables<'_>) -> Result<(), String> {
        match self {
            Self::Int(_) | Self::Float(_) => Ok(()),
            Self::Text(text) => text.check(variables),
            Self::Variable(Place(line, column), name) => match variables.get(name) {
                Some(_) => Ok(()),
                None => Err(format!(
                    "{line}:{column}: unknown variable accessed: {name}"
                )),
            },
            Self::Call(Place(line, column), name, arguments) => {
                arguments.iter().try_for_each(|it| it.check(variables))?;
                if name != "match" {
                    return Err(format!("{line}:{column}: unknown function called: {name}"));
                }
                match arguments.len() {
                    1 => Ok(()),
                    count => Err(format!(
                        "{line}:{column}: match: expected 1 arguments, got {count}"
                    )),
                }
            }
            Self::Arithmetic(first, others) => {
                first.check(variables)?;
                others.iter().try_for_each(|(_, it)| it.check(variables))
            }
        }
    }

    fn value(&self, variables: &Variables<'_>) -> Result<Value, String> {
        Ok(match self {
            Self::Int(number) => Value::Int(*number),
            Self::Float(number) => Value::Float(*number),
            Self::Text(text) => Value::Text(text.value(variables)?),
            Self::Variable(_, name) => Value::Text(variables.get(name).unwrap_or_default().into()),
            Self::Call(_, _, arguments) => {
                let number = match arguments.first() {
                    Some(argument) => argument.value(variables)?.into_int()?,
                    None => 0,
                };
                Value::Text(variables.group(number).into())
            }
            Self::Arithmetic(first, others) => {
                let mut value = first.value(variables)?;
                for (operator, other) in others {
                    value = operator.apply(value, other.value(variables)?)?;
                }
                value
            }
        })
    }
}

impl Operator {
    /// The first that is a number decides what kind the result is.
    fn apply(self, one: Value, other: Value) -> Result<Value, String> {
        let float = match (&one, &other) {
            (Value::Float(_), _) => true,
            (Value::Int(_), _) => false,
            (Value::Text(_), other) => matches!(other, Value::Float(_)),
        };
        if float {
            let (one, other) = (one.into_float()?, other.into_float()?);
            return Ok(Value::Float(self.of_floats(one, other)));
        }
        let (one, other) = (one.into_int()?, other.into_int()?);
        self.of_ints(one, other).map(Value::Int)
    }

    fn of_ints(self, one: i64, other: i64) -> Result<i64, String> {
        if other == 0 && matches!(self, Self::Divide | Self::Remainder) {
            return Err("divide by zero".into());
        }
        Ok(match self {
            Self::Add => one.wrapping_add(other),
            Self::Subtract => one.wrapping_sub(other),
            Self::Multiply => one.wrapping_mul(other),
            Self::Divide => one.wrapping_div(other),
            Self::Remainder => one.wrapping_rem(other),
        })
    }

    fn of_floats(self, one: f64, other: f64) -> f64 {
        match self {
            Self::Add => one + other,
            Self::Subtract => one - other,
            Self::Multiply => one * other,
            Self::Divide => one / other,
            Self::Remainder => one % other,
        }
    }
}

impl Value {
    fn into_text(self) -> String {
        match self {
            Self::Int(number) => number.to_string(),
            Self::Float(number) => number.to_string(),
            Self::Text(text) => text,
        }
    }

    fn into_int(self) -> Result<i64, String> {
        match self {
            Self::Int(number) => Ok(number),
            // Towards zero, and what is too large to the largest.
            Self::Float(number) => Ok(format!("{:.0}", number.trunc()).parse().unwrap_or(0)),
            Self::Text(text) => parse_int(&text).map_err(|problem| {
                let text = quote(&text);
                format!("__builtin_StringToInt: strconv.ParseInt: parsing {text}: {problem}")
            }),
        }
    }

    fn into_float(self) -> Result<f64, String> {
        match self {
            Self::Float(number) => Ok(number),
            Self::Int(number) => Ok(number.to_string().parse().unwrap_or_default()),
            Self::Text(text) => text.parse().map_err(|_| {
                let text = quote(&text);
                format!(
                    "__builtin_StringToFloat: strconv.ParseFloat: parsing {text}: invalid syntax"
                )
            }),
        }
    }
}
