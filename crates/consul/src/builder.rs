//! Everything about a client that can be set.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;
use http::{HeaderMap, HeaderName, HeaderValue};
use quorate_net::deadline::Timeouts;
use quorate_net::error::EndpointError;
use quorate_net::http::HttpClient;
use quorate_net::secret::Secret;
use quorate_net::servers::Servers;
use quorate_wire::consul::meta;

use crate::call::{DEFAULT_WAIT, effective_wait};
use crate::client::{Client, Inner};
use crate::error::Error;
use crate::gzip::Compression;
use crate::limits::Limits;
use crate::session_keeper::Tenants;
use crate::token::{FileToken, TokenProvider, TokenSource, header_of};

/// The port of an address that names neither a scheme nor a port.
const DEFAULT_PORT: u16 = 8500;
/// Servers hold a call for up to 7 s while they have no leader. An attempt that waits longer gets
/// their clear "No cluster leader", where a shorter one would leave a write indeterminate.
const ATTEMPT: Duration = Duration::from_secs(10);

const OPERATION: &str = "build the client";

/// Sets up a [`Client`]. What is wrong with a setting is told by [`build`](Self::build).
///
/// ```
/// # fn main() -> Result<(), quorate_consul::Error> {
/// use std::time::Duration;
/// use quorate_consul::{Client, Timeouts};
///
/// let client = Client::builder()
///     .address("http://10.0.0.1:8500,http://10.0.0.2:8500")
///     .token("b1gs33cr3t")
///     .timeouts(Timeouts::default().with_overall(Some(Duration::from_secs(30))))
///     .build()?;
/// assert_eq!(client.addresses().count(), 2);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct ClientBuilder {
    servers: Servers,
    datacenter: Option<String>,
    token: Token,
    basic_auth: Option<(String, Secret)>,
    default_wait: Duration,
    limits: Limits,
    compression: Compression,
    max_idle: Option<usize>,
}

#[derive(Clone, Debug, Default)]
enum Token {
    #[default]
    None,
    Value(Secret),
    File(PathBuf),
    Provider(Arc<dyn TokenProvider>),
}

impl ClientBuilder {
    /// A builder with the defaults: `http://127.0.0.1:8500`, no token.
    pub fn new() -> Self {
        Self {
            servers: Servers::new(DEFAULT_PORT, Timeouts::default().with_attempt(ATTEMPT)),
            datacenter: None,
            token: Token::None,
            basic_auth: None,
            default_wait: DEFAULT_WAIT,
            limits: Limits::default(),
            compression: Compression::default(),
            max_idle: None,
        }
    }

    quorate_net::server_setters!(
        "8500",
        "2 s to connect, 10 s an attempt (servers hold calls for 7 s while there is no leader), \
         15 s over all. Blocking reads extend these by their wait"
    );

    /// Sets the datacenter of calls that name none (`dc`). Default: the agent's own.
    pub fn datacenter(mut self, datacenter: impl Into<String>) -> Self {
        self.datacenter = Some(datacenter.into());
        self
    }

    /// Sets the ACL token (`X-Consul-Token`), instead of a file or provider. Empty is none.
    pub fn token(mut self, token: impl Into<Secret>) -> Self {
        self.token = Token::Value(token.into());
        self
    }

    /// Reads the ACL token from a file, instead of a value or provider. White space around it does
    /// not count. The file is read with the first call, and again when it changes: it is looked at
    /// once a second at most. While it is empty or unreadable later, the last token goes on.
    pub fn token_file(mut self, path: impl Into<PathBuf>) -> Self {
        self.token = Token::File(path.into());
        self
    }

    /// Asks `provider` for the ACL token before each call, instead of a value or file.
    pub fn token_provider(mut self, provider: Arc<dyn TokenProvider>) -> Self {
        self.token = Token::Provider(provider);
        self
    }

    /// Sends a user name and password (HTTP basic authentication), for a proxy before Consul.
    pub fn basic_auth(mut self, user: impl Into<String>, password: impl Into<Secret>) -> Self {
        self.basic_auth = Some((user.into(), password.into()));
        self
    }

    /// Sets the wait of blocking reads and watches that name none. Default 5 minutes; at most 10,
    /// and 0 is the default.
    pub fn default_wait(mut self, wait: Duration) -> Self {
        self.default_wait = effective_wait(Some(wait), DEFAULT_WAIT);
        self
    }

