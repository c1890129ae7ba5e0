//! How requests and answers lie on the wire.

use anyhow::ensure;
use futures_util::future::try_join_all;
use serde_json::{Value, json};

use super::connection::{header, request};
use super::object::encode;
use super::target::{MENDED, REAL, Serf};
use super::{Outcome, Trial};
use crate::cases;
use crate::protocol::equal;
use crate::trial::Case;

pub(super) fn cases() -> Vec<Case<Serf>> {
    cases![Serf;
        an_answer_begins_with_its_error_and_has_the_shortest_number,
        a_request_may_come_byte_by_byte,
        several_requests_may_come_at_once_and_are_answered_in_order,
        a_number_may_be_used_again_and_at_the_same_time,
        a_request_that_is_cut_off_harms_nobody,
        many_connections_are_served_at_once,
        a_body_without_need_runs_the_command_again needs [REAL],
        a_body_without_need_ends_the_connection needs [MENDED],
        a_header_without_a_number_has_the_last_one needs [REAL],
        a_header_without_a_number_has_0 needs [MENDED],
    ]
    .into()
}

async fn an_answer_begins_with_its_error_and_has_the_shortest_number(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let numbers: [(u64, &[u8]); 9] = [
        (0, b"\x00"),
        (127, b"\x7f"),
        (128, b"\xcc\x80"),
        (255, b"\xcc\xff"),
        (256, b"\xcd\x01\x00"),
        (65_536, b"\xce\x00\x01\x00\x00"),
        (4_294_967_295, b"\xce\xff\xff\xff\xff"),
        (4_294_967_296, b"\xcf\x00\x00\x00\x01\x00\x00\x00\x00"),
        (u64::MAX, b"\xcf\xff\xff\xff\xff\xff\xff\xff\xff"),
    ];
    for (seq, bytes) in numbers {
        rpc.write(&[request(seq, "stop"), json!({"Stop": 0})])
            .await?;
        let expected = [b"\x82\xa5Error\xa0\xa3Seq", bytes].concat();
        equal("the answer", rpc.raw().await?, expected)?;
    }
    // More than 31 bytes of text have a byte for their length.
    let refused = rpc.ask_as(1, "stream", json!({"Type": "nonsense"})).await?;
    equal("a short text", refused.error.len(), 20)?;
    rpc.write(&[request(1, "query"), json!({"Name": "_serf_nothing"})])
        .await?;
    let raw = rpc.raw().await?;
    let expected = b"\x82\xa5Error\xd9\x2aQueries cannot contain the '_serf_' prefix\xa3Seq\x01";
    ensure!(raw == expected, "{:?}", String::from_utf8_lossy(&raw));
    Ok(())
}

async fn a_request_may_come_byte_by_byte(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let bytes = [request(7, "get-coordinate"), json!({"Node": "nobody"})];
    for byte in bytes.iter().flat_map(encode) {
        rpc.send(&[byte]).await?;
        tokio::task::yield_now().await;
    }
    let answer = rpc.answer(7, "get-coordinate").await?.done()?;
    equal("known", &answer["Ok"], &json!(false))
}

async fn several_requests_may_come_at_once_and_are_answered_in_order(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let mut objects = Vec::new();
    for seq in 0..100 {
        match seq % 3 {
            0 => objects.push(request(seq, "members")),
            1 => objects.extend([request(seq, "stop"), json!({"Stop": 9})]),
            _ => objects.extend([request(seq, "stream"), json!({"Type": "nonsense"})]),
        }
    }
    rpc.write(&objects).await?;
    for seq in 0..100 {
        let error = ["", "", "Invalid event filter"][usize::try_from(seq % 3)?];
        equal("in order", rpc.expect().await?, header(seq, error))?;
        if seq % 3 == 0 {
            let body = rpc.expect().await?;
            ensure!(body["Members"].is_array(), "{body}");
        }
    }
    Ok(())
}

async fn a_number_may_be_used_again_and_at_the_same_time(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let stop = [request(7, "stop"), json!({"Stop": 0})];
    rpc.write(&[&stop[..], &[request(7, "members")], &stop[..]].concat())
        .await?;
    rpc.answer(7, "stop").await?.done()?;
    rpc.answer(7, "members").await?.done()?;
    rpc.answer(7, "stop").await?.done()?;
    Ok(())
}

async fn a_request_that_is_cut_off_harms_nobody(serf: &Trial) -> Outcome {
    let whole: Vec<u8> = [request(7, "event"), json!({"Name": "cut", "Payload": "x"})]
        .iter()
        .flat_map(encode)
        .collect();
    let mut other = serf.rpc().await?;
    for end in [1, 10, whole.len() - 1] {
        let mut rpc = serf.rpc().await?;
        rpc.send(&whole[..end]).await?;
        rpc.finish().await?;
        rpc.is_closed().await?;
    }
    other.is_open().await
}

async fn many_connections_are_served_at_once(serf: &Trial) -> Outcome {
    let connections = (0..300).map(|_| serf.rpc());
    let mut connections = try_join_all(connections).await?;
    try_join_all(connections.iter_mut().map(|rpc| rpc.is_open())).await?;
    Ok(())
}

async fn a_body_without_need_runs_the_command_again(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    rpc.write(&[request(7, "members"), json!({})]).await?;
    let first = rpc.answer(7, "members").await?.done()?;
    let again = rpc.answer(7, "members").await?.done()?;
    ensure!(first["Members"].is_array() && again["Members"].is_array());
    // As well as a header without a command.
    rpc.write(&[json!({"Seq": 9})]).await?;
    rpc.answer(9, "members").await?.done()?;
    rpc.is_open().await
}

async fn a_body_without_need_ends_the_connection(serf: &Trial) -> Outcome {
    for after in [json!({}), json!({"Seq": 9}), Value::Null] {
        let mut rpc = serf.rpc().await?;
        rpc.write(&[request(7, "members"), after]).await?;
        rpc.answer(7, "members").await?.done()?;
        rpc.is_closed().await?;
    }
    Ok(())
}

async fn without_a_number(serf: &Trial) -> anyhow::Result<Value> {
    let mut rpc = serf.rpc().await?;
    rpc.ask_as(7, "stop", json!({"Stop": 0})).await?.done()?;
    rpc.write(&[json!({"Command": "stop"}), json!({"Stop": 0})])
        .await?;
    rpc.expect().await
}

async fn a_header_without_a_number_has_the_last_one(serf: &Trial) -> Outcome {
    equal("the answer", without_a_number(serf).await?, header(7, ""))
}

async fn a_header_without_a_number_has_0(serf: &Trial) -> Outcome {
    equal("the answer", without_a_number(serf).await?, header(0, ""))
}
