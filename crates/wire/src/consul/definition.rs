//! How a check of the catalog is run.

use std::time::Duration;

use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};

use super::duration::GoDuration;

/// How a check of the catalog is run: kept as it came, since servers run no catalog checks; who
/// does, such as consul-esm, reads it. Written with its fields in Consul's order, and behind them
/// those that are not known here.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(transparent)]
pub struct Definition(pub Map<String, Value>);

/// The fields in the order in which Consul writes them.
const FIELDS: [&str; 17] = [
    "Interval",
    "OutputMaxSize",
    "Timeout",
    "DeregisterCriticalServiceAfter",
    "HTTP",
    "TLSSkipVerify",
    "Header",
    "Method",
    "Body",
    "TCP",
    "ScriptArgs",
    "DockerContainerID",
    "Shell",
    "GRPC",
    "GRPCUseTLS",
    "AliasNode",
    "AliasService",
];

impl Definition {
    /// A request to this URL, repeated after each `interval`.
    #[must_use]
    pub fn http(url: impl Into<String>, interval: Duration) -> Self {
        Self::default()
            .with("HTTP", url.into())
            .with_duration("Interval", interval)
    }

    /// A connection to this address, repeated after each `interval`.
    #[must_use]
    pub fn tcp(address: impl Into<String>, interval: Duration) -> Self {
        Self::default()
            .with("TCP", address.into())
            .with_duration("Interval", interval)
    }

    /// Sets how long one run may take.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        self.with_duration("Timeout", timeout)
    }

    /// Removes the service after it was critical for this long.
    #[must_use]
    pub fn with_deregister_critical_after(self, time: Duration) -> Self {
        self.with_duration("DeregisterCriticalServiceAfter", time)
    }

    /// Sets any field, as it is written on the wire.
    #[must_use]
    pub fn with(mut self, name: impl Into<String>, value: impl Into<Value>) -> Self {
        self.0.insert(name.into(), value.into());
        self
    }

    fn with_duration(self, name: &str, duration: Duration) -> Self {
        self.with(name, GoDuration::millis_text(duration))
    }

    /// The URL that is asked.
    #[must_use]
    pub fn http_url(&self) -> Option<&str> {
        self.0.get("HTTP")?.as_str()
    }

    /// The address that is connected to.
    #[must_use]
    pub fn tcp_address(&self) -> Option<&str> {
        self.0.get("TCP")?.as_str()
    }

    /// How long to pause between runs.
    #[must_use]
    pub fn interval(&self) -> Option<Duration> {
        self.duration("Interval")
    }

    /// How long one run may take.
    #[must_use]
    pub fn timeout(&self) -> Option<Duration> {
        self.duration("Timeout")
    }

    /// After how long a critical check removes its service.
    #[must_use]
    pub fn deregister_critical_after(&self) -> Option<Duration> {
        self.duration("DeregisterCriticalServiceAfter")
    }

    /// A text with units, or a number of nanoseconds.
    fn duration(&self, name: &str) -> Option<Duration> {
        let value = self.0.get(name)?;
        let duration = match value.as_str() {
            Some(text) => text.parse().ok()?,
            None => GoDuration::from_nanos(value.as_i64()?),
        };
        duration.to_duration()
    }
}

impl Serialize for Definition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_empty() {
            return serializer.collect_map::<&str, &Value, _>([]);
        }
        let known = FIELDS.iter();
        let known = known.filter_map(|name| self.0.get_key_value(*name));
        let others = self.0.iter();
        let others = others.filter(|(name, _)| !FIELDS.contains(&name.as_str()));
        serializer.collect_map(known.chain(others))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_are_read_in_both_forms() {
        let json = r#"{"Interval":"1m30s","Timeout":5000000000,"HTTP":"http://x"}"#;
        let definition: Definition = serde_json::from_str(json).unwrap();
        assert_eq!(definition.interval(), Some(Duration::from_secs(90)));
        assert_eq!(definition.timeout(), Some(Duration::from_secs(5)));
        assert_eq!(definition.deregister_critical_after(), None);
        assert_eq!(definition.http_url(), Some("http://x"));
    }

    #[test]
    fn the_fields_are_written_in_consuls_order() {
        let definition = Definition::http("http://x", Duration::from_secs(10))
            .with("TTL", 5)
            .with_timeout(Duration::from_millis(1500))
            .with("Method", "PUT");
        assert_eq!(
            serde_json::to_string(&definition).unwrap(),
            r#"{"Interval":"10000ms","Timeout":"1500ms","HTTP":"http://x","Method":"PUT","TTL":5}"#
        );
        assert_eq!(serde_json::to_string(&Definition::default()).unwrap(), "{}");
    }
}
