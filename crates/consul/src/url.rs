//! Builds a path and its query in one string.

use quorate_wire::consul::path;

use crate::options::{QueryOptions, WriteOptions};

/// A path under construction. Everything that a caller gives is percent-encoded.
#[derive(Clone, Debug)]
pub(crate) struct Url {
    text: String,
    separator: char,
}

impl Url {
    /// An endpoint's path as it is.
    pub(crate) fn new(endpoint: &str) -> Self {
        let mut text = String::with_capacity(endpoint.len() + 40);
        text.push_str(endpoint);
        Self {
            text,
            separator: '?',
        }
    }

    /// An endpoint's path with a name behind it, encoded whole.
    pub(crate) fn named(endpoint: &str, name: &str) -> Self {
        let mut url = Self::new(endpoint);
        url.text.push_str(&path::encode_segment(name));
        url
    }

    /// An endpoint's path with a name in the middle of it, encoded whole.
    pub(crate) fn below(endpoint: &str, name: &str, rest: &str) -> Self {
        let mut url = Self::named(endpoint, name);
        url.text.push_str(rest);
        url
    }

    /// The path of a key; its slashes stay.
    pub(crate) fn key(key: &str) -> Self {
        let encoded = path::encode_key(key);
        let mut text = String::with_capacity(path::KV.len() + encoded.len() + 40);
        text.push_str(path::KV);
        text.push_str(&encoded);
        Self {
            text,
            separator: '?',
        }
    }

    /// Adds a parameter without a value.
    pub(crate) fn flag(&mut self, name: &str) {
        self.text.push(self.separator);
        self.text.push_str(name);
        self.separator = '&';
    }

    /// Adds a parameter. The name is one of ours and needs no encoding.
    pub(crate) fn pair(&mut self, name: &str, value: &str) {
        self.flag(name);
        self.text.push('=');
        self.text.push_str(&path::encode_segment(value));
    }

    /// Adds what every read may carry.
    pub(crate) fn query(&mut self, options: &QueryOptions, datacenter: Option<&str>) {
        if options.query.datacenter.is_none() {
            self.datacenter(datacenter);
        }
        options.query.for_each_pair(|name, value| match value {
            Some(value) => self.pair(name, value),
            None => self.flag(name),
        });
    }

    /// Adds what every write may carry.
    pub(crate) fn write(&mut self, options: &WriteOptions, datacenter: Option<&str>) {
        self.datacenter(options.write.datacenter.as_deref().or(datacenter));
    }

    fn datacenter(&mut self, datacenter: Option<&str>) {
        if let Some(datacenter) = datacenter {
            self.pair("dc", datacenter);
        }
    }

    pub(crate) fn into_string(self) -> String {
        self.text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_a_caller_gives_is_encoded() {
        let mut url = Url::key("a b/c?d");
        url.flag("keys");
        url.pair("separator", "/&=");
        assert_eq!(
            url.into_string(),
            "/v1/kv/a%20b/c%3Fd?keys&separator=%2F%26%3D"
        );
        assert_eq!(Url::named("/v1/x/", "a/b#").into_string(), "/v1/x/a%2Fb%23");
    }

    #[test]
    fn a_calls_datacenter_goes_before_the_clients() {
        let read = |options: &QueryOptions| {
            let mut url = Url::new("/v1/x");
            url.query(options, Some("mine"));
            url.into_string()
        };
        assert_eq!(read(&QueryOptions::new()), "/v1/x?dc=mine");
        assert_eq!(
            read(&QueryOptions::new().with_datacenter("other")),
            "/v1/x?dc=other"
        );
        let mut url = Url::new("/v1/x");
        url.write(&WriteOptions::new().with_datacenter("other"), Some("mine"));
        assert_eq!(url.into_string(), "/v1/x?dc=other");
    }
}
