//! `quorate serf members`, `join`, `leave`, `force-leave` and `tags`.

use clap::Args;

use super::format::FormatArgs;
use crate::args::value;

/// `quorate serf members`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate serf members
  quorate serf members --detailed --status 'alive|leaving'
  quorate serf members --tag role=web --tag dc=eu.* --format json
")]
pub(crate) struct MembersArgs {
    /// The versions of the protocol that each speaks, too
    #[arg(long)]
    pub(crate) detailed: bool,
    /// Only members whose whole name matches this regular expression
    #[arg(
        long,
        value_name = "REGEX",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) name: String,
    /// Only members whose whole status matches this regular expression: alive, leaving, left, failed
    #[arg(
        long,
        value_name = "REGEX",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) status: String,
    /// Only members whose whole tag matches this regular expression; may be repeated
    #[arg(long, value_name = "TAG=REGEX", value_parser = value::pair)]
    pub(crate) tag: Vec<(String, String)>,
    /// As --tag role=REGEX
    #[arg(long, value_name = "REGEX", hide = true)]
    pub(crate) role: Option<String>,
    #[command(flatten)]
    pub(crate) format: FormatArgs,
}

/// `quorate serf join`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate serf join 10.0.0.2
  quorate serf join --replay 10.0.0.2:7946 10.0.0.3:7946
")]
pub(crate) struct JoinArgs {
    /// Where other members are reached: HOST, HOST:PORT or NAME/HOST:PORT; one that answers is enough
    #[arg(required = true, value_name = "ADDR", value_parser = value::key)]
    pub(crate) addresses: Vec<String>,
    /// Tell the agent's handlers of events from before, too
    #[arg(long)]
    pub(crate) replay: bool,
}

/// `quorate serf leave`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate serf leave
  quorate serf --rpc-addr 10.0.0.2:7373 leave
")]
pub(crate) struct LeaveArgs {}

/// `quorate serf force-leave`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate serf force-leave web-7
  quorate serf force-leave --prune web-7            and nobody lists it any more
")]
pub(crate) struct ForceLeaveArgs {
    /// The member's name
    #[arg(value_parser = value::key)]
    pub(crate) name: String,
    /// Remove it from the list of members, too; not one that is alive
    #[arg(long)]
    pub(crate) prune: bool,
}

/// `quorate serf tags`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate serf tags --set role=web --set dc=eu-1
  quorate serf tags --delete old --set new=1
")]
pub(crate) struct TagsArgs {
    /// Set a tag; may be repeated
    #[arg(
        long,
        value_name = "TAG=VALUE",
        value_parser = value::pair,
        required_unless_present = "delete"
    )]
    pub(crate) set: Vec<(String, String)>,
    /// Remove a tag, if it is there; may be repeated
    #[arg(long, value_name = "TAG", value_parser = value::key)]
    pub(crate) delete: Vec<String>,
}
