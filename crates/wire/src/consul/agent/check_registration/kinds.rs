//! The checks that an agent runs by itself.

use std::collections::BTreeMap;
use std::time::Duration;

use super::{CheckDefinition, CheckKind};

/// An HTTP request: 2xx passes, 429 warns, everything else is critical. Redirects are followed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpCheck {
    /// What is asked for.
    pub url: String,
    /// How often; agents wait at least a second.
    pub interval: Duration,
    /// How long an answer may take. Default 10 s.
    pub timeout: Option<Duration>,
    /// The method. Default GET.
    pub method: String,
    /// The headers; `Host` among them names another host than the URL.
    pub header: BTreeMap<String, Vec<String>>,
    /// The body.
    pub body: String,
    /// Whether any certificate will do.
    pub tls_skip_verify: bool,
}

impl HttpCheck {
    /// A GET of `url`, this often.
    pub fn new(url: impl Into<String>, interval: Duration) -> Self {
        Self {
            url: url.into(),
            interval,
            timeout: None,
            method: String::new(),
            header: BTreeMap::new(),
            body: String::new(),
            tls_skip_verify: false,
        }
    }

    /// Sets how long an answer may take.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Sets the method.
    #[must_use]
    pub fn with_method(mut self, method: impl Into<String>) -> Self {
        self.method = method.into();
        self
    }

    /// Adds a header; one name may have several values.
    #[must_use]
    pub fn with_header(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        let values = self.header.entry(name.into()).or_default();
        values.push(value.into());
        self
    }

    /// Sets the body.
    #[must_use]
    pub fn with_body(mut self, body: impl Into<String>) -> Self {
        self.body = body.into();
        self
    }

    /// Takes any certificate.
    #[must_use]
    pub fn with_tls_skip_verify(mut self) -> Self {
        self.tls_skip_verify = true;
        self
    }
}

/// A TCP connection that is made and closed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TcpCheck {
    /// The host and the port.
    pub address: String,
    /// How often; agents wait at least a second.
    pub interval: Duration,
    /// How long connecting may take. Default 10 s.
    pub timeout: Option<Duration>,
}

impl TcpCheck {
    /// A connection to `address` (`host:port`), this often.
    pub fn new(address: impl Into<String>, interval: Duration) -> Self {
        Self {
            address: address.into(),
            interval,
            timeout: None,
        }
    }

    /// Sets how long connecting may take.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

/// The health service of gRPC: serving passes, everything else is critical.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct GrpcCheck {
    /// The host and the port, and a slash and the service's name if one service is meant.
    pub target: String,
    /// How often; agents wait at least a second.
    pub interval: Duration,
    /// How long an answer may take. Default 10 s.
    pub timeout: Option<Duration>,
    /// Whether to use TLS.
    pub use_tls: bool,
    /// Whether any certificate will do.
    pub tls_skip_verify: bool,
}

impl GrpcCheck {
    /// The health service at `target` (`host:port` or `host:port/service`), this often.
    pub fn new(target: impl Into<String>, interval: Duration) -> Self {
        Self {
            target: target.into(),
            interval,
            timeout: None,
            use_tls: false,
            tls_skip_verify: false,
        }
    }

    /// Sets how long an answer may take.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Uses TLS.
    #[must_use]
    pub fn with_tls(mut self) -> Self {
        self.use_tls = true;
        self
    }

    /// Uses TLS, and takes any certificate.
    #[must_use]
    pub fn with_tls_skip_verify(mut self) -> Self {
        self.use_tls = true;
        self.tls_skip_verify = true;
        self
    }
}

/// A program on the agent's machine: exit code 0 passes, 1 warns, everything else is critical.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct ScriptCheck {
    /// The program and its arguments; no shell is involved.
    pub args: Vec<String>,
    /// How often; agents wait at least a second.
    pub interval: Duration,
    /// How long it may run. Default 30 s.
    pub timeout: Option<Duration>,
}

impl ScriptCheck {
    /// A program with its arguments, this often.
    pub fn new<T: Into<String>>(args: impl IntoIterator<Item = T>, interval: Duration) -> Self {
        Self {
            args: args.into_iter().map(Into::into).collect(),
            interval,
            timeout: None,
        }
    }

    /// A line of shell, this often.
    pub fn shell(line: impl Into<String>, interval: Duration) -> Self {
        Self::new(["sh".to_owned(), "-c".to_owned(), line.into()], interval)
    }

    /// Sets how long it may run.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }
}

/// A program in a Docker container: exit code 0 passes, 1 warns, everything else is critical.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct DockerCheck {
    /// The container's id or name.
    pub container: String,
    /// The program and its arguments.
    pub args: Vec<String>,
    /// The shell that runs it. Default: that of the agent's environment.
    pub shell: String,
    /// How often; agents wait at least a second.
    pub interval: Duration,
}

impl DockerCheck {
    /// A program with its arguments in `container`, this often.
    pub fn new<T: Into<String>>(
        container: impl Into<String>,
        args: impl IntoIterator<Item = T>,
        interval: Duration,
    ) -> Self {
        Self {
            container: container.into(),
            args: args.into_iter().map(Into::into).collect(),
            shell: String::new(),
            interval,
        }
    }

    /// Sets the shell.
    #[must_use]
    pub fn with_shell(mut self, shell: impl Into<String>) -> Self {
        self.shell = shell.into();
        self
    }
}

macro_rules! into_definition {
    ($($kind:ident = $check:ty),+) => {
        $(impl From<$check> for CheckDefinition {
            fn from(check: $check) -> Self {
                Self::new(CheckKind::$kind(check))
            }
        })+
    };
}

into_definition!(
    Http = HttpCheck,
    Tcp = TcpCheck,
    Grpc = GrpcCheck,
    Script = ScriptCheck,
    Docker = DockerCheck
);
