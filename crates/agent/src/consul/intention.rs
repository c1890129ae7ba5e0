//! Intentions: `/v1/connect/intentions/…`.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::SystemTime;

use http::{Method, StatusCode};
use quorate_wire::consul::intention::{IntentionCheck, IntentionCreated};
use quorate_wire::consul::{GoTime, Intention, IntentionSide};

use super::blocking::{self, Reading};
use super::body::Body;
use super::config_entry::read;
use super::decode::{DecodeError, Json, Place, text_of};
use super::filter::{self, INTENTION};
use super::front::{Front, unexpected};
use super::object::Object;
use super::permit::{Permit, denied, require};
use super::reply::{Refused, Reply};
use super::request::{Answer, Request};
use crate::engine::Topic;
use crate::engine::consul::{
    Command, IntentionChange, IntentionSpec, Party, Reply as Outcome, SessionId, State, Table,
};
use crate::identity::new_uuid;
use crate::quote::quote;
use crate::waiters::Watch;

/// `GET /v1/connect/intentions`: all of them, those that count first in front.
pub(super) fn list(request: Request<'_>) -> Result<Answer, Refused> {
    let options = request.options()?;
    request.check_datacenter_of_read()?;
    let permit = request.permit_of_read()?;
    let filter = request.filter(&INTENTION)?;
    let read = move |state: &State, permit: &Permit| {
        let mut found = state.intentions();
        if permit.is_restricted() {
            let intentions = &mut found.value;
            intentions.retain(|it| permit.intention_seen(it));
        }
        filter::retain(filter.as_ref(), &mut found.value);
        Reading::new(found.index, Reply::object(&found.value))
    };
    Ok(blocking::answer_permitted(
        request,
        permit,
        options,
        [any()],
        read,
    ))
}

/// `GET /v1/connect/intentions/:id`. It blocks, but its answer has no index.
pub(super) fn find(request: Request<'_>) -> Result<Answer, Refused> {
    let options = request.options()?;
    request.check_datacenter()?;
    let id = request.text_name();
    let permit = match request.permit() {
        Ok(permit) => permit,
        // That there is none is told first.
        Err(refused) => {
            let snapshot = request.front.snapshot();
            let found = snapshot.consul().intention(&id);
            return match found {
                Ok(found) if found.value.is_none() => Ok(none().into()),
                _ => Err(refused),
            };
        }
    };
    let read = move |state: &State, permit: &Permit| match state.intention(&id) {
        Ok(found) => {
            let reply = match found.value {
                None => none(),
                Some(it) if !permit.intention_seen(it) => denied(),
                Some(it) => Reply::object(&**it),
            };
            Reading::without_headers(found.index, reply)
        }
        Err(refusal) => {
            let reply = Reply::bad_request(format!("Bad request: {refusal}"));
            // Nothing is waited for.
            Reading::without_headers(u64::MAX, reply)
        }
    };
    Ok(blocking::answer_permitted(
        request,
        permit,
        options,
        [any()],
        read,
    ))
}

fn none() -> Reply {
    Reply::text(StatusCode::NOT_FOUND, "Intention not found")
}

/// `POST /v1/connect/intentions`
pub(super) fn create(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    let permit = request.check_datacenter().and_then(|()| request.permit());
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move {
        let intention = match decoded(body, front.strict).await {
            Ok(intention) => intention,
            Err(Problem::Read(refused)) => return *refused,
            Err(Problem::Decode(error)) => {
                return Reply::server_error(format!("Failed to decode request body: {error}"));
            }
        };
        let permit = match permit {
            Ok(permit) => permit,
            Err(refused) => return *refused,
        };
        if !intention.id.is_empty() {
            return Reply::server_error("ID must be empty when creating a new intention");
        }
        if !permit.intention_changed(&intention) {
            return denied();
        }
        let id = SessionId::from_bytes(new_uuid()).to_string();
        submit(&front, IntentionChange::Create(id, spec(intention))).await
    }))
}

