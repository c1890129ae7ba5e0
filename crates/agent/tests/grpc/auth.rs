use quorate_agent::Agent;
use quorate_etcd_proto::authpb;
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::tonic::{Code, Request};

use super::{Channel, agent, get, put, told, with_token};

/// Users count: `root` with the password `rp`, and `d` with `d`, who may read and write `foo`.
async fn guarded() -> (Agent, Channel) {
    let agent = agent().await;
    let channel = Channel::of(&agent).await;
    let mut auth = channel.auth();
    for (name, password) in [("root", "rp"), ("d", "d"), ("empty", "")] {
        let user = pb::AuthUserAddRequest {
            name: name.into(),
            password: password.into(),
            ..pb::AuthUserAddRequest::default()
        };
        auth.user_add(user).await.unwrap();
    }
    for name in ["root", "r"] {
        let role = pb::AuthRoleAddRequest { name: name.into() };
        auth.role_add(role).await.unwrap();
    }
    let grant = pb::AuthRoleGrantPermissionRequest {
        name: "r".into(),
        perm: Some(authpb::Permission {
            perm_type: 2,
            key: "foo".into(),
            range_end: "".into(),
        }),
    };
    auth.role_grant_permission(grant).await.unwrap();
    for (user, role) in [("root", "root"), ("d", "r")] {
        let grant = pb::AuthUserGrantRoleRequest {
            user: user.into(),
            role: role.into(),
        };
        auth.user_grant_role(grant).await.unwrap();
    }
    auth.auth_enable(pb::AuthEnableRequest {}).await.unwrap();
    (agent, channel)
}

fn login(name: &str, password: &str) -> pb::AuthenticateRequest {
    pb::AuthenticateRequest {
        name: name.into(),
        password: password.into(),
    }
}

async fn token(channel: &Channel, name: &str, password: &str) -> String {
    let answer = channel.auth().authenticate(login(name, password)).await;
    answer.unwrap().into_inner().token
}

#[tokio::test]
async fn without_users_nobody_can_log_in() {
    let agent = agent().await;
    let mut auth = Channel::of(&agent).await.auth();
    let refused = auth.authenticate(login("root", "x")).await;
    let text = "etcdserver: authentication is not enabled".to_owned();
    assert_eq!(told(refused), (Code::FailedPrecondition, text));
    let status = auth.auth_status(pb::AuthStatusRequest {}).await.unwrap();
    let status = status.into_inner();
    assert!(!status.enabled && status.auth_revision == 1);
    agent.shutdown().await;
}

#[tokio::test]
async fn a_token_opens_what_its_user_may() {
    let (agent, channel) = guarded().await;
    let mut kv = channel.kv();
    let nobody = "etcdserver: user name is empty".to_owned();
    assert_eq!(
        told(kv.range(get("foo")).await),
        (Code::InvalidArgument, nobody)
    );
    let d = token(&channel, "d", "d").await;
    kv.put(with_token(put("foo", "1"), &d)).await.unwrap();
    let read = kv
        .range(with_token(get("foo"), &d))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(read.kvs[0].value, "1");
    let denied = "etcdserver: permission denied".to_owned();
    for refused in [
        told(kv.put(with_token(put("bar", "1"), &d)).await),
        told(kv.range(with_token(get("bar"), &d)).await),
    ] {
        assert_eq!(refused, (Code::PermissionDenied, denied.clone()));
    }
    let root = token(&channel, "root", "rp").await;
    kv.put(with_token(put("bar", "1"), &root)).await.unwrap();
    let mut request = Request::new(get("bar"));
    let bearer = root.parse().unwrap();
    request.metadata_mut().insert("authorization", bearer);
    assert!(
        kv.range(request).await.is_ok(),
        "the header may have this name too"
    );
    agent.shutdown().await;
}

#[tokio::test]
async fn passwords_have_to_fit_and_empty_ones_never_do() {
    let (agent, channel) = guarded().await;
    let text = "etcdserver: authentication failed, invalid user ID or password".to_owned();
    for (name, password) in [
        ("root", "bad"),
        ("nobody", "x"),
        ("empty", ""),
        ("root", ""),
    ] {
        let refused = channel.auth().authenticate(login(name, password)).await;
        assert_eq!(
            told(refused),
            (Code::InvalidArgument, text.clone()),
            "{name}"
        );
    }
    agent.shutdown().await;
}

