//! Agents of Serf's and of ours as child processes, and as much of Serf's RPC as the comparison needs.

use std::io::{Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use anyhow::{Context as _, bail};
use quorate_wire::msgpack::{Decode, Encode, Splitter};
use quorate_wire::serf::{self, Handshake, RequestHeader, ResponseHeader, VERSION};

use crate::process::{free_address, real_binary, sibling};

/// How long an agent may take for anything but noticing a failure.
const LONG: Duration = Duration::from_secs(30);

/// How large an answer may be.
const LARGEST: usize = 16 << 20;

/// An agent that is a member of a cluster and answers Serf's RPC. It ends with this value.
#[derive(Debug)]
pub struct SerfAgent {
    child: Child,
    /// Where the others find it.
    pub gossip: SocketAddr,
    /// Where it answers clients.
    pub rpc: SocketAddr,
}

impl Drop for SerfAgent {
    fn drop(&mut self) {
        self.kill();
    }
}

impl SerfAgent {
    /// Starts a real one with the profile `lan`.
    ///
    /// # Errors
    /// When there is none or it does not start.
    pub fn serf(name: &str) -> anyhow::Result<Self> {
        let (gossip, rpc) = (free_address()?, free_address()?);
        let mut command = Command::new(real_binary("serf")?);
        command
            .args(["agent", "-profile=lan", "-log-level=err"])
            .arg(format!("-node={name}"))
            .arg(format!("-bind={gossip}"))
            .arg(format!("-rpc-addr={rpc}"));
        Self::start(command, gossip, rpc)
    }

    /// Starts the agent of this build, with the same profile.
    ///
    /// # Errors
    /// When the program is not built or does not start.
    pub fn quorate(name: &str) -> anyhow::Result<Self> {
        let (gossip, rpc) = (free_address()?, free_address()?);
        let mut command = Command::new(sibling("quorate")?);
        command
            .args(["agent", "--memory", "--consul-http=127.0.0.1:0"])
            .args(["--profile=lan", "--node", name])
            .arg(format!("--gossip={gossip}"))
            .arg(format!("--serf-rpc={rpc}"));
        Self::start(command, gossip, rpc)
    }

    fn start(mut command: Command, gossip: SocketAddr, rpc: SocketAddr) -> anyhow::Result<Self> {
        command.stdin(Stdio::null()).stdout(Stdio::null());
        let child = command.stderr(Stdio::null()).spawn();
        let child = child.context("start an agent")?;
        let agent = Self { child, gossip, rpc };
        agent.client()?;
        Ok(agent)
    }

    /// Ends it by SIGKILL: nobody is told.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// A connection to it, when it answers.
    ///
    /// # Errors
    /// When it does not for 30 s.
    pub fn client(&self) -> anyhow::Result<Rpc> {
        let start = Instant::now();
        loop {
            match Rpc::connect(self.rpc) {
                Ok(rpc) => return Ok(rpc),
                Err(error) if start.elapsed() > LONG => return Err(error),
                Err(_) => std::thread::park_timeout(Duration::from_millis(20)),
            }
        }
    }
}

/// A connection to an agent.
#[derive(Debug)]
pub struct Rpc {
    stream: TcpStream,
    splitter: Splitter,
    bytes: Vec<u8>,
    seq: u64,
}

impl Rpc {
    fn connect(to: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect_timeout(&to, LONG)?;
        stream.set_nodelay(true)?;
        stream.set_read_timeout(Some(LONG))?;
        let mut rpc = Self {
            stream,
            splitter: Splitter::new(LARGEST),
            bytes: Vec::new(),
            seq: 0,
        };
        let version = Handshake { version: VERSION };
        rpc.call(serf::Command::Handshake, Some(&version.to_msgpack()))?;
        Ok(rpc)
    }

    /// The bytes of a request.
    pub fn request(&mut self, command: serf::Command, body: Option<&[u8]>) -> Vec<u8> {
        self.seq += 1;
        let mut bytes = RequestHeader::new(command, self.seq).to_msgpack();
        bytes.extend_from_slice(body.unwrap_or_default());
        bytes
    }

    /// Sends bytes of requests.
    ///
    /// # Errors
    /// When the connection fails.
    pub fn send(&mut self, bytes: &[u8]) -> anyhow::Result<()> {
        Ok(self.stream.write_all(bytes)?)
    }

    /// Sends a request and reads the header of its answer.
    ///
    /// # Errors
    /// When the connection fails or the agent refuses.
    pub fn call(&mut self, command: serf::Command, body: Option<&[u8]>) -> anyhow::Result<()> {
        let bytes = self.request(command, body);
        self.send(&bytes)?;
        self.header()
    }

    /// Reads the header of an answer.
    ///
    /// # Errors
    /// When the connection fails or the agent refuses.
    pub fn header(&mut self) -> anyhow::Result<()> {
        let header = ResponseHeader::from_msgpack(&self.object()?)?;
        if !header.error.is_empty() {
            bail!("serf refuses: {}", header.error);
        }
        Ok(())
    }

    /// The next object.
    ///
    /// # Errors
    /// When the connection fails, or nothing comes for 30 s.
    pub fn object(&mut self) -> anyhow::Result<Vec<u8>> {
        loop {
            if let Some(len) = self.splitter.scan(&self.bytes)? {
                return Ok(self.bytes.drain(..len).collect());
            }
            let mut piece = [0; 16 << 10];
            let len = self.stream.read(&mut piece)?;
            if len == 0 {
                bail!("the agent has closed the connection");
            }
            self.bytes.extend_from_slice(&piece[..len]);
        }
    }
}
