//! A register that is written and read, by hand and by the thousand.

use super::*;
use crate::history::Moment;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Do {
    Write(u8),
    Read,
}

/// What a read gave; a write gives nothing.
type Gave = Option<u8>;

struct Register;

impl Model for Register {
    type State = u8;
    type Input = Do;
    type Output = Gave;

    fn initial(&self) -> u8 {
        0
    }

    fn step(&self, state: &u8, input: &Do, output: Option<&Gave>) -> Option<u8> {
        match (input, output) {
            (Do::Write(value), _) => Some(*value),
            (Do::Read, Some(Some(read))) if read != state => None,
            (Do::Read, _) => Some(*state),
        }
    }
}

type Op = Operation<Do, Gave>;

fn op(input: Do, output: Option<Gave>, called: u64, returned: u64) -> Op {
    Operation {
        client: 0,
        input,
        output,
        called: Moment::from_nanos(called),
        returned: Moment::from_nanos(returned),
    }
}

fn wrote(value: u8, called: u64, returned: u64) -> Op {
    op(Do::Write(value), Some(None), called, returned)
}

fn lost(value: u8, called: u64) -> Op {
    op(Do::Write(value), None, called, called)
}

fn read(value: u8, called: u64, returned: u64) -> Op {
    op(Do::Read, Some(Some(value)), called, returned)
}

fn is_linear(operations: &[Op]) -> bool {
    match check(&Register, operations) {
        Ok(count) => {
            assert_eq!(count, operations.len());
            true
        }
        Err(error) => {
            assert!(error.is_decided(), "{error}");
            false
        }
    }
}

#[test]
fn nothing_is_linear() {
    assert!(is_linear(&[]));
    assert!(is_linear(&[lost(1, 0)]));
}

#[test]
fn reads_of_what_was_written_before_are_fine() {
    assert!(is_linear(&[
        wrote(1, 0, 1),
        read(1, 2, 3),
        wrote(2, 4, 5),
        read(2, 6, 7)
    ]));
}

#[test]
fn a_stale_read_is_found() {
    assert!(!is_linear(&[wrote(1, 0, 1), wrote(2, 2, 3), read(1, 4, 5)]));
}

#[test]
fn a_read_of_what_nobody_wrote_is_found() {
    assert!(!is_linear(&[wrote(1, 0, 1), read(9, 0, 5)]));
}

#[test]
fn a_write_that_overlaps_may_be_seen_or_not() {
    for value in [0, 1] {
        assert!(is_linear(&[wrote(1, 0, 10), read(value, 2, 3)]));
    }
}

#[test]
fn what_one_has_seen_another_cannot_unsee() {
    let during = [wrote(1, 0, 10), read(1, 2, 3), read(0, 4, 5)];
    assert!(!is_linear(&during));
    let overlapping = [wrote(1, 0, 10), read(1, 2, 5), read(0, 4, 6)];
    assert!(is_linear(&overlapping));
}

#[test]
fn a_write_whose_answer_was_lost_may_happen_late_or_never() {
    assert!(is_linear(&[lost(1, 0), read(0, 5, 6), read(1, 7, 8)]));
    assert!(is_linear(&[lost(1, 0), read(0, 5, 6), read(0, 7, 8)]));
}

#[test]
fn it_does_not_happen_before_it_was_sent_nor_twice() {
    assert!(!is_linear(&[read(1, 0, 1), lost(1, 5)]));
    let twice = [lost(1, 0), read(1, 1, 2), wrote(2, 3, 4), read(1, 5, 6)];
    assert!(!is_linear(&twice));
}

#[test]
fn the_report_names_what_does_not_fit() {
    let operations = [wrote(1, 0, 1), wrote(2, 2, 3), read(1, 4, 5)];
    let text = check(&Register, &operations).unwrap_err().to_string();
    assert!(
        text.starts_with("not linearizable: after 2 of 3 operations"),
        "{text}"
    );
    assert!(text.ends_with("Read -> Some(Some(1))"), "{text}");
}

/// Whether some order exists, by trying all of them.
fn by_brute_force(operations: &[Op], placed: &mut Vec<usize>, state: u8) -> bool {
    let is_left = |at: &usize| !placed.contains(at);
    let left: Vec<_> = (0..operations.len()).filter(is_left).collect();
    if left.iter().all(|at| operations[*at].output.is_none()) {
        return true;
    }
    left.iter().any(|at| {
        let it = &operations[*at];
        let ended_before = |other: &usize| {
            let other = &operations[*other];
            other.output.is_some() && other.returned < it.called
        };
        if left.iter().any(ended_before) {
            return false;
        }
        let step = Register.step(&state, &it.input, it.output.as_ref());
        step.is_some_and(|next| {
            placed.push(*at);
            let found = by_brute_force(operations, placed, next);
            placed.pop();
            found
        })
    })
}

#[test]
fn it_finds_what_trying_all_orders_finds() {
    let mut seed: u64 = 7;
    let mut below = |limit: u64| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        (seed >> 33) % limit
    };
    let (mut fine, mut bad) = (0, 0);
    for _ in 0..4000 {
        let mut operations = Vec::new();
        for _ in 0..2 + below(5) {
            let value = u8::try_from(below(3)).unwrap();
            let called = below(12);
            let returned = called + 1 + below(6);
            operations.push(match below(5) {
                0 => lost(value, called),
                1 | 2 => wrote(value, called, returned),
                _ => read(value, called, returned),
            });
        }
        let expected = by_brute_force(&operations, &mut Vec::new(), 0);
        assert_eq!(is_linear(&operations), expected, "{operations:?}");
        if expected { fine += 1 } else { bad += 1 }
    }
    assert!(fine > 500 && bad > 500, "{fine} fine, {bad} bad");
}
