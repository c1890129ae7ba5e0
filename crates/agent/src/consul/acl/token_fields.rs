//! The body that describes a token.

use quorate_wire::consul::SecretText;
use quorate_wire::consul::acl::Token;

use super::decode::{link, list, nanos, time};
use super::identity::{nodes, services};
use crate::consul::decode::{DecodeError, Json, Place};
use crate::consul::object::Object;

const FIELDS: &[&str] = &[
    "AccessorID",
    "SecretID",
    "Description",
    "Policies",
    "Roles",
    "ServiceIdentities",
    "NodeIdentities",
    "Rules",
    "Local",
    "AuthMethod",
    "ExpirationTime",
    "ExpirationTTL",
    "CreateTime",
    "Hash",
    "CreateIndex",
    "ModifyIndex",
];

/// A token as it was asked for, and its life in nanoseconds.
pub(super) fn token(body: Json<'_>, strict: bool) -> Result<(Token, i64), DecodeError> {
    let object = Object {
        place: Place {
            field: "",
            type_name: "struct { ExpirationTTL interface {}; Hash string; *structs.Alias }",
        },
        path: ".",
        fields: FIELDS,
        strict,
    };
    let (mut token, mut ttl) = (Token::default(), 0);
    object.each(body, |name, field| {
        match name {
            "accessorid" => field.text(&mut token.accessor_id)?,
            "secretid" => {
                let mut secret = String::new();
                field.text(&mut secret)?;
                token.secret_id = SecretText::from(secret);
            }
            "description" => field.text(&mut token.description)?,
            "policies" => {
                let place = Place {
                    field: ".Policies",
                    type_name: "structs.ACLTokenPolicyLink",
                };
                token.policies = list(&field, "[]structs.ACLTokenPolicyLink", |value| {
                    link(value, "ACLTokenPolicyLink.Policies.", place, strict)
                })?;
            }
            "roles" => {
                let place = Place {
                    field: ".Roles",
                    type_name: "structs.ACLTokenRoleLink",
                };
                token.roles = list(&field, "[]structs.ACLTokenRoleLink", |value| {
                    link(value, "ACLTokenRoleLink.Roles.", place, strict)
                })?;
            }
            "serviceidentities" => token.service_identities = services(&field, strict)?,
            "nodeidentities" => token.node_identities = nodes(&field, strict)?,
            "rules" => field.text(&mut token.rules)?,
            "local" => field.flag(&mut token.local)?,
            "authmethod" => field.text(&mut token.auth_method)?,
            "expirationtime" => token.expiration_time = time(field.value)?,
            "expirationttl" => ttl = nanos(field.value)?,
            "createtime" => drop(time(field.value)?),
            "hash" => field.text(&mut String::new())?,
            "createindex" | "modifyindex" => field.index()?,
            _ => {}
        }
        Ok(())
    })?;
    Ok((token, ttl))
}