/// `PUT` and `DELETE /v1/connect/intentions/:id`
pub(super) fn change(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    let permit = request.check_datacenter().and_then(|()| request.permit());
    let front = Arc::clone(request.front);
    let id = request.text_name();
    if *request.method == Method::DELETE {
        let permit = permit?;
        return Ok(Answer::later(async move {
            if !may_change(&front, &permit, &id) {
                return denied();
            }
            let change = Command::Intention(IntentionChange::Delete(id));
            match front.submit(change).await {
                Ok(_) => Reply::flag(true),
                Err(refused) => *refused,
            }
        }));
    }
    Ok(Answer::later(async move {
        let intention = match decoded(body, front.strict).await {
            Ok(intention) => intention,
            Err(Problem::Read(refused)) => return *refused,
            Err(Problem::Decode(error)) => {
                let text = format!("Bad request: Request decode failed: {error}");
                return Reply::bad_request(text);
            }
        };
        match permit {
            // As it is, and as it is to be.
            Ok(permit) if !may_change(&front, &permit, &id) => denied(),
            Ok(permit) if !permit.intention_changed(&intention) => denied(),
            Ok(_) => submit(&front, IntentionChange::Update(id, spec(intention))).await,
            Err(refused) => *refused,
        }
    }))
}

/// Whether the intention of that id may be changed, if there is one.
fn may_change(front: &Front, permit: &Permit, id: &str) -> bool {
    if !permit.is_restricted() {
        return true;
    }
    let snapshot = front.snapshot();
    let found = snapshot.consul().intention(id).ok();
    let found = found.and_then(|found| found.value);
    found.is_none_or(|it| permit.intention_changed(it))
}

fn spec(intention: Intention) -> Box<IntentionSpec> {
    let at = GoTime::from(SystemTime::now());
    Box::new(IntentionSpec { intention, at })
}

async fn submit(front: &Front, change: IntentionChange) -> Reply {
    match front.submit(Command::Intention(change)).await {
        Ok(Outcome::Intention(intention)) => Reply::object(&IntentionCreated {
            id: intention.id.clone(),
        }),
        Ok(_) => unexpected(),
        Err(refused) => *refused,
    }
}

/// Why a body is of no use.
enum Problem {
    Read(Refused),
    Decode(DecodeError),
}

async fn decoded(body: Body, strict: bool) -> Result<Intention, Problem> {
    let body = read(body).await.map_err(Problem::Read)?;
    let decoded = text_of(&body).and_then(|text| decode(&text, strict));
    decoded.map_err(Problem::Decode)
}

/// What the server decides may be there, and is not looked at.
fn decode(body: &str, strict: bool) -> Result<Intention, DecodeError> {
    let object = Object {
        place: Place {
            field: "",
            type_name: "struct { Hash string; CreatedAt string; UpdatedAt string; *structs.Alias }",
        },
        path: ".",
        fields: &[
            "ID",
            "Description",
            "SourceNS",
            "SourceName",
            "DestinationNS",
            "DestinationName",
            "SourceType",
            "Action",
            "DefaultAddr",
            "DefaultPort",
            "Meta",
            "Precedence",
            "CreatedAt",
            "UpdatedAt",
            "Hash",
            "CreateIndex",
            "ModifyIndex",
        ],
        strict,
    };
    let mut it = Intention::default();
    let (mut action, mut meta) = (String::new(), None);
    object.each(Json::parse(body)?, |name, field| match name {
        "id" => field.text(&mut it.id),
        "description" => field.text(&mut it.description),
        "sourcens" => field.text(&mut it.source_ns),
        "sourcename" => field.text(&mut it.source_name),
        "destinationns" => field.text(&mut it.destination_ns),
        "destinationname" => field.text(&mut it.destination_name),
        "sourcetype" => field.text_of("structs.IntentionSourceType", &mut it.source_type),
        "action" => field.text_of("structs.IntentionAction", &mut action),
        "defaultaddr" => field.text(&mut it.default_addr),
        "defaultport" => field.number(&mut it.default_port),
        "meta" => field.map(&mut meta),
        "precedence" => field.number(&mut 0),
        "createdat" | "updatedat" | "hash" => field.text(&mut String::new()),
        "createindex" | "modifyindex" => field.index(),
        _ => Ok(()),
    })?;
    it.action = action.into();
    it.meta = meta.unwrap_or_default();
    Ok(it)
}

