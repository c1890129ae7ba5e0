//! Servers as child processes, what they cost, and how soon they answer.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};

use crate::program;

/// A child process that ends with this value.
#[derive(Debug)]
pub struct Server {
    child: Child,
    /// Where it answers HTTP.
    pub address: SocketAddr,
    /// When it was started.
    pub started: Instant,
    _directory: Option<tempfile::TempDir>,
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Server {
    /// Starts the agent of this build: in memory, or durably in a new directory.
    ///
    /// # Errors
    /// When the program is not built or does not start.
    pub fn quorate(durable: bool) -> anyhow::Result<Self> {
        let address = free_address()?;
        let directory = durable.then(tempfile::tempdir).transpose()?;
        let mut command = Command::new(sibling("quorate")?);
        command.arg("agent");
        match &directory {
            Some(directory) => command.arg("--data").arg(directory.path()),
            None => command.arg("--memory"),
        };
        command.arg("--consul-http").arg(address.to_string());
        Self::start(command, address, directory)
    }

    /// As [`Server::quorate`], at the address of etcd's v2 API.
    ///
    /// # Errors
    /// When the program is not built or does not start.
    pub fn quorate_etcd(durable: bool) -> anyhow::Result<Self> {
        let (address, other) = (free_address()?, free_address()?);
        let directory = durable.then(tempfile::tempdir).transpose()?;
        let mut command = Command::new(sibling("quorate")?);
        command.arg("agent");
        match &directory {
            Some(directory) => command.arg("--data").arg(directory.path()),
            None => command.arg("--memory"),
        };
        command.arg("--consul-http").arg(other.to_string());
        command.arg("--etcd").arg(address.to_string());
        Self::start(command, address, directory)
    }

    /// Starts the real etcd 3.4 with its v2 API. It is always durable.
    ///
    /// # Errors
    /// When there is none or it does not start.
    pub fn etcd() -> anyhow::Result<Self> {
        Self::real_etcd("etcd-3.4", &["--enable-v2=true"])
    }

    /// Starts the real etcd 3.5. It is always durable.
    ///
    /// # Errors
    /// When there is none or it does not start.
    pub fn etcd3() -> anyhow::Result<Self> {
        Self::real_etcd("etcd-3.5", &[])
    }

    fn real_etcd(program: &str, flags: &[&str]) -> anyhow::Result<Self> {
        let (address, peer) = (free_address()?, free_address()?);
        let directory = tempfile::tempdir()?;
        let (client, peer) = (format!("http://{address}"), format!("http://{peer}"));
        let mut command = Command::new(real_binary(program)?);
        command.args(flags).arg("--log-level=error");
        command.arg("--data-dir").arg(directory.path());
        for (name, value) in [
            ("listen-client-urls", &client),
            ("advertise-client-urls", &client),
            ("listen-peer-urls", &peer),
            ("initial-advertise-peer-urls", &peer),
        ] {
            command.arg(format!("--{name}={value}"));
        }
        command.arg(format!("--initial-cluster=default={peer}"));
        Self::start(command, address, Some(directory))
    }

    /// Starts the real Consul: in memory (`-dev`), or as one server with a data directory.
    ///
    /// # Errors
    /// When there is none or it does not start.
    pub fn consul(durable: bool) -> anyhow::Result<Self> {
        let addresses: Vec<_> = (0..4).map(|_| free_address()).collect::<Result<_, _>>()?;
        let directory = tempfile::tempdir()?;
        let mut command = Command::new(real_binary("consul")?);
        command.args(["agent", "-bind", "127.0.0.1", "-client", "127.0.0.1"]);
        if durable {
            command
                .args(["-server", "-bootstrap-expect", "1", "-data-dir"])
                .arg(directory.path());
            command.args([
                "-hcl",
                "performance { raft_multiplier = 1 }",
                "-grpc-port",
                "-1",
            ]);
        } else {
            command.arg("-dev");
        }
        command.args(["-log-level", "err", "-dns-port", "-1"]);
        command.args(["-hcl", "limits { http_max_conns_per_client = 12000 }"]);
        let ports = [
            "-http-port",
            "-serf-lan-port",
            "-serf-wan-port",
            "-server-port",
        ];
        for (name, address) in ports.iter().zip(&addresses) {
            command.arg(name).arg(address.port().to_string());
        }
        Self::start(command, addresses[0], Some(directory))
    }

    /// Starts this very program as a bare server that answers with `body`.
    ///
    /// # Errors
    /// When it does not start.
    pub fn bare(body: &str) -> anyhow::Result<Self> {
        use std::io::BufRead as _;
        let mut command = Command::new(std::env::current_exe()?);
        command
            .args([program::BARE_SERVER, body])
            .stdout(Stdio::piped());
        let mut child = command.spawn()?;
        let mut line = String::new();
        let output = child
            .stdout
            .take()
            .context("no output of the bare server")?;
        std::io::BufReader::new(output).read_line(&mut line)?;
        let address = line.trim().parse().context("the bare server's address")?;
        Ok(Self {
            child,
            address,
            started: Instant::now(),
            _directory: None,
        })
    }

    fn start(
        mut command: Command,
        address: SocketAddr,
        directory: Option<tempfile::TempDir>,
    ) -> anyhow::Result<Self> {
        command
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let started = Instant::now();
        let child = command
            .spawn()
            .with_context(|| format!("start {command:?}"))?;
        Ok(Self {
            child,
            address,
            started,
            _directory: directory,
        })
    }

    /// Waits until a key can be written and returns how long that took since the start.
    ///
    /// # Errors
    /// When it takes more than 30 s.
    pub fn wait_until_writable(&self) -> anyhow::Result<Duration> {
        self.wait_for(b"PUT /v1/kv/bench/ready HTTP/1.1\r\nHost: b\r\nContent-Length: 1\r\n\r\n1")
    }

    /// Waits until `request` is answered with a status of success and returns how long that took since the
    /// start.
    ///
    /// # Errors
    /// When it takes more than 30 s.
    pub fn wait_for(&self, request: &[u8]) -> anyhow::Result<Duration> {
        while self.started.elapsed() < Duration::from_secs(30) {
            if answers(self.address, request) {
                return Ok(self.started.elapsed());
            }
            std::thread::park_timeout(Duration::from_micros(200));
        }
        bail!("no answer from {} within 30 s", self.address)
    }

    /// The CPU time that the process has used so far.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn cpu(&self) -> anyhow::Result<Duration> {
        cpu_of(&self.child.id().to_string())
    }

