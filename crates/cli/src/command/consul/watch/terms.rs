//! What a watch is to do: from the options, or from a file.

use quorate_consul::Plan;
use serde_json::{Map, Value, json};

use super::super::document;
use super::handler::Handler;
use crate::args::consul::watch::WatchArgs;
use crate::failure::Failure;

/// What is followed, and what is done with its changes.
pub(super) struct Terms {
    pub(super) plan: Plan,
    pub(super) handler: Handler,
}

pub(super) fn of(args: &WatchArgs) -> Result<Terms, Failure> {
    let (mut fields, from_file) = match &args.config {
        Some(path) => (document::object(path)?, true),
        None => (of_options(args), false),
    };
    let mut plan = Plan::take_from(&mut fields).map_err(Failure::usage)?;
    // Whoever asks once wants what there is.
    plan.replay = args.replay || args.once;
    let handler = if from_file {
        Handler::take_from(&mut fields)?
    } else {
        Handler::of_words(&args.command, args.shell)
    };
    if fields.is_empty() {
        return Ok(Terms { plan, handler });
    }
    let names: Vec<String> = fields.keys().map(|name| format!("`{name}`")).collect();
    let (type_name, names) = (plan.target.type_name(), names.join(", "));
    let why = format!("a watch of type `{type_name}` has no {names}");
    Err(Failure::usage(why).with_next("quorate consul watch --help, for the types"))
}

/// The options, as the fields that they are called after.
fn of_options(args: &WatchArgs) -> Map<String, Value> {
    let mut fields = Map::new();
    let texts = [
        ("type", &args.type_name),
        ("key", &args.key),
        ("prefix", &args.prefix),
        ("service", &args.service),
        ("service_id", &args.service_id),
        ("state", &args.state),
        ("name", &args.name),
        ("datacenter", &args.dc),
    ];
    for (name, text) in texts {
        if let Some(text) = text {
            fields.insert(name.to_owned(), json!(text));
        }
    }
    if !args.tag.is_empty() {
        fields.insert("tag".to_owned(), json!(args.tag));
    }
    if let Some(flag) = args.passingonly {
        fields.insert("passingonly".to_owned(), json!(flag));
    }
    if args.stale {
        fields.insert("stale".to_owned(), json!(true));
    }
    fields
}
