//! Why a text is no plan.

use super::PlanTarget;

/// Why a text is no watch plan. The words name the field.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum PlanError {
    /// It is no JSON, or no object.
    #[error("a watch is a JSON object: {0}")]
    NoObject(String),
    /// It does not say what to follow.
    #[error("the field `type` is missing: {}", types())]
    NoType,
    /// There is no such type.
    #[error("the field `type` is `{0}`: {types}", types = types())]
    UnknownType(String),
    /// Its type needs a field that is not there, or is empty.
    #[error("a watch of type `{type_name}` needs the field `{field}`")]
    Missing {
        /// The plan's type.
        type_name: &'static str,
        /// What is missing.
        field: &'static str,
    },
    /// Its type has no such fields.
    #[error("a watch of type `{type_name}` has no field `{}`", fields.join("`, `"))]
    Surplus {
        /// The plan's type.
        type_name: &'static str,
        /// What is too much, sorted.
        fields: Vec<String>,
    },
    /// Two fields that exclude each other are both there.
    #[error("a watch of type `{type_name}` takes `{one}` or `{other}`, not both")]
    Both {
        /// The plan's type.
        type_name: &'static str,
        /// One field.
        one: &'static str,
        /// The other one.
        other: &'static str,
    },
    /// A field holds what it can't.
    #[error("the field `{field}` {why}")]
    Invalid {
        /// The field.
        field: &'static str,
        /// What is wrong with it: "is no text".
        why: String,
    },
}

impl PlanError {
    /// The field that is wrong: the first one of several. `None` if there is no object at all.
    #[must_use]
    pub fn field(&self) -> Option<&str> {
        match self {
            Self::NoObject(_) => None,
            Self::NoType | Self::UnknownType(_) => Some("type"),
            Self::Missing { field, .. } | Self::Invalid { field, .. } => Some(field),
            Self::Surplus { fields, .. } => fields.first().map(String::as_str),
            Self::Both { one, .. } => Some(one),
        }
    }
}

fn types() -> String {
    format!("it is one of {}", PlanTarget::TYPES.join(", "))
}
