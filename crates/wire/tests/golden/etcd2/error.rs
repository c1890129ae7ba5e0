//! Refusals.

use std::collections::BTreeSet;

use quorate_wire::etcd2::{ErrorBody, ErrorCode, MessageBody};

use super::{SERVERS, meta};

const REFUSED: [u16; 7] = [400, 401, 403, 404, 412, 500, 503];

#[test]
fn refusals_of_keys_are_read_and_written_as_etcd_writes_them() {
    for server in SERVERS {
        let mut codes = BTreeSet::new();
        for prefix in ["keys-", "watch-", "auth-keys-", "no-leader-keys-"] {
            if prefix == "watch-" && server.answer("watch-cleared").status() != 400 {
                panic!("the history was not cleared");
            }
            for (name, answer) in server.answers(prefix, &REFUSED) {
                let body: ErrorBody = server.again(&name, &answer, "\n");
                let code = body.code();
                assert_eq!(code.status(), answer.status(), "{name}");
                assert_eq!(code.message(), body.message, "{name}");
                assert_eq!(meta(&answer).index, Some(body.index), "{name}");
                assert_eq!(ErrorBody::new(code, body.cause.clone(), body.index), body);
                codes.insert(code.code());
            }
        }
        let all = [
            100, 101, 102, 104, 105, 107, 108, 110, 201, 202, 203, 209, 210, 211, 212, 300, 401,
        ];
        assert_eq!(
            codes,
            all.into(),
            "every code that servers send was recorded"
        );
    }
}

#[test]
fn other_refusals_are_a_message() {
    let statuses = [400, 401, 403, 404, 409, 410, 415, 500, 503];
    let mut seen = 0;
    for server in SERVERS {
        for prefix in [
            "members",
            "auth-user",
            "auth-role",
            "auth-enable",
            "no-leader-members-",
            "stats-leader",
        ] {
            for (name, answer) in server.answers(prefix, &[&statuses[..], &[200, 201]].concat()) {
                if answer.status() > 201 {
                    let body: MessageBody = server.again(&name, &answer, "");
                    assert!(!body.message.is_empty(), "{name}");
                    seen += 1;
                }
            }
        }
    }
    assert!(seen >= 60, "only {seen} refusals were recorded");
}

#[test]
fn a_server_without_the_v2_api_answers_in_plain_text() {
    for server in SERVERS {
        for name in ["no-v2-keys", "no-v2-members"] {
            let answer = server.answer(name);
            assert_eq!(
                (answer.status(), answer.text()),
                (404, "404 page not found\n")
            );
            assert!(serde_json::from_slice::<ErrorBody>(&answer.body).is_err());
        }
    }
}

#[test]
fn cleared_history_is_not_unauthorized() {
    for server in SERVERS {
        let answer = server.answer("watch-cleared");
        let body: ErrorBody = serde_json::from_slice(&answer.body).unwrap();
        assert_eq!(
            (body.code(), answer.status()),
            (ErrorCode::EventIndexCleared, 400)
        );
    }
}
