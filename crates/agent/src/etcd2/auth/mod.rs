//! `/v2/auth`: users, roles, and who may do what.

mod credentials;
pub(super) mod enable;
mod hash;
mod password;
pub(super) mod role;
pub(super) mod user;

pub(super) use credentials::{has_key_access, has_root_access};
pub(crate) use hash::is_of_etcd;
pub(crate) use password::Passwords;

use http::StatusCode;

use super::front::Failure;
use super::reply::Reply;
use crate::engine::etcd2::{AuthRefusal, Refusal};

/// What a change of users or roles is refused with.
fn refusal(failure: Failure) -> Reply {
    match failure {
        Failure::Refused(Refusal::Auth(refusal)) => {
            Reply::message(status_of(&refusal), refusal.to_string())
        }
        Failure::Refused(_) | Failure::Broken(_) => Reply::server_error(),
    }
}

fn status_of(refusal: &AuthRefusal) -> StatusCode {
    use AuthRefusal as R;
    match refusal {
        R::EmptyPassword(_) | R::UserUnchanged | R::RoleUnchanged => StatusCode::BAD_REQUEST,
        R::RootUserNeeded | R::RootRole(_) => StatusCode::FORBIDDEN,
        R::NoUser(_) | R::NoUserToDelete(_) | R::NoRole(_) | R::NoRoleToDelete(_) => {
            StatusCode::NOT_FOUND
        }
        _ => StatusCode::CONFLICT,
    }
}

/// What etcd answers to a body that it can't read.
fn bad_json() -> Reply {
    Reply::message(StatusCode::BAD_REQUEST, "Invalid JSON in request body.")
}

/// What etcd answers to a name with a slash in it.
fn bad_path() -> Reply {
    Reply::message(StatusCode::BAD_REQUEST, "Invalid path")
}
