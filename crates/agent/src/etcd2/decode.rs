//! Bodies of JSON, read as Go reads them: names of fields match in any case, and `null` is nothing.

use quorate_wire::etcd2::auth::{KvPermissions, Permissions, RoleRequest, UserRequest};

use crate::consul::{DecodeError, Field, Json, Kind, Object, Place, text_of};

/// The most that is read of a body that describes a user, a role or a member.
pub(super) const MAX_BODY_BYTES: usize = 1024 * 1024;

/// What holds `fields`; `type_name` is how Go calls it.
const fn object(type_name: &'static str, fields: &'static [&'static str]) -> Object {
    Object {
        place: Place {
            field: "",
            type_name,
        },
        path: ".",
        fields,
        strict: false,
    }
}

const MEMBER: Object = object(
    r#"struct { PeerURLs []string "json:\"peerURLs\"" }"#,
    &["peerURLs"],
);
const USER: Object = object(
    "v2auth.User",
    &["user", "password", "roles", "grant", "revoke"],
);
const ROLE: Object = object("v2auth.Role", &["role", "permissions", "grant", "revoke"]);
const PERMISSIONS: Object = object("v2auth.Permissions", &["kv"]);
const KV: Object = object("v2auth.RWPermission", &["read", "write"]);

/// The URLs of a member, or in Go's words what is wrong with the body. Nothing may follow them.
pub(super) fn peer_urls(body: &[u8]) -> Result<Vec<String>, String> {
    let read = || {
        let text = text_of(body)?;
        let json = Json::parse(&text)?;
        after(&text, json)?;
        let mut urls = Vec::new();
        MEMBER.each(json, |name, field| match name {
            "peerurls" => field.texts(&mut urls),
            _ => Ok(()),
        })?;
        Ok(urls)
    };
    read().map_err(|error: DecodeError| match error.to_string() {
        // Who has all of a body sees its end otherwise than who reads on.
        text if matches!(&*text, "EOF" | "unexpected EOF") => "unexpected end of JSON input".into(),
        text => text,
    })
}

/// What is said about a user; what follows it does not matter.
pub(super) fn user(body: &[u8]) -> Option<UserRequest> {
    let text = text_of(body).ok()?;
    let mut user = UserRequest::default();
    let read = USER.each(Json::parse(&text).ok()?, |name, field| {
        match name {
            "user" => field.text(&mut user.name)?,
            "password" => {
                let mut password = String::new();
                field.text(&mut password)?;
                user.password = Some(password.into());
            }
            "roles" => user.roles = texts(field)?,
            "grant" => user.grant = texts(field)?,
            "revoke" => user.revoke = texts(field)?,
            _ => {}
        }
        Ok(())
    });
    read.is_ok().then_some(user)
}

/// What is said about a role; what follows it does not matter.
pub(super) fn role(body: &[u8]) -> Option<RoleRequest> {
    let text = text_of(body).ok()?;
    let mut role = RoleRequest::default();
    let read = ROLE.each(Json::parse(&text).ok()?, |name, field| {
        match name {
            "role" => field.text(&mut role.name)?,
            "permissions" => role.permissions = permissions(field)?,
            "grant" => role.grant = permissions(field)?,
            "revoke" => role.revoke = permissions(field)?,
            _ => {}
        }
        Ok(())
    });
    read.is_ok().then_some(role)
}

fn permissions(field: Field<'_>) -> Result<Option<Permissions>, DecodeError> {
    if field.value.is_null() {
        return Ok(None);
    }
    let mut permissions = Permissions::default();
    PERMISSIONS.each(field.value, |name, field| match name {
        "kv" => kv(field, &mut permissions.kv),
        _ => Ok(()),
    })?;
    Ok(Some(permissions))
}

fn kv(field: Field<'_>, into: &mut KvPermissions) -> Result<(), DecodeError> {
    KV.each(field.value, |name, field| {
        match name {
            "read" => into.read = texts(field)?,
            "write" => into.write = texts(field)?,
            _ => {}
        }
        Ok(())
    })
}

fn texts(field: Field<'_>) -> Result<Option<Vec<String>>, DecodeError> {
    if field.value.kind() == Kind::Null {
        return Ok(None);
    }
    let mut texts = Vec::new();
    field.texts(&mut texts)?;
    Ok(Some(texts))
}

/// Refuses what stands behind the only value.
fn after(text: &str, json: Json<'_>) -> Result<(), DecodeError> {
    let begin = text.len() - text.trim_start().len();
    let behind = text.get(begin + json.raw().len()..).unwrap_or_default();
    match behind.trim_ascii_start().chars().next() {
        None => Ok(()),
        Some(c) => Err(DecodeError::new(format!(
            "invalid character '{c}' after top-level value"
        ))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_of_a_member_are_read_and_refused_as_go_does_it() {
        assert_eq!(peer_urls(br#" {"PEERURLS":["a"]} "#), Ok(vec!["a".into()]));
        assert_eq!(peer_urls(b"null"), Ok(Vec::new()));
        let wrong = [
            ("zz", "invalid character 'z' looking for beginning of value"),
            ("", "unexpected end of JSON input"),
            ("{", "unexpected end of JSON input"),
            ("{} x", "invalid character 'x' after top-level value"),
            (
                "[]",
                r#"json: cannot unmarshal array into Go value of type struct { PeerURLs []string "json:\"peerURLs\"" }"#,
            ),
            (
                r#"{"peerURLs":"x"}"#,
                "json: cannot unmarshal string into Go struct field .peerURLs of type []string",
            ),
            (
                r#"{"peerURLs":[1]}"#,
                "json: cannot unmarshal number into Go struct field .peerURLs of type string",
            ),
        ];
        for (body, words) in wrong {
            assert_eq!(peer_urls(body.as_bytes()).unwrap_err(), words, "{body}");
        }
    }

    #[test]
    fn what_follows_a_user_does_not_matter_and_what_fits_nowhere_does() {
        let read = user(br#"{"User":"u","grant":null,"roles":["a"],"x":1} zz"#).unwrap();
        assert_eq!(read.name, "u");
        assert_eq!((read.grant, read.roles), (None, Some(vec!["a".into()])));
        for body in ["", "zz", "[]", r#"{"user":1}"#, r#"{"roles":"a"}"#] {
            assert_eq!(user(body.as_bytes()), None, "{body}");
        }
    }

    #[test]
    fn permissions_of_a_role_are_read_at_their_place() {
        let read = role(br#"{"role":"r","grant":{"KV":{"read":["/a"]}},"revoke":null}"#).unwrap();
        let grant = read.grant.unwrap();
        assert_eq!(grant.kv.read, Some(vec!["/a".to_owned()]));
        assert_eq!((grant.kv.write, read.revoke), (None, None));
        assert_eq!(role(br#"{"role":"r","grant":[]}"#), None);
    }
}
