//! [`Parameters`] as a source of the crate `config`.

use config::{ConfigError, Map, Source, Value, ValueKind};

use super::Parameters;

/// Values are texts, which that crate turns into numbers and flags where they are asked for. Each
/// has its place of origin, which its errors name. Keys are joined with `.` there: `HTTP.port`.
///
/// ```
/// # #[cfg(feature = "embedded")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use quorate::config::Store;
/// use quorate::prelude::*;
///
/// let coordinator = quorate::connect("memory:").await?;
/// coordinator.kv().put("app/http/port", "8080").await?;
/// let parameters = Store::subtree(&coordinator, "app")?.read().await?;
/// let config = config::Config::builder().add_source(parameters).build()?;
/// assert_eq!(config.get::<u16>("http.port")?, 8080);
/// # Ok(coordinator.close().await?)
/// # }
/// # #[cfg(not(feature = "embedded"))] fn main() {}
/// ```
impl Source for Parameters {
    fn clone_into_box(&self) -> Box<dyn Source + Send + Sync> {
        Box::new(self.clone())
    }

    fn collect(&self) -> Result<Map<String, Value>, ConfigError> {
        let json = self
            .to_json()
            .map_err(|error| ConfigError::Foreign(Box::new(error)))?;
        match value(self, &json, "").kind {
            ValueKind::Table(table) => Ok(table),
            _ => Err(ConfigError::Message("the parameters are no map".into())),
        }
    }
}

fn value(parameters: &Parameters, json: &serde_json::Value, path: &str) -> Value {
    let below = |name: &str| match path {
        "" => crate::tree::escape(name).into_owned(),
        path => format!("{path}/{}", crate::tree::escape(name)),
    };
    let origin = parameters.get(path).map(|one| one.origin.to_string());
    let kind = match json {
        serde_json::Value::Object(map) => {
            let fields = map.iter();
            let fields =
                fields.map(|(name, json)| (name.clone(), value(parameters, json, &below(name))));
            ValueKind::Table(fields.collect())
        }
        serde_json::Value::Array(items) => {
            let items = items.iter().enumerate();
            let items =
                items.map(|(at, json)| value(parameters, json, &below(&(at + 1).to_string())));
            ValueKind::Array(items.collect())
        }
        serde_json::Value::String(text) => ValueKind::String(text.clone()),
        serde_json::Value::Null => ValueKind::Nil,
        other => ValueKind::String(other.to_string()),
    };
    Value::new(origin.as_ref(), kind)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde::Deserialize;

    use super::*;
    use crate::config::{Origin, Parameter, Secrets};

    #[derive(Debug, PartialEq, Deserialize)]
    struct Http {
        port: u16,
        ratio: f64,
        on: bool,
        hosts: Vec<String>,
    }

    #[test]
    fn parameters_become_values_of_their_types() {
        let one = |value: &'static str| Parameter::new(value.into(), Origin::Defaults, None);
        let all = [
            ("http/port", "8080"),
            ("http/ratio", "0.5"),
            ("http/on", "true"),
            ("http/hosts/1", "a"),
            ("http/hosts/2", "b"),
        ];
        let all: BTreeMap<_, _> = all.map(|(path, v)| (path.to_owned(), one(v))).into();
        let parameters = Parameters::new(all, &Secrets::default());
        let config = config::Config::builder().add_source(parameters);
        let config = config.build().unwrap();
        let expected = Http {
            port: 8080,
            ratio: 0.5,
            on: true,
            hosts: vec!["a".into(), "b".into()],
        };
        assert_eq!(config.get::<Http>("http").unwrap(), expected);
        let error = config.get::<bool>("http.port").unwrap_err();
        assert!(error.to_string().contains("the defaults"), "{error}");
    }
}
