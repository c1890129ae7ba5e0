//! Counters of an agent.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::consul::go_float;
use crate::consul::null;

/// What an agent counted in its last interval, 10 seconds long (`GET /v1/agent/metrics`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct Metrics {
    /// The end of the interval, as Go prints it: `2026-11-21 06:37:30 +0000 UTC`.
    pub timestamp: String,
    /// Values at the end of the interval.
    #[serde(deserialize_with = "null::empty")]
    pub gauges: Vec<Gauge>,
    /// Single values.
    #[serde(deserialize_with = "null::empty")]
    pub points: Vec<Point>,
    /// What was counted.
    #[serde(deserialize_with = "null::empty")]
    pub counters: Vec<Sampled>,
    /// What was measured, mostly times in milliseconds.
    #[serde(deserialize_with = "null::empty")]
    pub samples: Vec<Sampled>,
}

impl Metrics {
    /// The first gauge whose name ends with `name`: agents put their host's name into the middle
    /// of some.
    #[must_use]
    pub fn gauge(&self, name: &str) -> Option<f64> {
        let mut gauges = self.gauges.iter();
        gauges
            .find(|gauge| gauge.name.ends_with(name))
            .map(|gauge| gauge.value)
    }

    /// The first counter whose name ends with `name`.
    #[must_use]
    pub fn counter(&self, name: &str) -> Option<&Sampled> {
        self.counters
            .iter()
            .find(|counter| counter.name.ends_with(name))
    }

    /// The first sample whose name ends with `name`.
    #[must_use]
    pub fn sample(&self, name: &str) -> Option<&Sampled> {
        self.samples
            .iter()
            .find(|sample| sample.name.ends_with(name))
    }
}

/// A value at one moment.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct Gauge {
    /// Such as `consul.raft.applied_index`.
    pub name: String,
    /// The value.
    #[serde(with = "go_float")]
    pub value: f64,
    /// What tells it from others of the same name.
    #[serde(deserialize_with = "null::empty")]
    pub labels: BTreeMap<String, String>,
}

impl Gauge {
    /// A value without labels.
    pub fn new(name: impl Into<String>, value: f64) -> Self {
        Self {
            name: name.into(),
            value,
            labels: BTreeMap::new(),
        }
    }
}

/// Values of the same name, each for itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct Point {
    /// The name.
    pub name: String,
    /// The values.
    #[serde(deserialize_with = "null::empty")]
    pub points: Vec<f64>,
}

/// Many values of one interval in short.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct Sampled {
    /// Such as `consul.rpc.request`.
    pub name: String,
    /// How many values there were.
    pub count: u64,
    /// The sum, by the seconds of the interval.
    #[serde(with = "go_float")]
    pub rate: f64,
    /// The sum of the values.
    #[serde(with = "go_float")]
    pub sum: f64,
    /// The least value.
    #[serde(with = "go_float")]
    pub min: f64,
    /// The greatest value.
    #[serde(with = "go_float")]
    pub max: f64,
    /// The mean of the values.
    #[serde(with = "go_float")]
    pub mean: f64,
    /// Their standard deviation.
    #[serde(with = "go_float")]
    pub stddev: f64,
    /// What tells it from others of the same name.
    #[serde(deserialize_with = "null::empty")]
    pub labels: BTreeMap<String, String>,
}
