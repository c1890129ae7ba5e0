//! `quorate lock` in an interactive shell: the command gets the terminal, Ctrl-C and Ctrl-Z.

use std::fs::File;
use std::io::{Read, Write};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::time::{Duration, Instant};

use nix::pty::openpty;

use crate::testenv::{PATIENCE, TestEnv, eventually, has};

/// A shell on a terminal of its own.
struct Shell {
    keyboard: File,
    screen: Receiver<Vec<u8>>,
    seen: String,
    shell: Child,
}

impl Shell {
    /// `None` where the tools are missing that give a program a terminal.
    fn start(env: &TestEnv) -> Option<Self> {
        if !has("setsid") || !has("bash") {
            return None;
        }
        let pty = openpty(None, None).unwrap();
        let side = || Stdio::from(pty.slave.try_clone().unwrap());
        let program = env.command(["--version"]).get_program().to_owned();
        let mut command = Command::new("setsid");
        command.args(["--ctty", "--wait", "bash", "--norc", "--noprofile", "-i"]);
        command
            .current_dir(env.path(""))
            .env("QUORATE_DATA", env.data());
        command
            .env("PS1", "ready> ")
            .env("TERM", "dumb")
            .env("Q", program);
        command.stdin(side()).stdout(side()).stderr(side());
        let shell = command.spawn().unwrap();
        let keyboard = File::from(pty.master);
        let mut output = keyboard.try_clone().unwrap();
        let (sender, screen) = mpsc::channel();
        std::thread::spawn(move || {
            let mut buffer = [0; 4096];
            while let Ok(read) = output.read(&mut buffer) {
                if read == 0 || sender.send(buffer[..read].to_vec()).is_err() {
                    break;
                }
            }
        });
        let seen = String::new();
        Some(Self {
            keyboard,
            screen,
            seen,
            shell,
        })
    }

    fn types(&mut self, text: &str) {
        self.seen.clear();
        self.keyboard.write_all(text.as_bytes()).unwrap();
    }

    /// Whether the screen shows `text` within a moment.
    fn shows_soon(&mut self, text: &str) -> bool {
        while let Ok(bytes) = self.screen.recv_timeout(Duration::from_millis(100)) {
            self.seen += &String::from_utf8_lossy(&bytes);
        }
        self.seen.contains(text)
    }

    /// Waits until the screen shows `text`, after the last typing.
    fn shows(&mut self, text: &str) {
        let until = Instant::now() + PATIENCE;
        while !self.seen.contains(text) {
            let left = until.saturating_duration_since(Instant::now());
            match self.screen.recv_timeout(left) {
                Ok(bytes) => self.seen += &String::from_utf8_lossy(&bytes),
                Err(error) => panic!("{text:?} does not show ({error}): {:?}", self.seen),
            }
        }
    }
}

impl Drop for Shell {
    fn drop(&mut self) {
        let _ = self.shell.kill();
        let _ = self.shell.wait();
    }
}

#[test]
fn ctrl_c_reaches_the_command_once() {
    let env = TestEnv::new();
    let Some(mut shell) = Shell::start(&env) else {
        return;
    };
    shell.types(
        "$Q lock t -- sh -c 'trap \"echo interrupt-ed; exit 5\" INT; echo go-es; while :; do sleep 0.02; done'\n",
    );
    shell.shows("go-es\r\n");
    shell.types("\x03");
    shell.shows("interrupt-ed");
    shell.types("echo code-$?\n");
    shell.shows("code-5");
    assert_eq!(
        shell.seen.matches("interrupt-ed").count(),
        0,
        "{}",
        shell.seen
    );
}

#[test]
fn the_command_reads_what_is_typed_also_after_it_was_stopped() {
    let env = TestEnv::new();
    let Some(mut shell) = Shell::start(&env) else {
        return;
    };
    shell.types("$Q lock t -- sh -c 'echo go-es; read x; echo got-$x'\n");
    shell.shows("go-es\r\n");
    shell.types("\x1a");
    shell.shows("Stopped");
    shell.types("fg\n");
    shell.shows("$Q lock");
    shell.types("typed\n");
    shell.shows("got-typed");
}

#[test]
fn a_command_in_the_background_gets_the_terminal_when_it_comes_to_the_front() {
    let env = TestEnv::new();
    let Some(mut shell) = Shell::start(&env) else {
        return;
    };
    shell.types("$Q lock t -- sh -c 'echo go-es; read x; echo got-$x' &\n");
    shell.shows("go-es\r\n");
    // A shell tells what became of its jobs before it asks for the next command.
    eventually(
        || "the job is shown as stopped",
        || {
            let stopped = shell.shows_soon("Stopped");
            if !stopped {
                shell.types("\n");
            }
            stopped
        },
    );
    shell.types("fg\n");
    shell.shows("$Q lock");
    shell.types("typed\n");
    shell.shows("got-typed");
}
