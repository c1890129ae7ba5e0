//! The parameters of `/v2/keys`.

use super::error::ErrorCode;
use super::form::Form;

/// Everything that a request to `/v2/keys` can say besides its method and key.
///
/// Servers take the fields from query and body alike; clients do best to put everything but
/// `value` into the query, because a body is not read everywhere.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Parameters {
    /// The value to write. Absent is as good as empty.
    pub value: Option<String>,
    /// How long it lives, in seconds. 0 expires at once.
    pub ttl: Option<u64>,
    /// A directory is meant.
    pub dir: bool,
    /// Whether it must be there already (an update), or must not (a creation).
    pub prev_exist: Option<bool>,
    /// The value that must be there. Never empty.
    pub prev_value: Option<String>,
    /// The index of the last change that must be there; 0 is no condition.
    pub prev_index: u64,
    /// A new TTL and the old value, without waking watches.
    pub refresh: Option<bool>,
    /// Everything below it too.
    pub recursive: bool,
    /// In the order of the keys, at each level.
    pub sorted: bool,
    /// By agreement of the servers, so never stale. Beats `wait`.
    pub quorum: bool,
    /// Waits for the next change instead of reading.
    pub wait: bool,
    /// The first index that counts for `wait`; 0 for the next change from now on.
    pub wait_index: u64,
    /// Keeps the answer open after the first change.
    pub stream: bool,
    /// The answer is to have the action alone.
    pub no_value_on_success: bool,
}

/// A parameter that cannot be taken. The server asks the store nothing, and sends index 0.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{code}: {cause}")]
pub struct ParameterError {
    /// The code.
    pub code: ErrorCode,
    /// The cause in the body.
    pub cause: String,
}

impl ParameterError {
    fn new(code: ErrorCode, cause: impl Into<String>) -> Self {
        Self {
            code,
            cause: cause.into(),
        }
    }

    fn quoted(code: ErrorCode, name: &str) -> Self {
        Self::new(code, format!("invalid value for \"{name}\""))
    }
}

impl Parameters {
    /// Reads the parameters of a request in the order in which servers check them. `is_get` says
    /// whether the method is GET: no other can wait.
    ///
    /// # Errors
    /// [`ParameterError`] of the first that is wrong.
    pub fn from_form(form: &Form, is_get: bool) -> Result<Self, ParameterError> {
        let mut read = Self {
            prev_index: index(form, "prevIndex")?,
            wait_index: index(form, "waitIndex")?,
            recursive: flag(form, "recursive")?,
            sorted: flag(form, "sorted")?,
            wait: flag(form, "wait")?,
            dir: flag(form, "dir")?,
            quorum: flag(form, "quorum")?,
            stream: flag(form, "stream")?,
            ..Self::default()
        };
        if read.wait && !is_get {
            let cause = "\"wait\" can only be used with GET requests";
            return Err(ParameterError::new(ErrorCode::InvalidField, cause));
        }
        read.prev_value = form.get("prevValue").map(str::to_owned);
        if read.prev_value.as_deref() == Some("") {
            let cause = "\"prevValue\" cannot be empty";
            return Err(ParameterError::new(ErrorCode::PrevValueRequired, cause));
        }
        read.no_value_on_success = flag(form, "noValueOnSuccess")?;
        read.ttl = ttl(form)?;
        read.prev_exist = choice(form, "prevExist")?;
        read.refresh = choice(form, "refresh")?;
        read.value = form.get("value").map(str::to_owned);
        read.check_refresh()?;
        Ok(read)
    }

    fn check_refresh(&self) -> Result<(), ParameterError> {
        if self.refresh != Some(true) {
            return Ok(());
        }
        if self.value.as_ref().is_some_and(|value| !value.is_empty()) {
            let cause = "A value was provided on a refresh";
            return Err(ParameterError::new(ErrorCode::RefreshValue, cause));
        }
        match self.ttl {
            Some(_) => Ok(()),
            None => Err(ParameterError::new(
                ErrorCode::RefreshTtlRequired,
                "No TTL value set",
            )),
        }
    }

    /// Everything but the value, for the query. What has its default is left out.
    #[must_use]
    pub fn to_query(&self) -> Form {
        let mut form = Form::new();
        let flags = [
            ("recursive", self.recursive),
            ("sorted", self.sorted),
            ("quorum", self.quorum),
            ("wait", self.wait),
            ("stream", self.stream),
            ("dir", self.dir),
            ("noValueOnSuccess", self.no_value_on_success),
        ];
        for (name, _) in flags.iter().filter(|(_, set)| *set) {
            form.push(*name, "true");
        }
        for (name, index) in [
            ("waitIndex", self.wait_index),
            ("prevIndex", self.prev_index),
        ] {
            if index > 0 {
                form.push(name, index.to_string());
            }
        }
        if let Some(value) = &self.prev_value {
            form.push("prevValue", value);
        }
        for (name, choice) in [("prevExist", self.prev_exist), ("refresh", self.refresh)] {
            if let Some(choice) = choice {
                form.push(name, choice.to_string());
            }
        }
        if let Some(ttl) = self.ttl {
            form.push("ttl", ttl.to_string());
        }
        form
    }

    /// The value alone, for the body of a PUT or POST. Empty without a value.
    #[must_use]
    pub fn to_body(&self) -> Form {
        let mut form = Form::new();
        if let Some(value) = &self.value {
            form.push("value", value);
        }
        form
    }

    /// Whether a write has a condition on what is there. An index of 0 is none.
    #[must_use]
    pub fn is_compare(&self) -> bool {
        self.prev_value.is_some() || self.prev_index > 0
    }
}

/// A whole number without a sign, as Go's `ParseUint` reads it.
fn unsigned(text: &str) -> Option<u64> {
    let digits = text.bytes().all(|byte| byte.is_ascii_digit());
    if digits { text.parse().ok() } else { None }
}

