//! What the clients and the agent of quorate share when they talk to a server.
//!
//! | I want … | go to |
//! |---|---|
//! | to send HTTP requests to one of several servers | [`http::HttpClient`] |
//! | to name a server, or an ordered set of them | [`endpoint::Endpoint`], [`endpoint::EndpointSet`] |
//! | to try several servers with another protocol than HTTP/1 | [`retry::Retry`], [`transport::Connector`] |
//! | to say how long things may take | [`deadline::Timeouts`], [`deadline::Deadline`] |
//! | to know what happened when it failed | [`error::NetError`] |
//! | to tell callers whether a call happened and may be repeated | [`call::FailedCall`], [`call::Class`] |
//! | to hold something for as long as it is renewed | [`lease::Validity`], [`lease::Lease`] |
//! | to let a builder set servers, TLS and times | [`servers::Servers`] |
//! | to speak TLS | [`tls::TlsOptions`] |
//! | to connect without a socket, or in my own way | [`transport::memory`], [`transport::Dial`] |
//! | to wait between attempts | [`backoff::Backoff`] |
//! | to start a task that somebody ends | [`task::spawn`], [`task::TaskGroup`] |
//! | to carry a token without printing it | [`secret::Secret`] |
//! | to write a file that is there as a whole or not at all | [`new_file::NewFile`] |
//!
//! Everything here needs a tokio runtime with its time and I/O drivers. Nothing here starts a
//! runtime, keeps global state that can be changed, or starts a task that nobody owns.
//!
//! ```
//! use quorate_net::endpoint::EndpointSet;
//! use quorate_net::http::{HttpClient, HttpConfig, HttpRequest, Verdict};
//!
//! # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
//! # use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
//! # let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await?;
//! # let (down, up) = ("http://127.0.0.1:1", format!("http://{}", listener.local_addr()?));
//! # let server = quorate_net::task::spawn(async move {
//! #     let (mut connection, _) = listener.accept().await?;
//! #     let _request = connection.read(&mut [0; 1024]).await?;
//! #     connection.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello").await
//! # });
//! // Two addresses, as in "http://10.0.0.1:8500,http://10.0.0.2:8500". Nobody listens at the first.
//! let servers = EndpointSet::parse(&format!("{down},{up}"))?;
//! let client = HttpClient::new(HttpConfig::new(servers))?;
//! let answer = client.send(HttpRequest::get("/greeting"), |_| Verdict::Done).await?;
//! assert_eq!((answer.status.as_u16(), &answer.body[..]), (200, &b"hello"[..]));
//! # Ok(())
//! # }
//! ```

pub mod backoff;
pub mod call;
pub mod deadline;
pub mod endpoint;
mod endpoint_set;
pub mod error;
pub mod http;
pub mod lease;
pub mod new_file;
pub mod retry;
mod rng;
pub mod secret;
pub mod servers;
pub mod task;
pub mod tls;
pub mod transport;

pub use error::NetError;
pub use secret::Secret;
