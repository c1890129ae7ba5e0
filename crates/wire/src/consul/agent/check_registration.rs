//! Checks as they are registered at an agent.

mod form;
mod kinds;

use std::time::Duration;

use serde::{Serialize, Serializer};

use crate::consul::SecretText;
use crate::consul::health_status::HealthStatus;
use form::Form;

pub use kinds::{DockerCheck, GrpcCheck, HttpCheck, ScriptCheck, TcpCheck};

/// A check that an agent is to run, or to hear about.
///
/// Made from the kind of check that it is, so that only what belongs to that kind can be said:
///
/// ```
/// use std::time::Duration;
/// use quorate_wire::consul::agent::{CheckDefinition, HttpCheck};
///
/// let every = Duration::from_secs(10);
/// let http = HttpCheck::new("http://127.0.0.1:8080/health", every)
///     .with_header("Authorization", "Basic …")
///     .with_timeout(Duration::from_secs(2));
/// let check = CheckDefinition::from(http).with_name("web answers").with_failures_before_critical(3);
///
/// let heartbeat = CheckDefinition::ttl(Duration::from_secs(30));
/// # assert!(check.validate().is_ok() && heartbeat.validate().is_ok());
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckDefinition {
    /// How its status is found.
    pub kind: CheckKind,
    /// Its id, unique at its agent. Default: its name; for a check that comes with its service
    /// `service:` and the service's id, with a number behind it if there are several.
    pub id: String,
    /// Its name for people. A check of its own needs one; one that comes with its service has a
    /// default.
    pub name: String,
    /// Remarks for people.
    pub notes: String,
    /// What counts until it has run for the first time. Default: critical. A check that is
    /// registered again keeps the status that it has.
    pub status: Option<HealthStatus>,
    /// How many passes in a row make it passing. Default 0: the first. Not for TTL and alias
    /// checks.
    pub success_before_passing: u32,
    /// How many failures in a row make it critical. Default 0: the first. Not for TTL and alias
    /// checks.
    pub failures_before_critical: u32,
    /// Deregisters its service after it has been critical for this long. Agents count at least a
    /// minute, and look every 30 s.
    pub deregister_critical_service_after: Option<Duration>,
    /// The most of its output that is kept, in bytes. Default, and most: 4096.
    pub output_max_size: Option<u32>,
}

/// How a check's status is found.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum CheckKind {
    /// The program says so itself, at least this often; otherwise it becomes critical.
    Ttl(Duration),
    /// An HTTP request: 2xx passes, 429 warns.
    Http(HttpCheck),
    /// A TCP connection.
    Tcp(TcpCheck),
    /// The health service of gRPC.
    Grpc(GrpcCheck),
    /// A program on the agent's machine: exit code 0 passes, 1 warns. Agents refuse it unless
    /// scripts are enabled.
    Script(ScriptCheck),
    /// A program in a Docker container.
    Docker(DockerCheck),
    /// The health of another service of the same agent, by its id.
    AliasService(String),
    /// The health of a node, by its name.
    AliasNode(String),
}

impl CheckDefinition {
    /// A check of this kind.
    #[must_use]
    pub fn new(kind: CheckKind) -> Self {
        Self {
            kind,
            id: String::new(),
            name: String::new(),
            notes: String::new(),
            status: None,
            success_before_passing: 0,
            failures_before_critical: 0,
            deregister_critical_service_after: None,
            output_max_size: None,
        }
    }

    /// Passing as long as the program says so at least this often.
    #[must_use]
    pub fn ttl(ttl: Duration) -> Self {
        Self::new(CheckKind::Ttl(ttl))
    }

    /// A GET of `url`, this often.
    pub fn http(url: impl Into<String>, interval: Duration) -> Self {
        HttpCheck::new(url, interval).into()
    }

    /// A connection to `address` (`host:port`), this often.
    pub fn tcp(address: impl Into<String>, interval: Duration) -> Self {
        TcpCheck::new(address, interval).into()
    }

    /// The health service of gRPC at `target` (`host:port` or `host:port/service`), this often.
    pub fn grpc(target: impl Into<String>, interval: Duration) -> Self {
        GrpcCheck::new(target, interval).into()
    }

    /// A program with its arguments, this often.
    pub fn script<T: Into<String>>(args: impl IntoIterator<Item = T>, interval: Duration) -> Self {
        ScriptCheck::new(args, interval).into()
    }

    /// A program with its arguments in a container, this often.
    pub fn docker<T: Into<String>>(
        container: impl Into<String>,
        args: impl IntoIterator<Item = T>,
        interval: Duration,
    ) -> Self {
        DockerCheck::new(container, args, interval).into()
    }

    /// As healthy as the service with this id, at the same agent.
    pub fn alias_service(id: impl Into<String>) -> Self {
        Self::new(CheckKind::AliasService(id.into()))
    }

    /// As healthy as the node with this name.
    pub fn alias_node(name: impl Into<String>) -> Self {
        Self::new(CheckKind::AliasNode(name.into()))
    }

    /// Sets the id.
    #[must_use]
    pub fn with_id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// Sets the name for people.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// Sets the remarks.
    #[must_use]
    pub fn with_notes(mut self, notes: impl Into<String>) -> Self {
        self.notes = notes.into();
        self
    }

    /// Sets what counts until it has run for the first time.
    #[must_use]
    pub fn with_status(mut self, status: HealthStatus) -> Self {
        self.status = Some(status);
        self
    }

    /// Sets how many passes in a row make it passing.
    #[must_use]
    pub fn with_success_before_passing(mut self, times: u32) -> Self {
        self.success_before_passing = times;
        self
    }

