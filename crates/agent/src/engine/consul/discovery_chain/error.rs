use crate::quote::quote;

/// Why a chain can't be made, in Consul's words.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum ChainError {
    /// The service has no name.
    #[error("serviceName is required")]
    MissingService,
    /// It routes or splits what can't be told apart.
    #[error(
        "discovery chain {} uses a protocol {} that does not permit advanced routing or splitting behavior",
        quote(service),
        quote(protocol)
    )]
    NoRouting {
        /// The chain's service.
        service: String,
        /// How it speaks.
        protocol: String,
    },
    /// It leads through services that speak differently.
    #[error(
        "discovery chain {} uses inconsistent protocols; service {} has {} which is not {}",
        quote(chain),
        quote(service),
        quote(protocol),
        quote(expected)
    )]
    Inconsistent {
        /// The chain's service.
        chain: String,
        /// The service that speaks differently.
        service: String,
        /// How it speaks.
        protocol: String,
        /// How those before it speak.
        expected: String,
    },
    /// It names a subset that no resolver defines.
    #[error(
        "service {} does not have a subset named {}",
        quote(service),
        quote(subset)
    )]
    UnknownSubset {
        /// The service.
        service: String,
        /// The subset.
        subset: String,
    },
    /// A service outside of the mesh is more than one thing.
    #[error(
        "service {} has an external SNI set; cannot define {what} for external services",
        quote(service)
    )]
    External {
        /// The service.
        service: String,
        /// `redirects`, `subsets` or `failover`.
        what: &'static str,
    },
    /// Redirects lead back to where they began.
    #[error("detected circular resolver redirect: [{}]", .0.join(" -> "))]
    CircularRedirect(Vec<String>),
    /// Nodes lead back to where they began.
    #[error("detected circular reference: [{}]", .0.join(" -> "))]
    CircularReference(Vec<String>),
}
