//! Paths, and what answers there.

use super::key;
use crate::consul::path::{encode_key, encode_segment};

/// Keys, followed by the key.
pub const KEYS: &str = "/v2/keys";
/// The members; a slash and an id may follow.
pub const MEMBERS: &str = "/v2/members";
/// The member that leads.
pub const MEMBERS_LEADER: &str = "/v2/members/leader";
/// The client URLs of all members, as text.
pub const MACHINES: &str = "/v2/machines";
/// What a member says of itself.
pub const STATS_SELF: &str = "/v2/stats/self";
/// What the leader says of its followers.
pub const STATS_LEADER: &str = "/v2/stats/leader";
/// What the store counts.
pub const STATS_STORE: &str = "/v2/stats/store";
/// Whether access control is on.
pub const AUTH_ENABLE: &str = "/v2/auth/enable";
/// The users; a slash and a name may follow.
pub const AUTH_USERS: &str = "/v2/auth/users";
/// The roles; a slash and a name may follow.
pub const AUTH_ROLES: &str = "/v2/auth/roles";
/// The versions of server and cluster.
pub const VERSION: &str = "/version";
/// Whether the member works.
pub const HEALTH: &str = "/health";
/// Numbers for Prometheus.
pub const METRICS: &str = "/metrics";

/// The path of a key, cleaned and encoded. The root ends with a slash.
#[must_use]
pub fn keys(name: &str) -> String {
    format!("{KEYS}{}", encode_key(&key::clean(name)))
}

/// The path of a member.
#[must_use]
pub fn member(id: &str) -> String {
    format!("{MEMBERS}/{}", encode_segment(id))
}

/// The path of a user.
#[must_use]
pub fn user(name: &str) -> String {
    format!("{AUTH_USERS}/{}", encode_segment(name))
}

/// The path of a role.
#[must_use]
pub fn role(name: &str) -> String {
    format!("{AUTH_ROLES}/{}", encode_segment(name))
}

/// What a path leads to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Route<'a> {
    /// A key, as it was sent: with its leading slash, or empty for the root.
    Keys(&'a str),
    /// All members.
    Members,
    /// What follows `/v2/members/`: an id, or `leader`.
    Member(&'a str),
    /// The client URLs of all members.
    Machines,
    /// What a member says of itself.
    StatsSelf,
    /// What the leader says of its followers.
    StatsLeader,
    /// What the store counts.
    StatsStore,
    /// Whether access control is on.
    AuthEnable,
    /// All users.
    AuthUsers,
    /// One user. A name with a slash is refused with 400 `Invalid path`.
    AuthUser(&'a str),
    /// All roles.
    AuthRoles,
    /// One role. A name with a slash is refused with 400 `Invalid path`.
    AuthRole(&'a str),
    /// The versions.
    Version,
    /// Whether the member works.
    Health,
    /// Numbers for Prometheus.
    Metrics,
}

impl<'a> Route<'a> {
    /// What a decoded path leads to. `None` is 404 `404 page not found`.
    #[must_use]
    pub fn parse(path: &'a str) -> Option<Self> {
        let exact = match path {
            MACHINES => Self::Machines,
            STATS_SELF => Self::StatsSelf,
            STATS_LEADER => Self::StatsLeader,
            STATS_STORE => Self::StatsStore,
            AUTH_ENABLE => Self::AuthEnable,
            VERSION => Self::Version,
            HEALTH => Self::Health,
            METRICS => Self::Metrics,
            _ => return Self::parse_named(path),
        };
        Some(exact)
    }

    fn parse_named(path: &'a str) -> Option<Self> {
        if let Some(key) = below(path, KEYS) {
            return Some(Self::Keys(key));
        }
        let named = |root: &str, all: Self, one: fn(&'a str) -> Self| {
            let rest = below(path, root)?;
            Some(match rest.strip_prefix('/').unwrap_or_default() {
                "" => all,
                name => one(name),
            })
        };
        named(MEMBERS, Self::Members, Self::Member)
            .or_else(|| named(AUTH_USERS, Self::AuthUsers, Self::AuthUser))
            .or_else(|| named(AUTH_ROLES, Self::AuthRoles, Self::AuthRole))
    }

    /// The methods that it takes, as the header `Allow` of a 405 names them.
    #[must_use]
    pub fn allow(self) -> &'static str {
        match self {
            Self::Keys(_) => "HEAD,GET,PUT,POST,DELETE",
            Self::Members | Self::Member(_) => "GET,POST,DELETE,PUT",
            Self::Machines => "GET,HEAD",
            Self::AuthEnable | Self::AuthUser(_) | Self::AuthRole(_) => "GET,PUT,DELETE",
            Self::StatsSelf
            | Self::StatsLeader
            | Self::StatsStore
            | Self::AuthUsers
            | Self::AuthRoles
            | Self::Version
            | Self::Health
            | Self::Metrics => "GET",
        }
    }

    /// Whether it takes a method.
    #[must_use]
    pub fn takes(self, method: &str) -> bool {
        self.allow().split(',').any(|allowed| allowed == method)
    }
}

/// What follows `root`, if the path is `root` or below it.
fn below<'a>(path: &'a str, root: &str) -> Option<&'a str> {
    let rest = path.strip_prefix(root)?;
    (rest.is_empty() || rest.starts_with('/')).then_some(rest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_encoded_and_keys_cleaned() {
        assert_eq!(keys("a//b c/é?"), "/v2/keys/a/b%20c/%C3%A9%3F");
        assert_eq!(keys(""), "/v2/keys/");
        assert_eq!(user("a/b"), "/v2/auth/users/a%2Fb");
        assert_eq!(role("a b"), "/v2/auth/roles/a%20b");
        assert_eq!(member("8e9e"), "/v2/members/8e9e");
    }

    #[test]
    fn every_path_leads_somewhere_or_nowhere() {
        for (path, route) in [
            ("/v2/keys", Some(Route::Keys(""))),
            ("/v2/keys/", Some(Route::Keys("/"))),
            ("/v2/keys/a/b", Some(Route::Keys("/a/b"))),
            ("/v2/keysfoo", None),
            ("/v2/members/", Some(Route::Members)),
            ("/v2/members/leader", Some(Route::Member("leader"))),
            ("/v2/auth/users", Some(Route::AuthUsers)),
            ("/v2/auth/users/a", Some(Route::AuthUser("a"))),
            ("/v2/auth/roles/a/b", Some(Route::AuthRole("a/b"))),
            ("/v2/auth/enable", Some(Route::AuthEnable)),
            ("/v2/auth/enable/", None),
            ("/v2/auth", None),
            ("/v2/machines", Some(Route::Machines)),
            ("/v2/stats", None),
            ("/v2/stats/store", Some(Route::StatsStore)),
            ("/version", Some(Route::Version)),
            ("/health", Some(Route::Health)),
            ("/metrics", Some(Route::Metrics)),
            ("/", None),
        ] {
            assert_eq!(Route::parse(path), route, "{path}");
        }
    }

    #[test]
    fn a_route_takes_what_it_allows() {
        assert!(Route::Keys("/a").takes("HEAD") && !Route::Members.takes("HEAD"));
        assert!(!Route::Health.takes("PUT") && !Route::Keys("").takes("PATCH"));
    }
}
