//! Work that takes long, on threads of their own.

use tokio::sync::oneshot;

/// Does `work` on a thread called `name`, without keeping anybody else from theirs. Nothing if the
/// system gives no thread.
///
/// # Cancel safety
/// The work is done to its end; what it came to is thrown away.
pub(crate) async fn on_a_thread<T: Send + 'static>(
    name: &str,
    work: impl FnOnce() -> T + Send + 'static,
) -> Option<T> {
    let (done, result) = oneshot::channel();
    let thread = std::thread::Builder::new().name(name.into());
    let started = thread.spawn(move || {
        // An error says that nobody waits any more.
        let _ = done.send(work());
    });
    started.ok()?;
    result.await.ok()
}
