//! What a member of a cluster is told, by `quorate agent` and by `quorate serf agent`.

use std::net::{IpAddr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use quorate_agent::gossip::engine::Limits;

use crate::args::value::{duration, pair, positive_duration};

/// Options of a member.
#[derive(Clone, Debug, Default, PartialEq, Args)]
#[group(skip)]
pub(crate) struct MemberArgs {
    /// Where the others reach this member: IP or IP:PORT [default: where it listens]
    #[arg(long, value_name = "ADDR", value_parser = place)]
    pub(crate) advertise: Option<SocketAddr>,

    /// Try members to join this often [default: 30s]
    #[arg(long, value_name = "TIME", value_parser = positive_duration)]
    pub(crate) retry_interval: Option<Duration>,

    /// End, if none was reached after so many times; 0: try on [default: 0]
    #[arg(long, value_name = "N")]
    pub(crate) retry_max: Option<u32>,

    /// Hear also of events from before it joined
    #[arg(long)]
    pub(crate) replay: bool,

    /// Encrypt with this key (of `quorate serf keygen`); better as @FILE, which reads it from a file,
    /// or in $QUORATE_ENCRYPT, because others see the options of programs
    #[arg(long, value_name = "KEY")]
    pub(crate) encrypt: Option<String>,

    /// Keep the keys here, as they change; those in the file win
    #[arg(long, value_name = "FILE")]
    pub(crate) keyring_file: Option<PathBuf>,

    /// Keep members and clocks here, to join again and to hear of nothing twice
    #[arg(long, value_name = "FILE")]
    pub(crate) snapshot: Option<PathBuf>,

    /// Join again by what was remembered also after a leave
    #[arg(long)]
    pub(crate) rejoin: bool,

    /// How fast to probe and gossip, as all members should: lan, wan or local [default: lan]
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,

    /// What the member says about itself; may be repeated
    #[arg(long = "tag", value_name = "TAG=VALUE", value_parser = pair)]
    pub(crate) tags: Vec<(String, String)>,

    /// Keep the tags here, as they change
    #[arg(long, value_name = "FILE", conflicts_with = "tags")]
    pub(crate) tags_file: Option<PathBuf>,

    /// Send nothing compressed
    #[arg(long)]
    pub(crate) disable_compression: bool,

    /// How long tags and goodbyes may take until all have heard of them [default: 5s]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) broadcast_timeout: Option<Duration>,

    /// Sizes and times, which a configuration file may change.
    #[arg(skip)]
    pub(crate) limits: Limits,

    /// Whether it keeps no coordinate: likewise.
    #[arg(skip)]
    pub(crate) disable_coordinates: bool,
}

/// An address with a port, which is Serf's if none is said.
pub(crate) fn place(text: &str) -> Result<SocketAddr, String> {
    const PORT: u16 = 7946;
    let whole = text.parse::<SocketAddr>().ok();
    let bare = || {
        let bare = text.trim_start_matches('[').trim_end_matches(']');
        bare.parse::<IpAddr>().ok()
    };
    whole
        .or_else(|| bare().map(|address| SocketAddr::new(address, PORT)))
        .ok_or_else(|| "is no IP or IP:PORT".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_may_have_a_port() {
        let read = |text| place(text).map(|place| place.to_string());
        assert_eq!(read("10.0.0.1").as_deref(), Ok("10.0.0.1:7946"));
        assert_eq!(read("10.0.0.1:1").as_deref(), Ok("10.0.0.1:1"));
        assert_eq!(read("[::1]").as_deref(), Ok("[::1]:7946"));
        assert_eq!(read("[::1]:0").as_deref(), Ok("[::1]:0"));
        assert!(read("host").is_err());
    }
}
