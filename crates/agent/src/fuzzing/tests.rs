//! Each target on inputs that nobody meant it to have: the same ones in every run. The fuzzer goes on
//! from here (`fuzz/`).

use std::path::Path;
use std::time::{Duration, Instant};

use super::mutate::Mutator;
use super::{TARGETS, seeds};

/// What one input may take at most, on a slow machine without optimisation.
const PATIENCE: Duration = Duration::from_secs(10);

fn try_target(name: &str, inputs: usize) {
    let (_, target) = TARGETS.iter().find(|(it, _)| *it == name).unwrap();
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("../wire/fixtures/consul-1.8.7");
    let seeds = seeds(name, &fixtures);
    let try_one = |input: &[u8]| {
        let start = Instant::now();
        target(input);
        let taken = start.elapsed();
        let shown = String::from_utf8_lossy(&input[..input.len().min(200)]);
        assert!(taken < PATIENCE, "{taken:?}: {shown}");
    };
    let step = seeds.len().div_ceil(inputs).max(1);
    seeds.iter().step_by(step).for_each(|seed| try_one(seed));
    let mut mutator = Mutator::new(0x5eed);
    for _ in 0..inputs {
        try_one(&mutator.mutate(&seeds));
    }
}

#[test]
fn any_target_is_found_or_refused() {
    try_target("target", 2000);
}

#[test]
fn any_json_is_read_as_it_is_written_or_refused() {
    try_target("json", 1500);
}

#[test]
fn any_rules_mean_the_same_when_translated_or_are_refused() {
    try_target("rules", 2000);
}

#[test]
fn any_filter_is_the_opposite_of_its_negation_or_refused() {
    try_target("filter", 1000);
}

#[test]
fn any_template_renders_or_is_refused() {
    try_target("template", 600);
}

#[test]
fn any_body_is_answered() {
    try_target("body", 300);
}

#[test]
fn any_bytes_on_a_connection_harm_nobody_else() {
    try_target("request", 300);
}

#[test]
fn any_state_of_a_snapshot_is_restored_whole_or_refused() {
    try_target("snapshot", 500);
}

#[test]
fn any_form_of_etcds_is_read_as_it_is_written_or_refused() {
    try_target("etcd2_form", 3000);
}

#[test]
fn any_path_of_etcds_leads_somewhere_clean_or_is_refused() {
    try_target("etcd2_path", 3000);
}

#[test]
fn any_body_for_the_gateway_is_read_as_it_is_written_or_refused() {
    try_target("etcd3_json", 3000);
}

#[test]
fn any_answer_of_the_gateway_is_json_or_refused() {
    try_target("etcd3_message", 3000);
}

#[test]
fn any_body_about_members_users_and_roles_is_read_or_refused() {
    try_target("etcd2_body", 3000);
}
