//! `quorate kv ls`.

use quorate::prelude::*;
use quorate::{Coordinator, Entry, Prefix};

use crate::args::kv::LsArgs;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::list::{ListView, RowView};

/// Lists keys.
pub(crate) async fn run(
    config: &Config,
    coordinator: &Coordinator,
    args: LsArgs,
) -> Result<Exit, Failure> {
    let prefix = Prefix::new(args.prefix)?;
    let (kv, path) = (coordinator.kv(), prefix.as_str());
    let keys = match (args.long, args.recursive) {
        (false, true) => kv
            .keys(path)
            .await?
            .into_iter()
            .map(RowView::name)
            .collect(),
        (false, false) => kv
            .children(path)
            .await?
            .into_iter()
            .map(RowView::name)
            .collect(),
        (true, recursive) => rows(&kv.list(path).await?, path, recursive),
    };
    config.screen.show(&ListView {
        prefix: path.to_owned(),
        keys,
        long: args.long,
    })?;
    Ok(Exit::Success)
}

/// The rows of `entries`; without `recursive`, what lies deeper is one folder.
fn rows(entries: &[Entry], prefix: &str, recursive: bool) -> Vec<RowView> {
    let mut rows: Vec<RowView> = Vec::new();
    for entry in entries {
        let below = entry.key.strip_prefix(prefix).unwrap_or(&entry.key);
        match below.find('/') {
            Some(slash) if !recursive => {
                let folder = RowView::name(format!("{prefix}{}", &below[..=slash]));
                if rows.last() != Some(&folder) {
                    rows.push(folder);
                }
            }
            _ => rows.push(RowView::entry(entry)),
        }
    }
    rows
}

#[cfg(test)]
mod tests {
    use quorate::Revision;

    use super::*;

    #[test]
    fn a_folder_is_one_row() {
        let entry = |key: &str| Entry::new(key, "12", Revision(4), Revision(3));
        let entries = [entry("a/b"), entry("a/c/d"), entry("a/c/e"), entry("a/f")];
        let names = |recursive| -> Vec<String> {
            rows(&entries, "a/", recursive)
                .into_iter()
                .map(|row| row.key)
                .collect()
        };
        assert_eq!(names(false), ["a/b", "a/c/", "a/f"]);
        assert_eq!(names(true), ["a/b", "a/c/d", "a/c/e", "a/f"]);
    }
}
