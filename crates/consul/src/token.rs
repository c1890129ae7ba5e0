//! Where the ACL token comes from.

mod file;

use std::fmt;
use std::pin::Pin;
use std::sync::Arc;

use http::HeaderValue;
use quorate_net::secret::Secret;

use crate::error::{BoxError, Class, Error, ErrorKind, Outcome, RetryAdvice};
pub(crate) use file::FileToken;

/// What a [`TokenProvider`] returns: a token, none, or why there is none.
pub type TokenFuture<'a> =
    Pin<Box<dyn Future<Output = Result<Option<Secret>, BoxError>> + Send + 'a>>;

/// Gives the client its ACL token: from a vault, from a login, from wherever.
///
/// It is asked before every call that has no token of its own, so it should answer from memory
/// most of the time. A call waits for it as long as it takes: bound it yourself.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let agent = quorate_agent::Agent::start(Default::default()).await?;
/// use std::sync::Arc;
/// use quorate_consul::{Client, Secret, TokenFuture, TokenProvider};
/// use tokio::sync::watch;
///
/// #[derive(Debug)]
/// struct FromVault(watch::Receiver<Option<Secret>>);
///
/// impl TokenProvider for FromVault {
///     fn token(&self) -> TokenFuture<'_> {
///         Box::pin(async { Ok(Some(self.0.borrow().clone().ok_or("the vault is sealed")?)) })
///     }
/// }
///
/// let (vault, tokens) = watch::channel(None);
/// let client = Client::builder().token_provider(Arc::new(FromVault(tokens)));
/// # let client = client.dialer(agent.dialer());
/// let client = client.build()?;
/// assert!(client.kv().put("a", "1").await.is_err(), "not even sent");
///
/// vault.send_replace(Some("b1gs33cr3t".into()));
/// client.kv().put("a", "1").await?;
/// # Ok(())
/// # }
/// ```
pub trait TokenProvider: Send + Sync + fmt::Debug {
    /// The token for the next call; `None` sends none.
    ///
    /// # Errors
    /// Whatever keeps it from giving one. The call fails with
    /// [`ErrorKind::Unauthenticated`](crate::ErrorKind) and this as its source.
    fn token(&self) -> TokenFuture<'_>;
}

/// The token of calls that bring none.
#[derive(Debug, Default)]
pub(crate) enum TokenSource {
    /// None, or a fixed one that is among the client's headers already.
    #[default]
    Fixed,
    /// From a file that may change.
    File(FileToken),
    /// From the user's own code.
    Provider(Arc<dyn TokenProvider>),
}

/// Why there is no token to send.
#[derive(Debug, thiserror::Error)]
pub(crate) enum TokenError {
    #[error("the token file `{path}` cannot be read")]
    Read {
        path: String,
        source: std::io::Error,
    },
    #[error("the token file `{path}` is empty")]
    Empty { path: String },
    #[error("the token has a character that a header cannot carry")]
    Malformed,
    #[error("the token provider failed")]
    Provider(#[source] BoxError),
}

impl TokenError {
    pub(crate) fn into_error(self, operation: String) -> Error {
        let class = match self {
            Self::Malformed => Class::refused(ErrorKind::InvalidArgument),
            Self::Read { .. } | Self::Empty { .. } | Self::Provider(_) => Class::new(
                ErrorKind::Unauthenticated,
                Outcome::DidNotHappen,
                RetryAdvice::NotSent,
            ),
        };
        let error = Error::new(class, operation).with_detail(&self);
        match self {
            Self::Read { source, .. } => error.with_source(source),
            Self::Provider(source) => error.with_source(source),
            Self::Empty { .. } | Self::Malformed => error,
        }
    }
}

impl TokenSource {
    /// The header for the next call, where it is not fixed.
    pub(crate) async fn header(&self) -> Result<Option<HeaderValue>, TokenError> {
        match self {
            Self::Fixed => Ok(None),
            Self::File(file) => file.header().await.map(Some),
            Self::Provider(provider) => {
                let token = provider.token().await.map_err(TokenError::Provider)?;
                token
                    .filter(|token| !token.is_empty())
                    .as_ref()
                    .map(header_of)
                    .transpose()
            }
        }
    }
}

/// The token as a header value that is never printed.
pub(crate) fn header_of(token: &Secret) -> Result<HeaderValue, TokenError> {
    let mut value = HeaderValue::from_str(token.expose()).map_err(|_| TokenError::Malformed)?;
    value.set_sensitive(true);
    Ok(value)
}
