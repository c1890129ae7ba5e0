//! What is done with a change.

use std::ffi::OsString;
use std::process::ExitStatus;

use quorate_consul::PlanChange;
use serde_json::{Map, Value};

use super::super::Context;
use super::document;
use super::request::Request;
use crate::command::hook;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::signals::Signals;
use crate::view::watch::StateView;

/// What is done with a change.
pub(super) enum Handler {
    /// It is printed.
    Print,
    /// A command runs, which may not fail if it was asked for here, and may if a file says so.
    Command {
        words: Vec<OsString>,
        may_fail: bool,
    },
    /// A request is sent.
    Request(Box<Request>),
}

impl Handler {
    /// The words of the command line.
    pub(super) fn of_words(words: &[OsString], shell: bool) -> Self {
        let words = match (words, shell) {
            ([], _) => return Self::Print,
            (words, true) => in_shell(words.join(" ".as_ref())),
            (words, false) => words.to_vec(),
        };
        Self::Command {
            words,
            may_fail: false,
        }
    }

    /// Takes the handler out of the fields of a watch.
    pub(super) fn take_from(fields: &mut Map<String, Value>) -> Result<Self, Failure> {
        let kind = fields.remove("handler_type");
        let command = |words| Self::Command {
            words,
            may_fail: true,
        };
        match kind.as_ref().map_or(Some("script"), Value::as_str) {
            Some("script") => {}
            Some("http") => {
                let config = fields.remove("http_handler_config");
                let request = Request::read(config.unwrap_or_default())?;
                return Ok(Self::Request(Box::new(request)));
            }
            _ => return Err(wrong("handler_type", "is neither `script` nor `http`")),
        }
        match (fields.remove("args"), fields.remove("handler")) {
            (None, None) => Ok(Self::Print),
            (Some(Value::Array(words)), None) if !words.is_empty() => {
                let word = |word| match word {
                    Value::String(word) => Ok(OsString::from(word)),
                    _ => Err(wrong("args", "is no list of texts")),
                };
                let words = words.into_iter().map(word).collect::<Result<_, _>>()?;
                Ok(command(words))
            }
            (None, Some(Value::String(line))) if !line.is_empty() => {
                Ok(command(in_shell(line.into())))
            }
            (Some(_), Some(_)) => Err(wrong("args", "and the field `handler` exclude each other")),
            (Some(_), None) => Err(wrong("args", "is no list of texts")),
            (None, Some(_)) => Err(wrong("handler", "is no text")),
        }
    }

    /// Does what is to be done with a change; `Some` says that the program ends now.
    pub(super) async fn take(
        &self,
        context: Context<'_>,
        change: &PlanChange,
        signals: &mut Signals,
    ) -> Result<Option<Exit>, Failure> {
        let screen = &context.config.screen;
        match self {
            Self::Print => screen.show(&StateView(&change.state))?,
            Self::Command { words, may_fail } => {
                let index = change
                    .index
                    .map(|index| ("CONSUL_INDEX", index.to_string()));
                let document = document(change)?;
                let ended = hook::run(words, index.as_slice(), Some(&document), signals).await;
                let failed = match ended {
                    Ok(hook::Ended::Signalled(exit)) => return Ok(Some(exit)),
                    Ok(hook::Ended::Command(status)) if status.success() => None,
                    Ok(hook::Ended::Command(status)) => Some(unsuccessful(status)),
                    Err(failure) => Some(failure),
                };
                match failed {
                    Some(failure) if *may_fail => screen.note(&failure.view())?,
                    Some(failure) => return Err(failure),
                    None => {}
                }
            }
            Self::Request(request) => {
                let body = document(change)?;
                if let Err(failure) = request.send(body, change.index).await {
                    screen.note(&failure.view())?;
                }
            }
        }
        Ok(None)
    }
}

/// A line for a shell.
fn in_shell(line: OsString) -> Vec<OsString> {
    let shell = std::env::var_os("SHELL").filter(|shell| !shell.is_empty());
    vec![shell.unwrap_or_else(|| "/bin/sh".into()), "-c".into(), line]
}

fn unsuccessful(status: ExitStatus) -> Failure {
    Failure::new(Exit::Failure, format!("the command failed: {status}"))
}

pub(super) fn wrong(field: &str, why: &str) -> Failure {
    Failure::usage(format!("the field `{field}` {why}"))
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    fn read(fields: &Value) -> Result<Handler, String> {
        let mut fields = fields.as_object().unwrap().clone();
        let read = Handler::take_from(&mut fields).map_err(|error| error.view().error.message)?;
        assert!(fields.is_empty(), "{fields:?} is left");
        Ok(read)
    }

    #[test]
    fn a_file_says_what_to_run() {
        let fields = json!({"handler_type": "script", "args": ["./x", "-v"]});
        let Ok(Handler::Command { words, may_fail }) = read(&fields) else {
            panic!("another handler");
        };
        assert_eq!(words, ["./x", "-v"]);
        assert!(may_fail);
        let Ok(Handler::Command { words, .. }) = read(&json!({"handler": "x | y"})) else {
            panic!("another handler");
        };
        assert_eq!(
            (words[1].to_str(), words[2].to_str()),
            (Some("-c"), Some("x | y"))
        );
        assert!(matches!(read(&json!({})), Ok(Handler::Print)));
    }

    #[test]
    fn what_is_wrong_is_named() {
        for (fields, field) in [
            (json!({"handler_type": "smtp"}), "handler_type"),
            (json!({"args": "x"}), "args"),
            (json!({"args": []}), "args"),
            (json!({"args": [1]}), "args"),
            (json!({"args": ["x"], "handler": "y"}), "handler"),
            (json!({"handler": 1}), "handler"),
            (json!({"handler_type": "http"}), "http_handler_config"),
        ] {
            let Err(said) = read(&fields) else {
                panic!("{fields} was taken");
            };
            assert!(said.contains(&format!("`{field}")), "{fields}: {said}");
        }
    }
}
