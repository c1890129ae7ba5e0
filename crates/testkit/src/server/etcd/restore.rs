//! An etcd that begins with what a snapshot has.

use std::path::Path;
use std::process::Output;

use tokio::process::Command;

use super::{EtcdServer, EtcdVersion};
use crate::server::error::ServerError;
use crate::server::locate::locate;

impl EtcdServer {
    /// Restores a snapshot with `etcdctl` 3.5, which checks it, and starts an etcd on that.
    ///
    /// # Errors
    ///
    /// [`ServerError`]: a program is missing, the snapshot is not one, or the server ended at its
    /// start or was not ready within 60 s.
    ///
    /// # Cancel safety
    ///
    /// Dropping the future ends the server.
    pub async fn restored(version: EtcdVersion, snapshot: &Path) -> Result<Self, ServerError> {
        let mut server = Self::prepare(version, false, "node-1")?;
        server.members = server.member();
        let output = server.restore(snapshot).await?;
        if !output.status.success() {
            return Err(ServerError::Ended {
                program: "etcdctl snapshot restore",
                status: output.status.to_string(),
                log: String::from_utf8_lossy(&output.stderr).into_owned(),
            });
        }
        server.run().await?;
        Ok(server)
    }

    async fn restore(&self, snapshot: &Path) -> Result<Output, ServerError> {
        let program = Result::from(locate("etcdctl-3.5"))?;
        let peer = format!("http://{}", self.peer.addr());
        let mut command = Command::new(program);
        command
            .args(["snapshot", "restore"])
            .arg(snapshot)
            .arg("--data-dir")
            .arg(self.folder.path().join("data"))
            .args(["--name", &self.name])
            .args(["--initial-cluster", &self.members])
            .args(["--initial-advertise-peer-urls", &peer])
            .kill_on_drop(true);
        let output = command.output().await;
        output.map_err(ServerError::io("run etcdctl"))
    }
}
