//! `quorate config validate`.

use std::path::Path;

use quorate::Coordinator;
use serde_json::Value;

use super::example::Example;
use super::{document, store};
use crate::args::config::ValidateArgs;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::object::Object;

/// Checks a configuration on the backend.
pub(crate) async fn run(
    config: &Config,
    coordinator: &Coordinator,
    args: &ValidateArgs,
) -> Result<Exit, Failure> {
    let path = args.path.as_deref().unwrap_or_default();
    let parameters = store(coordinator, path, args.document)?.read().await?;
    let found = parameters.to_json()?;
    check(config, args, &found, path)
}

/// Checks a file.
pub(crate) fn file(config: &Config, args: &ValidateArgs) -> Result<Exit, Failure> {
    let path = args.file.as_deref().unwrap_or(Path::new("-"));
    check(config, args, &document(path)?, &path.display().to_string())
}

fn check(config: &Config, args: &ValidateArgs, found: &Value, name: &str) -> Result<Exit, Failure> {
    if let Some(like) = &args.like {
        let example = Example {
            partial: args.partial,
            extra: args.extra,
        };
        let wrong = example.compare(&document(like)?, found);
        if !wrong.is_empty() {
            let message = format!(
                "{name} is not like {}:\n{}",
                like.display(),
                wrong.join("\n")
            );
            return Err(Failure::new(Exit::Failure, message));
        }
    }
    config
        .screen
        .show(&Object::new("valid", format!("{name} is valid")))?;
    Ok(Exit::Success)
}
