//! Questions before something that cannot be undone.

use std::io::{self, BufRead, IsTerminal, Write};

use crate::exit::Exit;
use crate::failure::Failure;

/// Asks on the terminal whether to go on with what `plan` says.
///
/// With `yes` it does not ask. Without a terminal, or where standard input carries data, it
/// refuses with [`Exit::Refused`] and the option to give.
pub(crate) fn confirm(plan: &str, yes: bool, stdin_is_data: bool) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    let refused = |message: String| Failure::new(Exit::Refused, message);
    if stdin_is_data || !io::stdin().is_terminal() || !io::stderr().is_terminal() {
        return Err(
            refused(format!("{plan}: not done, because nobody can be asked"))
                .with_next("the same command with --yes, if that is what you want"),
        );
    }
    write!(io::stderr(), "{plan}. Go on? [y/N] ")?;
    let mut answer = String::new();
    io::stdin().lock().read_line(&mut answer)?;
    match answer.trim().to_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(refused(format!("{plan}: not done"))),
    }
}
