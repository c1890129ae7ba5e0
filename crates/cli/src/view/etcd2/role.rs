//! Users and roles.

use std::io::{self, Write};

use quorate_etcd::v2::{Role, User};
use serde::{Serialize, Serializer};

use crate::view::{Style, View};

/// What a role may do.
pub(crate) struct RoleView(pub(crate) Role);

impl Serialize for RoleView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl View for RoleView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        let kv = &self.0.permissions.kv;
        writeln!(out, "Role: {}", style.line(&self.0.name))?;
        for (title, keys) in [("KV Read:", &kv.read), ("KV Write:", &kv.write)] {
            writeln!(out, "{}", style.title(title))?;
            for key in keys.iter().flatten() {
                writeln!(out, "\t{}", style.line(key))?;
            }
        }
        Ok(())
    }
}

/// A user and its roles.
pub(crate) struct UserView(pub(crate) User);

impl Serialize for UserView {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl View for UserView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        writeln!(out, "User: {}", style.line(&self.0.name))?;
        write!(out, "Roles: ")?;
        for role in &self.0.roles {
            write!(out, " {}", style.line(&role.name))?;
        }
        writeln!(out)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use quorate_etcd::v2::Permissions;

    fn text(view: &impl View) -> String {
        let mut out = Vec::new();
        view.text(&mut out, &Style::PLAIN).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn users_and_roles_look_as_etcdctl_shows_them() {
        let role = Role {
            name: "dev".into(),
            permissions: Permissions::new(["/foo/*"], [""; 0]),
        };
        assert_eq!(
            text(&RoleView(role.clone())),
            "Role: dev\nKV Read:\n\t/foo/*\nKV Write:\n"
        );
        let user = User {
            name: "ann".into(),
            roles: vec![role.clone(), role],
        };
        assert_eq!(text(&UserView(user)), "User: ann\nRoles:  dev dev\n");
    }
}
