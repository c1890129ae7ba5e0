//! What services of the mesh need, and what they may not have.

use crate::engine::consul::{Service, mesh_problems};

/// Says all that is wrong with a service of its kind, as Consul lists it.
pub(super) fn validate(service: &Service, has_sidecar: bool) -> Result<(), String> {
    list(&mesh_problems(
        &service.kind,
        service.port,
        &service.proxy,
        &service.connect,
        has_sidecar,
    ))
}

/// The list in the form of Consul; fine when it is empty.
pub(super) fn list(problems: &[String]) -> Result<(), String> {
    let count = match problems.len() {
        0 => return Ok(()),
        1 => "1 error".to_owned(),
        count => format!("{count} errors"),
    };
    let points: Vec<_> = problems.iter().map(|it| format!("\t* {it}\n")).collect();
    Err(format!("{count} occurred:\n{}\n", points.concat()))
}
