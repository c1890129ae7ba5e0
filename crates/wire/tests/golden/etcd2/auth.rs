//! Users, roles and whether access control is on.

use quorate_wire::etcd2::{
    AuthEnabled, Role, RoleList, RoleRequest, User, UserList, UserRequest, UserRoles,
};

use super::SERVERS;

#[test]
fn users_are_read_and_written_as_etcd_writes_them() {
    for server in SERVERS {
        for name in ["users-empty", "users", "users-as-root"] {
            let name = format!("auth-{name}");
            let _: UserList = server.again(&name, &server.answer(&name), "\n");
        }
        for name in ["auth-user-get", "auth-user-get-no-roles"] {
            let _: User = server.again(name, &server.answer(name), "\n");
        }
        let mut seen = 0;
        for (name, answer) in server.answers("auth-user-", &[200, 201]) {
            if server.request(&name).method() == "PUT" {
                let _: UserRoles = server.again(&name, &answer, "\n");
                seen += 1;
            }
        }
        assert!(seen >= 8, "only {seen} changes were recorded");
    }
}

#[test]
fn roles_are_read_and_written_as_etcd_writes_them() {
    for server in SERVERS {
        for name in ["auth-roles-empty", "auth-roles"] {
            let _: RoleList = server.again(name, &server.answer(name), "\n");
        }
        let mut seen = 0;
        for (name, answer) in server.answers("auth-role-", &[200, 201]) {
            if !answer.body.is_empty() {
                let _: Role = server.again(&name, &answer, "\n");
                seen += 1;
            }
        }
        assert!(seen >= 9, "only {seen} roles were recorded");
    }
}

#[test]
fn whether_access_control_is_on_is_read_and_written() {
    for server in SERVERS {
        for (name, on) in [
            ("auth-enable-get", false),
            ("auth-enable-get-enabled", true),
        ] {
            let enabled: AuthEnabled = server.again(name, &server.answer(name), "\n");
            assert_eq!(enabled.enabled, on);
        }
    }
}

#[test]
fn requests_mean_what_the_recording_says() {
    for server in SERVERS {
        let user = |name: &str| -> UserRequest {
            serde_json::from_slice(&server.request(name).body).unwrap()
        };
        let created = user("auth-user-create");
        assert_eq!(created, UserRequest::new("ann").with_password("annpw"));
        let granted = UserRequest::new("ann").with_grant(["app", "nothing"]);
        assert_eq!(user("auth-user-grant"), granted);
        let body = server.request("auth-role-create").body;
        let role: RoleRequest = serde_json::from_slice(&body).unwrap();
        let permissions = role.permissions.unwrap();
        assert_eq!(
            (permissions.read().len(), permissions.write().len()),
            (2, 1)
        );
    }
}
