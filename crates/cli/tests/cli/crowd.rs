//! More connections than anybody needs.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::resource::{Resource, getrlimit, setrlimit};

use crate::testenv::{PATIENCE, Running, TestEnv, eventually, http, http_with};

/// How many connections are opened, if the system allows.
const CROWD: u64 = 10_000;
/// What the test and the agent need besides.
const RESERVE: u64 = 200;
/// How long an idle connection is kept.
const IDLE: Duration = Duration::from_secs(10);
/// What a connection may cost the agent at most, in a build without optimisation.
const MAX_BYTES: u64 = 24 * 1024;

/// What the system tells of a process.
struct Process(u32);

impl Process {
    fn descriptors(&self) -> u64 {
        let entries = std::fs::read_dir(format!("/proc/{}/fd", self.0)).unwrap();
        u64::try_from(entries.count()).unwrap()
    }

    fn resident(&self) -> u64 {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.0)).unwrap();
        let line = status.lines().find_map(|it| it.strip_prefix("VmRSS:"));
        let kilobytes = line.unwrap().trim().strip_suffix(" kB").unwrap();
        kilobytes.parse::<u64>().unwrap() * 1024
    }

    fn cpu(&self) -> Duration {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", self.0)).unwrap();
        let fields = stat.rsplit_once(')').unwrap().1;
        let times = fields.split_whitespace().skip(11).take(2);
        let ticks = times.map(|it| it.parse::<u64>().unwrap()).sum::<u64>();
        Duration::from_millis(ticks * 10)
    }

    fn max_files(&self) -> (u64, u64) {
        let limits = std::fs::read_to_string(format!("/proc/{}/limits", self.0)).unwrap();
        let line = limits
            .lines()
            .find_map(|it| it.strip_prefix("Max open files"));
        let mut numbers = line.unwrap().split_whitespace();
        let mut number = || numbers.next().unwrap().parse::<u64>().unwrap_or(u64::MAX);
        (number(), number())
    }
}

/// An agent in memory that was started by a shell after `setup`.
fn agent_after(env: &TestEnv, setup: &str, more: &[&str]) -> (Running, String) {
    let agent = env.command(["agent", "--memory", "--consul-http", "127.0.0.1:0"]);
    let mut command = Command::new("sh");
    command.env_clear().current_dir(env.path("."));
    for (name, value) in agent.get_envs() {
        command.env(name, value.unwrap());
    }
    command.args(["-c", &format!("{setup}; exec \"$0\" \"$@\"")]);
    command.arg(agent.get_program()).args(["--output", "json"]);
    command.args(agent.get_args()).args(more);
    let mut agent = Running::start(command);
    let ready: serde_json::Value = serde_json::from_str(&agent.line()).unwrap();
    let url = ready["listeners"][0]["url"].as_str().unwrap().to_owned();
    (agent, url.trim_start_matches("http://").to_owned())
}

/// Asks on a new connection, and how long that took.
fn others_are_served(address: &str) -> Duration {
    let start = Instant::now();
    http_with(address, "PUT", "/v1/kv/crowd", "x");
    assert_eq!(http(address, "GET", "/v1/kv/crowd?raw"), "x");
    start.elapsed()
}

/// Asks on a connection that is open already, and waits for the answer.
fn ask(stream: &mut TcpStream) {
    let request = b"GET /v1/status/leader HTTP/1.1\r\nHost: x\r\n\r\n";
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.write_all(request).unwrap();
    let mut answer = [0; 512];
    let count = stream.read(&mut answer).unwrap();
    assert!(answer[..count].starts_with(b"HTTP/1.1 200"));
}

#[test]
fn ten_thousand_connections_that_were_left_cost_little_and_end() {
    let (_, hard) = getrlimit(Resource::RLIMIT_NOFILE).unwrap();
    setrlimit(Resource::RLIMIT_NOFILE, hard, hard).unwrap();
    let count = CROWD.min(hard.saturating_sub(RESERVE));
    if count < CROWD {
        println!("only {count} connections: the system allows no more than {hard} files");
    }
    let env = TestEnv::new();
    let idle = format!("{}s", IDLE.as_secs());
    let (agent, address) = env.agent_with(&["--memory", "--idle-timeout", &idle]);
    let agent = (Process(agent.id()), agent);
    let process = &agent.0;
    assert_eq!(
        process.max_files(),
        (hard, hard),
        "the limit was not raised"
    );
    others_are_served(&address);
    let (descriptors, resident) = (process.descriptors(), process.resident());
    let start = Instant::now();
    let mut crowd: Vec<TcpStream> = Vec::new();
    for number in 0..count {
        crowd.push(TcpStream::connect(&address).unwrap());
        // Most never say a word. Whoever is answered was accepted, and so were those before: the
        // system queues no more than so many.
        if number % 50 == 0 {
            ask(crowd.last_mut().unwrap());
        }
    }
    let opened = start.elapsed();
    // What was opened first may have ended already on a machine that is very slow.
    if opened < IDLE / 2 {
        eventually(|| "all are there", || process.descriptors() >= count);
    }
    let served = (0..20).map(|_| others_are_served(&address)).max().unwrap();
    let grown = process.resident().saturating_sub(resident);
    println!(
        "{count} connections in {opened:?}: {} bytes each; others waited {served:?} at most",
        grown / count
    );
    assert!(
        grown / count < MAX_BYTES,
        "{grown} bytes for {count} connections"
    );
    eventually(
        || "all have ended",
        || process.descriptors() <= descriptors + 2,
    );
    println!(
        "all had ended {:?} after the first was opened; memory then: {} KiB more than before",
        start.elapsed(),
        process.resident().saturating_sub(resident) / 1024
    );
    let mut last = crowd.pop().unwrap();
    let mut rest = Vec::new();
    last.set_read_timeout(Some(PATIENCE)).unwrap();
    last.read_to_end(&mut rest).unwrap();
    others_are_served(&address);
}

#[test]
fn an_agent_without_free_files_waits_for_some_and_does_not_spin() {
    let env = TestEnv::new();
    let (agent, address) = agent_after(&env, "ulimit -n 64", &["-v"]);
    let process = Process(agent.id());
    assert_eq!(process.max_files(), (64, 64));
    let mut early = TcpStream::connect(&address).unwrap();
    ask(&mut early);
    // No more than the system queues for a listener.
    let crowd: Vec<TcpStream> = (0..120)
        .map(|_| TcpStream::connect(&address).unwrap())
        .collect();
    eventually(|| "no file is free", || process.descriptors() >= 64);
    let (before, start) = (process.cpu(), Instant::now());
    // Who is there already is served meanwhile.
    while start.elapsed() < Duration::from_secs(1) {
        ask(&mut early);
        std::thread::park_timeout(Duration::from_millis(100));
    }
    let (used, elapsed) = (process.cpu() - before, start.elapsed());
    println!("without free files: {used:?} of CPU in {elapsed:?}");
    assert!(used < elapsed / 2, "{used:?} of CPU in {elapsed:?}");
    drop(crowd);
    let served = others_are_served(&address);
    println!("others are served again after {served:?}");
    agent.signal(nix::sys::signal::Signal::SIGTERM);
    let ended = agent.wait();
    assert_eq!(ended.code, 0, "{}", ended.stderr);
    let warnings = ended.stderr.matches("can't accept").count();
    assert!((1..=5).contains(&warnings), "{}", ended.stderr);
}
