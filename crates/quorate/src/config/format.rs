//! Documents: a whole configuration in one text.

use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde_json::Value;

use super::{ConfigError, Origin};

/// What a document is written in.
///
/// JSON is always there; TOML and YAML need the features `toml` and `yaml`, and without them every
/// use of theirs is a [`ConfigError::Document`] that says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Format {
    /// JSON.
    Json,
    /// TOML 1.0.
    Toml,
    /// YAML 1.2.
    Yaml,
}

impl Format {
    /// The format that the name of a file says: `.json`, `.toml`, `.yaml`, `.yml`.
    #[must_use]
    pub fn of_path(path: &Path) -> Option<Self> {
        path.extension()?.to_str()?.parse().ok()
    }

    /// What a document says. `origin` is for messages.
    ///
    /// # Errors
    /// `Document`, with the parser's words.
    pub fn parse(self, bytes: &[u8], origin: &Origin) -> Result<Value, ConfigError> {
        let parsed = match self {
            Self::Json => serde_json::from_slice(bytes).map_err(|error| error.to_string()),
            Self::Toml => toml(bytes),
            Self::Yaml => yaml(bytes),
        };
        parsed.map_err(|reason| ConfigError::Document {
            origin: origin.clone(),
            format: self,
            reason,
        })
    }

    /// Writes `value` as a document for people, with a line feed at its end.
    ///
    /// # Errors
    /// `Document` if the format has no way to say it (TOML: a top level that is no table, null).
    pub fn render(self, value: &Value, origin: &Origin) -> Result<String, ConfigError> {
        let rendered = match self {
            Self::Json => serde_json::to_string_pretty(value).map_err(|error| error.to_string()),
            Self::Toml => render_toml(value),
            Self::Yaml => render_yaml(value),
        };
        let rendered = rendered.map_err(|reason| ConfigError::Document {
            origin: origin.clone(),
            format: self,
            reason,
        })?;
        Ok(format!("{}\n", rendered.trim_end()))
    }
}

impl fmt::Display for Format {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Json => "JSON",
            Self::Toml => "TOML",
            Self::Yaml => "YAML",
        })
    }
}

impl FromStr for Format {
    type Err = ConfigError;

    /// By its name or the ending of its files, in any case.
    fn from_str(name: &str) -> Result<Self, ConfigError> {
        match name.to_ascii_lowercase().as_str() {
            "json" => Ok(Self::Json),
            "toml" => Ok(Self::Toml),
            "yaml" | "yml" => Ok(Self::Yaml),
            _ => Err(ConfigError::usage(format!(
                "`{name}` is no format: json, toml, yaml"
            ))),
        }
    }
}

#[cfg(not(all(feature = "toml", feature = "yaml")))]
fn missing<T>(feature: &str) -> Result<T, String> {
    Err(format!("this build has no feature `{feature}`"))
}

#[cfg(feature = "toml")]
fn toml(bytes: &[u8]) -> Result<Value, String> {
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let table: toml::Table = text
        .parse()
        .map_err(|error: toml::de::Error| error.to_string().trim_end().to_owned())?;
    Ok(from_toml(toml::Value::Table(table)))
}

/// Dates have no place in the other formats: they become text.
#[cfg(feature = "toml")]
fn from_toml(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::String(text),
        toml::Value::Integer(number) => number.into(),
        toml::Value::Float(number) => {
            // JSON has no infinity, and the text says what it is.
            serde_json::Number::from_f64(number)
                .map_or_else(|| Value::String(number.to_string()), Value::Number)
        }
        toml::Value::Boolean(truth) => truth.into(),
        toml::Value::Datetime(date) => Value::String(date.to_string()),
        toml::Value::Array(items) => items.into_iter().map(from_toml).collect(),
        toml::Value::Table(table) => {
            let fields = table.into_iter();
            Value::Object(fields.map(|(name, v)| (name, from_toml(v))).collect())
        }
    }
}

#[cfg(not(feature = "toml"))]
fn toml(_: &[u8]) -> Result<Value, String> {
    missing("toml")
}

#[cfg(feature = "toml")]
fn render_toml(value: &Value) -> Result<String, String> {
    toml::to_string_pretty(value).map_err(|error| error.to_string())
}

#[cfg(not(feature = "toml"))]
fn render_toml(_: &Value) -> Result<String, String> {
    missing("toml")
}

#[cfg(feature = "yaml")]
fn yaml(bytes: &[u8]) -> Result<Value, String> {
    serde_saphyr::from_slice(bytes).map_err(|error| error.to_string())
}

#[cfg(not(feature = "yaml"))]
fn yaml(_: &[u8]) -> Result<Value, String> {
    missing("yaml")
}

#[cfg(feature = "yaml")]
fn render_yaml(value: &Value) -> Result<String, String> {
    serde_saphyr::to_string(value).map_err(|error| error.to_string())
}

#[cfg(not(feature = "yaml"))]
fn render_yaml(_: &Value) -> Result<String, String> {
    missing("yaml")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn round_trip(format: Format) {
        let value = json!({"HTTP": {"port": 80, "hosts": ["a", "b"], "on": true}, "name": "x"});
        let text = format.render(&value, &Origin::Defaults).unwrap();
        assert!(text.ends_with('\n') && !text.ends_with("\n\n"), "{text:?}");
        let parsed = format.parse(text.as_bytes(), &Origin::Defaults).unwrap();
        assert_eq!(parsed, value, "{text}");
        let error = format.parse(b"{\"a\": [", &Origin::Defaults).unwrap_err();
        assert!(error.to_string().contains("the defaults is no"), "{error}");
    }

    #[test]
    fn json_says_what_it_said() {
        round_trip(Format::Json);
    }

    #[test]
    #[cfg(feature = "toml")]
    fn toml_says_what_it_said() {
        round_trip(Format::Toml);
        let parsed = Format::Toml.parse(b"at = 2026-01-02\nx = inf", &Origin::Defaults);
        assert_eq!(parsed.unwrap(), json!({"at": "2026-01-02", "x": "inf"}));
    }

    #[test]
    #[cfg(feature = "yaml")]
    fn yaml_says_what_it_said() {
        round_trip(Format::Yaml);
    }

    #[test]
    #[cfg(not(feature = "toml"))]
    fn a_format_that_was_not_built_in_says_so() {
        let error = Format::Toml.parse(b"", &Origin::Defaults).unwrap_err();
        assert!(error.to_string().contains("feature `toml`"), "{error}");
    }

    #[test]
    fn the_ending_of_a_file_names_its_format() {
        assert_eq!(Format::of_path(Path::new("a/b.YML")), Some(Format::Yaml));
        assert_eq!(Format::of_path(Path::new("a/b")), None);
        assert!("ini".parse::<Format>().is_err());
    }
}
