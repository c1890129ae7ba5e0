use std::ffi::OsString;
use std::net::SocketAddr;
use std::path::Path;
use std::process::{Output, Stdio};
use std::time::Duration;

use anyhow::Context as _;
use quorate_testkit::eventually_ok;
use quorate_testkit::server::{ConsulServer, Located, locate};
use tempfile::NamedTempFile;
use tokio::io::AsyncWriteExt as _;
use tokio::sync::mpsc::{UnboundedSender, unbounded_channel};
use tokio::time::timeout;

/// The longest that a command may run.
const PATIENCE: Duration = Duration::from_secs(240);

/// How long something that must happen may take.
pub(crate) const SOON: Duration = Duration::from_secs(60);

/// A program with its arguments and what it reads.
pub(crate) struct Command {
    command: tokio::process::Command,
    input: Vec<u8>,
    open: bool,
}

/// How it ended.
#[derive(Debug)]
pub(crate) struct Done {
    /// The exit code; -1 after a signal.
    pub(crate) code: i32,
    pub(crate) stdout: String,
    pub(crate) bytes: Vec<u8>,
    pub(crate) stderr: String,
}

impl Command {
    /// One that knows nothing of the environment but where programs and files are.
    pub(crate) fn new(program: &Path) -> Self {
        let kept = ["PATH", "HOME", "TMPDIR", "LANG"];
        let kept = kept.map(|name| (name, std::env::var_os(name).unwrap_or_default()));
        let mut command = tokio::process::Command::new(program);
        command
            .env_clear()
            .envs(
                kept.into_iter()
                    .filter(|(_, value)| *value != OsString::new()),
            )
            .kill_on_drop(true)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        Self {
            command,
            input: Vec::new(),
            open: false,
        }
    }

    pub(crate) fn consul(addr: SocketAddr, arguments: &[&str]) -> anyhow::Result<Self> {
        let Located::Found(program) = ConsulServer::locate() else {
            anyhow::bail!("there is no consul");
        };
        let mut this = Self::new(&program);
        this.command.env("CONSUL_HTTP_ADDR", addr.to_string());
        this.command.args(arguments);
        Ok(this)
    }

    /// `etcdctl` 3.4, which speaks the v2 API.
    pub(crate) fn etcdctl(addr: SocketAddr, arguments: &[&str]) -> anyhow::Result<Self> {
        let program = Result::from(locate("etcdctl-3.4"))?;
        let mut this = Self::new(&program);
        this.command.env("ETCDCTL_API", "2");
        this.command
            .arg("--endpoints")
            .arg(format!("http://{addr}"));
        // A slow machine hashes passwords slowly.
        this.command
            .args(["--timeout", "50s", "--total-timeout", "55s"]);
        this.command.args(arguments);
        Ok(this)
    }

    /// `etcdctl` 3.5, which speaks the v3 API.
    pub(crate) fn etcdctl3(addr: SocketAddr, arguments: &[&str]) -> anyhow::Result<Self> {
        let program = Result::from(locate("etcdctl-3.5"))?;
        let mut this = Self::new(&program);
        this.command.arg("--endpoints").arg(addr.to_string());
        // A slow machine hashes passwords slowly.
        this.command
            .args(["--dial-timeout", "20s", "--command-timeout", "50s"]);
        this.command.args(arguments);
        Ok(this)
    }

