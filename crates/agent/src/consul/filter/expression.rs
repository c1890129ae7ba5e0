use regex::Regex;
use serde_json::Value;

use super::grammar::Operator;

/// An expression that fits the elements that it is asked about.
#[derive(Debug)]
pub(super) enum Expression {
    Or(Vec<Expression>),
    And(Vec<Expression>),
    Not(Box<Expression>),
    Test(Test),
}

/// One comparison.
#[derive(Debug)]
pub(super) struct Test {
    pub(super) path: Vec<Step>,
    pub(super) operator: Operator,
    pub(super) leaf: Leaf,
}

/// One step on the way to a value.
#[derive(Debug)]
pub(super) enum Step {
    /// A field of an object; left out when it is empty.
    Field(&'static str),
    /// An entry of a map.
    Key(String),
    /// Any element of a list.
    Each,
}

/// What a value is compared with.
#[derive(Debug)]
pub(super) enum Leaf {
    Text(String),
    Int(i64),
    Bool(bool),
    Matches(Regex),
    /// An element of a list of texts.
    Element(String),
    /// A key of a map.
    KeyOf(String),
    /// Nothing: only whether there is anything is asked.
    Nothing,
}

impl Expression {
    pub(super) fn holds(&self, element: &Value) -> bool {
        match self {
            Self::Or(parts) => parts.iter().any(|part| part.holds(element)),
            Self::And(parts) => parts.iter().all(|part| part.holds(element)),
            Self::Not(part) => !part.holds(element),
            Self::Test(test) => test.holds(&test.path, Some(element)),
        }
    }
}

impl Test {
    fn holds(&self, path: &[Step], value: Option<&Value>) -> bool {
        let Some((step, rest)) = path.split_first() else {
            return self.holds_at(value);
        };
        match step {
            Step::Field(name) => self.holds(rest, value.and_then(|value| value.get(name))),
            Step::Key(key) => match value.and_then(|value| value.get(key)) {
                Some(value) => self.holds(rest, Some(value)),
                // What is not there equals nothing and is in nothing; of everything else Consul
                // says that it holds, `matches` included.
                None => !matches!(
                    self.operator,
                    Operator::Equal | Operator::In | Operator::IsEmpty
                ),
            },
            Step::Each => {
                let mut elements = value.and_then(Value::as_array).into_iter().flatten();
                elements.any(|element| self.holds(rest, Some(element)))
            }
        }
    }

    fn holds_at(&self, value: Option<&Value>) -> bool {
        let asked = match self.operator {
            Operator::IsEmpty | Operator::IsNotEmpty => is_empty(value),
            operator => self.leaf.fits(value, operator),
        };
        let negated = matches!(
            self.operator,
            Operator::NotEqual | Operator::NotIn | Operator::IsNotEmpty | Operator::NotMatches
        );
        asked != negated
    }
}

impl Leaf {
    fn fits(&self, value: Option<&Value>, operator: Operator) -> bool {
        let text = value.and_then(Value::as_str).unwrap_or_default();
        match self {
            // Of a text, `in` asks whether it is a part.
            Self::Text(wanted) if matches!(operator, Operator::In | Operator::NotIn) => {
                text.contains(wanted.as_str())
            }
            Self::Text(wanted) => text == wanted,
            Self::Int(wanted) => value.and_then(Value::as_i64).unwrap_or(0) == *wanted,
            Self::Bool(wanted) => value.and_then(Value::as_bool).unwrap_or(false) == *wanted,
            Self::Matches(regex) => regex.is_match(text),
            Self::Element(wanted) => {
                let mut elements = value.and_then(Value::as_array).into_iter().flatten();
                elements.any(|element| element.as_str() == Some(wanted))
            }
            Self::KeyOf(wanted) => value.is_some_and(|map| map.get(wanted).is_some()),
            Self::Nothing => false,
        }
    }
}

fn is_empty(value: Option<&Value>) -> bool {
    match value {
        None | Some(Value::Null) => true,
        Some(Value::Array(list)) => list.is_empty(),
        Some(Value::Object(map)) => map.is_empty(),
        Some(_) => false,
    }
}
