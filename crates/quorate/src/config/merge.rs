//! Layers, laid over each other.

use std::collections::{BTreeMap, BTreeSet};

use super::{Parameter, codec};

/// Lays `upper` over `lower`. A parameter replaces what is at its path; where one has a category
/// and the other a parameter, the upper one is right; a list replaces a list as a whole.
pub(super) fn overlay(lower: &mut BTreeMap<String, Parameter>, upper: BTreeMap<String, Parameter>) {
    for list in lists(&upper) {
        remove_beneath(lower, &list);
    }
    for path in upper.keys() {
        remove_beneath(lower, path);
        for (end, _) in path.match_indices('/') {
            let above = &path[..end];
            lower.remove(above);
            let marker = format!("{above}/{}", codec::MARKER);
            if lower
                .get(&marker)
                .is_some_and(|kind| !codec::is_map_marker(&kind.value))
            {
                lower.remove(&marker);
            }
        }
    }
    lower.extend(upper);
}

/// Removes everything beneath `path`, and not what is at it.
pub(super) fn remove_beneath<V>(map: &mut BTreeMap<String, V>, path: &str) {
    let folder = format!("{path}/");
    let range = map.range(folder.clone()..);
    let beneath = range.take_while(|(key, _)| key.starts_with(&folder));
    let beneath: Vec<String> = beneath.map(|(key, _)| key.clone()).collect();
    for key in beneath {
        map.remove(&key);
    }
}

/// The paths whose children are the items of a list.
fn lists(upper: &BTreeMap<String, Parameter>) -> Vec<String> {
    let mut children: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for path in upper.keys() {
        let mut start = 0;
        for segment in path.split('/') {
            let parent = path[..start].trim_end_matches('/');
            children.entry(parent).or_default().insert(segment);
            start += segment.len() + 1;
        }
    }
    let lists = children.into_iter().filter(|(parent, names)| {
        let marker = upper.get(&format!("{parent}/{}", codec::MARKER));
        let marker = marker.map(|kind| kind.value.trim_ascii());
        !parent.is_empty() && codec::are_items(names, marker)
    });
    lists.map(|(parent, _)| parent.to_owned()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Origin;

    fn layer(of: &[(&str, &'static str)]) -> BTreeMap<String, Parameter> {
        let one = |value: &'static str| Parameter::new(value.into(), Origin::Defaults, None);
        let all = of.iter().map(|(path, value)| ((*path).into(), one(value)));
        all.collect()
    }

    fn merged(lower: &[(&str, &'static str)], upper: &[(&str, &'static str)]) -> String {
        let mut all = layer(lower);
        overlay(&mut all, layer(upper));
        let shown = all.iter().map(|(path, p)| format!("{path}={}", p.shown()));
        shown.collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn a_later_layer_replaces_parameter_by_parameter() {
        let lower = [("A/x", "1"), ("A/y", "1"), ("B/x", "1")];
        let upper = [("A/y", "2"), ("C", "2")];
        assert_eq!(merged(&lower, &upper), "A/x=1 A/y=2 B/x=1 C=2");
    }

    #[test]
    fn what_was_a_category_can_become_a_parameter_and_back() {
        let lower = [("A/x/y", "1"), ("A2", "1")];
        assert_eq!(merged(&lower, &[("A", "2")]), "A=2 A2=1");
        assert_eq!(merged(&[("A", "1")], &[("A/x/y", "2")]), "A/x/y=2");
    }

    #[test]
    fn a_list_replaces_a_list_as_a_whole() {
        let lower = [("hosts/1", "a"), ("hosts/2", "b"), ("z", "1")];
        assert_eq!(merged(&lower, &[("hosts/1", "c")]), "hosts/1=c z=1");
        assert_eq!(
            merged(&lower, &[("hosts/.tree", "[]")]),
            "hosts/.tree=[] z=1"
        );
        let empty = [("hosts/.tree", "[]")];
        assert_eq!(merged(&empty, &[("hosts/1", "c")]), "hosts/1=c");
    }
}
