//! Names of one level.

use crate::Prefix;

/// The names right beneath a prefix, in order: those of deeper keys end behind their next slash.
pub(super) fn one_level(prefix: &Prefix, keys: impl Iterator<Item = String>) -> Vec<String> {
    let start = prefix.as_str().len();
    let cut = |mut key: String| {
        if let Some(slash) = key[start..].find('/') {
            key.truncate(start + slash + 1);
        }
        key
    };
    let mut names: Vec<_> = keys.map(cut).collect();
    names.dedup();
    names.sort();
    names.dedup();
    names
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn deeper_names_are_cut_behind_their_slash() {
        let keys = ["d/a", "d/b", "d/b!", "d/b/1", "d/b/2/3", "d/c/x"];
        let prefix = Prefix::new("d").unwrap();
        let names = one_level(&prefix, keys.into_iter().map(str::to_owned));
        assert_eq!(names, ["d/a", "d/b", "d/b!", "d/b/", "d/c/"]);
    }
}
