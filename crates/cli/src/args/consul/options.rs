//! What many verbs of `quorate consul` take.

use std::time::Duration;

use clap::Args;
use quorate_consul::{Consistency, QueryOptions, WriteOptions};

use crate::args::value;

/// Options of a read.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Options of the read")]
pub(crate) struct ReadArgs {
    /// Ask this datacenter instead of the server's own
    #[arg(long, alias = "datacenter", value_name = "NAME")]
    pub(crate) dc: Option<String>,
    /// Any server may answer, with data that may be old
    #[arg(long, conflicts_with = "consistent")]
    pub(crate) stale: bool,
    /// The leader has to confirm that it leads
    #[arg(long)]
    pub(crate) consistent: bool,
    /// Wait until the data is newer than this index
    #[arg(long, value_name = "N")]
    pub(crate) index: Option<u64>,
    /// Wait for at most this long, such as 10s; with --index
    #[arg(long, value_name = "D", requires = "index", value_parser = value::positive_duration)]
    pub(crate) wait: Option<Duration>,
}

impl ReadArgs {
    /// As the client takes them.
    pub(crate) fn options(&self) -> QueryOptions {
        let mut options = QueryOptions::new();
        if let Some(name) = &self.dc {
            options = options.with_datacenter(name);
        }
        if self.stale {
            options = options.with_consistency(Consistency::Stale);
        }
        if self.consistent {
            options = options.with_consistency(Consistency::Consistent);
        }
        if let Some(index) = self.index {
            options = options.with_blocking(index, self.wait.unwrap_or_default());
        }
        options
    }
}

/// What lists of nodes and services take beside that.
#[derive(Debug, Default, Args)]
#[command(next_help_heading = "Options of the read")]
pub(crate) struct ListArgs {
    #[command(flatten)]
    pub(crate) read: ReadArgs,
    /// Sort by network distance to this node, or to `_agent`
    #[arg(long, value_name = "NODE")]
    pub(crate) near: Option<String>,
    /// Only nodes with this metadata; may be repeated
    #[arg(long, value_name = "KEY=VALUE", value_parser = value::pair)]
    pub(crate) node_meta: Vec<(String, String)>,
    /// Only what fits this expression, such as 'Service.Port == 8080'
    #[arg(long, value_name = "EXPRESSION")]
    pub(crate) filter: Option<String>,
}

impl ListArgs {
    /// As the client takes them.
    pub(crate) fn options(&self) -> QueryOptions {
        let mut options = self.read.options();
        if let Some(node) = &self.near {
            options = options.with_near(node);
        }
        for (key, value) in &self.node_meta {
            options = options.with_node_meta(key, value);
        }
        if let Some(expression) = &self.filter {
            options = options.with_filter(expression);
        }
        options
    }
}

/// Options of a write.
#[derive(Debug, Default, Args)]
pub(crate) struct WriteArgs {
    /// Write to this datacenter instead of the server's own
    #[arg(long, alias = "datacenter", value_name = "NAME")]
    pub(crate) dc: Option<String>,
}

impl WriteArgs {
    /// As the client takes them.
    pub(crate) fn options(&self) -> WriteOptions {
        match &self.dc {
            Some(name) => WriteOptions::new().with_datacenter(name),
            None => WriteOptions::new(),
        }
    }
}
