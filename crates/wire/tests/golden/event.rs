//! User events.

use quorate_wire::consul::event::{EventFilter, decode_event, decode_events, max_payload};
use quorate_wire::consul::json;

use super::message::{Message, named};

#[test]
fn events_are_read_and_written_as_consul_writes_them() {
    let mut seen = 0;
    for name in named("event-") {
        let answer = Message::answer(&name);
        if answer.status() != 200 {
            continue;
        }
        let again = if name.starts_with("event-fire") {
            json::encode(&decode_event(&answer.body).unwrap())
        } else {
            json::encode(&decode_events(&answer.body).unwrap())
        };
        let again = String::from_utf8(again.unwrap()).unwrap();
        assert_eq!(again, answer.text(), "{name}");
        seen += 1;
    }
    assert!(seen >= 12, "only {seen} answers were recorded");
}

#[test]
fn the_index_of_a_list_is_that_of_its_last_event() {
    for name in ["event-list", "event-list-name"] {
        let answer = Message::answer(name);
        let events = decode_events(&answer.body).unwrap();
        let last = events.last().and_then(|event| event.index());
        assert_eq!(answer.meta().index, last, "{name}");
    }
    assert_eq!(Message::answer("event-list-empty").meta().index, Some(1));
}

#[test]
fn the_largest_payload_is_the_one_that_was_taken() {
    let most = max_payload("a", &EventFilter::new());
    let taken = Message::request("event-fire-largest").body.len();
    let refused = Message::request("event-fire-too-large").body.len();
    assert_eq!((most, refused), (Some(taken), taken + 1));
}
