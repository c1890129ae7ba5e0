//! The name of this host.

/// The name, if the system says it and it is text.
pub(crate) fn name() -> Option<String> {
    let name = nix::unistd::gethostname().ok()?.into_string().ok()?;
    (!name.is_empty()).then_some(name)
}
