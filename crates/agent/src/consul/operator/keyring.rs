//! The keys of the gossip encryption: there is no gossip to encrypt, which is what a Consul
//! answers whose gossip is in the clear.

use std::sync::Arc;

use http::Method;

use crate::consul::base64_text;
use crate::consul::body::Body;
use crate::consul::decode::{DecodeError, Json, Place, text_of};
use crate::consul::front::Front;
use crate::consul::object::Object;
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};
use crate::consul::route::Endpoint;
use crate::quote::quote;

const ARGS: Object = Object {
    place: Place {
        field: "",
        type_name: "agent.keyringArgs",
    },
    path: "keyringArgs.",
    fields: &["Key", "Token", "RelayFactor", "LocalOnly"],
    strict: true,
};

pub(in crate::consul) const ENDPOINTS: &[Endpoint] = &[Endpoint::new(
    "operator/keyring",
    "OPTIONS,GET,POST,PUT,DELETE",
    keyring,
)];

/// `GET`, `POST`, `PUT` and `DELETE /v1/operator/keyring`: list, install, use and remove.
fn keyring(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    let list = request.method == Method::GET;
    let options = options(request, list);
    let front = Arc::clone(request.front);
    if list {
        let local_only = options.map_err(Reply::bad_request)?;
        if !request.permit()?.keyring_read() {
            return Err(Reply::server_error("Reading keyring denied by ACLs").into());
        }
        return Ok(off(&front, "Keyring is empty", local_only).into());
    }
    let permit = request.permit();
    Ok(Answer::later(async move {
        let body = match super::read(body).await {
            Ok(body) => body,
            Err(refused) => return *refused,
        };
        // The body is looked at before the parameters.
        let key = text_of(&body).and_then(|text| decode(Json::parse(&text)?));
        let key = match key {
            Ok(key) => key,
            Err(error) => {
                return Reply::bad_request(format!("Bad request: Request decode failed: {error}"));
            }
        };
        if let Err(text) = options {
            return Reply::bad_request(text);
        }
        match permit {
            Err(refused) => return *refused,
            Ok(permit) if !permit.keyring_write() => {
                return Reply::server_error("Modifying keyring denied due to ACLs");
            }
            Ok(_) => {}
        }
        match base64_text::decode(&key) {
            Ok(_) => off(&front, "No keyring to modify", false),
            Err(error) => not_base64(&front, &error),
        }
    }))
}

/// Checks the parameters; whether only the own datacenter is asked.
fn options(request: Request<'_>, list: bool) -> Result<bool, String> {
    if let Some(factor) = request.params.text("relay-factor") {
        check_relay_factor(factor)?;
    }
    let local_only = match request.params.text("local-only") {
        None => false,
        Some("1" | "t" | "T" | "true" | "TRUE" | "True") => true,
        Some("0" | "f" | "F" | "false" | "FALSE" | "False") => false,
        Some(other) => {
            let text = quote(other);
            return Err(format!(
                "Bad request: Error parsing local-only: strconv.ParseBool: parsing {text}: invalid syntax"
            ));
        }
    };
    if local_only && !list {
        const TEXT: &str =
            "Bad request: Invalid use of local-only: local-only can only be set for list requests";
        return Err(TEXT.to_owned());
    }
    Ok(local_only)
}

fn check_relay_factor(text: &str) -> Result<(), String> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let is_number = !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse::<i64>() {
        Ok(0..=5) => Ok(()),
        Ok(_) => Err(
            "Bad request: Invalid relay-factor: Relay factor must be in range: [0, 5]".to_owned(),
        ),
        Err(_) => {
            let problem = match is_number {
                true => "value out of range",
                false => "invalid syntax",
            };
            let text = quote(text);
            Err(format!(
                "Bad request: Error parsing relay factor: strconv.Atoi: parsing {text}: {problem}"
            ))
        }
    }
}

fn decode(value: Json<'_>) -> Result<String, DecodeError> {
    let mut key = String::new();
    ARGS.each(value, |name, field| match name {
        "key" => field.text(&mut key),
        "token" => field.text(&mut String::new()),
        "relayfactor" => field.value.u8(field.place("uint8")).map(drop),
        _ => field.flag(&mut false),
    })?;
    Ok(key)
}

/// Every pool has the one node, which has no keys.
fn off(front: &Front, what: &str, local_only: bool) -> Reply {
    let (node, datacenter) = (&front.node.name, &front.datacenter);
    let failed = "1/1 nodes reported failure";
    let off = format!("{what} (encryption not enabled)");
    let mut errors = vec![
        format!("{datacenter} (LAN) error: {failed}"),
        format!("{node}: {off}"),
    ];
    if !local_only {
        let wan = [
            format!("WAN error: {failed}"),
            format!("{node}.{datacenter}: {off}"),
        ];
        errors.splice(0..0, wan);
    }
    listed(&errors)
}

fn not_base64(front: &Front, error: &DecodeError) -> Reply {
    let datacenter = &front.datacenter;
    listed(&[
        format!("WAN error: {error}"),
        format!("{datacenter} (LAN) error: {error}"),
    ])
}

/// Several errors as Consul lists them.
fn listed(errors: &[String]) -> Reply {
    let mut text = format!("{} errors occurred:\n", errors.len());
    for error in errors {
        text.push_str("\t* ");
        text.push_str(error);
        text.push('\n');
    }
    text.push('\n');
    Reply::server_error(text)
}
