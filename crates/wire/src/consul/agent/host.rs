//! The machine that an agent runs on.

use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use crate::consul::go_float;
use crate::consul::null;

/// What an agent says of its machine (`GET /v1/agent/host`).
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct HostReport {
    /// Its memory; `None` if it could not be read.
    pub memory: Option<HostMemory>,
    /// Its processors.
    #[serde(rename = "CPU", deserialize_with = "null::empty")]
    pub cpu: Vec<HostCpu>,
    /// Its system.
    pub host: Option<HostInfo>,
    /// The disk of the agent's data.
    pub disk: Option<HostDisk>,
    /// When this was read, in nanoseconds since 1970.
    pub collection_time: u64,
    /// What could not be read.
    pub errors: Option<Vec<Value>>,
}

/// Memory, in bytes.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct HostMemory {
    /// All of it.
    pub total: u64,
    /// What programs may still get.
    pub available: u64,
    /// What programs have.
    pub used: u64,
    /// That in percent.
    #[serde(with = "go_float")]
    pub used_percent: f64,
    /// What nobody uses.
    pub free: u64,
    /// The system's further numbers.
    #[serde(flatten)]
    pub others: Map<String, Value>,
}

/// One processor.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct HostCpu {
    /// Its number.
    pub cpu: i64,
    /// Who made it.
    pub vendor_id: String,
    /// Its family.
    pub family: String,
    /// Its model.
    pub model: String,
    /// Its stepping.
    pub stepping: i64,
    /// Its socket.
    pub physical_id: String,
    /// Its core.
    pub core_id: String,
    /// Its cores.
    pub cores: i64,
    /// Its name for people.
    pub model_name: String,
    /// Its clock in MHz.
    #[serde(with = "go_float")]
    pub mhz: f64,
    /// Its cache in KiB.
    pub cache_size: i64,
    /// What it can.
    #[serde(deserialize_with = "null::empty")]
    pub flags: Vec<String>,
    /// Its microcode.
    pub microcode: String,
}

/// The system.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct HostInfo {
    /// The machine's name.
    pub hostname: String,
    /// For how long it runs, in seconds; see [`up_for`](Self::up_for).
    pub uptime: u64,
    /// Since when it runs, in seconds since 1970.
    pub boot_time: u64,
    /// How many processes there are.
    pub procs: u64,
    /// Such as `linux`.
    pub os: String,
    /// Such as `debian`.
    pub platform: String,
    /// What the platform is derived from.
    pub platform_family: String,
    /// The platform's version.
    pub platform_version: String,
    /// The kernel's version.
    pub kernel_version: String,
    /// Such as `x86_64`.
    pub kernel_arch: String,
    /// What it is virtualised with.
    pub virtualization_system: String,
    /// `host` or `guest`.
    pub virtualization_role: String,
    /// The machine's id.
    pub hostid: String,
}

impl HostInfo {
    /// For how long the machine runs.
    #[must_use]
    pub fn up_for(&self) -> Duration {
        Duration::from_secs(self.uptime)
    }
}

/// A disk, in bytes and files.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[non_exhaustive]
pub struct HostDisk {
    /// Where it stands in the file system.
    pub path: String,
    /// What it is formatted with.
    pub fstype: String,
    /// All of its bytes.
    pub total: u64,
    /// Those that programs may still get.
    pub free: u64,
    /// Those in use.
    pub used: u64,
    /// That in percent of what is in use or may be.
    #[serde(with = "go_float")]
    pub used_percent: f64,
    /// How many files it can hold.
    pub inodes_total: u64,
    /// How many it holds.
    pub inodes_used: u64,
    /// How many more it can hold.
    pub inodes_free: u64,
    /// What it holds in percent.
    #[serde(with = "go_float")]
    pub inodes_used_percent: f64,
}
