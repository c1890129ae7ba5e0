//! The options in a URL.

use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::refuse;
use crate::{Consistency, Result};

/// Names under which people try to pass secrets.
const SECRETS: [&str; 6] = [
    "token",
    "password",
    "auth",
    "secret",
    "acl-token",
    "AuthKey",
];

/// The options of a URL, taken one after the other; what is left over is refused.
#[derive(Debug)]
pub(super) struct Query(Vec<(String, String)>);

impl Query {
    pub(super) fn parse(url: &str, text: &str) -> Result<Self> {
        let mut pairs: Vec<(String, String)> = Vec::new();
        for part in text.split('&').filter(|part| !part.is_empty()) {
            let (name, value) = part.split_once('=').unwrap_or((part, ""));
            let (name, value) = (decode(url, name)?, decode(url, value)?);
            if SECRETS.contains(&name.as_str()) {
                let instead = if url.starts_with("etcd") {
                    "`auth-file=PATH` or the environment (ETCDCTL_USER, ETCDCTL_PASSWORD)"
                } else if url.starts_with("serf") {
                    "`token-file=PATH` or the environment (SERF_RPC_AUTH)"
                } else {
                    "`token-file=PATH` or the environment (CONSUL_HTTP_TOKEN, \
                     CONSUL_HTTP_TOKEN_FILE, CONSUL_HTTP_AUTH)"
                };
                let detail = format!(
                    "option `{name}`: a secret does not belong in a URL, which others can see; use \
                     {instead}"
                );
                return Err(refuse(url, &detail));
            }
            if pairs.iter().any(|(known, _)| *known == name) {
                return Err(refuse(url, &format!("option `{name}` is given twice")));
            }
            pairs.push((name, value));
        }
        Ok(Self(pairs))
    }

    /// Whether an option is there.
    pub(super) fn has(&self, name: &str) -> bool {
        self.0.iter().any(|(known, _)| known == name)
    }

    /// Takes an option out.
    pub(super) fn take(&mut self, name: &str) -> Option<String> {
        let at = self.0.iter().position(|(known, _)| known == name)?;
        Some(self.0.swap_remove(at).1)
    }

    /// Takes an option out that needs a value.
    pub(super) fn take_text(&mut self, url: &str, name: &str) -> Result<Option<String>> {
        match self.take(name) {
            Some(value) if value.is_empty() => {
                Err(refuse(url, &format!("option `{name}` has no value")))
            }
            value => Ok(value),
        }
    }

    /// Takes a path out.
    pub(super) fn take_path(&mut self, url: &str, name: &str) -> Result<Option<PathBuf>> {
        Ok(self.take_text(url, name)?.map(PathBuf::from))
    }

    /// Takes `consistency`, or `stale`, out.
    pub(super) fn take_consistency(&mut self, url: &str) -> Result<Consistency> {
        let stale = self.take("stale");
        let named = self.take_text(url, "consistency")?;
        match (stale.as_deref(), named.as_deref()) {
            (Some(_), Some(_)) => Err(refuse(
                url,
                "options `stale` and `consistency` exclude each other",
            )),
            (Some("" | "true"), None) | (None, Some("stale")) => Ok(Consistency::Stale),
            (None, Some("strong")) => Ok(Consistency::Strong),
            (None, None | Some("default")) | (Some("false"), None) => Ok(Consistency::Default),
            (Some(_), None) => Err(refuse(url, "option `stale` is true or false")),
            (None, Some(_)) => Err(refuse(
                url,
                "option `consistency` is default, strong or stale",
            )),
        }
    }

    /// Takes a duration out: a whole number with `ms`, `s`, `m` or `h` behind it.
    pub(super) fn take_duration(&mut self, url: &str, name: &str) -> Result<Option<Duration>> {
        let Some(text) = self.take_text(url, name)? else {
            return Ok(None);
        };
        match parse_duration(&text) {
            Some(duration) => Ok(Some(duration)),
            None => {
                let detail =
                    format!("option `{name}`: {text:?} is no duration such as 500ms, 30s or 5m");
                Err(refuse(url, &detail))
            }
        }
    }

    /// Refuses what was not taken out; `known` are the names that exist.
    pub(super) fn finish(self, url: &str, known: &[&str]) -> Result<()> {
        match self.0.first() {
            None => Ok(()),
            Some((name, _)) if known.is_empty() => Err(refuse(
                url,
                &format!("unknown option `{name}`; this scheme has none"),
            )),
            Some((name, _)) => {
                let detail = format!("unknown option `{name}`; known are {}", known.join(", "));
                Err(refuse(url, &detail))
            }
        }
    }
}

pub(super) fn decode(url: &str, text: &str) -> Result<String> {
    match percent_decode_str(text).decode_utf8() {
        Ok(text) => Ok(text.into_owned()),
        Err(_) => Err(refuse(url, "a percent-encoded part of it is not UTF-8")),
    }
}

fn parse_duration(text: &str) -> Option<Duration> {
    let digits = text
        .find(|c: char| !c.is_ascii_digit())
        .unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().ok()?;
    let millis = match unit {
        "ms" => 1,
        "s" => 1_000,
        "m" => 60_000,
        "h" => 3_600_000,
        _ => return None,
    };
    number
        .checked_mul(millis)
        .map(Duration::from_millis)
        .filter(|d| !d.is_zero())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_need_a_unit_and_are_not_zero() {
        assert_eq!(parse_duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(parse_duration("5m"), Some(Duration::from_secs(300)));
        for bad in [
            "",
            "5",
            "s",
            "-5s",
            "1.5s",
            "0s",
            "5d",
            "99999999999999999999h",
            "18446744073709551615h",
        ] {
            assert_eq!(parse_duration(bad), None, "{bad}");
        }
    }
}
