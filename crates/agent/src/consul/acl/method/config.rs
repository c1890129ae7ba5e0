//! What the `jwt` kind of auth methods needs to know.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use super::key::Key;

const NANOS_PER_SECOND: i64 = 1_000_000_000;
/// How far clocks may be apart unless told otherwise, in seconds.
const CLOCK_SKEW: i64 = 60;
/// How long a token holds that does not say so, in seconds.
const LIFE: i64 = 150;

/// The algorithms that Consul knows.
const ALGORITHMS: [&str; 10] = [
    "RS256", "RS384", "RS512", "ES256", "ES384", "ES512", "PS256", "PS384", "PS512", "EdDSA",
];

/// What the `jwt` kind of auth methods needs to know.
#[derive(Debug, Default)]
pub(super) struct JwtConfig {
    pub(super) keys: Vec<Key>,
    pub(super) issuer: String,
    pub(super) audiences: Vec<String>,
    /// The name under which each claim is known.
    pub(super) claims: BTreeMap<String, String>,
    /// The same for claims that are lists.
    pub(super) list_claims: BTreeMap<String, String>,
    /// In seconds.
    pub(super) clock_skew: i64,
    pub(super) expiration_leeway: i64,
    pub(super) not_before_leeway: i64,
}

impl JwtConfig {
    /// Reads the configuration as leniently as Consul, and checks it in its words.
    pub(super) fn parse(config: &Map<String, Value>) -> Result<Self, String> {
        let mut fields = Fields::default();
        let mut problems = Vec::new();
        let mut unknown = Vec::new();
        for (name, value) in config {
            match fields.read(name, value) {
                Ok(true) => {}
                Ok(false) => unknown.push(name.as_str()),
                Err(problem) => problems.push(problem),
            }
        }
        if !unknown.is_empty() {
            problems.push(format!("'' has invalid keys: {}", unknown.join(", ")));
        }
        refuse(&problems)?;
        fields.check()
    }
}

/// Consul lists all problems of decoding at once.
pub(super) fn refuse(problems: &[String]) -> Result<(), String> {
    if problems.is_empty() {
        return Ok(());
    }
    let mut problems: Vec<_> = problems.iter().collect();
    problems.sort();
    let list: String = problems.iter().map(|it| format!("\n* {it}")).collect();
    let count = problems.len();
    Err(format!(
        "error decoding config: {count} error(s) decoding:\n{list}"
    ))
}

#[derive(Default)]
struct Fields {
    algorithms: Vec<String>,
    keys: Vec<String>,
    key_set_url: String,
    key_set_certificate: String,
    discovery_url: String,
    discovery_certificate: String,
    skew: i64,
    expiration: i64,
    not_before: i64,
    rest: JwtConfig,
}

