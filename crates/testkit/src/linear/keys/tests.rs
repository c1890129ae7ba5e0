//! What the model lets pass and what it does not: each history is good but for one thing.

use super::*;
use crate::history::Moment;
use crate::linear::{NotLinear, Operation, check};

type Op = Operation<Request, Reply>;

/// One after another.
fn history(steps: Vec<(Request, Option<Reply>)>) -> Vec<Op> {
    let numbered = (0..).zip(steps);
    let operation = |(at, (input, output)): (u64, _)| Operation {
        client: 0,
        input,
        output,
        called: Moment::from_nanos(at * 2),
        returned: Moment::from_nanos(at * 2 + 1),
    };
    numbered.map(operation).collect()
}

fn verdict_knowing(steps: Vec<(Request, Option<Reply>)>) -> Result<usize, NotLinear> {
    let operations = history(steps);
    check(&Keys::new(2).knowing(&operations), &operations)
}

fn verdict(steps: Vec<(Request, Option<Reply>)>) -> Result<usize, NotLinear> {
    let operations = history(steps);
    let plain = check(&Keys::new(2), &operations);
    let knowing = check(&Keys::new(2).knowing(&operations), &operations);
    assert_eq!(plain.is_ok(), knowing.is_ok(), "{plain:?} {knowing:?}");
    knowing
}

fn put(key: usize, value: u64) -> Request {
    Request::of(Action::Put(key, value))
}

fn get(key: usize) -> Request {
    Request::of(Action::Get(key))
}

fn reply(revision: i64, seen: impl IntoIterator<Item = Option<Seen>>) -> Option<Reply> {
    Some(Reply::new(revision).with_seen(seen))
}

fn seen(value: u64, created: i64, modified: i64, version: i64) -> Option<Seen> {
    Some(Seen::new(value).at(created, modified, version))
}

/// Written twice, deleted and written again.
fn good() -> Vec<(Request, Option<Reply>)> {
    vec![
        (put(0, 10), reply(2, [None])),
        (put(0, 11), reply(3, [seen(10, 2, 2, 1)])),
        (get(0), reply(3, [seen(11, 2, 3, 2)])),
        (
            Request::of(Action::Delete(0)),
            reply(4, [seen(11, 2, 3, 2)]),
        ),
        (Request::of(Action::Delete(0)), reply(4, [None])),
        (put(0, 12), reply(7, [None])),
        (get(0), reply(9, [seen(12, 7, 7, 1)])),
    ]
}

#[test]
fn what_etcd_answers_is_linear() {
    assert_eq!(verdict(good()).unwrap(), 7);
}

#[test]
fn each_wrong_answer_is_found() {
    let wrong = [
        // A stale read, one of another time, one of a version that was not.
        (2, reply(3, [seen(10, 2, 2, 1)])),
        (2, reply(3, [seen(11, 3, 3, 2)])),
        (2, reply(3, [seen(11, 2, 3, 1)])),
        (2, reply(3, [None])),
        // Revisions that go back, stay, or move without a write.
        (2, reply(2, [seen(11, 2, 3, 2)])),
        (3, reply(3, [seen(11, 2, 3, 2)])),
        (4, reply(3, [None])),
        // What was deleted is there.
        (6, reply(9, [seen(12, 2, 7, 3)])),
        // A write that did not see the one before it: an update is lost.
        (1, reply(3, [None])),
    ];
    for (at, answer) in wrong {
        let mut steps = good();
        steps[at].1.clone_from(&answer);
        let error = verdict(steps).expect_err(&format!("{at}: {answer:?}"));
        assert!(error.is_decided());
    }
}

#[test]
fn a_revision_is_given_once() {
    let steps = vec![(put(0, 1), reply(5, [None])), (put(1, 2), reply(5, [None]))];
    assert!(verdict(steps).is_err());
}

#[test]
fn what_a_transaction_writes_has_one_revision() {
    let both = Request::all([Action::Put(0, 1), Action::Put(1, 2)]);
    let read = Request::all([Action::Get(0), Action::Get(1)]);
    let after = |second| {
        vec![
            (both.clone(), reply(5, [None, None])),
            (read.clone(), reply(5, [seen(1, 5, 5, 1), second])),
        ]
    };
    assert!(verdict(after(seen(2, 5, 5, 1))).is_ok());
    for torn in [None, seen(2, 6, 6, 1), seen(1, 5, 5, 1)] {
        assert!(verdict(after(torn)).is_err(), "{torn:?}");
    }
}

#[test]
fn conditions_decide_as_the_keys_are() {
    let swap = |from, to| {
        put(0, to)
            .when(Condition::Is(0, from))
            .otherwise([Action::Get(0)])
    };
    let create = put(0, 1).when(Condition::Missing(0));
    let start = vec![(create, reply(2, [None]))];
    let with = |request, answer| [start.clone(), vec![(request, answer)]].concat();
    let failed = |seen| Some(Reply::new(2).failed().with_seen([seen]));
    let now = seen(1, 2, 2, 1);
    assert!(verdict(with(swap(1, 3), reply(3, [now]))).is_ok());
    assert!(verdict(with(swap(8, 3), failed(now))).is_ok());
    assert!(verdict(with(swap(8, 3), reply(3, [now]))).is_err());
    assert!(verdict(with(swap(1, 3), failed(now))).is_err());
}

#[test]
fn a_write_without_an_answer_is_seen_whole_or_not_at_all() {
    let both = Request::all([Action::Put(0, 1), Action::Put(1, 2)]);
    let read = Request::all([Action::Get(0), Action::Get(1)]);
    let after = |first, second| {
        vec![
            (both.clone(), None),
            (read.clone(), reply(8, [first, second])),
        ]
    };
    assert!(verdict(after(None, None)).is_ok());
    assert!(verdict(after(seen(1, 6, 6, 1), seen(2, 6, 6, 1))).is_ok());
    assert!(verdict(after(seen(1, 6, 6, 1), None)).is_err());
}

#[test]
fn a_write_without_an_answer_needs_a_revision_of_its_own() {
    let steps = |revision| {
        vec![
            (put(1, 5), reply(2, [None])),
            (put(0, 1), None),
            (put(1, 6), reply(revision, [seen(5, 2, 2, 1)])),
            (
                get(0),
                reply(revision, [seen(1, revision - 1, revision - 1, 1)]),
            ),
        ]
    };
    assert!(verdict(steps(4)).is_ok());
    assert!(verdict(steps(3)).is_err());
}

#[test]
fn many_writes_without_an_answer_do_not_make_it_long() {
    let mut steps: Vec<_> = (0..60).map(|value| (put(0, 100 + value), None)).collect();
    let mut before = None;
    for number in 0..200 {
        let value = u64::try_from(number).unwrap();
        steps.push((put(0, 1000 + value), reply(2 + number, [before])));
        before = seen(1000 + value, 2, 2 + number, 1 + number);
    }
    assert_eq!(verdict_knowing(steps).unwrap(), 260);
}

#[test]
fn once_seen_its_revision_stays() {
    let steps = |second| {
        vec![
            (put(0, 1), None),
            (get(0), reply(6, [seen(1, 6, 6, 1)])),
            (get(0), reply(7, [second])),
        ]
    };
    assert!(verdict(steps(seen(1, 6, 6, 1))).is_ok());
    assert!(verdict(steps(seen(1, 5, 5, 1))).is_err());
}

#[test]
fn a_request_names_its_keys_once() {
    let request = put(1, 5)
        .when(Condition::Is(0, 1))
        .otherwise([Action::Get(1)]);
    assert_eq!(request.keys(), [0, 1]);
}
