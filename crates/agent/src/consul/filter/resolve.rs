use super::expression::{Expression, Leaf, Step, Test};
use super::fields::{Fields, Type};
use super::grammar::{Match, Operator, Parsed};
use crate::go_number::{parse_bool, parse_int};
use crate::quote::quote;
use quorate_wire::go_regex;

/// How many regular expressions one filter may have; each costs time to compile.
const MAX_REGEXES: usize = 64;

/// Checks an expression against the fields that it speaks of.
pub(super) fn resolve(parsed: Parsed, fields: &'static Fields) -> Result<Expression, String> {
    Resolver { fields, regexes: 0 }.expression(parsed)
}

struct Resolver {
    fields: &'static Fields,
    regexes: usize,
}

impl Resolver {
    fn expression(&mut self, parsed: Parsed) -> Result<Expression, String> {
        let mut all = |parts: Vec<Parsed>| {
            let parts = parts.into_iter().map(|part| self.expression(part));
            parts.collect::<Result<Vec<_>, _>>()
        };
        Ok(match parsed {
            Parsed::Or(parts) => Expression::Or(all(parts)?),
            Parsed::And(parts) => Expression::And(all(parts)?),
            Parsed::Not(part) => Expression::Not(Box::new(self.expression(*part)?)),
            Parsed::Match(one) => Expression::Test(self.test(one)?),
        })
    }

    fn test(&mut self, one: Match) -> Result<Test, String> {
        let Match {
            selector,
            operator,
            value,
        } = one;
        let (path, kind) = self.path(&selector)?;
        let shown = selector.join(".");
        if !kind.takes(operator) {
            return Err(format!(
                "Invalid match operator \"{}\" for selector {}",
                operator.name(),
                quote(&shown)
            ));
        }
        let leaf = self.leaf(kind, operator, value, &shown)?;
        Ok(Test {
            path,
            operator,
            leaf,
        })
    }

    /// The way to what a selector names, and its type.
    fn path(&self, selector: &[String]) -> Result<(Vec<Step>, &'static Type), String> {
        let mut path = Vec::new();
        let mut kind: Option<&'static Type> = None;
        let mut fields = Some(self.fields);
        for (at, part) in selector.iter().enumerate() {
            let next = match (fields, kind) {
                (Some(fields), _) => fields.find(part).map(|(name, next)| {
                    path.push(Step::Field(name));
                    next
                }),
                (None, Some(Type::Map(next))) => {
                    path.push(Step::Key(part.clone()));
                    Some(*next)
                }
                _ => None,
            };
            let Some(next) = next else {
                let shown = selector[..=at].join(".");
                return Err(format!("Selector {} is not valid", quote(&shown)));
            };
            fields = next.fields();
            if matches!(next, Type::Structs(_)) && at + 1 < selector.len() {
                path.push(Step::Each);
            }
            kind = Some(next);
        }
        // A selector has at least one part.
        Ok((path, kind.unwrap_or(&Type::Text)))
    }

    fn leaf(
        &mut self,
        kind: &Type,
        operator: Operator,
        value: String,
        selector: &str,
    ) -> Result<Leaf, String> {
        if matches!(operator, Operator::Matches | Operator::NotMatches) {
            self.regexes += 1;
            if self.regexes > MAX_REGEXES {
                return Err(format!(
                    "the expression has more than {MAX_REGEXES} regular expressions"
                ));
            }
            let regex = go_regex::compile(&value).map_err(|problem| {
                let value = quote(&value);
                format!("Failed to compile regular expression {value}: {problem}")
            })?;
            return Ok(Leaf::Matches(regex));
        }
        let (value_shown, selector) = (quote(&value), quote(selector));
        let coerce = |function: &str, problem: &str| {
            format!(
                "Failed to coerce value {value_shown} for selector {selector}: strconv.{function}: parsing {value_shown}: {problem}"
            )
        };
        Ok(match kind {
            Type::Int => Leaf::Int(parse_int(&value).map_err(|it| coerce("ParseInt", it))?),
            Type::Bool => {
                let flag = parse_bool(&value);
                Leaf::Bool(flag.ok_or_else(|| coerce("ParseBool", "invalid syntax"))?)
            }
            Type::Text => Leaf::Text(value),
            Type::Texts => Leaf::Element(value),
            Type::Map(_) => Leaf::KeyOf(value),
            Type::Struct(_) | Type::Structs(_) => Leaf::Nothing,
        })
    }
}

impl Type {
    fn takes(&self, operator: Operator) -> bool {
        use Operator::{Equal, In, IsEmpty, IsNotEmpty, NotEqual, NotIn};
        match self {
            Self::Text => !matches!(operator, IsEmpty | IsNotEmpty),
            Self::Int | Self::Bool => matches!(operator, Equal | NotEqual),
            Self::Texts | Self::Map(_) => {
                matches!(operator, In | NotIn | IsEmpty | IsNotEmpty)
            }
            Self::Structs(_) => matches!(operator, IsEmpty | IsNotEmpty),
            Self::Struct(_) => false,
        }
    }
}

impl Operator {
    fn name(self) -> &'static str {
        match self {
            Self::Equal => "Equal",
            Self::NotEqual => "Not Equal",
            Self::In => "In",
            Self::NotIn => "Not In",
            Self::IsEmpty => "Is Empty",
            Self::IsNotEmpty => "Is Not Empty",
            Self::Matches => "Matches",
            Self::NotMatches => "Not Matches",
        }
    }
}
