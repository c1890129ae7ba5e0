//! Parameters in query and body.

use quorate_wire::etcd2::{ErrorBody, ErrorCode, Form, Parameters};

use super::SERVERS;

#[test]
fn what_cannot_be_taken_is_refused_in_the_servers_words() {
    let mut seen = 0;
    for server in SERVERS {
        let mut all = server.answers("keys-refused-", &[400]);
        all.extend(server.answers("keys-refresh-", &[400]));
        for (name, answer) in all {
            let request = server.request(&name);
            let query = request
                .target()
                .split_once('?')
                .map_or("", |(_, query)| query);
            let want: ErrorBody = serde_json::from_slice(&answer.body).unwrap();
            let (code, cause) = match Form::parse(query, &request.body) {
                Err(error) => (ErrorCode::InvalidForm, error.to_string()),
                Ok(form) => {
                    let error = Parameters::from_form(&form, false).unwrap_err();
                    (error.code, error.cause)
                }
            };
            assert_eq!(
                (code.code(), cause),
                (want.error_code, want.cause),
                "{name}"
            );
            seen += 1;
        }
    }
    assert!(seen >= 38, "only {seen} were recorded");
}

#[test]
fn what_was_sent_is_understood() {
    for server in SERVERS {
        let read = |name: &str| {
            let request = server.request(name);
            let query = request
                .target()
                .split_once('?')
                .map_or("", |(_, query)| query);
            let form = Form::parse(query, &request.body).unwrap();
            Parameters::from_form(&form, request.method() == "GET").unwrap()
        };
        assert_eq!(
            read("keys-set-value-in-query").value.as_deref(),
            Some("a b")
        );
        assert_eq!(read("keys-mkdir-exists").prev_exist, Some(false));
        assert!(read("keys-mkdir-exists").dir, "True is true");
        assert_eq!(read("keys-refresh").refresh, Some(true));
        assert!(!read("keys-cas-index-zero").is_compare());
        assert!(read("watch-quorum").wait && read("watch-quorum").quorum);
        let odd = "<>&\"\\\u{2028}\u{2029}\t\r\n\u{8}\u{c}\u{1}\u{7f} é ☃ 🦀";
        assert_eq!(read("keys-set-odd").value.as_deref(), Some(odd));
    }
}
