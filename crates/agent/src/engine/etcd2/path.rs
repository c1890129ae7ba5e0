/// A key as etcd keeps it: with a slash in front, none at the end, and without empty, `.` and
/// `..` parts. The root is `/`.
#[must_use]
pub fn clean(key: &str) -> Box<str> {
    let mut kept: Vec<&str> = Vec::new();
    for part in key.split('/') {
        match part {
            "" | "." => {}
            ".." => {
                kept.pop();
            }
            _ => kept.push(part),
        }
    }
    if kept.is_empty() {
        return "/".into();
    }
    let mut cleaned = String::with_capacity(key.len() + 1);
    for part in kept {
        cleaned.push('/');
        cleaned.push_str(part);
    }
    cleaned.into_boxed_str()
}

/// Whether `key` is hidden from who looks at `from`: a part below that begins with `_`.
#[must_use]
pub fn is_hidden(from: &str, key: &str) -> bool {
    let below = match from {
        "/" => key.strip_prefix('/'),
        _ => key.strip_prefix(from),
    };
    below.is_some_and(|below| parts(below).any(|part| part.starts_with('_')))
}

/// The parts of a clean key; none for the root.
pub(super) fn parts(key: &str) -> impl Iterator<Item = &str> {
    key.split('/').filter(|part| !part.is_empty())
}

/// Whether `key` lies below the directory `dir`, at any depth.
pub(super) fn is_below(dir: &str, key: &str) -> bool {
    match dir {
        "/" => key.len() > 1,
        _ => key
            .strip_prefix(dir)
            .is_some_and(|rest| rest.starts_with('/')),
    }
}

/// The key of `name` in the directory `dir`.
pub(super) fn join(dir: &str, name: &str) -> String {
    let dir = if dir == "/" { "" } else { dir };
    format!("{dir}/{name}")
}

/// The directories above `key`, the root first.
pub(super) fn above(key: &str) -> impl Iterator<Item = &str> {
    let ends = key.char_indices().filter(|(_, c)| *c == '/');
    ends.filter(move |_| key != "/")
        .map(move |(at, _)| if at == 0 { "/" } else { &key[..at] })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_cleaned_as_paths_are() {
        let cases = [
            ("", "/"),
            ("/", "/"),
            ("a", "/a"),
            ("/a/", "/a"),
            ("//a//b", "/a/b"),
            ("/a/../b/./c", "/b/c"),
            ("/../..", "/"),
        ];
        for (key, cleaned) in cases {
            assert_eq!(&*clean(key), cleaned, "{key}");
        }
    }

    #[test]
    fn hidden_is_what_has_an_underscore_below_where_one_looks_from() {
        assert!(is_hidden("/", "/_a"));
        assert!(is_hidden("/", "/a/_b/c"));
        assert!(is_hidden("/a", "/a/_b"));
        assert!(!is_hidden("/a/_b", "/a/_b/c"));
        assert!(!is_hidden("/a/_b", "/a/_b"));
        assert!(!is_hidden("/", "/a_b"));
        assert!(!is_hidden("/a/b/c", "/a"), "a key above is never hidden");
    }

    #[test]
    fn the_directories_above_begin_with_the_root() {
        assert_eq!(above("/a/b/c").collect::<Vec<_>>(), ["/", "/a", "/a/b"]);
        assert_eq!(above("/a").collect::<Vec<_>>(), ["/"]);
        assert_eq!(above("/").count(), 0);
    }

    #[test]
    fn below_needs_a_whole_part() {
        assert!(is_below("/", "/a"));
        assert!(is_below("/foo", "/foo/a"));
        assert!(!is_below("/foo", "/foobar"));
        assert!(!is_below("/foo", "/foo"));
        assert!(!is_below("/", "/"));
    }
}