fn index(form: &Form, name: &str) -> Result<u64, ParameterError> {
    let number = form.get(name).map_or(Some(0), unsigned);
    number.ok_or_else(|| ParameterError::quoted(ErrorCode::IndexNotANumber, name))
}

fn ttl(form: &Form) -> Result<Option<u64>, ParameterError> {
    match form.get("ttl") {
        None | Some("") => Ok(None),
        Some(text) => match unsigned(text) {
            Some(seconds) => Ok(Some(seconds)),
            None => Err(ParameterError::quoted(ErrorCode::TtlNotANumber, "ttl")),
        },
    }
}

fn flag(form: &Form, name: &str) -> Result<bool, ParameterError> {
    let flag = form.get(name).map_or(Some(false), truth);
    flag.ok_or_else(|| ParameterError::quoted(ErrorCode::InvalidField, name))
}

/// A flag that may be absent. Here the server leaves the quotes out.
fn choice(form: &Form, name: &str) -> Result<Option<bool>, ParameterError> {
    let Some(text) = form.get(name) else {
        return Ok(None);
    };
    match truth(text) {
        Some(choice) => Ok(Some(choice)),
        None => {
            let cause = format!("invalid value for {name}");
            Err(ParameterError::new(ErrorCode::InvalidField, cause))
        }
    }
}

/// The words of Go's `ParseBool`.
fn truth(text: &str) -> Option<bool> {
    match text {
        "1" | "t" | "T" | "TRUE" | "true" | "True" => Some(true),
        "0" | "f" | "F" | "FALSE" | "false" | "False" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(query: &str) -> Result<Parameters, ParameterError> {
        Parameters::from_form(&Form::parse(query, b"").unwrap(), false)
    }

    #[test]
    fn what_is_written_is_read_back() {
        let all = Parameters {
            value: Some("a b".into()),
            ttl: Some(0),
            dir: true,
            prev_exist: Some(false),
            prev_value: Some("&".into()),
            prev_index: 7,
            refresh: Some(false),
            recursive: true,
            sorted: true,
            quorum: true,
            wait: true,
            wait_index: u64::MAX,
            stream: true,
            no_value_on_success: true,
        };
        let (query, body) = (all.to_query().encode(), all.to_body().encode());
        let form = Form::parse(&query, body.as_bytes()).unwrap();
        assert_eq!(Parameters::from_form(&form, true), Ok(all));
        assert!(Parameters::default().to_query().is_empty());
        assert!(Parameters::default().to_body().is_empty());
    }

    #[test]
    fn words_for_yes_and_no_are_those_of_go() {
        assert!(read("dir=True").unwrap().dir && read("dir=t").unwrap().dir);
        assert_eq!(read("prevExist=F").unwrap().prev_exist, Some(false));
        for word in ["", "yes", "tRUE", "2"] {
            assert!(read(&format!("dir={word}")).is_err(), "{word}");
        }
    }

    #[test]
    fn the_first_check_that_fails_is_the_one_that_is_told() {
        let order = [
            ("prevIndex=x", "invalid value for \"prevIndex\""),
            ("waitIndex=x", "invalid value for \"waitIndex\""),
            ("recursive=x", "invalid value for \"recursive\""),
            ("sorted=x", "invalid value for \"sorted\""),
            ("wait=x", "invalid value for \"wait\""),
            ("dir=x", "invalid value for \"dir\""),
            ("quorum=x", "invalid value for \"quorum\""),
            ("stream=x", "invalid value for \"stream\""),
            ("wait=true", "\"wait\" can only be used with GET requests"),
            ("prevValue=", "\"prevValue\" cannot be empty"),
            (
                "noValueOnSuccess=x",
                "invalid value for \"noValueOnSuccess\"",
            ),
            ("ttl=x", "invalid value for \"ttl\""),
            ("prevExist=x", "invalid value for prevExist"),
            ("refresh=x", "invalid value for refresh"),
        ];
        for (at, (_, cause)) in order.iter().enumerate() {
            let rest: Vec<_> = order[at..].iter().rev().map(|(query, _)| *query).collect();
            // `wait` has two checks: what is wrong with it must not hide the second.
            let rest: Vec<_> = rest
                .into_iter()
                .filter(|query| at != 8 || *query != "wait=x")
                .collect();
            let query = if at == 4 {
                rest.iter()
                    .filter(|query| **query != "wait=true")
                    .copied()
                    .collect::<Vec<_>>()
            } else {
                rest
            };
            assert_eq!(read(&query.join("&")).unwrap_err().cause, *cause);
        }
    }

    #[test]
    fn a_refresh_has_a_ttl_and_no_value() {
        assert!(read("refresh=true&ttl=5&value=").is_ok());
        let error = read("refresh=true&value=v").unwrap_err();
        assert_eq!(error.code, ErrorCode::RefreshValue);
        let error = read("refresh=true").unwrap_err();
        assert_eq!(error.code, ErrorCode::RefreshTtlRequired);
        assert!(read("refresh=false&value=v").is_ok());
    }

    #[test]
    fn numbers_have_digits_only() {
        for text in ["-1", "%2B1", "1.5", "0x1", "", "18446744073709551616"] {
            let error = read(&format!("prevIndex={text}")).unwrap_err();
            assert_eq!(error.code, ErrorCode::IndexNotANumber, "{text}");
        }
        assert_eq!(read("ttl=").unwrap().ttl, None);
        assert_eq!(read("ttl=1.5").unwrap_err().code, ErrorCode::TtlNotANumber);
        assert!(!read("prevIndex=0").unwrap().is_compare());
        assert!(read("prevIndex=1").unwrap().is_compare());
    }
}
