//! Passwords: typed without an echo, or read from a file or standard input.

use std::io::{self, IsTerminal, Write};
use std::path::Path;

use nix::sys::termios::{LocalFlags, SetArg, Termios, tcgetattr, tcsetattr};
use quorate_etcd::v2::Secret;
use tokio::io::{AsyncBufReadExt, BufReader};

use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::signals::{self, Signals};

/// No password is longer.
const MAX_BYTES: usize = 4096;

/// Who calls: `NAME:PASSWORD`, or `NAME` with the password in a file or typed.
pub(super) async fn of_user(user: &str, file: Option<&Path>) -> Result<(String, Secret), Failure> {
    match (user.split_once(':'), file) {
        (Some((name, password)), None) => Ok((name.to_owned(), Secret::new(password))),
        (Some(_), Some(_)) => Err(Failure::usage(
            "the password stands in --username and in --password-file",
        )),
        (None, Some(path)) => {
            let bytes = input::file(path, MAX_BYTES)?;
            Ok((user.to_owned(), text(&bytes)?))
        }
        (None, None) => Ok((user.to_owned(), read("Password: ").await?)),
    }
}

/// Who calls: the first line of a file, which is `NAME:PASSWORD`.
pub(super) fn of_file(path: &Path) -> Result<(String, Secret), Failure> {
    let line = text(&input::file(path, MAX_BYTES)?)?;
    match line.expose().split_once(':') {
        Some((name, password)) if !name.is_empty() => Ok((name.to_owned(), Secret::new(password))),
        _ => {
            let why = "its first line is not NAME:PASSWORD";
            Err(Failure::usage(format!(
                "auth-file {}: {why}",
                path.display()
            )))
        }
    }
}

/// A password that is to be set: what stands behind the colon, or else what is typed twice or read
/// from standard input.
pub(super) async fn of_new(user: &str) -> Result<(String, Secret), Failure> {
    match user.split_once(':') {
        Some((name, password)) => Ok((name.to_owned(), Secret::new(password))),
        None => Ok((user.to_owned(), typed_twice().await?)),
    }
}

/// A password that is to be set: what standard input has, even if that is a terminal.
pub(super) fn of_input() -> Result<Secret, Failure> {
    let bytes = input::read(io::stdin().lock(), "standard input", MAX_BYTES)?;
    text(&bytes)
}

/// A password that is to be set: what is typed twice or read from standard input.
pub(super) async fn typed_twice() -> Result<Secret, Failure> {
    let password = read("New password: ").await?;
    if io::stdin().is_terminal() {
        let again = read("Again: ").await?;
        if again.expose() != password.expose() {
            return Err(Failure::usage("the two passwords are not the same"));
        }
    }
    Ok(password)
}

/// A line of standard input; on a terminal it is asked for and not shown.
async fn read(prompt: &str) -> Result<Secret, Failure> {
    if !io::stdin().is_terminal() {
        return of_input();
    }
    let mut signals = Signals::listen(&Signals::END)?;
    // Before it is asked: whoever types at once is neither shown nor unheard.
    let quiet = Quiet::begin()?;
    write!(io::stderr(), "{prompt}")?;
    let mut line = Vec::new();
    let mut terminal = BufReader::new(tokio::io::stdin());
    let read = tokio::select! {
        read = terminal.read_until(b'\n', &mut line) => Ok(read),
        signal = signals.next() => Err(signal),
    };
    drop(quiet);
    writeln!(io::stderr())?;
    match read {
        Ok(read) => {
            read?;
            text(&line)
        }
        Err(signal) => {
            let exit = Exit::Signal(signals::number(signal));
            Err(Failure::new(exit, "no password was given"))
        }
    }
}

/// The first line of what was read.
fn text(bytes: &[u8]) -> Result<Secret, Failure> {
    let text = std::str::from_utf8(bytes).map_err(|_| Failure::usage("the password is no text"))?;
    match text.lines().next().unwrap_or_default() {
        "" => Err(Failure::usage("the password is empty")),
        line => Ok(Secret::new(line)),
    }
}

/// A terminal that does not show what is typed, until this value goes.
struct Quiet(Termios);

impl Quiet {
    fn begin() -> Result<Self, Failure> {
        let failed = |error: nix::Error| Failure::from(io::Error::from(error));
        let before = tcgetattr(io::stdin()).map_err(failed)?;
        let mut quiet = before.clone();
        quiet.local_flags.remove(LocalFlags::ECHO);
        tcsetattr(io::stdin(), SetArg::TCSAFLUSH, &quiet).map_err(failed)?;
        Ok(Self(before))
    }
}

impl Drop for Quiet {
    fn drop(&mut self) {
        if let Err(error) = tcsetattr(io::stdin(), SetArg::TCSANOW, &self.0) {
            tracing::debug!(%error, "the terminal stays quiet");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_password_stands_behind_the_name_or_in_a_file() {
        let home = tempfile::tempdir().unwrap();
        let file = home.path().join("password");
        std::fs::write(&file, "s3cret\n").unwrap();
        let (name, password) = of_user("ann:a:b", None).await.ok().unwrap();
        assert_eq!((name.as_str(), password.expose()), ("ann", "a:b"));
        let (name, password) = of_user("ann", Some(&file)).await.ok().unwrap();
        assert_eq!((name.as_str(), password.expose()), ("ann", "s3cret"));
        assert!(of_user("ann:b", Some(&file)).await.is_err(), "twice");
        assert!(of_file(&file).is_err(), "no name");
        std::fs::write(&file, "\n").unwrap();
        assert!(of_user("ann", Some(&file)).await.is_err(), "empty");
        std::fs::write(&file, "ann:a:b\nmore").unwrap();
        let (name, password) = of_file(&file).ok().unwrap();
        assert_eq!((name.as_str(), password.expose()), ("ann", "a:b"));
    }
}
