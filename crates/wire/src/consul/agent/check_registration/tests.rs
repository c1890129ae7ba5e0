use super::*;

const TEN: Duration = Duration::from_secs(10);

fn written(check: &impl Serialize) -> String {
    serde_json::to_string(check).unwrap()
}

#[test]
fn each_kind_says_only_what_belongs_to_it() {
    let http = HttpCheck::new("http://x/", TEN)
        .with_method("POST")
        .with_header("A", "1")
        .with_header("A", "2")
        .with_body("b")
        .with_tls_skip_verify()
        .with_timeout(Duration::from_millis(1500));
    for (check, text) in [
        (CheckDefinition::ttl(TEN), r#"{"TTL":"10s"}"#),
        (
            http.into(),
            r#"{"Interval":"10s","Timeout":"1.5s","HTTP":"http://x/","Method":"POST","Header":{"A":["1","2"]},"Body":"b","TLSSkipVerify":true}"#,
        ),
        (
            CheckDefinition::tcp("x:1", TEN),
            r#"{"Interval":"10s","TCP":"x:1"}"#,
        ),
        (
            GrpcCheck::new("x:1/s", TEN).with_tls().into(),
            r#"{"Interval":"10s","GRPC":"x:1/s","GRPCUseTLS":true}"#,
        ),
        (
            ScriptCheck::shell("true", TEN).into(),
            r#"{"Interval":"10s","Args":["sh","-c","true"]}"#,
        ),
        (
            CheckDefinition::docker("c", ["a"], TEN),
            r#"{"Interval":"10s","Args":["a"],"DockerContainerID":"c"}"#,
        ),
        (
            CheckDefinition::alias_service("web"),
            r#"{"AliasService":"web"}"#,
        ),
        (CheckDefinition::alias_node("n"), r#"{"AliasNode":"n"}"#),
    ] {
        assert_eq!(check.validate(), Ok(()));
        assert_eq!(written(&check), text);
    }
}

#[test]
fn the_id_has_two_names() {
    let check = CheckDefinition::ttl(TEN).with_id("i");
    assert_eq!(written(&check), r#"{"CheckID":"i","TTL":"10s"}"#);
    let alone = CheckRegistration::new("n", check).with_service_id("web");
    assert_eq!(
        written(&alone),
        r#"{"ID":"i","Name":"n","ServiceID":"web","TTL":"10s"}"#
    );
    assert_eq!(alone.id(), "i");
    assert_eq!(
        CheckRegistration::new("n", CheckDefinition::ttl(TEN)).id(),
        "n"
    );
}

#[test]
fn what_an_agent_would_refuse_is_refused() {
    let zero = Duration::ZERO;
    let nothing = [""; 0];
    for (check, field) in [
        (CheckDefinition::ttl(zero), "TTL"),
        (CheckDefinition::http("http://x", zero), "Interval"),
        (CheckDefinition::http("", TEN), "HTTP"),
        (CheckDefinition::tcp("", TEN), "TCP"),
        (CheckDefinition::grpc("", TEN), "GRPC"),
        (CheckDefinition::script(nothing, TEN), "Args"),
        (CheckDefinition::docker("", ["a"], TEN), "DockerContainerID"),
        (CheckDefinition::docker("c", nothing, TEN), "Args"),
        (CheckDefinition::alias_service(""), "AliasService"),
        (CheckDefinition::alias_node(""), "AliasNode"),
        (
            CheckDefinition::ttl(TEN).with_failures_before_critical(1),
            "FailuresBeforeCritical",
        ),
        (
            CheckDefinition::ttl(TEN).with_status(HealthStatus::Maintenance),
            "Status",
        ),
        (
            CheckDefinition::ttl(TEN).with_output_max_size(0),
            "OutputMaxSize",
        ),
    ] {
        let error = check.validate().unwrap_err().to_string();
        assert!(error.contains(field), "{error}");
    }
    let nameless = CheckRegistration::new("", CheckDefinition::ttl(TEN));
    assert_eq!(nameless.validate(), Err(InvalidCheck::Name));
}

#[test]
fn a_token_is_sent_and_not_shown() {
    let check = CheckRegistration::new("n", CheckDefinition::ttl(TEN)).with_token("hunter2");
    assert!(written(&check).contains(r#""Token":"hunter2""#));
    assert!(!format!("{check:?}").contains("hunter2"));
}
