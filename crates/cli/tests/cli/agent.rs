//! `quorate agent`.

use nix::sys::signal::Signal;

use crate::testenv::{TestEnv, answer, eventually, http};

#[test]
fn an_agent_says_where_it_listens_and_ends_on_a_signal() {
    let env = TestEnv::new();
    let mut agent = env.start(&[
        "agent",
        "--memory",
        "--node",
        "n1",
        "--consul-http",
        "127.0.0.1:0",
    ]);
    let title = agent.line();
    assert!(title.contains("node n1, nothing kept (memory)"), "{title}");
    let listening = agent.line();
    let address = listening.split("http://").nth(1).unwrap().to_owned();
    assert!(
        agent
            .line()
            .contains(&format!("export CONSUL_HTTP_ADDR={address}"))
    );
    assert!(
        agent
            .line()
            .contains(&format!("quorate --at consul://{address} kv ls"))
    );
    assert!(http(&address, "GET", "/v1/agent/self").contains("\"NodeName\":\"n1\""));
    agent.signal(Signal::SIGTERM);
    let ended = agent.wait();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(ended.stderr, "SIGTERM: ending\nended\n");
}

#[test]
fn an_agent_serves_etcds_api_where_it_is_told() {
    let env = TestEnv::new();
    let mut agent = env.start(&[
        "agent",
        "--memory",
        "--consul-http",
        "127.0.0.1:0",
        "--etcd",
        "127.0.0.1:0",
        "--etcd-strict",
        "--etcd-min-lease-ttl",
        "6s",
    ]);
    let listening = loop {
        let line = agent.line();
        if line.contains("etcd  http://") {
            break line;
        }
    };
    let address = listening.split("http://").nth(1).unwrap().to_owned();
    let environment = format!("export ETCDCTL_ENDPOINTS=http://{address}");
    assert!(agent.line().contains(&environment));
    assert!(
        agent
            .line()
            .contains(&format!("quorate --at etcd://{address} "))
    );
    assert!(http(&address, "GET", "/version").contains("\"etcdserver\":\"3.4.23\""));
    let granted = answer(&address, "POST", "/v3/lease/grant", r#"{"TTL":1}"#);
    assert!(granted.contains(r#""TTL":"6""#), "{granted}");
    let moved = answer(&address, "GET", "/v2/keys//a", "");
    assert!(moved.starts_with("HTTP/1.1 301"), "{moved}");
}

#[test]
fn an_agent_that_is_made_to_leave_ends() {
    let env = TestEnv::new();
    let (agent, address) = env.agent_with(&["--memory"]);
    http(&address, "PUT", "/v1/agent/leave");
    let ended = agent.wait();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    assert_eq!(
        ended.stderr,
        "{\"event\":\"stopping\",\"signal\":\"leave\"}\n{\"event\":\"stopped\"}\n"
    );
}

#[test]
fn a_client_reaches_the_agent_over_tcp_and_over_a_unix_socket() {
    let env = TestEnv::new();
    let socket = format!("unix://{}", env.path("agent.sock").display());
    let (_agent, address) = env.agent_with(&["--memory", "--consul-http", &socket]);
    env.ok(&[
        "--at",
        &format!("consul://{address}"),
        "kv",
        "put",
        "a",
        "1",
    ]);
    let at = format!("consul+unix://{}", env.path("agent.sock").display());
    env.expect(&["--at", &at, "kv", "get", "a"], "1");
}

#[test]
fn an_agent_keeps_its_data_and_shares_its_directory() {
    let env = TestEnv::new();
    let (agent, address) = env.agent_with(&[]);
    env.ok(&[
        "--at",
        &format!("consul://{address}"),
        "kv",
        "put",
        "a",
        "1",
    ]);
    env.expect(&["kv", "get", "a"], "1");
    agent.signal(Signal::SIGTERM);
    agent.wait();
    env.expect(&["kv", "get", "a"], "1");
}

#[test]
fn a_port_in_use_names_the_next_command() {
    let env = TestEnv::new();
    let (_agent, address) = env.agent();
    let said = env.fails(&["agent", "--memory", "--consul-http", &address], 1);
    assert!(said.contains(&address) && said.contains("in use"), "{said}");
    assert!(
        said.contains("next: quorate agent --consul-http 127.0.0.1:0"),
        "{said}"
    );
}

#[test]
fn a_directory_in_use_names_its_owner() {
    let env = TestEnv::new();
    let (agent, _address) = env.agent_with(&[]);
    let said = env.fails(&["agent", "--consul-http", "127.0.0.1:0"], 1);
    assert!(said.contains(&agent.id().to_string()), "{said}");
}

#[test]
fn listening_beyond_this_machine_has_to_be_said_twice() {
    let env = TestEnv::new();
    let args = ["agent", "--memory", "--consul-http", "0.0.0.0:0"];
    let said = env.fails(&args, 2);
    assert!(said.contains("--allow-remote --allow-remote"), "{said}");
    let mut once = args.to_vec();
    once.push("--allow-remote");
    let said = env.fails(&once, 2);
    assert!(said.contains("a second time"), "{said}");
    once.push("--allow-remote");
    let mut agent = env.start(&once);
    assert!(agent.line().contains("quorate agent"));
}

#[test]
fn an_address_that_is_none_is_a_usage_error() {
    let env = TestEnv::new();
    let said = env.fails(&["agent", "--memory", "--consul-http", "8500"], 2);
    assert!(said.contains("127.0.0.1:8500"), "{said}");
}

#[test]
fn an_agent_with_access_rules_asks_for_a_token() {
    let env = TestEnv::new();
    let file = env.path("token");
    std::fs::write(&file, "b1gs33cr3t\n").unwrap();
    let file = file.display().to_string();
    let rules = ["--memory", "--acl-default-policy", "deny"];
    let (_agent, address) =
        env.agent_with(&[&rules[..], &["--acl-management-token-file", &file]].concat());
    assert_eq!(http(&address, "GET", "/v1/agent/members"), "[]");
    let own = http(&address, "GET", "/v1/acl/token/self?token=b1gs33cr3t");
    assert!(own.contains("global-management"), "{own}");
}

#[test]
fn rules_that_can_not_be_used_are_refused_without_showing_the_token() {
    let env = TestEnv::new();
    let file = env.path("token");
    std::fs::write(&file, "b1g s33cr3t").unwrap();
    let file = file.display().to_string();
    for (arguments, expected) in [
        (["--acl-default-policy", "maybe"], "`deny` or `allow`"),
        (["--acl-management-token-file", &file], "management token"),
        (
            ["--acl-management-token-file", "/nowhere/token"],
            "/nowhere/token",
        ),
    ] {
        let all = [
            &["agent", "--memory", "--consul-http", "127.0.0.1:0"],
            &arguments[..],
        ]
        .concat();
        let refused = env.run(&all);
        assert_eq!(refused.code, 2, "{arguments:?}: {}", refused.stderr);
        assert!(refused.stderr.contains(expected), "{}", refused.stderr);
        assert!(!refused.stderr.contains("s33cr3t"), "{}", refused.stderr);
    }
}

/// An agent in a cluster: its HTTP address, the one of its RPC, and where it gossips.
fn member(env: &TestEnv, args: &[&str]) -> (crate::testenv::Running, [String; 3]) {
    let local = [
        "agent",
        "--consul-http",
        "127.0.0.1:0",
        "--serf-rpc",
        "127.0.0.1:0",
    ];
    let gossip = ["--gossip", "127.0.0.1:0", "--profile", "local"];
    let mut agent = env.start(&[&local[..], &gossip, args].concat());
    let mut after = |start: &str| {
        let line = agent.line_with(start);
        line.rsplit_once(['/', ' ']).unwrap().1.to_owned()
    };
    let places = [
        after("  consul-http  "),
        after("  serf  "),
        after("  gossip  "),
    ];
    (agent, places)
}

/// Waits until the list of members that this agent shows has this in it.
fn shows(address: &str, member: &str) {
    let seen = std::cell::RefCell::new(String::new());
    let what = || format!("{member} in the members at {address}: {}", seen.borrow());
    eventually(what, || {
        seen.replace(http(address, "GET", "/v1/agent/members"));
        seen.borrow().contains(member)
    });
}

#[test]
fn an_agent_that_was_killed_joins_by_what_it_remembers() {
    let env = TestEnv::new();
    let key = env
        .write("key", "HIDxTe3QS8hQoXmNBp6SHA==\n")
        .display()
        .to_string();
    let data = env.path("kept").display().to_string();
    let key = ["--encrypt-file", &key];
    let (_first, [first, _, at]) =
        member(&env, &[&["--memory", "--node", "first"], &key[..]].concat());
    let kept = [&["--data", &data, "--node", "second"], &key[..]].concat();
    let (second, [http_of, ..]) = member(&env, &[&kept[..], &["--join", &at]].concat());
    shows(&first, "second");
    let snapshot = env.path("kept/serf/local.snapshot");
    let remembered =
        || std::fs::read_to_string(&snapshot).is_ok_and(|text| text.contains("alive: first"));
    eventually(|| "what the second remembers", remembered);
    shows(&http_of, "first");
    second.signal(Signal::SIGKILL);
    second.wait();
    let (_second, [second, ..]) = member(&env, &kept);
    shows(&second, "first");
}

#[test]
fn an_agent_says_where_it_serves_serf_and_says_goodbye_on_ctrl_c() {
    let env = TestEnv::new();
    let (_first, [first, _, at]) = member(&env, &["--memory", "--node", "first"]);
    let join = [
        "--memory", "--node", "second", "--tag", "role=web", "--join", &at,
    ];
    let (second, [http_of, rpc, _]) = member(&env, &join);
    assert!(rpc.starts_with("127.0.0.1:"), "{rpc}");
    shows(&first, "\"role\":\"web\"");
    // Whoever has not heard of anybody yet has nobody to say goodbye to.
    shows(&http_of, "first");
    second.signal(Signal::SIGINT);
    let ended = second.wait();
    assert_eq!(
        (ended.code, ended.stderr.as_str()),
        (0, "SIGINT: ending\nended\n")
    );
    // Left, and not failed.
    shows(&first, "\"Status\":3");
}

#[test]
fn what_can_not_be_done_about_serf_is_a_usage_error() {
    let env = TestEnv::new();
    let quiet = [
        "agent",
        "--memory",
        "--node",
        "n",
        "--consul-http",
        "127.0.0.1:0",
    ];
    for (arguments, expected) in [
        (["--gossip", "0.0.0.0:0"].as_slice(), "there is no key"),
        (
            &["--gossip", "127.0.0.1:0", "--encrypt", "s33cr3t"],
            "not base64",
        ),
        (
            &["--gossip", "127.0.0.1:0", "--profile", "fast"],
            "`lan`, `wan` or `local`",
        ),
        (
            &["--serf-rpc", "0.0.0.0:0"],
            "--allow-remote --allow-remote",
        ),
        (&["--event-handler", "foo=bar"], "member-join"),
        (&["--join", "127.0.0.1"], "--gossip"),
    ] {
        let refused = env.run(&[&quiet[..], arguments].concat());
        assert_eq!(refused.code, 2, "{arguments:?}: {}", refused.stderr);
        assert!(refused.stderr.contains(expected), "{}", refused.stderr);
        assert!(!refused.stderr.contains("s33cr3t"), "{}", refused.stderr);
    }
}
