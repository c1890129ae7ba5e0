//! A real etcd that speaks TLS.

use std::path::Path;
use std::process::{Child, Command, Stdio};

use quorate_testkit::certificates::Authority;
use quorate_testkit::server::{EtcdServer, EtcdVersion, Located, ReservedPort};

/// An etcd that speaks TLS alone, and to those alone that have a certificate. Dropping it ends it.
pub(crate) struct Secure {
    child: Child,
    pub(crate) url: String,
    /// Nobody else takes them before the server does.
    _ports: [ReservedPort; 2],
}

impl Secure {
    pub(crate) fn start(version: EtcdVersion, dir: &Path) -> anyhow::Result<Self> {
        let Located::Found(program) = EtcdServer::locate(version) else {
            anyhow::bail!("the server is gone");
        };
        let (client, peer) = (ReservedPort::new()?.share()?, ReservedPort::new()?.share()?);
        let url = format!("https://{}", client.addr());
        let peer_url = format!("http://{}", peer.addr());
        let file = |name: &str| dir.join(name).display().to_string();
        let pairs = [
            ("data-dir", file("data")),
            ("listen-client-urls", url.clone()),
            ("advertise-client-urls", url.clone()),
            ("listen-peer-urls", peer_url.clone()),
            ("initial-advertise-peer-urls", peer_url.clone()),
            ("initial-cluster", format!("default={peer_url}")),
            ("client-cert-auth", "true".to_owned()),
            ("trusted-ca-file", file("ca.pem")),
            ("cert-file", file("127.0.0.1.pem")),
            ("key-file", file("127.0.0.1.key")),
        ];
        let arguments = pairs.map(|(name, value)| format!("--{name}={value}"));
        let mut command = Command::new(program);
        command.args(arguments).stdout(Stdio::null());
        // The newest do not know the flag.
        if version.has_v2() {
            command.arg("--enable-v2=true");
        }
        let child = command.stderr(Stdio::null()).spawn()?;
        Ok(Self {
            child,
            url,
            _ports: [client, peer],
        })
    }
}

impl Drop for Secure {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Writes the certificates of a server, those of a `client`, and `ca.pem`.
pub(crate) fn certificates(dir: &Path) -> std::io::Result<()> {
    Authority::new()?.write(dir, &["127.0.0.1", "client"])
}
