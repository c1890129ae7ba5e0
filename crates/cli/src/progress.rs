//! A progress bar, on a terminal only.

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::view::Screen;

/// A bar on standard error that counts keys up to `total`; nothing where standard error is no
/// terminal, or where the results go to one.
pub(crate) fn keys(screen: &Screen, verb: &'static str, total: usize, shown: bool) -> ProgressBar {
    if !shown || !screen.stderr_is_terminal() || screen.is_json() {
        return ProgressBar::hidden();
    }
    let total = u64::try_from(total).unwrap_or(u64::MAX);
    let bar = ProgressBar::with_draw_target(Some(total), ProgressDrawTarget::stderr());
    let template = "{msg} {wide_bar} {pos}/{len} keys, {per_sec}, {eta} left";
    bar.set_style(
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar.set_message(verb);
    bar
}

/// A bar on standard error that counts bytes; without a total it only counts. Nothing where standard
/// error is no terminal.
pub(crate) fn bytes(screen: &Screen, verb: &'static str, total: Option<u64>) -> ProgressBar {
    if !screen.stderr_is_terminal() || screen.is_json() {
        return ProgressBar::hidden();
    }
    let bar = ProgressBar::with_draw_target(total, ProgressDrawTarget::stderr());
    let template = match total {
        Some(_) => "{msg} {wide_bar} {bytes}/{total_bytes}, {bytes_per_sec}, {eta} left",
        None => "{msg} {spinner} {bytes}, {bytes_per_sec}",
    };
    bar.set_style(
        ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar()),
    );
    bar.set_message(verb);
    bar
}
