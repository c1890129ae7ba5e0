//! Bodies of JSON.

use serde::de::DeserializeOwned;
use serde_json::Deserializer;

/// The most that is read of a body that describes a user, a role or a member.
pub(super) const MAX_BODY_BYTES: usize = 1024 * 1024;

/// Reads the first value of `body`; what follows it does not matter, as in Go.
pub(super) fn first<T: DeserializeOwned>(body: &[u8]) -> Option<T> {
    let mut values = Deserializer::from_slice(body).into_iter::<T>();
    values.next()?.ok()
}

/// Reads `body`, or says in Go's words what is wrong with it.
pub(super) fn whole<T: DeserializeOwned>(body: &[u8]) -> Result<T, String> {
    serde_json::from_slice(body).map_err(|error| {
        let first = String::from_utf8_lossy(body);
        let first = first.trim_start().chars().next();
        match first {
            None => "unexpected end of JSON input".to_owned(),
            Some(c) if !"{[\"-0123456789tfn".contains(c) => {
                format!("invalid character '{c}' looking for beginning of value")
            }
            Some(_) if error.is_eof() => "unexpected end of JSON input".to_owned(),
            Some(_) => error.to_string(),
        }
    })
}

#[cfg(test)]
mod tests {
    use serde_json::Value;

    use super::*;

    #[test]
    fn what_follows_the_first_value_may_matter() {
        assert_eq!(first::<Value>(b"{} zz"), Some(serde_json::json!({})));
        assert_eq!(first::<Value>(b"zz"), None);
        assert!(whole::<Value>(b"{} zz").is_err());
    }

    #[test]
    fn what_is_wrong_is_said_in_the_words_of_go() {
        let wrong = |body: &str| whole::<Value>(body.as_bytes()).unwrap_err();
        assert_eq!(
            wrong("zz"),
            "invalid character 'z' looking for beginning of value"
        );
        assert_eq!(wrong(""), "unexpected end of JSON input");
        assert_eq!(wrong("{"), "unexpected end of JSON input");
    }
}
