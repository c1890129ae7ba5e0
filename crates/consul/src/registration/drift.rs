//! Whether the agent has a service as it should be.

use crate::{AgentService, ServiceRegistration};

/// What is different at the agent, for people; `None` if nothing is.
pub(super) fn of(wanted: &ServiceRegistration, found: &AgentService) -> Option<&'static str> {
    let wanted_meta = &wanted.meta;
    let checks = [
        ("name", wanted.name == found.service),
        ("port", wanted.port == found.port),
        ("address", wanted.address == found.address),
        // With the override, tags are for others to change.
        (
            "tags",
            wanted.enable_tag_override || wanted.tags == found.tags,
        ),
        ("labels", *wanted_meta == found.meta),
        (
            "tag override",
            wanted.enable_tag_override == found.enable_tag_override,
        ),
        (
            "weights",
            wanted
                .weights
                .is_none_or(|weights| weights == found.weights),
        ),
    ];
    let different = checks.iter().find(|(_, same)| !same);
    different.map(|(what, _)| *what)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_of_anything_that_was_set_is_seen() {
        let wanted = ServiceRegistration::new("web").with_port(80).with_tag("a");
        let mut found = AgentService::default();
        found.service = "web".into();
        found.port = 80;
        found.tags = vec!["a".into()];
        assert_eq!(of(&wanted, &found), None);
        found.tags = vec!["b".into()];
        assert_eq!(of(&wanted, &found), Some("tags"));
        found.enable_tag_override = true;
        let wanted = wanted.with_enable_tag_override();
        assert_eq!(of(&wanted, &found), None, "others may change them");
        found.port = 81;
        assert_eq!(of(&wanted, &found), Some("port"));
    }
}
