//! Attempts: which servers, how often, and what a caller is told.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering::SeqCst};
use std::time::Duration;

use quorate_etcd::v3::{
    Cond, ErrorKind, KeyRange, Limits, Outcome, RangeOptions, RetryAdvice, Txn, TxnOp,
};
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_testkit::eventually;
use tokio::time::Instant;

use crate::script::{
    Call, INVALID_ARGUMENT, Network, RESOURCE_EXHAUSTED, Server, UNAVAILABLE, builder, client,
    client_of_two, header, key, put, range, well, well_server, who,
};

#[tokio::test(start_paused = true)]
async fn the_first_server_that_works_serves_and_stays() {
    let (a, b) = (well_server("a"), well_server("b"));
    let network = Network::new([("http://a:1", &a), ("http://b:1", &b)]);
    network.down("http://a:1");
    let addresses = quorate_etcd::v3::Client::builder().address("http://a:1,http://b:1");
    let client = addresses.dialer(Arc::clone(&network)).build().unwrap();
    assert_eq!(who(&client).await, "b");
    network.up("http://a:1", &a);
    assert_eq!(who(&client).await, "b", "what works is not left");
    assert_eq!(b.connections(), 1);
}

#[tokio::test(start_paused = true)]
async fn a_read_goes_on_at_another_server_whatever_phase_it_was_cut_in() {
    let cuts: [fn(Call); 4] = [
        // Before anything was answered.
        |call| call.connection.cut(),
        // After the head of the answer.
        |mut call| {
            call.begin();
            call.connection.cut();
        },
        // In the middle of the message.
        |mut call| {
            let message = quorate_testkit::grpc::frame(&range(5, vec![key("k", "half", 5)]));
            call.send(message.slice(..9));
            call.connection.cut();
        },
        // After the message, before the status.
        |mut call| {
            call.say(&range(5, vec![key("k", "whole", 5)]));
            call.connection.cut();
        },
    ];
    for cut in cuts {
        let a = Server::new(move |call| async move { cut(call) });
        let b = well_server("b");
        assert_eq!(who(&client_of_two(&a, &b)).await, "b");
        assert_eq!((a.count("/Range"), b.count("/Range")), (1, 1));
    }
}

#[tokio::test(start_paused = true)]
async fn a_write_whose_answer_was_cut_off_is_indeterminate_and_not_sent_again() {
    let a = Server::new(|call: Call| async move { call.connection.cut() });
    let b = well_server("b");
    let client = client_of_two(&a, &b);
    let error = client.kv().put("k", "v").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Indeterminate, "{error}");
    assert_eq!(error.outcome(), Outcome::Unknown);
    assert_eq!(error.advice(), RetryAdvice::IfIdempotent);
    assert_eq!((error.peer(), b.count("/Put")), (Some("http://a:1"), 0));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_no_server_was_reached_for_goes_to_another() {
    let b = well_server("b");
    let network = Network::new([("http://b:1", &b)]);
    let addresses = quorate_etcd::v3::Client::builder().address("http://a:1,http://b:1");
    let client = addresses.dialer(network).build().unwrap();
    client.kv().put("k", "v").await.unwrap();
    assert_eq!(b.count("/Put"), 1);
}

