//! The kinds of values in which clients of every age write a request.

use anyhow::ensure;
use serde_json::json;

use super::connection::{header, request};
use super::object::encode;
use super::query::acked;
use super::target::{MENDED, REAL, Serf};
use super::{Outcome, Trial};
use crate::cases;
use crate::protocol::equal;
use crate::trial::Case;

pub(super) fn cases() -> Vec<Case<Serf>> {
    cases![Serf;
        a_structure_may_be_a_list_of_its_fields,
        a_list_has_the_fields_in_serfs_own_order,
        numbers_may_be_wider_than_needed,
        bytes_may_be_texts_of_every_kind,
        a_text_that_is_bytes_ends_the_connection needs [REAL],
        a_text_that_is_bytes_is_taken needs [MENDED],
        bytes_may_be_a_list_of_numbers,
        what_is_nil_or_missing_is_nothing,
        unknown_fields_are_passed_over,
        names_of_fields_have_capitals,
        what_cannot_be_read_ends_the_connection_without_a_word,
    ]
    .into()
}

/// Sends a request under the number 7, and wants it accepted.
async fn accepted(serf: &Trial, command: &str, body: &[u8]) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let bytes = [&encode(&request(7, command)), body].concat();
    rpc.send(&bytes).await?;
    let answer = rpc.expect().await?;
    let what = format!("{command} {}", body.escape_ascii());
    equal(&what, answer, header(7, ""))
}

async fn a_structure_may_be_a_list_of_its_fields(serf: &Trial) -> Outcome {
    let mut rpc = serf.open().await?;
    rpc.write(&[json!(["handshake", 5]), json!([1])]).await?;
    equal("a list", rpc.expect().await?, header(5, ""))?;
    // Fields may be missing at its end, and there may be more.
    accepted(serf, "stop", &encode(&json!([]))).await?;
    accepted(serf, "stop", &encode(&json!([1, 2, [3]]))).await
}

async fn a_list_has_the_fields_in_serfs_own_order(serf: &Trial) -> Outcome {
    let name = serf.key("listed");
    let mut rpc = serf.rpc().await?;
    let stream = json!([format!("user:{name}")]);
    let stream = rpc.begin("stream", stream).await?;
    rpc.ask("event", json!([name, "payload", false]))
        .await?
        .done()?;
    let told = rpc.record(stream).await?;
    equal("payload", &told["Payload"], &json!("payload"))?;
    // Tags, Status, Name.
    let filter = json!([{"role": "web"}, "alive", "alpha"]);
    let found = rpc.ask("members-filtered", filter).await?.done()?;
    equal("name", &found["Members"][0]["Name"], &json!("alpha"))?;
    // FilterNodes, FilterTags, RequestAck, RelayFactor, Timeout, Name, Payload.
    let query = json!([["alpha"], {}, true, 0, 3_000_000_000_u64, name, ""]);
    acked(&mut rpc, query, &["alpha"]).await
}

async fn numbers_may_be_wider_than_needed(serf: &Trial) -> Outcome {
    let wide = b"\x82\xa7Command\xa4stop\xa3Seq\xcf\x00\x00\x00\x00\x00\x00\x00\x09";
    let signed = b"\x82\xa7Command\xa4stop\xa3Seq\xd3\x00\x00\x00\x00\x00\x00\x00\x09";
    for bytes in [wide, signed] {
        let mut rpc = serf.rpc().await?;
        let stop = b"\x81\xa4Stop\xce\x00\x00\x00\x01";
        rpc.send(&[&bytes[..], stop].concat()).await?;
        equal("wide", rpc.expect().await?, header(9, ""))?;
    }
    accepted(serf, "event", b"\x82\xa4Name\xa1n\xa8Coalesce\x01").await
}

async fn bytes_may_be_texts_of_every_kind(serf: &Trial) -> Outcome {
    let bodies: [&[u8]; 4] = [
        b"\x82\xa4Name\xa1n\xa7Payload\xa1p",
        b"\x82\xa4Name\xd9\x01n\xa7Payload\xd9\x01p",
        b"\x82\xa4Name\xda\x00\x01n\xa7Payload\xda\x00\x01p",
        b"\x82\xa4Name\xa1n\xa7Payload\xc5\x00\x01p",
    ];
    for body in bodies {
        accepted(serf, "event", body).await?;
    }
    // Names of fields too.
    accepted(serf, "event", b"\x81\xd9\x04Name\xa1n").await
}