impl Fields {
    /// Reads a field; `false` for one that does not exist.
    fn read(&mut self, name: &str, value: &Value) -> Result<bool, String> {
        match name.to_ascii_lowercase().as_str() {
            "jwtsupportedalgs" => self.algorithms = texts(name, value)?,
            "jwtvalidationpubkeys" => self.keys = texts(name, value)?,
            "jwksurl" => self.key_set_url = text(name, value)?,
            "jwkscacert" => self.key_set_certificate = text(name, value)?,
            "oidcdiscoveryurl" => self.discovery_url = text(name, value)?,
            "oidcdiscoverycacert" => self.discovery_certificate = text(name, value)?,
            "boundissuer" => self.rest.issuer = text(name, value)?,
            "boundaudiences" => self.rest.audiences = texts(name, value)?,
            "claimmappings" => self.rest.claims = map(name, value)?,
            "listclaimmappings" => self.rest.list_claims = map(name, value)?,
            "expirationleeway" => self.expiration = number(name, value)?,
            "notbeforeleeway" => self.not_before = number(name, value)?,
            "clockskewleeway" => self.skew = number(name, value)?,
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn check(self) -> Result<JwtConfig, String> {
        let sources = [
            !self.keys.is_empty(),
            !self.key_set_url.is_empty(),
            !self.discovery_url.is_empty(),
        ];
        if sources.iter().filter(|given| **given).count() != 1 {
            return Err(
                "exactly one of 'JWTValidationPubKeys', 'JWKSURL', or 'OIDCDiscoveryURL' \
                 must be set for type \"jwt\""
                    .into(),
            );
        }
        if !self.key_set_certificate.is_empty() && self.key_set_url.is_empty() {
            return Err("'JWKSCACert' should not be set unless 'JWKSURL' is set".into());
        }
        if !self.discovery_certificate.is_empty() && self.discovery_url.is_empty() {
            let text = "'OIDCDiscoveryCACert' should not be set unless 'OIDCDiscoveryURL' is set";
            return Err(text.into());
        }
        if self.keys.is_empty() {
            return Err(
                "keys from 'JWKSURL' or 'OIDCDiscoveryURL' are not fetched by this agent: \
                        set 'JWTValidationPubKeys'"
                    .into(),
            );
        }
        let mut keys = Vec::with_capacity(self.keys.len());
        for (at, pem) in self.keys.iter().enumerate() {
            let key = Key::parse(pem).map_err(|problem| {
                format!("error parsing public key JWTValidationPubKeys[{at}]: {problem}")
            })?;
            keys.push(key);
        }
        let known = |algorithm: &&String| !ALGORITHMS.contains(&algorithm.as_str());
        if let Some(unknown) = self.algorithms.iter().find(known) {
            return Err(format!("Invalid supported algorithm: {unknown}"));
        }
        distinct("ClaimMappings", &self.rest.claims)?;
        distinct("ListClaimMappings", &self.rest.list_claims)?;
        Ok(JwtConfig {
            keys,
            clock_skew: leeway(self.skew, CLOCK_SKEW),
            expiration_leeway: leeway(self.expiration, LIFE),
            not_before_leeway: leeway(self.not_before, LIFE),
            ..self.rest
        })
    }
}

fn distinct(field: &str, mappings: &BTreeMap<String, String>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    match mappings.values().find(|name| !seen.insert(*name)) {
        None => Ok(()),
        Some(name) => {
            let name = crate::quote::quote(name);
            Err(format!("{field} contains multiple mappings for key {name}"))
        }
    }
}

/// Nanoseconds in seconds: less than zero is none at all, and zero the default.
fn leeway(nanos: i64, default: i64) -> i64 {
    match nanos {
        ..0 => 0,
        0 => default,
        _ => nanos / NANOS_PER_SECOND,
    }
}

fn unfit(name: &str, wanted: &str, value: &Value) -> String {
    let found = match value {
        Value::Null => "nil",
        Value::Bool(_) => "bool",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "[]interface {}",
        Value::Object(_) => "map[string]interface {}",
    };
    format!("'{name}' expected type '{wanted}', got unconvertible type '{found}'")
}

/// Anything that has a text, as one.
pub(super) fn text(name: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::Null => Ok(String::new()),
        Value::String(text) => Ok(text.clone()),
        Value::Bool(flag) => Ok(if *flag { "1" } else { "0" }.into()),
        Value::Number(number) => Ok(number.to_string()),
        other => Err(unfit(name, "string", other)),
    }
}

/// A list, or a single text as one.
fn texts(name: &str, value: &Value) -> Result<Vec<String>, String> {
    match value {
        Value::Null => Ok(Vec::new()),
        Value::Array(list) => {
            let list = list.iter().enumerate();
            list.map(|(at, it)| text(&format!("{name}[{at}]"), it))
                .collect()
        }
        Value::Object(fields) if fields.is_empty() => Ok(Vec::new()),
        object @ Value::Object(_) => text(&format!("{name}[0]"), object).map(|text| vec![text]),
        single => text(name, single).map(|text| vec![text]),
    }
}

fn map(name: &str, value: &Value) -> Result<BTreeMap<String, String>, String> {
    match value {
        Value::Null => Ok(BTreeMap::new()),
        Value::Object(map) => map
            .iter()
            .map(|(key, value)| Ok((key.clone(), text(&format!("{name}[{key}]"), value)?)))
            .collect(),
        Value::Array(list) if list.is_empty() => Ok(BTreeMap::new()),
        Value::Array(list) if list.len() == 1 => map(&format!("{name}[0]"), &list[0]),
        other => Err(format!("'{name}' expected a map, got '{}'", kind(other))),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "invalid",
        Value::Bool(_) => "bool",
        Value::Number(_) => "float64",
        Value::String(_) => "string",
        Value::Array(_) => "slice",
        Value::Object(_) => "map",
    }
}

/// A number of nanoseconds; Consul takes no units here.
fn number(name: &str, value: &Value) -> Result<i64, String> {
    match value {
        Value::Null => Ok(0),
        Value::Bool(flag) => Ok(i64::from(*flag)),
        Value::Number(number) => {
            let whole = number.as_i64();
            let whole = whole.or_else(|| format!("{:.0}", number.as_f64()?.trunc()).parse().ok());
            Ok(whole.unwrap_or(i64::MIN))
        }
        Value::String(text) => text.parse().map_err(|_| {
            let text = crate::quote::quote(text);
            format!(
                "cannot parse '{name}' as int: strconv.ParseInt: parsing {text}: invalid syntax"
            )
        }),
        other => Err(unfit(name, "time.Duration", other)),
    }
}
