use super::user::User;
use super::{Auth, GUEST, ROOT};

impl Auth {
    /// Whether `user` may do everything.
    #[must_use]
    pub fn is_root(&self, user: &User) -> bool {
        user.roles().iter().any(|role| role == ROOT)
    }

    /// Whether a role of `user` permits a request for `key`.
    #[must_use]
    pub fn permits(&self, user: &User, key: &str, write: bool, recursive: bool) -> bool {
        let mut roles = user.roles().iter().filter_map(|name| self.role(name));
        roles.any(|role| role.permits(key, write, recursive))
    }

    /// Whether a request for `key` may come without a user. For everything below too makes no
    /// difference here, as on the real server.
    #[must_use]
    pub fn permits_guest(&self, key: &str, write: bool) -> bool {
        self.role(GUEST)
            .is_some_and(|role| role.permits(key, write, false))
    }
}
