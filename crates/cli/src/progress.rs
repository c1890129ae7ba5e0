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