    /// The resident memory in bytes.
    ///
    /// # Errors
    /// When the system does not tell.
    pub fn resident(&self) -> anyhow::Result<u64> {
        let status = std::fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"));
        let kilobytes = line
            .and_then(|line| line.trim().strip_suffix(" kB"))
            .context("VmRSS")?;
        Ok(kilobytes.trim().parse::<u64>()? * 1024)
    }
}

/// The CPU time that a process (a number, or `self`) has used so far. The kernel counts it in
/// hundredths of a second.
///
/// # Errors
/// When the system does not tell.
pub fn cpu_of(process: &str) -> anyhow::Result<Duration> {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat"))?;
    let fields = stat.rsplit_once(')').context("stat")?.1;
    let mut ticks = fields
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(str::parse::<u64>);
    let user = ticks.next().context("utime")??;
    let system = ticks.next().context("stime")??;
    Ok(Duration::from_millis((user + system) * 10))
}

fn answers(address: SocketAddr, request: &[u8]) -> bool {
    use std::io::{Read as _, Write as _};
    let Ok(mut stream) = std::net::TcpStream::connect_timeout(&address, Duration::from_secs(1))
    else {
        return false;
    };
    let _ = stream.set_read_timeout(Some(Duration::from_secs(10)));
    let mut head = [0; 12];
    stream.write_all(request).is_ok()
        && stream.read_exact(&mut head).is_ok()
        && head.starts_with(b"HTTP/1.1 20")
}

/// An address that was free a moment ago.
///
/// # Errors
/// When there is none.
pub fn free_address() -> anyhow::Result<SocketAddr> {
    Ok(std::net::TcpListener::bind(("127.0.0.1", 0))?.local_addr()?)
}

/// A program of the same build as this one.
///
/// # Errors
/// When it is not built.
pub fn sibling(name: &str) -> anyhow::Result<PathBuf> {
    let path = std::env::current_exe()?.with_file_name(name);
    if !path.exists() {
        bail!(
            "{} is not built: run `cargo build --release` first",
            path.display()
        );
    }
    Ok(path)
}

/// The program of a real server.
///
/// # Errors
/// When it is not found.
pub fn real_binary(name: &str) -> anyhow::Result<PathBuf> {
    let home = std::env::var_os("HOME").map(|home| Path::new(&home).join(".cache/quorate-servers"));
    let places = std::env::var_os("QUORATE_SERVERS")
        .map(PathBuf::from)
        .into_iter()
        .chain(home);
    let mut found = places
        .map(|place| place.join("bin").join(name))
        .filter(|path| path.exists());
    found
        .next()
        .with_context(|| format!("no {name}: run scripts/servers first"))
}
