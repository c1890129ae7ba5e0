//! What the comparisons share: load, child processes, their CPU and memory, and ratios.
//!
//! Each program under `src/bin/` measures in turns (ours, theirs, ours, theirs, …) within one run and
//! prints ratios of medians: absolute figures of a shared machine say little.

#![allow(
    clippy::print_stdout,
    reason = "benchmarks are programs that print figures"
)]

pub mod bare;
pub mod bare_grpc;
pub mod crowd;
pub mod grpc;
pub mod load;
pub mod measured;
pub mod process;
pub mod program;
pub mod report;
pub mod serf_agent;
pub mod watchers;
pub mod watching;
