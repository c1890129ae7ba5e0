//! JSON web tokens as proof of who logs in.

use std::time::{SystemTime, UNIX_EPOCH};

use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use base64::{DecodeError, Engine as _};
use serde::Deserialize;
use serde_json::{Map, Value};

use super::Identity;
use super::config::JwtConfig;

/// The longest token that is looked at.
const MAX_BYTES: usize = 64 * 1024;

#[derive(Deserialize)]
struct Header {
    #[serde(default)]
    alg: String,
}

/// Who the token speaks of, if its signature, its time, its issuer and its audience are right.
pub(super) fn identify(
    config: &JwtConfig,
    token: &str,
    now: SystemTime,
) -> Result<Identity, String> {
    if token.is_empty() {
        return Err("missing jwt".into());
    }
    let claims = verified(config, token)?;
    check_times(config, &claims, now)?;
    check_bounds(config, &claims)?;
    let mut identity = Identity::default();
    for (claim, name) in &config.claims {
        if let Some(value) = find(&claims, claim) {
            let text = text(claim, value)?;
            identity.value.insert(name.clone(), text);
        }
    }
    for (claim, name) in &config.list_claims {
        if let Some(value) = find(&claims, claim) {
            identity.list.insert(name.clone(), list(claim, value)?);
        }
    }
    Ok(identity)
}

/// The claims of a token that one of the keys has signed.
fn verified(config: &JwtConfig, token: &str) -> Result<Map<String, Value>, String> {
    let malformed = |what: &str| format!("error parsing token: {what}");
    if token.len() > MAX_BYTES {
        return Err(malformed(&format!("it has more than {MAX_BYTES} bytes")));
    }
    let parts: Vec<&str> = token.trim().split('.').collect();
    let [header, payload, signed] = parts[..] else {
        return Err(malformed(
            "square/go-jose: compact JWS format must have three parts",
        ));
    };
    let decode = |part: &str| {
        let decoded = URL_SAFE_NO_PAD.decode(part.trim_end_matches('='));
        decoded.map_err(|error| {
            let at = match error {
                DecodeError::InvalidByte(at, _) | DecodeError::InvalidLastSymbol(at, _) => at,
                DecodeError::InvalidLength(length) => length - length % 4,
                DecodeError::InvalidPadding => part.len(),
            };
            malformed(&format!("illegal base64 data at input byte {at}"))
        })
    };
    let (head, claims, signature) = (decode(header)?, decode(payload)?, decode(signed)?);
    let head: Header =
        serde_json::from_slice(&head).map_err(|error| malformed(&error.to_string()))?;
    let message = &token.trim()[..header.len() + 1 + payload.len()];
    let mut keys = config.keys.iter();
    if !keys.any(|key| key.verifies(&head.alg, message.as_bytes(), &signature)) {
        return Err("no known key successfully validated the token signature".into());
    }
    let claims = serde_json::from_slice(&claims);
    claims.map_err(|error| malformed(&error.to_string()))
}

/// A time of the claims in seconds; 0 where there is none.
fn seconds(claims: &Map<String, Value>, name: &str) -> i64 {
    let value = claims.get(name);
    let whole = value.and_then(Value::as_i64);
    let whole = whole.or_else(|| format!("{:.0}", value?.as_f64()?.trunc()).parse().ok());
    whole.unwrap_or(0)
}

/// A token that leaves out when it begins or ends holds for a while around what it says.
fn check_times(
    config: &JwtConfig,
    claims: &Map<String, Value>,
    now: SystemTime,
) -> Result<(), String> {
    let issued = seconds(claims, "iat");
    let (mut begins, mut ends) = (seconds(claims, "nbf"), seconds(claims, "exp"));
    if issued == 0 && begins == 0 && ends == 0 {
        let text = "no issue time, notbefore, or expiration time encoded in token";
        return Err(text.into());
    }
    if ends == 0 {
        ends = begins.max(issued).saturating_add(config.expiration_leeway);
    }
    if begins == 0 {
        begins = match issued {
            0 => ends.saturating_sub(config.not_before_leeway),
            issued => issued,
        };
    }
    let now = now.duration_since(UNIX_EPOCH).unwrap_or_default();
    let now = i64::try_from(now.as_secs()).unwrap_or(i64::MAX);
    let problem = if now.saturating_add(config.clock_skew) < begins {
        "token not valid yet (nbf)"
    } else if now.saturating_sub(config.clock_skew) > ends {
        "token is expired (exp)"
    } else if now.saturating_add(config.clock_skew) < issued {
        "token issued in the future (iat)"
    } else {
        return Ok(());
    };
    Err(invalid(problem))
}

fn invalid(problem: &str) -> String {
    format!("error validating claims: square/go-jose/jwt: validation failed, {problem}")
}

fn check_bounds(config: &JwtConfig, claims: &Map<String, Value>) -> Result<(), String> {
    let issuer = claims.get("iss").and_then(Value::as_str);
    if !config.issuer.is_empty() && issuer != Some(&config.issuer) {
        return Err(invalid("invalid issuer claim (iss)"));
    }
    let audiences = match claims.get("aud") {
        None | Some(Value::Null) => Vec::new(),
        Some(value) => list("aud", value)?,
    };
    if config.audiences.is_empty() {
        if audiences.is_empty() {
            return Ok(());
        }
        let text = "audience claim found in JWT but no audiences are bound";
        return Err(format!("error validating claims: {text}"));
    }
    let mut bound = config.audiences.iter();
    match bound.any(|bound| audiences.contains(bound)) {
        true => Ok(()),
        false => Err("error validating claims: aud claim does not match any bound audience".into()),
    }
}

/// A claim by its name, or by a JSON pointer.
fn find<'a>(claims: &'a Map<String, Value>, name: &str) -> Option<&'a Value> {
    let Some(pointer) = name.strip_prefix('/') else {
        return claims.get(name);
    };
    let (first, rest) = pointer.split_once('/').unwrap_or((pointer, ""));
    let first = first.replace("~1", "/").replace("~0", "~");
    let found = claims.get(&first)?;
    match rest {
        "" => Some(found),
        rest => found.pointer(&format!("/{rest}")),
    }
}

fn text(claim: &str, value: &Value) -> Result<String, String> {
    match value {
        Value::String(text) => Ok(text.clone()),
        Value::Number(number) => Ok(number.to_string()),
        Value::Bool(flag) => Ok(flag.to_string()),
        _ => Err(format!(
            "error converting claim '{claim}' to string from unknown type"
        )),
    }
}

/// A list of texts; one alone counts as a list of it.
fn list(claim: &str, value: &Value) -> Result<Vec<String>, String> {
    match value {
        Value::Array(values) => values.iter().map(|value| text(claim, value)).collect(),
        value => text(claim, value)
            .map(|text| vec![text])
            .map_err(|_| format!("{claim:?} list claim could not be converted to a string list")),
    }
}
