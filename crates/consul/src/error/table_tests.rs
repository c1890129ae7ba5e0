use super::*;
use ErrorKind as K;
use Outcome::{DidNotHappen, Unknown};
use RetryAdvice::{After, IfIdempotent, Never};

fn class(status: u16, text: &str, write: bool) -> (K, Outcome, RetryAdvice) {
    let class = classify(
        Refusal {
            status,
            text,
            after: None,
        },
        write,
    );
    (class.kind, class.outcome, class.advice)
}

/// Refused for good, whether read or write.
fn refused(status: u16, text: &str, kind: K) {
    for write in [false, true] {
        assert_eq!(
            class(status, text, write),
            (kind, DidNotHappen, Never),
            "{status} {text}"
        );
        assert!(!is_transient(status, text), "{status} {text}");
    }
}

/// Passes by itself, and has no effect, whether read or write.
fn later(status: u16, text: &str) {
    for write in [false, true] {
        let want = (K::Unavailable, DidNotHappen, After(PAUSE));
        assert_eq!(class(status, text, write), want, "{status} {text}");
        assert!(is_transient(status, text), "{status} {text}");
    }
}

/// May pass by itself for a read; a write may have been applied.
fn interrupted(status: u16, text: &str) {
    let read = (K::Unavailable, DidNotHappen, After(PAUSE));
    assert_eq!(class(status, text, false), read, "{status} {text}");
    let write = (K::Indeterminate, Unknown, IfIdempotent);
    assert_eq!(class(status, text, true), write, "{status} {text}");
    assert!(is_transient(status, text), "{status} {text}");
}

