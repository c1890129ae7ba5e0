//! Users, and whether they count.

use quorate_etcd::v3::raw::proto::etcdserverpb::{
    AuthStatusResponse, AuthUserGetResponse, AuthUserListResponse,
};
use quorate_etcd::v3::raw::proto::prost::Message as _;

use super::json::Object;
use super::{Answer, line};

impl Answer for AuthStatusResponse {
    fn simple(&self, out: &mut Vec<u8>, _: bool) {
        let (enabled, revision) = (self.enabled, self.auth_revision);
        let text = format!("Authentication Status: {enabled}\nAuthRevision: {revision}");
        line(out, text.as_bytes(), false);
    }

    fn json(&self, _: bool) -> String {
        Object::of(|object| {
            object.header(self.header.as_ref());
            object.some("enabled", self.enabled);
            object.some("authRevision", self.auth_revision);
        })
    }

    fn message(&self) -> Option<Vec<u8>> {
        Some(self.encode_to_vec())
    }
}

/// A user and its roles.
pub(crate) struct UserView {
    pub(crate) name: String,
    pub(crate) response: AuthUserGetResponse,
}

impl Answer for UserView {
    fn simple(&self, out: &mut Vec<u8>, _: bool) {
        let mut text = format!("User: {}\nRoles:", self.name);
        for role in &self.response.roles {
            text.push(' ');
            text.push_str(role);
        }
        line(out, text.as_bytes(), false);
    }

    fn json(&self, _: bool) -> String {
        Object::of(|object| {
            object.header(self.response.header.as_ref());
            object.texts("roles", &self.response.roles);
        })
    }

    fn message(&self) -> Option<Vec<u8>> {
        Some(self.response.encode_to_vec())
    }
}

impl Answer for AuthUserListResponse {
    fn simple(&self, out: &mut Vec<u8>, _: bool) {
        self.users
            .iter()
            .for_each(|user| line(out, user.as_bytes(), false));
    }

    fn json(&self, _: bool) -> String {
        Object::of(|object| {
            object.header(self.header.as_ref());
            object.texts("users", &self.users);
        })
    }

    fn message(&self) -> Option<Vec<u8>> {
        Some(self.encode_to_vec())
    }
}