    /// Sets how many failures in a row make it critical.
    #[must_use]
    pub fn with_failures_before_critical(mut self, times: u32) -> Self {
        self.failures_before_critical = times;
        self
    }

    /// Deregisters its service after it has been critical for this long.
    #[must_use]
    pub fn with_deregister_critical_service_after(mut self, after: Duration) -> Self {
        self.deregister_critical_service_after = Some(after);
        self
    }

    /// Sets the most of its output that is kept, in bytes.
    #[must_use]
    pub fn with_output_max_size(mut self, bytes: u32) -> Self {
        self.output_max_size = Some(bytes);
        self
    }

    /// Checks what an agent would refuse.
    ///
    /// # Errors
    /// [`InvalidCheck`] names the field.
    pub fn validate(&self) -> Result<(), InvalidCheck> {
        self.kind.validate()?;
        let runs = !matches!(
            self.kind,
            CheckKind::Ttl(_) | CheckKind::AliasService(_) | CheckKind::AliasNode(_)
        );
        if !runs && (self.success_before_passing > 0 || self.failures_before_critical > 0) {
            return Err(InvalidCheck::Threshold);
        }
        match &self.status {
            Some(HealthStatus::Maintenance | HealthStatus::Other(_)) => Err(InvalidCheck::Status),
            _ if self.output_max_size == Some(0) => Err(InvalidCheck::OutputMaxSize),
            _ => Ok(()),
        }
    }
}

impl CheckKind {
    fn validate(&self) -> Result<(), InvalidCheck> {
        let given = |field, text: &str| match text {
            "" => Err(InvalidCheck::Empty { field }),
            _ => Ok(()),
        };
        let (interval, args) = match self {
            Self::Ttl(ttl) if ttl.is_zero() => return Err(InvalidCheck::Zero { field: "TTL" }),
            Self::Ttl(_) => return Ok(()),
            Self::AliasService(id) => return given("AliasService", id),
            Self::AliasNode(name) => return given("AliasNode", name),
            Self::Http(http) => {
                given("HTTP", &http.url)?;
                (http.interval, None)
            }
            Self::Tcp(tcp) => {
                given("TCP", &tcp.address)?;
                (tcp.interval, None)
            }
            Self::Grpc(grpc) => {
                given("GRPC", &grpc.target)?;
                (grpc.interval, None)
            }
            Self::Script(script) => (script.interval, Some(&script.args)),
            Self::Docker(docker) => {
                given("DockerContainerID", &docker.container)?;
                (docker.interval, Some(&docker.args))
            }
        };
        if args.is_some_and(Vec::is_empty) {
            return Err(InvalidCheck::Empty { field: "Args" });
        }
        if interval.is_zero() {
            return Err(InvalidCheck::Zero { field: "Interval" });
        }
        Ok(())
    }
}

/// What an agent would refuse of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InvalidCheck {
    /// A duration that has to be more than nothing.
    #[error("{field}: must be longer than zero")]
    Zero {
        /// The field.
        field: &'static str,
    },
    /// A text or list that has to be there.
    #[error("{field}: must not be empty")]
    Empty {
        /// The field.
        field: &'static str,
    },
    /// TTL and alias checks count nothing.
    #[error("SuccessBeforePassing, FailuresBeforeCritical: a TTL or alias check counts no results")]
    Threshold,
    /// A status that a check can't begin with.
    #[error("Status: must be passing, warning or critical")]
    Status,
    /// No output at all can't be asked for.
    #[error("OutputMaxSize: must be more than zero")]
    OutputMaxSize,
    /// A check of its own needs a name.
    #[error("Name: a check of its own needs one")]
    Name,
}

/// The body of `PUT /v1/agent/check/register`.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CheckRegistration {
    /// The check.
    pub check: CheckDefinition,
    /// The id of the service that it belongs to; empty for a check of the node.
    pub service_id: String,
    /// The ACL token with which the agent keeps it in the catalog, instead of its own. Agents
    /// take it from a configuration file; of a request they take its own token, so a client sends
    /// this one there.
    pub token: SecretText,
}

impl CheckRegistration {
    /// A check of the node, called `name`.
    #[must_use]
    pub fn new(name: impl Into<String>, check: CheckDefinition) -> Self {
        Self {
            check: check.with_name(name),
            service_id: String::new(),
            token: SecretText::default(),
        }
    }

    /// Makes it a check of the service with this id, at the same agent.
    #[must_use]
    pub fn with_service_id(mut self, id: impl Into<String>) -> Self {
        self.service_id = id.into();
        self
    }

    /// Sets the ACL token with which the agent keeps it in the catalog.
    #[must_use]
    pub fn with_token(mut self, token: impl Into<SecretText>) -> Self {
        self.token = token.into();
        self
    }

    /// Its id: the one given, or else its name.
    #[must_use]
    pub fn id(&self) -> &str {
        match self.check.id.as_str() {
            "" => &self.check.name,
            id => id,
        }
    }

    /// Checks what an agent would refuse.
    ///
    /// # Errors
    /// [`InvalidCheck`] names the field.
    pub fn validate(&self) -> Result<(), InvalidCheck> {
        if self.check.name.is_empty() {
            return Err(InvalidCheck::Name);
        }
        self.check.validate()
    }
}

/// The form of a check that comes with its service, where the id is called `CheckID`.
impl Serialize for CheckDefinition {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut form = Form::of(self);
        form.check_id = &self.id;
        form.serialize(serializer)
    }
}

impl Serialize for CheckRegistration {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut form = Form::of(&self.check);
        form.id = &self.check.id;
        form.service_id = &self.service_id;
        form.token = self.token.expose();
        form.serialize(serializer)
    }
}

#[cfg(test)]
mod tests;
