//! The certificate authority: `/v1/connect/ca/…`. One process has no use for one, so these answer
//! as a real server whose mesh is off, which is a server's default.

use quorate_wire::consul::text::CONNECT_DISABLED;

use super::body::Body;
use super::config_entry::read;
use super::decode::{DecodeError, Json, Place, text_of};
use super::object::{Field, Object};
use super::reply::{Refused, Reply};
use super::request::{Answer, Request};

/// `GET /v1/connect/ca/roots`
pub(super) fn roots(request: Request<'_>) -> Result<Answer, Refused> {
    request.options()?;
    let pem = request.params.text("pem").unwrap_or_default();
    let flags = [
        "", "1", "t", "T", "true", "TRUE", "True", "0", "f", "F", "false", "FALSE", "False",
    ];
    if !flags.contains(&pem) {
        const TEXT: &str = "Bad request: The 'pem' query parameter must be a boolean value";
        return Err(Reply::bad_request(TEXT).into());
    }
    request.check_datacenter_of_read()?;
    Err(Reply::server_error(CONNECT_DISABLED)
        .with_no_leader()
        .into())
}

/// `/v1/connect/ca/configuration`
pub(super) fn configuration(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    if *request.method == http::Method::GET {
        request.options()?;
        return Err(Reply::server_error(CONNECT_DISABLED).into());
    }
    let strict = request.front.strict;
    Ok(Answer::later(async move {
        let body = match read(body).await {
            Ok(body) => body,
            Err(refused) => return *refused,
        };
        match text_of(&body).and_then(|text| check(&text, strict)) {
            Ok(()) => Reply::server_error(CONNECT_DISABLED),
            Err(error) => {
                Reply::bad_request(format!("Bad request: Request decode failed: {error}"))
            }
        }
    }))
}

/// Refuses what no configuration is.
fn check(body: &str, strict: bool) -> Result<(), DecodeError> {
    let object = Object {
        place: Place {
            field: "",
            type_name: "struct { ForceWithoutCrossSigningSnake bool \"json:\\\"force_without_cross_signing\\\"\"; *structs.Alias }",
        },
        path: ".",
        fields: &[
            "ClusterID",
            "Provider",
            "Config",
            "State",
            "ForceWithoutCrossSigning",
            "force_without_cross_signing",
            "CreateIndex",
            "ModifyIndex",
        ],
        strict,
    };
    object.each(Json::parse(body)?, |name, field| match name {
        "provider" | "clusterid" => field.text(&mut String::new()),
        "config" => a_map(&field, "map[string]interface {}"),
        "state" => field.map(&mut None),
        "forcewithoutcrosssigning" | "force_without_cross_signing" => field.flag(&mut false),
        "createindex" | "modifyindex" => field.index(),
        _ => Ok(()),
    })
}

fn a_map(field: &Field<'_>, type_name: &'static str) -> Result<(), DecodeError> {
    use super::decode::Kind::{Null, Object};
    match field.value.kind() {
        Null | Object => Ok(()),
        _ => Err(field.value.mismatch(field.place(type_name))),
    }
}
