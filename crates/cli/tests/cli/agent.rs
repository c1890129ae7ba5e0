//! `quorate agent`.

use nix::sys::signal::Signal;

use crate::testenv::{TestEnv, answer, http};

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
    ]);
    let listening = loop {
        let line = agent.line();
        if line.contains("etcd-v2") {
            break line;
        }
    };
    let address = listening.split("http://").nth(1).unwrap().to_owned();
    let environment = format!("export ETCDCTL_API=2 ETCDCTL_ENDPOINTS=http://{address}");
    assert!(agent.line().contains(&environment));
    assert!(http(&address, "GET", "/version").contains("\"etcdserver\":\"3.4.23\""));
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