macro_rules! rows {
    ($($name:ident: $check:ident($status:expr, $text:expr $(, $kind:expr)?);)*) => {
        $(#[test] fn $name() { $check($status, $text $(, $kind)?); })*

        /// The texts that the tests above send, to see that none of the table's rows is left out.
        const TESTED: &[(u16, &str)] = &[$(($status, $text)),*];
    };
}

rows! {
    a_protocol_that_no_path_takes: refused(500, "x not supported for path", K::InvalidArgument);
    exposed_paths_that_can_not_be: refused(500, "x expose.paths", K::InvalidArgument);
    an_upstream_that_can_not_be: refused(500, "x upstream", K::InvalidArgument);
    a_gateway_that_can_not_be: refused(500, "x -gateway", K::InvalidArgument);
    a_sidecar_that_can_not_be: refused(500, "x SidecarService", K::InvalidArgument);
    a_native_service_that_can_not_be: refused(500, "x Connect Native", K::InvalidArgument);
    a_proxy_that_can_not_be: refused(500, "x Connect proxy", K::InvalidArgument);
    a_field_that_must_be_set: refused(500, "x must be set", K::InvalidArgument);
    an_intention_that_is_there:
        refused(500, "duplicate intention found: default/a => default/b", K::AlreadyExists);
    an_intention_that_is_not_there:
        refused(500, "Cannot modify non-existent intention: x", K::NotFound);
    an_intention_by_no_id:
        refused(500, "Intention lookup failed: failed intention lookup: index error", K::InvalidArgument);
    an_entry_of_another_name:
        refused(500, "invalid proxy config entry kind: x", K::InvalidArgument);
    a_chain_that_leads_nowhere:
        refused(500, "discovery chain x uses inconsistent protocols", K::InvalidArgument);
    a_chain_that_leads_back:
        refused(500, "detected circular resolver redirect: [a b a]", K::InvalidArgument);
    a_route_to_nowhere:
        refused(500, "Route[0] cannot use x", K::InvalidArgument);
    a_split_of_nothing:
        refused(500, "the sum of all split weights", K::InvalidArgument);
    a_subset_that_is_not_there:
        refused(500, "service a does not have a subset named b", K::InvalidArgument);
    a_subset_without_a_name:
        refused(500, "Subset defined with empty name", K::InvalidArgument);
    a_redirect_to_nothing:
        refused(500, "Redirect is empty", K::InvalidArgument);
    a_listener_of_another_protocol:
        refused(500, "protocol must be http", K::InvalidArgument);
    a_host_that_can_not_be:
        refused(500, "Host name x is not valid", K::InvalidArgument);
    a_listener_without_a_service:
        refused(500, "Service name cannot be blank", K::InvalidArgument);
    a_gateway_with_half_a_certificate:
        refused(500, "TLS origination needs both", K::InvalidArgument);
    a_port_that_stands_twice:
        refused(500, "port 80 specified more than once", K::InvalidArgument);
    several_problems_at_once:
        refused(500, "2 errors occurred: a, b", K::InvalidArgument);
    a_field_that_is_missing:
        refused(500, "Kind is required", K::InvalidArgument);
    a_provider_that_can_not_be_configured:
        refused(500, "error configuring provider: x", K::InvalidArgument);
    a_provider_that_nobody_knows:
        refused(500, "unknown CA provider \"x\"", K::InvalidArgument);
    a_snapshot_that_is_not_compressed:
        refused(500, "failed to decompress snapshot: gzip: invalid header", K::InvalidArgument);
    a_snapshot_without_its_file:
        refused(500, "failed to read snapshot file: EOF", K::InvalidArgument);
    a_snapshot_that_can_not_be_restored:
        refused(500, "failed to restore snapshot: x", K::InvalidArgument);
    a_snapshot_with_another_sum:
        refused(500, "gzip: invalid checksum", K::InvalidArgument);
    a_snapshot_with_more_behind_it:
        refused(500, "5 unread uncompressed bytes remain", K::InvalidArgument);
    a_snapshot_of_another_version:
        refused(500, "unsupported snapshot version 7", K::InvalidArgument);
    a_join_that_failed: later(500, "1 error occurred:\n\t* Failed to join 10.0.0.9: no route\n\n");
    a_host_that_is_not_found: later(500, "1 error occurred:\n\t* Failed to resolve x: no such host\n\n");
    a_mesh_that_is_off: refused(500, "Connect must be enabled in order to use this endpoint", K::Unsupported);
    segments_that_are_not_there:
        refused(500, "Network segments are not supported in this version of Consul", K::Unsupported);
    a_node_that_is_to_leave_and_is_not_there: refused(500, "agent: No node found with name 'x'", K::NotFound);
    a_taken_name_of_a_query: refused(500, "name 'q' aliases an existing query name", K::AlreadyExists);
    a_query_that_a_cache_does_not_find: refused(500, "Query not found", K::NotFound);
    a_second_template_for_all:
        refused(500, "a query template with an empty name already exists", K::AlreadyExists);
    a_query_that_is_not_there:
        refused(500, "Cannot modify non-existent prepared query: 'x'", K::NotFound);
    a_query_that_can_not_be_meant:
        refused(500, "Invalid prepared query: Must be bound to a session", K::InvalidArgument);
    a_template_that_can_not_be_read:
        refused(500, "failed compiling template: of another type", K::InvalidArgument);
    a_template_by_its_id:
        refused(500, "prepared query templates can only be resolved up by name, not by ID", K::InvalidArgument);
    a_coordinate_of_other_dimensions: refused(500, "incompatible coordinate", K::InvalidArgument);
    a_regular_expression_that_can_not_be_read:
        refused(500, "Invalid node filter: error parsing regexp: missing closing ): `(`", K::InvalidArgument);
    a_tag_filter_alone:
        refused(500, "Cannot provide tag filter without service filter", K::InvalidArgument);
    bad_parameters_are_the_callers: refused(400, "Missing key name", K::InvalidArgument);
    a_path_that_is_refused_without_words_is_the_callers: refused(400, "", K::InvalidArgument);
    a_body_that_is_too_large_is_the_callers:
        refused(413, "Request body(524289 bytes) too large, max size: 524288 bytes.", K::InvalidArgument);
    a_url_that_is_too_long_is_the_callers: refused(414, "", K::InvalidArgument);
    headers_that_are_too_long_are_the_callers: refused(431, "", K::InvalidArgument);
    acls_that_are_off_are_unsupported: refused(401, "ACL support disabled", K::Unsupported);
    coordinates_that_are_off_are_unsupported: refused(401, "Coordinate support disabled", K::Unsupported);
    a_proxy_that_wants_a_password: refused(401, "Authorization required", K::Unauthenticated);
    a_proxy_that_wants_its_own_password: refused(407, "", K::Unauthenticated);
    an_unknown_token: refused(403, "ACL not found", K::Unauthenticated);
    a_token_that_may_not: refused(403, "Permission denied: Missing key:write on a", K::PermissionDenied);
    a_blocked_endpoint: refused(403, "Endpoint is blocked by agent configuration", K::PermissionDenied);
    a_route_that_does_not_exist: refused(404, "", K::Unsupported);
    a_thing_that_does_not_exist: refused(404, "Query not found", K::NotFound);
    a_wrong_method: refused(405, "method POST not allowed", K::Unsupported);
    a_conflict: refused(409, "", K::Conflict);
    a_format_that_is_off: refused(415, "Prometheus is not enabled", K::Unsupported);
    a_method_that_nobody_implements: refused(501, "", K::Unsupported);
    too_many_requests: later(429, "");
    no_leader: later(500, "No cluster leader");
    no_leader_seen_by_a_client_agent: later(500, "rpc error making call: No cluster leader");
    no_servers: later(500, "No known Consul servers");
    no_connection_to_the_leader:
        later(500, "rpc error getting client: failed to get conn: dial tcp: connection refused");
    not_the_leader_any_more: later(500, "node is not the leader");
    leadership_is_handed_over: later(500, "leadership transfer in progress");
    the_leaders_queue_is_full: later(500, "timed out enqueuing operation");
    the_rate_is_limited: later(500, "rpc error making call: RPC rate limit exceeded");
    the_leader_is_not_ready: later(500, "Not ready to serve consistent reads");
    the_other_datacenter_is_out_of_reach: later(500, "Remote DC has no server currently reachable");
    the_leader_lost_its_place_meanwhile: interrupted(500, "leadership lost while committing log");
    the_leader_went_away_meanwhile: interrupted(500, "raft is already shutdown");
    the_connection_to_the_leader_broke: interrupted(500, "rpc error making call: EOF");
    a_proxy_got_a_bad_answer: interrupted(502, "");
    a_proxy_has_nobody_to_ask: interrupted(503, "");
    a_proxy_gave_up: interrupted(504, "");
    an_unknown_token_seen_by_a_client_agent:
        refused(500, "rpc error making call: ACL not found", K::Unauthenticated);
    a_refusal_seen_by_a_client_agent:
        refused(500, "rpc error making call: Permission denied", K::PermissionDenied);
    a_session_that_has_ended:
        refused(500, "rpc error making call: invalid session \"8b2d03ab\"", K::LeaseLost);
    a_session_that_is_not_named: refused(500, "missing session", K::InvalidArgument);
    a_session_that_is_no_uuid:
        refused(500, "failed session lookup: index error: UUID must be 36 characters", K::InvalidArgument);
    a_ttl_out_of_bounds:
        refused(500, "Invalid Session TTL '9000000000', must be between [10s=24h0m0s]", K::InvalidArgument);
    a_ttl_that_is_no_duration:
        refused(500, "Session TTL 'abc' invalid: time: invalid duration abc", K::InvalidArgument);
    an_unknown_behavior: refused(500, "Invalid Behavior setting 'x'", K::InvalidArgument);
    a_session_on_an_unknown_node: refused(500, "Missing node registration", K::NotFound);
    a_session_on_an_unknown_check: refused(500, "Missing check 'x' registration", K::NotFound);
    a_session_on_a_failing_check: refused(500, "Check 'x' is in critical state", K::Conflict);
    an_unknown_datacenter: refused(500, "No path to datacenter", K::NotFound);
    an_unknown_service: refused(500, "ServiceID \"x\" does not exist", K::NotFound);
    a_flag_that_is_no_number: refused(500, "strconv.ParseUint: parsing \"x\": invalid syntax", K::InvalidArgument);
    a_filter_that_does_not_parse:
        refused(500, "Failed to create boolean expression evaluator: 1:1: no match", K::InvalidArgument);
    a_field_that_is_left_out: refused(500, "Must provide node", K::InvalidArgument);
    a_check_of_an_unknown_service: refused(500, "Missing service registration", K::NotFound);
    a_name_that_a_live_node_has: refused(500, "failed inserting node: Error while renaming Node ID: \"x\": Node name n is reserved by node y with name n (127.0.0.1)", K::Conflict);
    a_check_of_another_node: refused(500, "check node \"a\" does not match node \"b\"", K::InvalidArgument);
    a_service_without_name: refused(500, "failed inserting service: failed inserting service: object missing primary index", K::InvalidArgument);
    a_service_at_no_address: refused(500, "Invalid service address", K::InvalidArgument);
    a_proxy_without_port: refused(500, "1 error occurred:\n\t* Port must be set for a Connect proxy", K::InvalidArgument);
    a_proxy_that_needs_none: refused(500, "1 error occurred:\n\t* A Proxy cannot also be Connect Native, only typical services", K::InvalidArgument);
    a_sidecar_with_an_id: refused(500, "1 error occurred:\n\t* A SidecarService cannot specify an ID as this is managed by the agent", K::InvalidArgument);
    a_gateway_without_port: refused(500, "1 error occurred:\n\t* Port must be non-zero for a mesh-gateway", K::InvalidArgument);
    an_upstream_without_port: refused(500, "1 error occurred:\n\t* upstream local bind port cannot be zero", K::InvalidArgument);
    an_exposed_path_without_port: refused(500, "1 error occurred:\n\t* expose.paths: invalid listener port: 0", K::InvalidArgument);
    an_exposed_path_of_another_protocol: refused(500, "1 error occurred:\n\t* protocol 'zz' not supported for path: /a, must be in: [http2 http]", K::InvalidArgument);
    a_node_id_that_is_no_uuid: refused(500, "Bad node ID: uuid string is wrong length", K::InvalidArgument);
    a_check_without_ttl: refused(500, "CheckID \"x\" does not have associated TTL", K::InvalidArgument);
    an_event_that_is_too_large:
        refused(500, "user event exceeds configured limit of 512 bytes before encoding", K::InvalidArgument);
    a_keyring_without_encryption:
        refused(500, "2 errors occurred:\n\t* keyring is empty (encryption not enabled)\n", K::Unsupported);
    scripts_that_are_off: refused(500, "Scripts are disabled on this agent", K::Unsupported);
}

#[test]
fn every_row_of_the_table_has_a_test_of_its_own() {
    for (at, (known, _)) in ROWS.iter().enumerate() {
        let hits = TESTED.iter().filter(|(status, text)| {
            *status == 500 && ROWS.iter().position(|(row, _)| text.contains(row)) == Some(at)
        });
        assert!(hits.count() > 0, "no test reaches the row {known:?}");
    }
}

#[test]
fn a_500_with_unknown_words_leaves_a_write_open() {
    let text = "something new";
    assert_eq!(
        class(500, text, true),
        (K::Indeterminate, Unknown, IfIdempotent)
    );
    assert_eq!(
        class(500, text, false),
        (K::Protocol, DidNotHappen, IfIdempotent)
    );
    assert!(!is_transient(500, text));
}

#[test]
fn a_redirect_is_no_answer_of_the_api() {
    assert_eq!(
        class(301, "", false),
        (K::Protocol, DidNotHappen, IfIdempotent)
    );
}

#[test]
fn the_server_says_how_long_to_wait() {
    let after = Some(Duration::from_secs(7));
    let class = classify(
        Refusal {
            status: 429,
            text: "",
            after,
        },
        true,
    );
    assert_eq!(class.advice, After(Duration::from_secs(7)));
}

#[test]
fn the_error_keeps_the_servers_words() {
    let refusal = Refusal {
        status: 403,
        text: "Permission denied\n",
        after: None,
    };
    let error = from_status(refusal, "put key `a`".into(), true);
    assert_eq!(error.text(), Some("Permission denied"));
    assert_eq!(
        error.to_string(),
        "put key `a`: permission denied (status 403): Permission denied"
    );
}
