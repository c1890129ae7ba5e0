//! Who asks, and whether he may.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::header::AUTHORIZATION;

use super::super::request::Request;
use crate::engine::etcd2::User;

/// Whether the request may do everything: users do not count, or it brings one with the role
/// `root` along.
pub(in crate::etcd2) async fn has_root_access(request: &Request) -> bool {
    if !request.front.snapshot().etcd2().auth().is_enabled() {
        return true;
    }
    let Some(user) = user(request).await else {
        return false;
    };
    let snapshot = request.front.snapshot();
    snapshot.etcd2().auth().is_root(&user)
}

/// Whether the request may read, or write, `key` and, if it says so, everything below it.
pub(in crate::etcd2) async fn has_key_access(
    request: &Request,
    key: &str,
    recursive: bool,
) -> bool {
    let write = !request.only_reads();
    if request.header(&AUTHORIZATION).is_empty() {
        let snapshot = request.front.snapshot();
        return snapshot.etcd2().auth().permits_guest(key, write);
    }
    let Some(user) = user(request).await else {
        return false;
    };
    let snapshot = request.front.snapshot();
    let auth = snapshot.etcd2().auth();
    auth.permits(&user, key, write, recursive)
}

/// The user whose name and password the request has.
async fn user(request: &Request) -> Option<User> {
    let (name, password) = basic(request.header(&AUTHORIZATION))?;
    let user = {
        let snapshot = request.front.snapshot();
        snapshot.etcd2().auth().user(&name)?
    };
    let stored = user.password.clone();
    let fits = request.front.passwords.fits(stored, &password).await;
    fits.then_some(user)
}

/// Name and password of basic authentication.
fn basic(header: &str) -> Option<(String, String)> {
    const PREFIX: usize = "Basic ".len();
    let (kind, rest) = header.split_at_checked(PREFIX)?;
    if !kind.eq_ignore_ascii_case("Basic ") {
        return None;
    }
    let text = String::from_utf8(STANDARD.decode(rest).ok()?).ok()?;
    let (name, password) = text.split_once(':')?;
    Some((name.to_owned(), password.to_owned()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_may_have_colons() {
        let header = format!("bAsIc {}", STANDARD.encode("me:a:b"));
        assert_eq!(basic(&header), Some(("me".into(), "a:b".into())));
        for header in ["", "Basic", "Basic !", "Bearer bWU6YQ==", "Basic bWU="] {
            assert_eq!(basic(header), None, "{header}");
        }
    }
}
