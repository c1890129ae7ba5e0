//! Network coordinates.

use quorate_wire::consul::coordinate::{decode_datacenters, decode_nodes};
use quorate_wire::consul::{NodeCoordinate, json};

use super::message::{Message, named};

#[test]
fn coordinates_are_read_and_written_as_consul_writes_them() {
    let mut seen = 0;
    for name in named("coordinate-") {
        let answer = Message::answer(&name);
        if answer.status() != 200 || answer.body.is_empty() {
            continue;
        }
        let again = if name == "coordinate-datacenters" {
            json::encode(&decode_datacenters(&answer.body).unwrap())
        } else {
            json::encode(&decode_nodes(&answer.body).unwrap())
        };
        let again = String::from_utf8(again.unwrap()).unwrap();
        assert_eq!(again, answer.text(), "{name}");
        seen += 1;
    }
    assert!(seen >= 6, "only {seen} answers were recorded");
}

#[test]
fn what_was_set_is_what_is_shown() {
    let set = Message::request("coordinate-update-segment");
    let set: NodeCoordinate = serde_json::from_slice(&set.body).unwrap();
    let shown = decode_nodes(&Message::answer("coordinate-node").body).unwrap();
    assert!(shown.contains(&set), "{shown:?}");
}
