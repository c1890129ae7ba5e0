use std::collections::BTreeMap;
use std::time::Duration;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::kind::Tag;
use crate::consul::nullable::{duration, is_default, or_default, or_null};

/// Where the requests for a service go: `service-router`. The first route that matches counts;
/// behind the last stands one to the service itself.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct ServiceRouter {
    kind: Tag<2>,
    /// The service; its protocol must be `http`, `http2` or `grpc`.
    pub name: String,
    /// The routes, in order.
    #[serde(serialize_with = "or_null", deserialize_with = "or_default")]
    pub routes: Vec<ServiceRoute>,
    /// The operator's labels.
    #[serde(
        skip_serializing_if = "BTreeMap::is_empty",
        deserialize_with = "or_default"
    )]
    pub meta: BTreeMap<String, String>,
    /// Fields of later servers.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
    /// The index of its creation; 0 before it is stored.
    pub create_index: u64,
    /// The index of its last change; 0 before it is stored.
    pub modify_index: u64,
}

impl ServiceRouter {
    /// A router of a service, without routes.
    #[must_use]
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            ..Self::default()
        }
    }

    /// Adds a route behind the others.
    #[must_use]
    pub fn with_route(mut self, route: ServiceRoute) -> Self {
        self.routes.push(route);
        self
    }
}

/// One route.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct ServiceRoute {
    /// Which requests; all when there is none.
    #[serde(rename = "Match", skip_serializing_if = "Option::is_none")]
    pub matches: Option<RouteMatch>,
    /// Where they go; to the service itself when there is none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub destination: Option<RouteDestination>,
}

impl ServiceRoute {
    /// A route for requests that match.
    #[must_use]
    pub fn matching(http: HttpMatch) -> Self {
        Self {
            matches: Some(RouteMatch { http: Some(http) }),
            destination: None,
        }
    }

    /// Sets where they go.
    #[must_use]
    pub fn to(mut self, destination: RouteDestination) -> Self {
        self.destination = Some(destination);
        self
    }
}

/// Which requests a route is for.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
#[non_exhaustive]
pub struct RouteMatch {
    /// By what HTTP says.
    #[serde(rename = "HTTP", skip_serializing_if = "Option::is_none")]
    pub http: Option<HttpMatch>,
}

/// Which HTTP requests a route is for: those for which everything holds. At most one of the paths
/// may be set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct HttpMatch {
    /// The path is this; starts with a slash.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path_exact: String,
    /// The path starts with this; starts with a slash.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path_prefix: String,
    /// The path matches this.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub path_regex: String,
    /// What the headers say.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    pub header: Vec<HeaderMatch>,
    /// What the query says.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    pub query_param: Vec<QueryMatch>,
    /// The method is one of these; any when there is none.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    pub methods: Vec<String>,
    /// Fields of later servers.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}

impl HttpMatch {
    /// The path is this.
    #[must_use]
    pub fn path_exact(path: impl Into<String>) -> Self {
        Self {
            path_exact: path.into(),
            ..Self::default()
        }
    }

    /// The path starts with this.
    #[must_use]
    pub fn path_prefix(path: impl Into<String>) -> Self {
        Self {
            path_prefix: path.into(),
            ..Self::default()
        }
    }

    /// And this holds for a header.
    #[must_use]
    pub fn with_header(mut self, header: HeaderMatch) -> Self {
        self.header.push(header);
        self
    }

    /// And this holds for a parameter of the query.
    #[must_use]
    pub fn with_query_param(mut self, param: QueryMatch) -> Self {
        self.query_param.push(param);
        self
    }

    /// And the method is this, or another one that was added.
    #[must_use]
    pub fn with_method(mut self, method: impl Into<String>) -> Self {
        self.methods.push(method.into());
        self
    }
}

/// What holds for a header. Exactly one of the conditions must be set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct HeaderMatch {
    /// The header.
    pub name: String,
    /// It is there.
    #[serde(skip_serializing_if = "is_default")]
    pub present: bool,
    /// It is this.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub exact: String,
    /// It starts with this.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub prefix: String,
    /// It ends with this.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub suffix: String,
    /// It matches this.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub regex: String,
    /// The condition must not hold.
    #[serde(skip_serializing_if = "is_default")]
    pub invert: bool,
}

impl HeaderMatch {
    /// The header is there.
    #[must_use]
    pub fn present(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            present: true,
            ..Self::default()
        }
    }

    /// The header is this.
    #[must_use]
    pub fn exact(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            exact: value.into(),
            ..Self::default()
        }
    }

    /// The condition must not hold.
    #[must_use]
    pub fn inverted(mut self) -> Self {
        self.invert = true;
        self
    }
}

/// What holds for a parameter of the query. Exactly one of the conditions must be set.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct QueryMatch {
    /// The parameter.
    pub name: String,
    /// It is there.
    #[serde(skip_serializing_if = "is_default")]
    pub present: bool,
    /// It is this.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub exact: String,
    /// It matches this.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub regex: String,
}

impl QueryMatch {
    /// The parameter is there.
    #[must_use]
    pub fn present(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            present: true,
            ..Self::default()
        }
    }

    /// The parameter is this.
    #[must_use]
    pub fn exact(name: impl Into<String>, value: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            exact: value.into(),
            ..Self::default()
        }
    }
}

/// Where the requests of a route go.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "PascalCase", default)]
#[non_exhaustive]
pub struct RouteDestination {
    /// How long one may take, over all retries; the proxy's default when there is none.
    #[serde(with = "duration", skip_serializing_if = "Option::is_none")]
    pub request_timeout: Option<Duration>,
    /// The service; the router's own when empty.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub service: String,
    /// A subset that the service's resolver defines.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub service_subset: String,
    /// An enterprise field; servers fill in `default` in some places.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub namespace: String,
    /// What stands in for the path that matched.
    #[serde(skip_serializing_if = "String::is_empty")]
    pub prefix_rewrite: String,
    /// How often a request is sent again.
    #[serde(skip_serializing_if = "is_default")]
    pub num_retries: u32,
    /// Whether it is sent again when no connection can be made.
    #[serde(skip_serializing_if = "is_default")]
    pub retry_on_connect_failure: bool,
    /// The statuses after which it is sent again.
    #[serde(skip_serializing_if = "Vec::is_empty", deserialize_with = "or_default")]
    pub retry_on_status_codes: Vec<u32>,
    /// Fields of later servers.
    #[serde(flatten)]
    pub extra: BTreeMap<String, Value>,
}

impl RouteDestination {
    /// Another service.
    #[must_use]
    pub fn service(service: impl Into<String>) -> Self {
        Self {
            service: service.into(),
            ..Self::default()
        }
    }

    /// Sets the subset, which the service's resolver defines.
    #[must_use]
    pub fn with_subset(mut self, subset: impl Into<String>) -> Self {
        self.service_subset = subset.into();
        self
    }

    /// Sets what stands in for the path that matched.
    #[must_use]
    pub fn with_prefix_rewrite(mut self, prefix: impl Into<String>) -> Self {
        self.prefix_rewrite = prefix.into();
        self
    }

    /// Sets how long a request may take.
    #[must_use]
    pub fn with_request_timeout(mut self, timeout: Duration) -> Self {
        self.request_timeout = Some(timeout);
        self
    }

    /// Sets how often a request is sent again.
    #[must_use]
    pub fn with_retries(mut self, retries: u32) -> Self {
        self.num_retries = retries;
        self
    }
}