#[tokio::test]
async fn a_token_ends_with_the_password_that_it_was_given_for() {
    let (agent, channel) = guarded().await;
    let d = token(&channel, "d", "d").await;
    let root = token(&channel, "root", "rp").await;
    let change = pb::AuthUserChangePasswordRequest {
        name: "d".into(),
        password: "other".into(),
        ..pb::AuthUserChangePasswordRequest::default()
    };
    let mut auth = channel.auth();
    let denied = auth
        .user_change_password(with_token(change.clone(), &d))
        .await;
    assert_eq!(told(denied).0, Code::PermissionDenied);
    auth.user_change_password(with_token(change, &root))
        .await
        .unwrap();
    let mut kv = channel.kv();
    let text = "etcdserver: invalid auth token".to_owned();
    for bad in [d.as_str(), "garbage"] {
        let refused = kv.range(with_token(get("foo"), bad)).await;
        assert_eq!(told(refused), (Code::Unauthenticated, text.clone()));
    }
    let d = token(&channel, "d", "other").await;
    assert!(kv.range(with_token(get("foo"), &d)).await.is_ok());
    agent.shutdown().await;
}

#[tokio::test]
async fn everybody_sees_himself_and_root_sees_all() {
    let (agent, channel) = guarded().await;
    let mut auth = channel.auth();
    let (d, root) = (
        token(&channel, "d", "d").await,
        token(&channel, "root", "rp").await,
    );
    let user = |name: &str| pb::AuthUserGetRequest { name: name.into() };
    let own = auth
        .user_get(with_token(user("d"), &d))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(own.roles, ["r"]);
    let other = auth.user_get(with_token(user("root"), &d)).await;
    assert_eq!(told(other).0, Code::PermissionDenied);
    let role = pb::AuthRoleGetRequest { role: "r".into() };
    let role = auth
        .role_get(with_token(role, &d))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(
        (&role.perm[0].key[..], role.perm[0].perm_type),
        (&b"foo"[..], 2)
    );
    let list = pb::AuthUserListRequest {};
    assert_eq!(
        told(auth.user_list(with_token(list, &d)).await).0,
        Code::PermissionDenied
    );
    let users = auth
        .user_list(with_token(list, &root))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(users.users, ["d", "empty", "root"]);
    let roles = pb::AuthRoleListRequest {};
    let roles = auth
        .role_list(with_token(roles, &root))
        .await
        .unwrap()
        .into_inner();
    assert_eq!(roles.roles, ["r", "root"]);
    agent.shutdown().await;
}

#[tokio::test]
async fn who_may_not_read_is_told_so_by_his_watch() {
    let (agent, channel) = guarded().await;
    let mut watcher = super::watch::Watcher::of(&channel).await;
    watcher.create_from("foo", 0);
    let refused = watcher.next().await;
    assert!(refused.created && refused.canceled && refused.watch_id == -1);
    let text = "rpc error: code = InvalidArgument desc = etcdserver: user name is empty";
    assert_eq!(refused.cancel_reason, text);
    agent.shutdown().await;
}

#[tokio::test]
async fn what_looks_at_all_data_is_for_root_and_refused_in_other_words() {
    let (agent, channel) = guarded().await;
    let mut maintenance = channel.maintenance();
    let nobody = maintenance.defragment(pb::DefragmentRequest {}).await;
    let text = "auth: user name is empty".to_owned();
    assert_eq!(told(nobody), (Code::Unknown, text));
    let d = token(&channel, "d", "d").await;
    let hash = maintenance.hash(with_token(pb::HashRequest {}, &d)).await;
    assert_eq!(
        told(hash),
        (Code::Unknown, "auth: permission denied".into())
    );
    let root = token(&channel, "root", "rp").await;
    assert!(
        maintenance
            .hash(with_token(pb::HashRequest {}, &root))
            .await
            .is_ok()
    );
    assert!(maintenance.status(pb::StatusRequest {}).await.is_ok());
    agent.shutdown().await;
}
