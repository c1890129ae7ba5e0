//! Which parameters are secret.

/// Words that make a parameter secret unless the program says otherwise.
const COMMON: [&str; 8] = [
    "password",
    "passwd",
    "passphrase",
    "secret",
    "token",
    "credential",
    "apikey",
    "privatekey",
];

/// Which parameters are secret: their values are shown as `***` in every difference, refusal and
/// `Debug`.
///
/// The default hides each parameter whose path has one of the words `password`, `passwd`,
/// `passphrase`, `secret`, `token`, `credential`, `api_key` or `private_key` in it, whatever its
/// case and its `_`, `-` and `.`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Secrets {
    common: bool,
    patterns: Vec<Vec<String>>,
}

impl Default for Secrets {
    fn default() -> Self {
        Self {
            common: true,
            patterns: Vec::new(),
        }
    }
}

impl Secrets {
    /// Nothing is secret.
    #[must_use]
    pub fn none() -> Self {
        Self {
            common: false,
            patterns: Vec::new(),
        }
    }

    /// Hides `pattern` too: a path such as `DB/dsn`, in which `*` stands for one segment and `**`
    /// for any number of them.
    #[must_use]
    pub fn with(mut self, pattern: &str) -> Self {
        let segments = pattern.trim_matches('/').split('/');
        self.patterns.push(segments.map(str::to_owned).collect());
        self
    }

    /// Whether the parameter `path` is secret.
    #[must_use]
    pub fn covers(&self, path: &str) -> bool {
        let segments: Vec<&str> = path.split('/').collect();
        (self.common && is_common(path)) || self.patterns.iter().any(|p| matches(p, &segments))
    }
}

fn is_common(path: &str) -> bool {
    let letters = path.chars().filter(|c| c.is_alphanumeric());
    let plain: String = letters.flat_map(char::to_lowercase).collect();
    COMMON.iter().any(|word| plain.contains(word))
}

fn matches(pattern: &[String], path: &[&str]) -> bool {
    match (pattern.split_first(), path.split_first()) {
        (None, None) => true,
        (Some((first, rest)), _) if first == "**" => {
            (0..=path.len()).any(|skipped| matches(rest, &path[skipped..]))
        }
        (Some((first, rest)), Some((segment, below))) => {
            (first == "*" || first == segment) && matches(rest, below)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn common_names_are_secret_unless_told_otherwise() {
        for path in [
            "DB/password",
            "API-KEY",
            "TLS/private_key/pem",
            "a/AuthToken",
        ] {
            assert!(Secrets::default().covers(path), "{path}");
            assert!(!Secrets::none().covers(path), "{path}");
        }
        assert!(!Secrets::default().covers("HTTP/port"));
    }

    #[test]
    fn a_pattern_names_a_place() {
        let secrets = Secrets::none().with("DB/dsn").with("*/pin").with("keys/**");
        for path in ["DB/dsn", "card/pin", "keys/a", "keys/a/b"] {
            assert!(secrets.covers(path), "{path}");
        }
        for path in ["DB/dsn/x", "a/b/pin", "pin", "DB/user"] {
            assert!(!secrets.covers(path), "{path}");
        }
    }
}
