//! Network coordinates: `/v1/coordinate/…`.

use std::sync::Arc;

use http::StatusCode;
use quorate_wire::consul::coordinate::DIMENSIONS;
use quorate_wire::consul::text::NO_PATH_TO_DATACENTER;
use quorate_wire::consul::{Coordinate, DatacenterCoordinates, NodeCoordinate};

use super::blocking::{self, Reading};
use super::body::Body;
use super::decode::{DecodeError, Json, Kind, Place, text_of, undecodable};
use super::object::{Field, Object};
use super::permit::{Permit, denied, require};
use super::reply::{Refused, Reply};
use super::request::{Answer, Request};
use super::route::Endpoint;
use crate::engine::Topic;
use crate::engine::consul::{Command, Located, Refusal, State, Table};
use crate::waiters::Watch;

pub(super) const ENDPOINTS: &[Endpoint] = &[
    Endpoint::get("coordinate/datacenters", |request, _| datacenters(request)),
    Endpoint::get("coordinate/nodes", |request, _| nodes(request)),
    Endpoint::get("coordinate/node/", |request, _| node(request)),
    Endpoint::put("coordinate/update", update),
];

/// The longest body that is read.
const MAX_BODY_BYTES: usize = 64 * 1024;

/// `GET /v1/coordinate/datacenters`: this server alone, which is nowhere in particular.
fn datacenters(request: Request<'_>) -> Result<Answer, Refused> {
    let front = request.front;
    let server = NodeCoordinate::new(front.node.name.clone(), Coordinate::default());
    let own = DatacenterCoordinates::new(front.datacenter.clone(), vec![server]);
    Ok(Reply::object(&[own]).into())
}

/// `GET /v1/coordinate/nodes`: all coordinates by node, or those of one segment.
fn nodes(request: Request<'_>) -> Result<Answer, Refused> {
    let options = request.options()?;
    request.check_datacenter_of_read()?;
    let segment = request.params.get("segment").map(str::to_owned);
    let permit = request.permit_of_read()?;
    let read = move |state: &State, permit: &Permit| {
        let mut found = state.coordinates();
        found.value.retain(|it| permit.node_read(&it.node));
        let shown = shown(found.value, segment.as_deref(), None);
        Reading::new(found.index, Reply::object(&shown))
    };
    Ok(blocking::answer_permitted(
        request,
        permit,
        options,
        [any()],
        read,
    ))
}

/// `GET /v1/coordinate/node/:node`: the coordinates of one node by segment; 404 without any.
fn node(request: Request<'_>) -> Result<Answer, Refused> {
    let options = request.options()?;
    request.check_datacenter_of_read()?;
    let name = request.text_name();
    let segment = request.params.get("segment").map(str::to_owned);
    let permit = request.permit_of_read()?;
    let read = move |state: &State, permit: &Permit| {
        if !permit.node_read(&name) {
            return Reading::without_headers(u64::MAX, denied().with_no_leader());
        }
        let found = state.node_coordinates(&name);
        let shown = shown(found.value, segment.as_deref(), Some(&name));
        if shown.is_empty() {
            // As on the real server, this one comes without any header of a read.
            let reply = Reply::empty(StatusCode::NOT_FOUND);
            return Reading::without_headers(found.index, reply);
        }
        Reading::new(found.index, Reply::object(&shown))
    };
    Ok(blocking::answer_permitted(
        request,
        permit,
        options,
        [any()],
        read,
    ))
}

fn any() -> Watch {
    Watch::Topic(Topic::Table(Table::Coordinates))
}

/// What is shown of coordinates, under the name that was asked for, if one was.
fn shown(
    found: Vec<&Arc<Located>>,
    segment: Option<&str>,
    name: Option<&str>,
) -> Vec<NodeCoordinate> {
    let found = found.into_iter();
    let found = found.filter(|it| segment.is_none_or(|segment| it.segment == segment));
    let show = |it: &Arc<Located>| {
        NodeCoordinate::new(name.unwrap_or(&it.node), it.coord.clone())
            .with_segment(it.segment.clone())
    };
    found.map(show).collect()
}

