//! The client from PyPI: `py_consul.py` has its cases.

use std::path::{Path, PathBuf};
use std::process::Stdio;

use anyhow::ensure;
use quorate_testkit::cases;
use quorate_testkit::server::Located;
use quorate_testkit::trial::{Case, Subject};

use crate::command::Command;
use crate::server::Server;

pub(crate) fn cases() -> Vec<Case<Server>> {
    cases![Server; every_case_of_py_consul_passes].into()
}

/// The Python of `$QUORATE_PYTHON`, or a `python3`, that has the package.
pub(crate) fn locate() -> Located {
    let given = std::env::var_os("QUORATE_PYTHON").filter(|path| !path.is_empty());
    let python = given.map_or_else(|| PathBuf::from("python3"), PathBuf::from);
    let mut import = std::process::Command::new(&python);
    import
        .args(["-c", "import consul"])
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    match import.status() {
        Ok(status) if status.success() => Located::Found(python),
        _ => Located::Missing(
            "py-consul is not installed: pip install -r tests/foreign/requirements.txt".to_owned(),
        ),
    }
}

async fn every_case_of_py_consul_passes(server: &Subject<Server>) -> anyhow::Result<()> {
    let Located::Found(python) = locate() else {
        anyhow::bail!("py-consul is gone");
    };
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("foreign/py_consul.py");
    let script = script.to_string_lossy();
    let addr = server.addr().to_string();
    let command = Command::new(&python).arguments([&*script, &addr]);
    let done = command.run().await?;
    ensure!(done.code == 0, "{}\n{}", done.stdout, done.stderr);
    let last = done.stdout.lines().last().unwrap_or_default();
    let passed = last
        .strip_suffix(" passed, 0 failed")
        .and_then(|count| count.parse::<u32>().ok());
    ensure!(passed.is_some_and(|count| count >= 12), "{last}");
    Ok(())
}
