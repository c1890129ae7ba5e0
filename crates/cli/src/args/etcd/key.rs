//! `quorate etcd get`, `put` and `del`.

use std::ffi::OsString;

use clap::{Args, ValueEnum};

use super::value::lease_or_none;

/// Which keys.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct RangeArgs {
    /// The key; with --prefix or --from-key it may be ''
    pub(crate) key: OsString,
    /// All keys from KEY up to this one, without it
    #[arg(conflicts_with_all = ["prefix", "from_key"])]
    pub(crate) range_end: Option<OsString>,
    /// All keys that begin with KEY
    #[arg(long, conflicts_with = "from_key")]
    pub(crate) prefix: bool,
    /// All keys from KEY on
    #[arg(long)]
    pub(crate) from_key: bool,
}

/// `quorate etcd get`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate etcd get greeting
  quorate etcd get --prefix jobs/ --keys-only
  quorate etcd get --prefix jobs/ --limit 10 --sort-by MODIFY --order DESCEND
  quorate etcd get --rev 7 --print-value-only greeting
  quorate etcd get jobs/1 jobs/9
")]
pub(crate) struct GetArgs {
    #[command(flatten)]
    pub(crate) range: RangeArgs,
    /// At most so many keys; 0 is all
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) limit: i64,
    /// In this order
    #[arg(long, value_enum, value_name = "ORDER", ignore_case = true)]
    pub(crate) order: Option<Order>,
    /// By what they are put in order
    #[arg(long, value_enum, value_name = "WHAT", ignore_case = true)]
    pub(crate) sort_by: Option<SortBy>,
    /// As they were at this revision
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) rev: i64,
    /// Keys without their values
    #[arg(long)]
    pub(crate) keys_only: bool,
    /// How many there are, and no keys
    #[arg(long, conflicts_with_all = ["keys_only", "print_value_only"])]
    pub(crate) count_only: bool,
    /// Values without their keys
    #[arg(long, conflicts_with = "keys_only")]
    pub(crate) print_value_only: bool,
    /// l: what a majority of the members agrees on; s: what one of them knows
    #[arg(long, value_enum, value_name = "C", default_value = "l")]
    pub(crate) consistency: Consistency,
}

/// The order of keys.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
pub(crate) enum Order {
    /// The least first
    Ascend,
    /// The greatest first
    Descend,
}

/// By what keys are put in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
#[value(rename_all = "UPPER")]
pub(crate) enum SortBy {
    /// When they were made
    Create,
    /// Their names
    Key,
    /// When they were changed last
    Modify,
    /// Their values
    Value,
    /// How often they were written
    Version,
}

/// How fresh what is read is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Consistency {
    /// What a majority of the members agrees on
    #[value(name = "l")]
    Linearizable,
    /// What one member knows
    #[value(name = "s")]
    Serializable,
}

/// `quorate etcd put`.
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = "\
Examples:
  quorate etcd put greeting 'Hello world'
  quorate etcd put greeting < greeting.txt
  quorate etcd put --lease 694d77aa9e38260f alive yes
  quorate etcd put --ignore-value --lease 0 alive
  quorate etcd put -- greeting -hello-
")]
pub(crate) struct PutArgs {
    /// The key
    pub(crate) key: OsString,
    /// The value; without one, standard input is. One that begins with - needs -- before the key
    #[arg(conflicts_with = "ignore_value")]
    pub(crate) value: Option<OsString>,
    /// The lease that the key goes with from now on; 0: none
    #[arg(
        long,
        value_name = "ID",
        default_value = "0",
        hide_default_value = true,
        value_parser = lease_or_none
    )]
    pub(crate) lease: i64,
    /// Print what was there before, too
    #[arg(long)]
    pub(crate) prev_kv: bool,
    /// Leave the value as it is: the key has to be there
    #[arg(long)]
    pub(crate) ignore_value: bool,
    /// Leave the lease as it is: the key has to be there
    #[arg(long)]
    pub(crate) ignore_lease: bool,
}

/// `quorate etcd del`.
#[derive(Clone, Debug, Default, Args)]
#[command(after_help = "\
Examples:
  quorate etcd del greeting
  quorate etcd del --prefix --prev-kv jobs/
  quorate etcd del jobs/1 jobs/9
")]
pub(crate) struct DelArgs {
    #[command(flatten)]
    pub(crate) range: RangeArgs,
    /// Print what was there before, too
    #[arg(long)]
    pub(crate) prev_kv: bool,
}
