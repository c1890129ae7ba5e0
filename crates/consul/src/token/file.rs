//! A token in a file that somebody else rewrites.

use std::fs::Metadata;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, SystemTime};

use http::HeaderValue;
use quorate_net::secret::Secret;
use tokio::io::AsyncReadExt;
use tokio::time::Instant;

use super::{TokenError, header_of};

/// How often the file is looked at, at most.
const CHECK_EVERY: Duration = Duration::from_secs(1);
/// The most of it that is read. Tokens are UUIDs, or JWTs of a few KiB.
const MAX_BYTES: u64 = 64 * 1024;

/// Reads the file again when it changes, looking at most once a second.
///
/// Once there was a token, a file that is empty or can't be read (somebody is just writing it)
/// does not take it away: the last one goes on.
#[derive(Debug)]
pub(crate) struct FileToken {
    path: PathBuf,
    // A std mutex: it is held for a few instructions, never across an await.
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    header: Option<HeaderValue>,
    stamp: Option<Stamp>,
    next_check: Option<Instant>,
}

/// What changes when a file is written or replaced.
type Stamp = (Option<SystemTime>, u64, [i64; 3]);

impl FileToken {
    pub(crate) fn new(path: PathBuf) -> Self {
        Self {
            path,
            state: Mutex::default(),
        }
    }

    pub(crate) async fn header(&self) -> Result<HeaderValue, TokenError> {
        let (known, stamp) = {
            let mut state = self.lock();
            let now = Instant::now();
            match (&state.header, state.next_check) {
                (Some(header), Some(next)) if now < next => return Ok(header.clone()),
                _ => {}
            }
            // Set before looking, so that the calls meanwhile go on with what is known.
            state.next_check = now.checked_add(CHECK_EVERY);
            (state.header.clone(), state.stamp)
        };
        match self.look(stamp).await {
            Ok(Some((header, stamp))) => {
                let mut state = self.lock();
                state.header = Some(header.clone());
                state.stamp = Some(stamp);
                Ok(header)
            }
            Ok(None) => known.ok_or_else(|| self.empty()),
            Err(error) => match known {
                Some(header) => {
                    tracing::debug!(%error, "keeping the last token");
                    Ok(header)
                }
                None => Err(error),
            },
        }
    }

    /// The token and its stamp, or `None` if the stamp is still the same.
    async fn look(&self, old: Option<Stamp>) -> Result<Option<(HeaderValue, Stamp)>, TokenError> {
        let read = |source| TokenError::Read {
            path: self.name(),
            source,
        };
        let mut file = tokio::fs::File::open(&self.path).await.map_err(read)?;
        let stamp = stamp(&file.metadata().await.map_err(read)?);
        if old == Some(stamp) {
            return Ok(None);
        }
        let text = read_text(&mut file).await.map_err(read)?;
        let token = text.trim();
        if token.is_empty() {
            return Err(self.empty());
        }
        Ok(Some((header_of(&Secret::from(token))?, stamp)))
    }

    fn empty(&self) -> TokenError {
        TokenError::Empty { path: self.name() }
    }

    fn name(&self) -> String {
        self.path.display().to_string()
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

async fn read_text(file: &mut tokio::fs::File) -> io::Result<String> {
    let mut text = String::new();
    file.take(MAX_BYTES + 1).read_to_string(&mut text).await?;
    if text.len() > usize::try_from(MAX_BYTES).unwrap_or(usize::MAX) {
        let error = format!("it has more than the {MAX_BYTES} bytes that a token may have");
        return Err(io::Error::new(io::ErrorKind::FileTooLarge, error));
    }
    Ok(text)
}

#[cfg(unix)]
fn stamp(meta: &Metadata) -> Stamp {
    use std::os::unix::fs::MetadataExt;
    let inode = i64::from_ne_bytes(meta.ino().to_ne_bytes());
    (
        meta.modified().ok(),
        meta.len(),
        [inode, meta.ctime(), meta.ctime_nsec()],
    )
}

#[cfg(not(unix))]
fn stamp(meta: &Metadata) -> Stamp {
    (meta.modified().ok(), meta.len(), [0; 3])
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Temp(tempfile::TempDir);

    impl Temp {
        fn new() -> (Self, FileToken) {
            let dir = tempfile::tempdir().unwrap();
            let token = FileToken::new(dir.path().join("token"));
            (Self(dir), token)
        }

        fn write(&self, text: impl AsRef<[u8]>) {
            std::fs::write(self.0.path().join("token"), text).unwrap();
        }
    }

    #[tokio::test(start_paused = true)]
    async fn a_changed_file_is_read_again_after_a_second_and_not_before() {
        let (dir, token) = Temp::new();
        dir.write("first\n");
        assert_eq!(token.header().await.unwrap(), "first");
        dir.write(" second ");
        assert_eq!(
            token.header().await.unwrap(),
            "first",
            "looked at most once a second"
        );
        tokio::time::advance(CHECK_EVERY).await;
        assert_eq!(token.header().await.unwrap(), "second");
        tokio::time::advance(CHECK_EVERY).await;
        assert_eq!(token.header().await.unwrap(), "second");
    }

    #[tokio::test(start_paused = true)]
    async fn a_file_that_is_being_rewritten_does_not_take_the_token_away() {
        let (dir, token) = Temp::new();
        dir.write("first");
        token.header().await.unwrap();
        dir.write("");
        tokio::time::advance(CHECK_EVERY).await;
        assert_eq!(token.header().await.unwrap(), "first");
        std::fs::remove_file(dir.0.path().join("token")).unwrap();
        tokio::time::advance(CHECK_EVERY).await;
        assert_eq!(token.header().await.unwrap(), "first");
        dir.write("third");
        tokio::time::advance(CHECK_EVERY).await;
        assert_eq!(token.header().await.unwrap(), "third");
    }

    #[tokio::test]
    async fn without_a_first_token_the_reason_is_told() {
        let (dir, token) = Temp::new();
        let error = token.header().await.unwrap_err();
        assert!(matches!(error, TokenError::Read { .. }), "{error}");
        let error = error.into_error("get key `a`".into());
        assert_eq!(error.kind(), crate::ErrorKind::Unauthenticated);
        assert!(std::error::Error::source(&error).is_some());
        dir.write(" \n");
        assert!(matches!(
            token.header().await,
            Err(TokenError::Empty { .. })
        ));
        dir.write("a\u{7f}b");
        assert!(matches!(token.header().await, Err(TokenError::Malformed)));
        dir.write("x".repeat(70_000));
        assert!(matches!(token.header().await, Err(TokenError::Read { .. })));
        dir.write([0xff, 0xfe]);
        assert!(matches!(token.header().await, Err(TokenError::Read { .. })));
    }

    #[tokio::test]
    async fn the_token_is_not_printed() {
        let (dir, token) = Temp::new();
        dir.write("hunter2");
        token.header().await.unwrap();
        assert!(!format!("{token:?}").contains("hunter2"));
    }
}