#[tokio::test(start_paused = true)]
async fn a_write_that_a_server_did_not_look_at_goes_to_another() {
    let a = Server::new(|call: Call| async move { call.reset(h2::Reason::REFUSED_STREAM) });
    let b = well_server("b");
    client_of_two(&a, &b).kv().put("k", "v").await.unwrap();
    assert_eq!((a.count("/Put"), b.count("/Put")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_a_server_broke_off_is_indeterminate() {
    let a = Server::new(|call: Call| async move { call.reset(h2::Reason::INTERNAL_ERROR) });
    let b = well_server("b");
    let error = client_of_two(&a, &b).kv().put("k", "v").await.unwrap_err();
    assert_eq!(
        (error.kind(), b.count("/Put")),
        (ErrorKind::Indeterminate, 0)
    );
}

#[tokio::test(start_paused = true)]
async fn a_server_that_goes_away_in_good_order_costs_no_call() {
    let server = Server::new(|call: Call| async move {
        call.connection.go_away();
        well(call, "a").await;
    });
    let client = client(&server);
    for _ in 0..5 {
        client.kv().put("k", "v").await.unwrap();
    }
    assert_eq!(server.count("/Put"), 5, "each was sent once");
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stands_still_loses_its_turn_in_time() {
    let a = Server::new(Call::hang);
    let b = well_server("b");
    let client = client_of_two(&a, &b);
    let begun = Instant::now();
    assert_eq!(who(&client).await, "b");
    assert!(begun.elapsed() < Duration::from_secs(2));
    assert_eq!(a.live(), 0, "it was told that nobody waits any more");
    let begun = Instant::now();
    assert_eq!(who(&client).await, "b");
    assert!(
        begun.elapsed() < Duration::from_millis(500),
        "it is not asked again"
    );
}

#[tokio::test(start_paused = true)]
async fn a_write_that_a_server_stands_still_with_is_indeterminate_in_time() {
    let a = Server::new(Call::hang);
    let b = well_server("b");
    let begun = Instant::now();
    let error = client_of_two(&a, &b).kv().put("k", "v").await.unwrap_err();
    assert_eq!(
        (error.kind(), b.count("/Put")),
        (ErrorKind::Indeterminate, 0)
    );
    assert!(begun.elapsed() < Duration::from_secs(2));
}

#[tokio::test(start_paused = true)]
async fn a_call_ends_when_its_time_is_over_though_all_servers_stand_still() {
    let (a, b) = (Server::new(Call::hang), Server::new(Call::hang));
    let client = client_of_two(&a, &b);
    let begun = Instant::now();
    let error = client.kv().get("k").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Timeout, Outcome::DidNotHappen)
    );
    assert!(
        begun.elapsed() <= Duration::from_millis(15_100),
        "{:?}",
        begun.elapsed()
    );
    assert!(
        a.count("/Range") > 1 && b.count("/Range") > 1,
        "both had several turns"
    );
}

#[tokio::test(start_paused = true)]
async fn a_refusal_is_the_answer_and_is_not_asked_for_elsewhere() {
    for (code, text, kind) in [
        (
            11,
            "etcdserver: mvcc: required revision has been compacted",
            ErrorKind::Compacted,
        ),
        (
            7,
            "etcdserver: permission denied",
            ErrorKind::PermissionDenied,
        ),
        (
            RESOURCE_EXHAUSTED,
            "etcdserver: mvcc: database space exceeded",
            ErrorKind::NoSpace,
        ),
        (
            INVALID_ARGUMENT,
            "etcdserver: key is not provided",
            ErrorKind::InvalidArgument,
        ),
    ] {
        let a = Server::new(move |call: Call| async move { call.refuse(code, text) });
        let b = well_server("b");
        let error = client_of_two(&a, &b).kv().get("k").await.unwrap_err();
        assert_eq!((error.kind(), error.code()), (kind, Some(code)));
        assert_eq!((error.text(), b.count("/Range")), (Some(text), 0));
    }
}

#[tokio::test(start_paused = true)]
async fn a_member_without_a_leader_is_left_even_for_a_write() {
    let a = Server::new(|call: Call| async move {
        assert_eq!(call.header("hasleader"), Some("true"));
        call.refuse(UNAVAILABLE, "etcdserver: no leader");
    });
    let b = well_server("b");
    let client = client_of_two(&a, &b);
    client.kv().put("k", "v").await.unwrap();
    assert_eq!((a.count("/Put"), b.count("/Put")), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn a_write_that_timed_out_on_the_servers_is_indeterminate() {
    let a = Server::new(|call: Call| async move {
        call.refuse(UNAVAILABLE, "etcdserver: request timed out");
    });
    let b = well_server("b");
    let client = client_of_two(&a, &b);
    let error = client.kv().put("k", "v").await.unwrap_err();
    assert_eq!(
        (error.kind(), b.count("/Put")),
        (ErrorKind::Indeterminate, 0)
    );
    assert_eq!(who(&client).await, "b", "a read is asked for elsewhere");
}

#[tokio::test(start_paused = true)]
async fn what_any_member_may_answer_does_not_ask_for_a_leader() {
    let server = Server::new(|call: Call| async move {
        assert_eq!(call.header("hasleader"), None);
        well(call, "a").await;
    });
    let options = RangeOptions::new().serializable();
    let kv = client(&server).kv();
    kv.range(&KeyRange::key("k"), &options).await.unwrap();
}

/// A server that cuts the connection at the first transaction, after it did it or not, and answers
/// whether the condition held at the second.
fn forgetful(second: bool) -> (Server, Arc<AtomicUsize>) {
    let calls = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&calls);
    let server = Server::new(move |call: Call| {
        let first = counter.fetch_add(1, SeqCst) == 0;
        async move {
            if first {
                call.connection.cut();
                return;
            }
            call.answer(&pb::TxnResponse {
                header: header(9),
                succeeded: second,
                responses: Vec::new(),
            });
        }
    });
    (server, calls)
}

fn change() -> Txn {
    Txn::new()
        .when(Cond::mod_revision("k").is(7))
        .then(TxnOp::put("k", "v"))
}

#[tokio::test(start_paused = true)]
async fn a_transaction_is_repeated_if_its_condition_shows_that_the_first_did_not_happen() {
    let (server, calls) = forgetful(true);
    // The replies are left out by the script: without an operation there is none.
    let done = client(&server).kv().txn(&change()).await.unwrap();
    assert!(done.succeeded);
    assert_eq!(calls.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_transaction_whose_condition_does_not_hold_the_second_time_is_indeterminate() {
    let (server, calls) = forgetful(false);
    let error = client(&server).kv().txn(&change()).await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::Indeterminate,
        "the first may have made it so"
    );
    assert_eq!(calls.load(SeqCst), 2);
}

#[tokio::test(start_paused = true)]
async fn a_transaction_that_a_replay_would_do_twice_is_sent_once() {
    let (server, calls) = forgetful(true);
    let twice = Txn::new().then(TxnOp::put("k", "v"));
    let error = client(&server).kv().txn(&twice).await.unwrap_err();
    assert_eq!(
        (error.kind(), calls.load(SeqCst)),
        (ErrorKind::Indeterminate, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn a_key_is_not_made_twice_because_somebody_deleted_it_in_between() {
    let (server, calls) = forgetful(true);
    let create = Txn::new()
        .when(Cond::missing("k"))
        .then(TxnOp::put("k", "v"));
    let error = client(&server).kv().txn(&create).await.unwrap_err();
    assert_eq!(
        (error.kind(), calls.load(SeqCst)),
        (ErrorKind::Indeterminate, 1)
    );
}

#[tokio::test(start_paused = true)]
async fn an_answer_that_is_too_long_is_refused_and_nobody_else_is_asked() {
    let large = "x".repeat(3000);
    let a = {
        let large = large.clone();
        Server::new(move |call: Call| {
            let kv = key("k", &large, 5);
            async move {
                if call.is("/Put") {
                    let mut done = put(6);
                    done.prev_kv = Some(kv);
                    call.answer(&done);
                } else {
                    call.answer(&range(5, vec![kv]));
                }
            }
        })
    };
    let limits = Limits::default().with_max_response_bytes(2000);
    let client = builder(&a).limits(limits).build().unwrap();
    let error = client.kv().get("k").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.advice()),
        (ErrorKind::Protocol, RetryAdvice::Never)
    );
    assert!(error.outcome() == Outcome::DidNotHappen && a.count("/Range") == 1);
    let error = client.kv().put("k", "v").await.unwrap_err();
    assert_eq!(
        (error.kind(), error.outcome()),
        (ErrorKind::Protocol, Outcome::Happened)
    );
    // The same fits by default.
    assert_eq!(who(&crate::script::client(&a)).await, large);
}

#[tokio::test(start_paused = true)]
async fn pages_get_smaller_until_they_fit() {
    let server = Server::new(|mut call: Call| async move {
        let asked: pb::RangeRequest = call.next().await.unwrap();
        let from = asked.key.to_vec();
        let all = (0..20).map(|n| format!("k{n:02}"));
        let rest: Vec<_> = all.filter(|name| name.as_bytes() >= &from[..]).collect();
        let limit = usize::try_from(asked.limit).unwrap();
        let value = "x".repeat(1000);
        let kvs: Vec<_> = rest
            .iter()
            .take(limit)
            .map(|name| key(name, &value, 5))
            .collect();
        let mut page = range(5, kvs);
        page.more = rest.len() > limit;
        call.answer(&page);
    });
    let limits = Limits::default().with_max_response_bytes(4096);
    let client = builder(&server).limits(limits).build().unwrap();
    let all = client
        .kv()
        .pages(KeyRange::prefix("k"), RangeOptions::new());
    assert_eq!(all.collect().await.unwrap().len(), 20);
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_too_long_is_not_sent() {
    let server = well_server("a");
    let limits = Limits::default().with_max_request_bytes(100);
    let client = builder(&server).limits(limits).build().unwrap();
    let error = client.kv().put("k", vec![0; 101]).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.to_string().contains("max_request_bytes"), "{error}");
    assert!(server.paths().is_empty());
}

#[tokio::test(start_paused = true)]
async fn answers_may_come_in_pieces_and_in_any_order() {
    let server = Server::new(|mut call: Call| async move {
        let asked: pb::RangeRequest = call.next().await.unwrap();
        let name = String::from_utf8(asked.key.to_vec()).unwrap();
        let later = 10 - name.len();
        tokio::time::sleep(Duration::from_millis(u64::try_from(later).unwrap())).await;
        call.say_in_pieces(&range(5, vec![key(&name, &name, 5)]), 1);
        call.finish();
    });
    let kv = client(&server).kv();
    let names = ["1", "12", "123", "1234"];
    let gets = names.map(|name| {
        let kv = kv.clone();
        async move { kv.get(name).await.unwrap().unwrap().value }
    });
    let found = futures_util::future::join_all(gets).await;
    assert_eq!(found, names);
    assert_eq!(server.connections(), 1, "all on one connection");
}

#[tokio::test]
async fn nothing_is_left_of_a_client_that_is_gone() {
    let server = well_server("a");
    let client = client(&server);
    assert_eq!(who(&client).await, "a");
    let before = tokio::runtime::Handle::current()
        .metrics()
        .num_alive_tasks();
    drop(client);
    eventually(Duration::from_secs(10), "its tasks end", || {
        let alive = tokio::runtime::Handle::current()
            .metrics()
            .num_alive_tasks();
        std::future::ready((alive < before).then_some(()))
    })
    .await
    .unwrap();
}