/// `PUT /v1/coordinate/update`: sets one at once, where Consul collects them for five seconds.
fn update(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    let asked = request.params.text("dc").map(str::to_owned);
    let permit = request.permit();
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move {
        let body = match body.read(MAX_BODY_BYTES, undecodable).await {
            Ok(body) => body,
            Err(refused) => return *refused,
        };
        let (located, datacenter) =
            match text_of(&body).and_then(|text| decode(&text, front.strict)) {
                Ok(decoded) => decoded,
                Err(error) => return undecodable(error),
            };
        let datacenter = asked.unwrap_or(datacenter);
        if !datacenter.is_empty() && datacenter != front.datacenter {
            return Reply::server_error(NO_PATH_TO_DATACENTER);
        }
        if located.coord.vec.len() != DIMENSIONS {
            return Reply::server_error(Refusal::IncompatibleCoordinate.to_string());
        }
        let allowed = permit.and_then(|permit| require(permit.node_write(&located.node)));
        if let Err(refused) = allowed {
            return *refused;
        }
        let command = Command::UpdateCoordinate(Box::new(located));
        match front.submit(command).await {
            Ok(_) => Reply::empty(StatusCode::OK),
            Err(refused) => *refused,
        }
    }))
}

const UPDATE: Object = Object {
    place: Place {
        field: "",
        type_name: "structs.CoordinateUpdateRequest",
    },
    path: "CoordinateUpdateRequest.",
    fields: &["Datacenter", "Node", "Segment", "Coord", "Token"],
    strict: true,
};

const COORDINATE: Object = Object {
    place: Place {
        field: "CoordinateUpdateRequest.Coord",
        type_name: "coordinate.Coordinate",
    },
    path: "Coordinate.Coord.",
    fields: &["Vec", "Error", "Adjustment", "Height"],
    strict: true,
};

fn decode(body: &str, strict: bool) -> Result<(Located, String), DecodeError> {
    let mut located = Located {
        coord: nothing(),
        ..Located::default()
    };
    let mut datacenter = String::new();
    let object = Object { strict, ..UPDATE };
    object.each(Json::parse(body)?, |name, field| match name {
        "datacenter" => field.text(&mut datacenter),
        "node" => field.text(&mut located.node),
        "segment" => field.text(&mut located.segment),
        "coord" if field.value.is_null() => {
            located.coord = nothing();
            Ok(())
        }
        "coord" => decode_coordinate(field.value, strict, &mut located.coord),
        "token" => field.text(&mut String::new()),
        _ => Ok(()),
    })?;
    Ok((located, datacenter))
}

/// A coordinate of which nothing was said, which fits no server.
fn nothing() -> Coordinate {
    Coordinate::new()
        .with_vec([])
        .with_error(0.0)
        .with_height(0.0)
}

fn decode_coordinate(
    value: Json<'_>,
    strict: bool,
    into: &mut Coordinate,
) -> Result<(), DecodeError> {
    let object = Object {
        strict,
        ..COORDINATE
    };
    object.each(value, |name, field| match name {
        "vec" => decode_numbers(field, &mut into.vec),
        "error" => number(field.value, field.place("float64"), &mut into.error),
        "adjustment" => number(field.value, field.place("float64"), &mut into.adjustment),
        "height" => number(field.value, field.place("float64"), &mut into.height),
        _ => Ok(()),
    })
}

fn decode_numbers(field: Field<'_>, into: &mut Vec<f64>) -> Result<(), DecodeError> {
    match field.value.kind() {
        Kind::Null => into.clear(),
        Kind::Array => {
            let mut numbers = Vec::new();
            for element in field.value.elements() {
                let mut value = 0.0;
                number(element, field.place("float64"), &mut value)?;
                numbers.push(value);
            }
            *into = numbers;
        }
        _ => return Err(field.value.mismatch(field.place("[]float64"))),
    }
    Ok(())
}

fn number(value: Json<'_>, place: Place<'_>, into: &mut f64) -> Result<(), DecodeError> {
    if let Some(number) = value.finite(place)? {
        *into = number;
    }
    Ok(())
}
