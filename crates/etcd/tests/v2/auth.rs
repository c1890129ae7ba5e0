//! Users, roles and passwords.

use quorate_etcd::v2::{ErrorKind, Permissions};

use crate::script::{Say, Server, refused};

#[tokio::test]
async fn access_control_is_asked_for_and_switched() {
    let server = Server::new([
        Say::ok("{\"enabled\":true}\n"),
        Say::status(409, r#"{"message":"auth: already enabled"}"#),
        Say::ok(""),
    ]);
    let auth = server.client().auth();
    assert!(auth.is_enabled().await.unwrap());
    let error = auth.enable().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    auth.disable().await.unwrap();
    assert_eq!(
        server.lines(),
        [
            "GET /v2/auth/enable",
            "PUT /v2/auth/enable",
            "DELETE /v2/auth/enable"
        ]
    );
}

#[tokio::test]
async fn users_are_made_changed_and_deleted() {
    let user = || Say::status(201, r#"{"user":"a b","roles":["r"]}"#);
    let server = Server::new([
        user(),
        user(),
        user(),
        user(),
        Say::ok(
            r#"{"user":"a b","roles":[{"role":"r","permissions":{"kv":{"read":["/*"],"write":null}}}]}"#,
        ),
        Say::status(404, r#"{"message":"auth: User x does not exist."}"#),
        Say::status(404, r#"{"message":"auth: Role r does not exist."}"#),
        Say::ok(r#"{"users":null}"#),
        Say::ok(""),
    ]);
    let users = server.client().auth().users();
    users.create("a b", "pw").await.unwrap();
    assert_eq!(server.last().line, "PUT /v2/auth/users/a%20b");
    assert_eq!(server.last().body, br#"{"user":"a b","password":"pw"}"#);
    users.create_with_roles("a b", "pw", ["r"]).await.unwrap();
    users.grant("a b", ["r"]).await.unwrap();
    assert_eq!(server.last().body, br#"{"user":"a b","grant":["r"]}"#);
    users.revoke("a b", ["r"]).await.unwrap();
    assert_eq!(server.last().body, br#"{"user":"a b","revoke":["r"]}"#);
    let found = users.get("a b").await.unwrap().unwrap();
    assert_eq!(found.roles[0].permissions.read(), ["/*"]);
    assert_eq!(users.get("x").await.unwrap(), None);
    let error = users.get("y").await.unwrap_err();
    assert_eq!(
        error.kind(),
        ErrorKind::NotFound,
        "one of its roles is missing, not the user"
    );
    assert!(users.list().await.unwrap().is_empty());
    users.delete("a b").await.unwrap();
    for name in ["", "a/b", ".."] {
        let error = users.delete(name).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidArgument, "{name}");
    }
    let error = users.set_password("a", "").await.unwrap_err();
    assert!(error.to_string().contains("password"), "{error}");
}

#[tokio::test]
async fn roles_are_made_changed_and_deleted() {
    let role = || {
        Say::status(
            201,
            r#"{"role":"r","permissions":{"kv":{"read":null,"write":null}}}"#,
        )
    };
    let server = Server::new([
        role(),
        role(),
        role(),
        Say::ok(
            r#"{"roles":[{"role":"root","permissions":{"kv":{"read":["/*"],"write":["/*"]}}}]}"#,
        ),
        Say::ok(""),
    ]);
    let roles = server.client().auth().roles();
    let permissions = || Permissions::new(["/a/*"], ["/b"]);
    roles.create("r", permissions()).await.unwrap();
    let body = br#"{"role":"r","permissions":{"kv":{"read":["/a/*"],"write":["/b"]}}}"#;
    assert_eq!(server.last().body, body);
    roles.grant("r", permissions()).await.unwrap();
    roles.revoke("r", permissions()).await.unwrap();
    assert!(server.last().body.starts_with(br#"{"role":"r","revoke":"#));
    assert_eq!(roles.list().await.unwrap()[0].name, "root");
    roles.delete("r").await.unwrap();
    assert_eq!(server.last().line, "DELETE /v2/auth/roles/r");
}

#[tokio::test]
async fn a_refusal_tells_whether_a_password_was_sent() {
    let denied = || refused(401, 110, "Insufficient credentials", 0);
    let server = Server::new([denied(), denied(), denied()]);
    let client = server.client();
    let error = client.keys().get("/k").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let named = client.with_basic_auth("ann", "pw").unwrap();
    let error = named.keys().get("/k").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(
        server.last().header("authorization"),
        Some("Basic YW5uOnB3")
    );
    let error = named.without_auth().keys().get("/k").await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
}
