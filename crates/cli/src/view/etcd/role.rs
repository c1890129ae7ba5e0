//! Roles and what they may do.

use quorate_etcd::v3::KeyRange;
use quorate_etcd::v3::raw::proto::authpb::Permission;
use quorate_etcd::v3::raw::proto::authpb::permission::Type;
use quorate_etcd::v3::raw::proto::etcdserverpb::{AuthRoleGetResponse, AuthRoleListResponse};
use quorate_etcd::v3::raw::proto::prost::Message as _;

use super::fields::Fields;
use super::json::Object;
use super::{Answer, line};

/// What a role may do.
pub(crate) struct RoleView {
    pub(crate) name: String,
    pub(crate) response: AuthRoleGetResponse,
}

impl Answer for RoleView {
    fn simple(&self, out: &mut Vec<u8>, _: bool) {
        line(out, format!("Role {}", self.name).as_bytes(), false);
        for (title, kind) in [("KV Read:", Type::Read), ("KV Write:", Type::Write)] {
            line(out, title.as_bytes(), false);
            let all = self.response.perm.iter();
            for permission in all.filter(|p| [kind, Type::Readwrite].contains(&p.perm_type())) {
                out.push(b'\t');
                keys(out, permission);
                out.push(b'\n');
            }
        }
    }

    fn fields(&self, out: &mut Fields) -> bool {
        out.header(self.response.header.as_ref());
        for permission in &self.response.perm {
            let kind = permission.perm_type().as_str_name();
            // Two blanks: that is how etcdctl prints it.
            out.field("PermType", format_args!(" {kind}"));
            out.quoted("Key", &permission.key);
            out.quoted("RangeEnd", &permission.range_end);
        }
        true
    }

    fn json(&self, _: bool) -> String {
        Object::of(|object| {
            object.header(self.response.header.as_ref());
            object.list("perm", &self.response.perm, |permission| {
                Object::of(|object| {
                    object.some("permType", permission.perm_type);
                    object.bytes("key", &permission.key);
                    object.bytes("range_end", &permission.range_end);
                })
            });
        })
    }

    fn message(&self) -> Option<Vec<u8>> {
        Some(self.response.encode_to_vec())
    }
}

/// Which keys, as people read it.
fn keys(out: &mut Vec<u8>, permission: &Permission) {
    let (key, end) = (&permission.key, &permission.range_end);
    if end.is_empty() {
        out.extend_from_slice(key);
        return;
    }
    bounds(out, key, end);
    if **end != *b"\0" && KeyRange::prefix(key).range_end() == end {
        out.extend_from_slice(b" (prefix ");
        out.extend_from_slice(key);
        out.push(b')');
    }
}

/// The bounds of a range.
pub(crate) fn bounds(out: &mut Vec<u8>, key: &[u8], end: &[u8]) {
    out.push(b'[');
    out.extend_from_slice(key);
    out.extend_from_slice(b", ");
    match end {
        b"\0" => out.extend_from_slice(b"<open ended>"),
        end => {
            out.extend_from_slice(end);
            out.push(b')');
        }
    }
}

impl Answer for AuthRoleListResponse {
    fn simple(&self, out: &mut Vec<u8>, _: bool) {
        self.roles
            .iter()
            .for_each(|role| line(out, role.as_bytes(), false));
    }

    fn fields(&self, out: &mut Fields) -> bool {
        out.header(self.header.as_ref());
        let mut text = String::from("\"Roles\" :");
        for role in &self.roles {
            text.push_str(&format!(" {role:?}"));
        }
        out.line(&text);
        true
    }

    fn json(&self, _: bool) -> String {
        Object::of(|object| {
            object.header(self.header.as_ref());
            object.texts("roles", &self.roles);
        })
    }

    fn message(&self) -> Option<Vec<u8>> {
        Some(self.encode_to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_look_as_etcdctl_shows_them() {
        let of = |key: &'static str, end: &'static str| {
            let mut out = Vec::new();
            let permission = Permission {
                perm_type: Type::Read.into(),
                key: key.into(),
                range_end: end.into(),
            };
            keys(&mut out, &permission);
            String::from_utf8(out).unwrap()
        };
        assert_eq!(of("foo", ""), "foo");
        assert_eq!(of("foo", "fop"), "[foo, fop) (prefix foo)");
        assert_eq!(of("a", "c"), "[a, c)");
        assert_eq!(of("fr", "\0"), "[fr, <open ended>");
    }
}