    pub(crate) fn arguments<'a>(mut self, arguments: impl IntoIterator<Item = &'a str>) -> Self {
        self.command.args(arguments);
        self
    }

    pub(crate) fn env(mut self, name: &str, value: &str) -> Self {
        self.command.env(name, value);
        self
    }

    /// Writes to this file instead of telling at the end.
    pub(crate) fn output(mut self, file: std::fs::File) -> Self {
        self.command.stdout(file);
        self
    }

    pub(crate) fn input(mut self, input: impl Into<Vec<u8>>) -> Self {
        self.input = input.into();
        self
    }

    /// Leaves what it reads open for [`Running::write`], until [`Running::end`].
    pub(crate) fn open(mut self) -> Self {
        self.open = true;
        self
    }

    pub(crate) fn start(mut self) -> anyhow::Result<Running> {
        let mut child = self.command.spawn()?;
        let id = child.id().context("no process")?;
        let mut stdin = child.stdin.take().context("no input")?;
        let (input, mut inputs) = unbounded_channel();
        input.send(self.input)?;
        let input = self.open.then_some(input);
        let write = async move {
            while let Some(bytes) = inputs.recv().await {
                // Whoever does not read it closes it.
                drop(stdin.write_all(&bytes).await);
            }
        };
        let wait = async move { tokio::join!(write, child.wait_with_output()).1 };
        let task = quorate_net::task::spawn(wait);
        Ok(Running { task, id, input })
    }

    /// Starts it; what it prints can be read while it runs.
    pub(crate) fn tell(self) -> anyhow::Result<Told> {
        let file = NamedTempFile::new()?;
        let running = self.output(file.reopen()?).start()?;
        Ok(Told { running, file })
    }

    pub(crate) async fn run(self) -> anyhow::Result<Done> {
        self.start()?.end().await
    }
}

/// A program that runs; dropping it kills it.
pub(crate) struct Running {
    task: quorate_net::task::Task<std::io::Result<Output>>,
    id: u32,
    input: Option<UnboundedSender<Vec<u8>>>,
}

impl Running {
    /// Waits for its end.
    pub(crate) async fn end(mut self) -> anyhow::Result<Done> {
        drop(self.input.take());
        let output = timeout(PATIENCE, &mut self.task)
            .await
            .context("it does not end")???;
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        Ok(Done {
            code: output.status.code().unwrap_or(-1),
            stdout: text(&output.stdout),
            stderr: text(&output.stderr),
            bytes: output.stdout,
        })
    }

    /// Gives it more to read.
    pub(crate) fn write(&self, text: &str) -> anyhow::Result<()> {
        let input = self.input.as_ref().context("its input is closed")?;
        Ok(input.send(text.into())?)
    }

    pub(crate) fn is_running(&self) -> bool {
        !self.task.is_finished()
    }
    /// Sends it a signal: `INT`, `KILL`.
    pub(crate) async fn signal(&self, name: &str) -> anyhow::Result<()> {
        anyhow::ensure!(self.is_running(), "it has ended");
        let kill = format!("kill -s {name} {}", self.id);
        let shell = Command::new(Path::new("/bin/sh")).arguments(["-c", &kill]);
        let done = shell.run().await?;
        anyhow::ensure!(done.code == 0, "{done:?}");
        Ok(())
    }
}

/// A program that runs, and what it has printed so far.
pub(crate) struct Told {
    pub(crate) running: Running,
    file: NamedTempFile,
}

impl Told {
    pub(crate) fn text(&self) -> anyhow::Result<String> {
        Ok(std::fs::read_to_string(self.file.path())?)
    }

    /// Waits until it has printed all of this, in one piece.
    pub(crate) async fn until(&self, all: &str) -> anyhow::Result<()> {
        let has = || async {
            let text = self.text().map_err(|error| error.to_string())?;
            text.contains(all).then_some(()).ok_or(text)
        };
        Ok(eventually_ok(SOON, format!("{all:?} is printed"), has).await?)
    }

    /// Waits until it has printed whole lines, so many at least, and gives them.
    pub(crate) async fn lines(&self, count: usize) -> anyhow::Result<Vec<String>> {
        let has = || async {
            let text = self.text().map_err(|error| error.to_string())?;
            let whole = text.ends_with('\n') && text.lines().count() >= count;
            whole
                .then(|| text.lines().map(str::to_owned).collect())
                .ok_or(text)
        };
        Ok(eventually_ok(SOON, format!("{count} lines"), has).await?)
    }

    /// Interrupts it, as the keyboard does, and waits for its end.
    pub(crate) async fn interrupt(self) -> anyhow::Result<String> {
        self.running.signal("INT").await?;
        self.running.end().await?;
        Ok(std::fs::read_to_string(self.file.path())?)
    }
}
