//! Who is asked a question: for `quorate query ask` and `quorate serf query`.

use clap::Args;

use super::value;

/// Which members are asked, and how their answers come.
#[derive(Debug, Args)]
#[group(skip)]
pub(crate) struct AskedArgs {
    /// Ask only the member of this name; may be repeated
    #[arg(long, visible_alias = "member", value_name = "NAME", value_parser = value::key)]
    pub(crate) node: Vec<String>,
    /// Ask only members whose tag matches this regular expression; may be repeated
    #[arg(long, value_name = "TAG=REGEX", value_parser = value::pair)]
    pub(crate) tag: Vec<(String, String)>,
    /// Through so many other members each answer is sent, too
    #[arg(
        long,
        visible_alias = "relays",
        value_name = "N",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub(crate) relay_factor: u8,
}
