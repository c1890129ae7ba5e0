//! `/v2/auth/roles`.

use http::{Method, StatusCode};
use quorate_wire::etcd2::auth::{self as wire, RoleList};

use super::super::decode::{self, MAX_BODY_BYTES};
use super::super::reply::Reply;
use super::super::request::{Answer, Request};
use super::enable::done;
use super::{bad_json, bad_path, has_root_access, refusal};
use crate::consul::Body;
use crate::engine::etcd2::{
    AuthCommand, AuthReply, Command, Permissions, PutRole, Reply as Outcome, Role,
};

/// All roles.
pub(in crate::etcd2) fn list(request: Request) -> Answer {
    Answer::later(async move {
        if !has_root_access(&request).await {
            return Reply::no_access().into();
        }
        let snapshot = request.front.snapshot();
        let auth = snapshot.etcd2().auth();
        let names = auth.role_names();
        let roles = names.into_iter().filter_map(|name| auth.role(name));
        let roles = Some(roles.map(|role| shown(&role)).collect());
        let reply = Reply::line(StatusCode::OK, &RoleList { roles });
        reply.with_meta(request.front.meta()).into()
    })
}

/// One role.
pub(in crate::etcd2) fn answer(request: Request, name: &str, body: Body) -> Answer {
    let name = name.trim_end_matches('/').to_owned();
    if name.contains('/') {
        return bad_path().into();
    }
    Answer::later(async move {
        if !has_root_access(&request).await {
            return Reply::no_access().into();
        }
        let reply = match *request.method() {
            Method::GET => read(&request, &name),
            Method::PUT => put(&request, name, body).await,
            _ => delete(&request, name).await,
        };
        reply.with_meta(request.front.meta()).into()
    })
}

fn read(request: &Request, name: &str) -> Reply {
    match request.front.snapshot().etcd2().auth().role(name) {
        Some(role) => Reply::line(StatusCode::OK, &shown(&role)),
        None => missing(name),
    }
}

/// What is said of a role that does not exist.
pub(super) fn missing(name: &str) -> Reply {
    let text = format!("auth: Role {name} does not exist.");
    Reply::message(StatusCode::NOT_FOUND, text)
}

async fn put(request: &Request, name: String, body: Body) -> Reply {
    let asked = body.collect(MAX_BODY_BYTES).await.ok();
    let Some(asked) = asked.and_then(|body| decode::role(&body)) else {
        return bad_json();
    };
    if asked.name != name {
        const TEXT: &str = "Role JSON name does not match the name in the URL";
        return Reply::message(StatusCode::BAD_REQUEST, TEXT);
    }
    let own = |it: wire::Permissions| Permissions {
        read: it.kv.read,
        write: it.kv.write,
    };
    let put = PutRole {
        name,
        permissions: asked.permissions.map(own).unwrap_or_default(),
        grant: asked.grant.map(own),
        revoke: asked.revoke.map(own),
    };
    let is_some = |it: &Option<Permissions>| it.as_ref().is_some_and(|it| !it.is_empty());
    let changes = is_some(&put.grant) || is_some(&put.revoke);
    if changes && !put.permissions.is_empty() {
        const TEXT: &str = "Role JSON contains both permissions and grant/revoke";
        return Reply::message(StatusCode::BAD_REQUEST, TEXT);
    }
    let command = Command::Auth(Box::new(AuthCommand::PutRole(put)));
    match request.front.submit(command).await {
        Ok(Outcome::Auth(AuthReply::Role { role, created })) => {
            let status = if created {
                StatusCode::CREATED
            } else {
                StatusCode::OK
            };
            Reply::line(status, &shown(&role))
        }
        Ok(_) => Reply::server_error(),
        Err(failure) => refusal(failure),
    }
}

async fn delete(request: &Request, name: String) -> Reply {
    let command = Command::Auth(Box::new(AuthCommand::DeleteRole(name)));
    match request.front.submit(command).await {
        Ok(_) => done(),
        Err(failure) => refusal(failure),
    }
}

/// A role as clients see it.
pub(super) fn shown(role: &Role) -> wire::Role {
    let mut permissions = wire::Permissions::default();
    permissions.kv.read.clone_from(&role.permissions.read);
    permissions.kv.write.clone_from(&role.permissions.write);
    wire::Role {
        name: role.name.clone(),
        permissions,
    }
}
