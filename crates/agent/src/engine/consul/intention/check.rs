use quorate_wire::consul::{Intention, IntentionAction};

use super::super::refusal::Refusal;
use super::ANY;
use crate::quote::quote;

/// The longest description, and the longest value of a label.
const MAX_TEXT: usize = 512;
const MAX_LABELS: usize = 64;
const MAX_LABEL_KEY: usize = 128;

/// Checks an intention whose defaults are filled in; all problems are told.
pub(super) fn check(intention: &Intention) -> Result<(), Refusal> {
    let mut problems = Vec::new();
    let sides = [
        ("Source", &intention.source_ns, &intention.source_name),
        (
            "Destination",
            &intention.destination_ns,
            &intention.destination_name,
        ),
    ];
    for (side, _, name) in sides {
        if name.is_empty() {
            problems.push(format!("{side}Name must be set"));
        }
    }
    for (side, namespace, name) in sides {
        check_wildcards(side, namespace, name, &mut problems);
    }
    check_labels(intention, &mut problems);
    if let IntentionAction::Other(_) = intention.action {
        problems.push("Action must be set to 'allow' or 'deny'".to_owned());
    }
    if intention.source_type != "consul" {
        problems.push("SourceType must be set to 'consul'".to_owned());
    }
    if problems.is_empty() {
        return Ok(());
    }
    Err(Refusal::Intention(problems))
}

fn check_wildcards(side: &str, namespace: &str, name: &str, problems: &mut Vec<String>) {
    const PARTIAL: &str = "wildcard character '*' cannot be used with partial values";
    if namespace != ANY && namespace.contains(ANY) {
        problems.push(format!("{side}NS: {PARTIAL}"));
    }
    if name == ANY {
        return;
    }
    if name.contains(ANY) {
        problems.push(format!("{side}Name: {PARTIAL}"));
    }
    if namespace == ANY {
        problems.push(format!(
            "{side}Name: exact value cannot follow wildcard namespace"
        ));
    }
}

fn check_labels(intention: &Intention, problems: &mut Vec<String>) {
    if intention.description.len() > MAX_TEXT {
        problems.push(format!("Description exceeds maximum length {MAX_TEXT}"));
    }
    if intention.meta.len() > MAX_LABELS {
        problems.push(format!("Meta exceeds maximum element count {MAX_LABELS}"));
    }
    for (key, value) in &intention.meta {
        let key_name = quote(key);
        if key.len() > MAX_LABEL_KEY {
            problems.push(format!(
                "Meta key {key_name} exceeds maximum length {MAX_LABEL_KEY}"
            ));
        }
        if value.len() > MAX_TEXT {
            problems.push(format!(
                "Meta value for key {key_name} exceeds maximum length {MAX_TEXT}"
            ));
        }
    }
}
