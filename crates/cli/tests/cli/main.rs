//! The program as its users run it: the real binary, its output, its exit codes.

#![allow(clippy::unwrap_used, reason = "a test may panic")]

mod agent;
mod config;
mod consul;
mod consul_mesh;
mod consul_query;
mod consul_watch;
#[cfg(target_os = "linux")]
mod crowd;
mod elect;
mod env;
mod errors;
mod etcd;
mod event;
mod kv;
mod lock;
mod lock_lost;
mod lock_terminal;
mod prompt;
mod serf_agent;
mod service;
mod shell;
mod snapshot;
mod testenv;
mod tour;
mod transfer;
mod tree;
mod watch;