    /// Sets the bounds of what is sent and read.
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Sets whether listings are asked for compressed, for slow networks. Default: never.
    pub fn compression(mut self, compression: Compression) -> Self {
        self.compression = compression;
        self
    }

    /// Sets how many idle connections are kept to each address. Default 32.
    pub fn max_idle_connections(mut self, max: usize) -> Self {
        self.max_idle = Some(max);
        self
    }

    /// The client. Certificates are read now; no connection is made.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind) says what can't be read or does not fit together.
    pub fn build(self) -> Result<Client, Error> {
        let mut config = self.servers.http().map_err(|error| {
            Error::invalid(OPERATION, format_args!("address: {error}")).with_source(error)
        })?;
        let home = config.endpoints.iter().map(|(id, _)| id).next();
        let home = home.ok_or_else(|| Error::invalid(OPERATION, EndpointError::Empty))?;
        let mut headers = HeaderMap::new();
        let tokens = token_source(self.token, &mut headers)?;
        if let Some((user, password)) = &self.basic_auth {
            headers.insert(AUTHORIZATION, basic_auth(user, password)?);
        }
        let limit = self.limits.max_response_bytes;
        config.max_response_bytes = u64::try_from(limit).unwrap_or(u64::MAX);
        if let Some(max) = self.max_idle {
            config.max_idle_per_endpoint = max;
        }
        let http = HttpClient::new(config).map_err(|source| {
            Error::invalid(OPERATION, "the connections cannot be set up").with_source(source)
        })?;
        Ok(Client::from_inner(Inner {
            http,
            headers,
            tokens,
            datacenter: self.datacenter.filter(|name| !name.is_empty()),
            default_wait: self.default_wait,
            limits: self.limits,
            compress: self.compression == Compression::Listings,
            home,
            tenants: Tenants::default(),
        }))
    }
}

impl Default for ClientBuilder {
    fn default() -> Self {
        Self::new()
    }
}

fn token_source(token: Token, headers: &mut HeaderMap) -> Result<TokenSource, Error> {
    match token {
        Token::None => Ok(TokenSource::Fixed),
        Token::Value(token) => {
            if !token.is_empty() {
                let value = header_of(&token).map_err(|e| e.into_error(OPERATION.into()))?;
                headers.insert(HeaderName::from_static(meta::TOKEN), value);
            }
            Ok(TokenSource::Fixed)
        }
        Token::File(path) => Ok(TokenSource::File(FileToken::new(path))),
        Token::Provider(provider) => Ok(TokenSource::Provider(provider)),
    }
}

fn basic_auth(user: &str, password: &Secret) -> Result<HeaderValue, Error> {
    if user.contains(':') {
        return Err(Error::invalid(
            OPERATION,
            "basic_auth: the user name has a colon",
        ));
    }
    let text = STANDARD.encode(format!("{user}:{}", password.expose()));
    let mut value = HeaderValue::try_from(format!("Basic {text}"))
        .map_err(|error| Error::invalid(OPERATION, "basic_auth").with_source(error))?;
    value.set_sensitive(true);
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{ErrorKind, TlsOptions};

    #[test]
    fn the_agent_of_this_machine_is_the_default() {
        let client = Client::builder().build().unwrap();
        assert_eq!(
            client.addresses().collect::<Vec<_>>(),
            ["http://127.0.0.1:8500"]
        );
    }

    #[test]
    fn a_wrong_setting_is_named() {
        let error = Client::new("ftp://a").unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument);
        assert!(error.to_string().contains("ftp"), "{error}");
        let error = Client::builder().token("a\nb").build().unwrap_err();
        assert!(error.to_string().contains("token"), "{error}");
        let error = Client::builder()
            .basic_auth("a:b", "c")
            .build()
            .unwrap_err();
        assert!(error.to_string().contains("basic_auth"), "{error}");
        let tls = TlsOptions::default().with_ca_file("/does/not/exist");
        let error = Client::builder()
            .address("https://a:1")
            .tls(tls)
            .build()
            .unwrap_err();
        assert!(std::error::Error::source(&error).is_some(), "{error}");
    }

    #[test]
    fn secrets_are_not_printed() {
        let builder = Client::builder()
            .token("hunter2")
            .basic_auth("u", "hunter2");
        assert!(!format!("{builder:?}").contains("hunter2"));
        let text = format!("{:?}", builder.build().unwrap());
        assert!(!text.contains("hunter2"), "{text}");
    }
}