const NAME_AS_BYTES: &[u8] = b"\x81\xa4Name\xc4\x01n";

async fn a_text_that_is_bytes_ends_the_connection(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let bytes = [&encode(&request(7, "event")), NAME_AS_BYTES].concat();
    rpc.send(&bytes).await?;
    rpc.is_closed().await
}

async fn a_text_that_is_bytes_is_taken(serf: &Trial) -> Outcome {
    accepted(serf, "event", NAME_AS_BYTES).await
}

async fn bytes_may_be_a_list_of_numbers(serf: &Trial) -> Outcome {
    let name = serf.key("numbers");
    let mut rpc = serf.rpc().await?;
    let stream = json!({"Type": format!("user:{name}")});
    let stream = rpc.begin("stream", stream).await?;
    let event = json!({"Name": name, "Payload": [1, 2, 127]});
    rpc.ask("event", event).await?.done()?;
    let told = rpc.record(stream).await?;
    equal("payload", &told["Payload"], &json!("\u{1}\u{2}\u{7f}"))
}

async fn what_is_nil_or_missing_is_nothing(serf: &Trial) -> Outcome {
    for body in [
        json!(null),
        json!({}),
        json!({"Name": null, "Payload": null, "Coalesce": null}),
    ] {
        accepted(serf, "event", &encode(&body)).await?;
    }
    let nothing = json!({"Existing": null, "Replay": null});
    let mut rpc = serf.rpc().await?;
    let joined = rpc.ask("join", nothing).await?.done()?;
    equal("joined", joined, json!({"Num": 0}))?;
    rpc.write(&[
        json!({"Command": "stop", "Seq": null}),
        json!({"Stop": null}),
    ])
    .await?;
    equal("without a number", rpc.expect().await?, header(0, ""))
}

async fn unknown_fields_are_passed_over(serf: &Trial) -> Outcome {
    let mut rpc = serf.rpc().await?;
    let more = json!({"Command": "stop", "Seq": 3, "Extra": [1, {"a": null, "b": [[], {}]}]});
    rpc.write(&[more, json!({"Stop": 0, "Zeta": "x", "Alpha": 1.5})])
        .await?;
    equal("answered", rpc.expect().await?, header(3, ""))
}

async fn names_of_fields_have_capitals(serf: &Trial) -> Outcome {
    let mut rpc = serf.open().await?;
    rpc.write(&[request(3, "handshake"), json!({"version": 1})])
        .await?;
    let refused = header(3, "Unsupported IPC version");
    equal("another field", rpc.expect().await?, refused)
}

async fn what_cannot_be_read_ends_the_connection_without_a_word(serf: &Trial) -> Outcome {
    let stop = encode(&json!({"Stop": 0}));
    let with_seq = |seq| {
        [
            encode(&json!({"Command": "stop", "Seq": seq})),
            stop.clone(),
        ]
        .concat()
    };
    let with_body = |command, body| [encode(&request(7, command)), encode(&body)].concat();
    let unreadable = [
        with_seq(json!(-1)),
        with_seq(json!(1.5)),
        with_seq(json!("1")),
        with_body("query", json!({"Name": "q", "Timeout": 100_000_000.5})),
        with_body("query", json!({"Name": "q", "RelayFactor": 256})),
        with_body("join", json!({"Existing": "127.0.0.1:1"})),
        with_body("tags", json!({"Tags": {"a": 1}})),
        with_body("event", json!({"Name": "n", "Coalesce": 2})),
        with_body("event", json!([false, "n", "p"])),
        with_body("event", json!("a text")),
        with_body("event", json!(5)),
        encode(&json!(5)),
        b"\xc1".to_vec(),
        b"\xd4\x01\x01".to_vec(),
    ];
    for bytes in unreadable {
        let mut rpc = serf.rpc().await?;
        rpc.send(&bytes).await?;
        let closed = rpc.is_closed().await;
        ensure!(closed.is_ok(), "{}: {closed:?}", bytes.escape_ascii());
    }
    Ok(())
}
