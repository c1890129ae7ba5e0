//! [`Parameters`] as a provider of the crate `figment`.

use figment::value::{Dict, Map, Value};
use figment::{Error, Metadata, Profile, Provider};

use super::Parameters;

/// Values are what their texts say, as with figment's `Env`: `8080` is a number, `true` a flag.
/// They go to the default profile. The metadata names where each parameter came from.
///
/// ```
/// # #[cfg(feature = "embedded")]
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// use quorate::config::Store;
/// use quorate::prelude::*;
///
/// let coordinator = quorate::connect("memory:").await?;
/// coordinator.kv().put("app/HTTP/port", "8080").await?;
/// let parameters = Store::subtree(&coordinator, "app")?.read().await?;
/// let figment = figment::Figment::from(("HTTP.host", "localhost")).merge(parameters);
/// assert_eq!(figment.extract_inner::<u16>("HTTP.port")?, 8080);
/// # Ok(coordinator.close().await?)
/// # }
/// # #[cfg(not(feature = "embedded"))] fn main() {}
/// ```
impl Provider for Parameters {
    fn metadata(&self) -> Metadata {
        let parameters = self.clone();
        Metadata::named("quorate").interpolater(move |_: &Profile, keys: &[&str]| {
            let path = keys.join("/");
            match parameters.get(&path) {
                Some(one) => format!("{path} ({})", one.origin),
                None => path,
            }
        })
    }

    fn data(&self) -> Result<Map<Profile, Dict>, Error> {
        let json = self
            .to_json()
            .map_err(|error| Error::from(error.to_string()))?;
        match value(&json) {
            Value::Dict(_, dict) => Ok(Profile::Default.collect(dict)),
            _ => Err(Error::from("the parameters are no map".to_owned())),
        }
    }
}

fn value(json: &serde_json::Value) -> Value {
    match json {
        serde_json::Value::Object(map) => {
            let fields = map.iter().map(|(name, json)| (name.clone(), value(json)));
            Value::from(fields.collect::<Dict>())
        }
        serde_json::Value::Array(items) => Value::from(items.iter().map(value).collect::<Vec<_>>()),
        serde_json::Value::String(text) => match plain(text) {
            Some(plain) => plain,
            None => Value::from(text.as_str()),
        },
        other => Value::from(other.to_string()),
    }
}

/// A number or a flag. What merely looks like one (`007`, a telephone number) stays a text.
fn plain(text: &str) -> Option<Value> {
    if let Ok(number) = text.parse::<i128>() {
        let small = i64::try_from(number).ok().map(Value::from);
        let value = small.or_else(|| u64::try_from(number).ok().map(Value::from));
        return value.filter(|_| number.to_string() == text);
    }
    match text {
        "true" => Some(Value::from(true)),
        "false" => Some(Value::from(false)),
        _ => {
            let number: f64 = text.parse().ok()?;
            let is_number = text
                .bytes()
                .all(|b| matches!(b, b'0'..=b'9' | b'.' | b'-' | b'e' | b'E' | b'+'));
            is_number.then(|| Value::from(number))
        }
    }
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
        zip: String,
        hosts: Vec<String>,
    }

    #[test]
    fn parameters_become_values_of_their_types() {
        let one = |value: &'static str| Parameter::new(value.into(), Origin::Defaults, None);
        let all = [
            ("HTTP/port", "8080"),
            ("HTTP/ratio", "0.5"),
            ("HTTP/on", "true"),
            ("HTTP/zip", "01234"),
            ("HTTP/hosts/1", "a"),
            ("HTTP/hosts/2", "b"),
        ];
        let all: BTreeMap<_, _> = all.map(|(path, v)| (path.to_owned(), one(v))).into();
        let figment = figment::Figment::from(Parameters::new(all, &Secrets::default()));
        let http: Http = figment.extract_inner("HTTP").unwrap();
        let expected = Http {
            port: 8080,
            ratio: 0.5,
            on: true,
            zip: "01234".into(),
            hosts: vec!["a".into(), "b".into()],
        };
        assert_eq!(http, expected);
        let error = figment.extract_inner::<bool>("HTTP.port").unwrap_err();
        assert!(
            error.to_string().contains("HTTP/port (the defaults)"),
            "{error}"
        );
    }
}
