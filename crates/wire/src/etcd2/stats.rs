//! Statistics: `/v2/stats`. All bodies are without a line feed.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::consul::duration::GoDuration;
use crate::consul::time::GoTime;

/// What a member is.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(from = "String", into = "String")]
#[non_exhaustive]
pub enum MemberState {
    /// It leads. Servers go on to say so for a while after the others are gone.
    Leader,
    /// It follows.
    #[default]
    Follower,
    /// Another word.
    Other(String),
}

impl MemberState {
    /// The word on the wire.
    #[must_use]
    pub fn as_str(&self) -> &str {
        match self {
            Self::Leader => "StateLeader",
            Self::Follower => "StateFollower",
            Self::Other(word) => word,
        }
    }
}

impl From<String> for MemberState {
    fn from(word: String) -> Self {
        match word.as_str() {
            "StateLeader" => Self::Leader,
            "StateFollower" => Self::Follower,
            _ => Self::Other(word),
        }
    }
}

impl From<MemberState> for String {
    fn from(state: MemberState) -> Self {
        state.as_str().to_owned()
    }
}

/// The body of `GET /v2/stats/self`.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct SelfStats {
    /// The name of the member.
    pub name: String,
    /// Its id, in hexadecimal digits.
    pub id: String,
    /// What it is.
    pub state: MemberState,
    /// When it started.
    pub start_time: GoTime,
    /// Whom it follows.
    pub leader_info: LeaderInfo,
    /// How often it was told to append.
    pub recv_append_request_cnt: u64,
    /// Packages a second that it got lately. Absent when 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub recv_pkg_rate: f64,
    /// Bytes a second that it got lately. Absent when 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub recv_bandwidth_rate: f64,
    /// How often it told others to append.
    pub send_append_request_cnt: u64,
    /// Packages a second that it sent lately. Absent when 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub send_pkg_rate: f64,
    /// Bytes a second that it sent lately. Absent when 0.
    #[serde(skip_serializing_if = "is_zero")]
    pub send_bandwidth_rate: f64,
}

/// Who leads, as a member sees it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LeaderInfo {
    /// The id of the leader, in hexadecimal digits.
    pub leader: String,
    /// For how long it has led.
    pub uptime: GoDuration,
    /// Since when it has led.
    pub start_time: GoTime,
}

/// The body of `GET /v2/stats/leader`. Only the leader answers.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct LeaderStats {
    /// The id of the leader, in hexadecimal digits.
    pub leader: String,
    /// The others by their ids. Empty if it is alone.
    pub followers: BTreeMap<String, FollowerStats>,
}

/// How well a follower follows.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FollowerStats {
    /// How long requests to it take.
    pub latency: LatencyStats,
    /// How many there were.
    pub counts: CountStats,
}

/// How long requests take, in milliseconds.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct LatencyStats {
    /// The last one.
    pub current: f64,
    /// The mean.
    pub average: f64,
    /// How far they scatter.
    pub standard_deviation: f64,
    /// The shortest.
    pub minimum: f64,
    /// The longest.
    pub maximum: f64,
}

/// How many requests there were.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct CountStats {
    /// Failed ones.
    pub fail: u64,
    /// Others.
    pub success: u64,
}

/// The body of `GET /v2/stats/store`: what one member's store counted since it started.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct StoreStats {
    /// Reads.
    pub gets_success: u64,
    /// Reads that failed.
    pub gets_fail: u64,
    /// Sets.
    pub sets_success: u64,
    /// Sets that failed.
    pub sets_fail: u64,
    /// Deletions.
    pub delete_success: u64,
    /// Deletions that failed.
    pub delete_fail: u64,
    /// Updates.
    pub update_success: u64,
    /// Updates that failed.
    pub update_fail: u64,
    /// Creations.
    pub create_success: u64,
    /// Creations that failed.
    pub create_fail: u64,
    /// Changes under a condition.
    pub compare_and_swap_success: u64,
    /// Changes whose condition did not hold.
    pub compare_and_swap_fail: u64,
    /// Deletions under a condition.
    pub compare_and_delete_success: u64,
    /// Deletions whose condition did not hold.
    pub compare_and_delete_fail: u64,
    /// Nodes whose time was over.
    pub expire_count: u64,
    /// Watches that wait now.
    pub watchers: u64,
}
fn is_zero(number: &f64) -> bool {
    *number == 0.0
}
