//! `/v2/auth/users`.

use http::{Method, StatusCode};
use quorate_wire::etcd2::auth::{self as wire, UserList, UserRoles};

use super::super::decode::{self, MAX_BODY_BYTES};
use super::super::reply::{Refused, Reply};
use super::super::request::{Answer, Request};
use super::enable::done;
use super::role::{missing, shown};
use super::{bad_json, bad_path, has_root_access, refusal};
use crate::consul::Body;
use crate::engine::etcd2::{AuthCommand, AuthReply, Command, PutUser, Reply as Outcome};

/// All users.
pub(in crate::etcd2) fn list(request: Request) -> Answer {
    Answer::later(async move {
        if !has_root_access(&request).await {
            return Reply::no_access().into();
        }
        let snapshot = request.front.snapshot();
        let auth = snapshot.etcd2().auth();
        let users = auth.user_names().filter_map(|name| auth.user(name));
        // A role that does not exist is left out here, and only here.
        let with_roles = |user: crate::engine::etcd2::User| wire::User {
            roles: user
                .roles()
                .iter()
                .filter_map(|name| auth.role(name))
                .map(|role| shown(&role))
                .collect(),
            name: user.name,
        };
        let users: Vec<wire::User> = users.map(with_roles).collect();
        let users = (!users.is_empty()).then_some(users);
        let reply = Reply::line(StatusCode::OK, &UserList { users });
        reply.with_meta(request.front.meta()).into()
    })
}

/// One user.
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
            Method::PUT => match put(&request, name, body).await {
                Ok(reply) => reply,
                Err(refused) => *refused,
            },
            _ => delete(&request, name).await,
        };
        reply.with_meta(request.front.meta()).into()
    })
}

fn read(request: &Request, name: &str) -> Reply {
    let snapshot = request.front.snapshot();
    let auth = snapshot.etcd2().auth();
    let Some(user) = auth.user(name) else {
        let text = format!("auth: User {name} does not exist.");
        return Reply::message(StatusCode::NOT_FOUND, text);
    };
    let mut roles = Vec::new();
    for name in user.roles() {
        match auth.role(name) {
            Some(role) => roles.push(shown(&role)),
            None => return missing(name),
        }
    }
    let name = user.name;
    Reply::line(StatusCode::OK, &wire::User { name, roles })
}

async fn put(request: &Request, name: String, body: Body) -> Result<Reply, Refused> {
    let asked = body.collect(MAX_BODY_BYTES).await.ok();
    let asked = asked.and_then(|body| decode::user(&body));
    let asked = asked.ok_or_else(bad_json)?;
    if asked.name != name {
        const TEXT: &str = "User JSON name does not match the name in the URL";
        return Err(Reply::message(StatusCode::BAD_REQUEST, TEXT).into());
    }
    let password = match asked.password.filter(|password| !password.is_empty()) {
        None => None,
        Some(password) => {
            let hash = request.front.passwords.hash(password).await;
            Some(hash.ok_or_else(Reply::server_error)?)
        }
    };
    let put = PutUser {
        name,
        password,
        roles: asked.roles.unwrap_or_default(),
        grant: asked.grant.unwrap_or_default(),
        revoke: asked.revoke.unwrap_or_default(),
    };
    let changes = !put.grant.is_empty() || !put.revoke.is_empty();
    if changes && !put.roles.is_empty() {
        const TEXT: &str = "User JSON contains both roles and grant/revoke";
        return Err(Reply::message(StatusCode::BAD_REQUEST, TEXT).into());
    }
    let command = Command::Auth(Box::new(AuthCommand::PutUser(put)));
    match request.front.submit(command).await {
        Ok(Outcome::Auth(AuthReply::User { user, created })) => {
            let status = if created {
                StatusCode::CREATED
            } else {
                StatusCode::OK
            };
            let user = UserRoles {
                name: user.name.clone(),
                roles: user.roles.clone(),
            };
            Ok(Reply::line(status, &user))
        }
        Ok(_) => Err(Reply::server_error().into()),
        Err(failure) => Err(refusal(failure).into()),
    }
}

async fn delete(request: &Request, name: String) -> Reply {
    let command = Command::Auth(Box::new(AuthCommand::DeleteUser(name)));
    match request.front.submit(command).await {
        Ok(_) => done(),
        Err(failure) => refusal(failure),
    }
}
