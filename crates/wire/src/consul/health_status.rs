//! How healthy a check, a service or a node is.

use super::words::words;

words! {
    /// How healthy a check, or what it belongs to, is.
    #[derive(Default)]
    HealthStatus {
        /// All is well.
        Passing = "passing",
        /// It works, and somebody should look at it.
        Warning = "warning",
        /// It does not work; sessions that depend on it end. What a check is until it says more.
        #[default]
        Critical = "critical",
        /// It was taken out of service by hand.
        Maintenance = "maintenance",
    }
}

impl HealthStatus {
    /// Reads the words of the wire, and `pass`, `warn` and `fail` as well.
    #[must_use]
    pub fn from_alias(word: &str) -> Self {
        match word {
            "pass" => Self::Passing,
            "warn" => Self::Warning,
            "fail" => Self::Critical,
            word => word.into(),
        }
    }

    /// How bad it is: maintenance before critical before warning before passing. A word that is
    /// not known counts as critical.
    #[must_use]
    pub fn severity(&self) -> u8 {
        match self {
            Self::Passing => 0,
            Self::Warning => 1,
            Self::Critical | Self::Other(_) => 2,
            Self::Maintenance => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn short_words_are_aliases() {
        assert_eq!(HealthStatus::from_alias("pass"), HealthStatus::Passing);
        assert_eq!(HealthStatus::from_alias("warn"), HealthStatus::Warning);
        assert_eq!(HealthStatus::from_alias("fail"), HealthStatus::Critical);
        assert_eq!(HealthStatus::from_alias("critical"), HealthStatus::Critical);
    }
}