/// `GET /v1/connect/intentions/match`: the intentions that concern each name. It blocks, but its
/// answer has no index.
pub(super) fn matching(request: Request<'_>) -> Result<Answer, Refused> {
    let options = request.options()?;
    let once = request.params.all("by").count() == 1;
    let side = match request.params.get("by").filter(|_| once) {
        Some("source") => IntentionSide::Source,
        Some("destination") => IntentionSide::Destination,
        Some(_) => {
            return Err(missing(
                "'by' parameter must be one of 'source' or 'destination'",
            ));
        }
        None => return Err(missing("required query parameter 'by' not set")),
    };
    let names: Vec<String> = request.params.all("name").map(str::to_owned).collect();
    if names.is_empty() {
        return Err(missing("required query parameter 'name' not set"));
    }
    let parties = names.iter().map(|name| party("name", name));
    let parties = parties.collect::<Result<Vec<Party>, Refused>>()?;
    request.check_datacenter()?;
    let permit = request.permit()?;
    for party in parties.iter().filter(|party| !party.name.is_empty()) {
        require(permit.intention_read(&party.name))?;
    }
    let read = move |state: &State, _: &Permit| {
        let mut shown = BTreeMap::new();
        let mut index = 1;
        for (name, party) in names.iter().zip(&parties) {
            let found = state.matching_intentions(side, party);
            index = found.index;
            shown.insert(name, Some(found.value).filter(|it| !it.is_empty()));
        }
        Reading::without_headers(index, Reply::object(&shown))
    };
    Ok(blocking::answer_permitted(
        request,
        permit,
        options,
        [any()],
        read,
    ))
}

/// `GET /v1/connect/intentions/check`: whether a connection is let through.
pub(super) fn check(request: Request<'_>) -> Result<Answer, Refused> {
    request.options()?;
    let required = |name: &str| {
        let once = request.params.all(name).count() == 1;
        let value = request.params.get(name).filter(|_| once);
        value.ok_or_else(|| missing(&format!("required query parameter '{name}' not set")))
    };
    let (source, destination) = (required("source")?, required("destination")?);
    let source = party("source", source)?;
    let source_type = request.params.text("source-type").unwrap_or("consul");
    let destination = party("destination", destination)?;
    request.check_datacenter()?;
    if source_type != "consul" && !source_type.is_empty() {
        let text = format!("unsupported SourceType: {}", quote(source_type));
        return Err(missing(&text));
    }
    let permit = request.permit()?;
    require(permit.service_read(&destination.name))?;
    let default = request.front.intention_default_allow();
    let snapshot = request.front.snapshot();
    let allowed = snapshot
        .consul()
        .may_connect(&source, &destination, default);
    Ok(Reply::object(&IntentionCheck { allowed }).into())
}

fn missing(text: &str) -> Refused {
    Reply::server_error(text.to_owned()).into()
}

/// A service by its name, maybe with its namespace in front.
fn party(parameter: &str, text: &str) -> Result<Party, Refused> {
    let (namespace, name) = text.split_once('/').unwrap_or(("default", text));
    if name.contains('/') {
        return Err(missing(&format!(
            "{parameter} {} is invalid: input can contain at most one '/'",
            quote(text)
        )));
    }
    Ok(Party {
        namespace: namespace.to_owned(),
        name: name.to_owned(),
    })
}

fn any() -> Watch {
    Watch::Topic(Topic::Table(Table::Intentions))
}
