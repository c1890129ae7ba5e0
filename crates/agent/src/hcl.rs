//! HCL in its first version: the language of Consul's configuration files and access rules.

use serde_json::{Map, Value};

/// The longest text that is read, in bytes.
pub const MAX_BYTES: usize = 1024 * 1024;

/// A text that is no HCL, and why: the words name the line and the column.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct HclError(String);

/// Reads a text as one object, in JSON if it begins with a brace and in HCL otherwise.
///
/// Blocks become objects, several of one name a list of them, and a label becomes a key within.
/// Nesting is bounded by 32 levels.
///
/// ```
/// let text = r#"
///     Kind   = "service-splitter"
///     Name   = "web"
///     Splits { Weight = 90 }
///     Splits { Weight = 10, ServiceSubset = "canary" }
/// "#;
/// let entry = quorate_agent::hcl::read(text)?;
/// assert_eq!(entry["Splits"][1]["ServiceSubset"], "canary");
/// assert_eq!(quorate_agent::hcl::read(r#"{"Kind": "x"}"#)?["Kind"], "x");
/// # Ok::<(), quorate_agent::hcl::HclError>(())
/// ```
///
/// # Errors
/// [`HclError`] for what can't be read, and for more than [`MAX_BYTES`].
pub fn read(text: &str) -> Result<Map<String, Value>, HclError> {
    if text.len() > MAX_BYTES {
        let why = format!("the text has more than {MAX_BYTES} bytes");
        return Err(HclError(why));
    }
    if text.trim_start().starts_with('{') {
        return serde_json::from_str(text).map_err(|error| HclError(error.to_string()));
    }
    crate::acl::to_object(text).map_err(HclError)
}
