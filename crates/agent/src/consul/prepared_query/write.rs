//! Creating, changing and deleting prepared queries.

use std::sync::Arc;

use bytes::Bytes;
use http::StatusCode;
use quorate_wire::consul::PreparedQuery;
use quorate_wire::consul::prepared_query::PreparedQueryCreated;

use super::super::body::Body;
use super::super::decode::{text_of, undecodable};
use super::super::front::Front;
use super::super::permit::{Permit, require};
use super::super::reply::{Refused, Reply};
use super::super::request::{Answer, Request};
use super::decode::decode;
use super::is_ruled;
use crate::config::Compat;
use crate::engine::consul::{Command, PreparedQueryWrite, SessionId};
use crate::identity::new_uuid;

/// The longest body that is read.
const MAX_BODY_BYTES: usize = 512 * 1024;

/// `POST /v1/query`
pub(super) fn create(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    let datacenter = request.check_datacenter();
    let permit = request.permit();
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move {
        let created = async {
            let query = read(body, &front).await?;
            datacenter?;
            if query.id.is_empty() {
                may_write(&permit?, &query)?;
            }
            let id = SessionId::from_bytes(new_uuid());
            let write = PreparedQueryWrite::Create {
                id,
                query: Box::new(query),
                nameless: is_of_old(&front),
            };
            front.submit(Command::PreparedQuery(write)).await?;
            Ok(Reply::object(&PreparedQueryCreated { id: id.to_string() }))
        };
        created.await.unwrap_or_else(|refused: Refused| *refused)
    }))
}

/// `PUT /v1/query/:id`
pub(super) fn update(request: Request<'_>, body: Body, id: String) -> Result<Answer, Refused> {
    let datacenter = request.check_datacenter();
    let permit = request.permit();
    let front = Arc::clone(request.front);
    // Consul does not read a body without a declared length.
    let ignored = match body.declared() {
        Some(length) => length == 0,
        None => front.strict,
    };
    Ok(Answer::later(async move {
        let updated = async {
            let query = match ignored {
                true => PreparedQuery::default(),
                false => read(body, &front).await?,
            };
            datacenter?;
            let permit = permit?;
            may_change(&permit, &front, &id)?;
            may_write(&permit, &query)?;
            let write = PreparedQueryWrite::Update {
                id,
                query: Box::new(query),
                nameless: is_of_old(&front),
            };
            front.submit(Command::PreparedQuery(write)).await?;
            Ok(Reply::empty(StatusCode::OK))
        };
        updated.await.unwrap_or_else(|refused: Refused| *refused)
    }))
}

/// `DELETE /v1/query/:id`
pub(super) fn delete(request: Request<'_>, id: String) -> Result<Answer, Refused> {
    request.check_datacenter()?;
    may_change(&request.permit()?, request.front, &id)?;
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move {
        let write = PreparedQueryWrite::Delete(id);
        match front.submit(Command::PreparedQuery(write)).await {
            Ok(_) => Reply::empty(StatusCode::OK),
            Err(refused) => *refused,
        }
    }))
}

async fn read(body: Body, front: &Front) -> Result<PreparedQuery, Refused> {
    let body: Bytes = body
        .collect(MAX_BODY_BYTES)
        .await
        .map_err(|error| error.refuse(MAX_BODY_BYTES))?;
    let decoded = text_of(&body).and_then(|text| decode(&text, front.strict));
    decoded.map_err(|error| undecodable(error).into())
}

/// Clients from before Consul 0.6.4 create queries with neither name nor session.
fn is_of_old(front: &Front) -> bool {
    front.compat == Compat::V0_7
}

/// Whether a query of that name may be written. One without a name is anybody's.
fn may_write(permit: &Permit, query: &PreparedQuery) -> Result<(), Refused> {
    require(!is_ruled(query) || permit.query_write(&query.name))
}

/// Whether the query as it is may be changed. Of one that does not exist, the engine speaks.
fn may_change(permit: &Permit, front: &Front, id: &str) -> Result<(), Refused> {
    let snapshot = front.snapshot();
    let found = snapshot.consul().prepared_query(id).ok();
    match found.and_then(|found| found.value.cloned()) {
        Some(query) => may_write(permit, &query),
        None => Ok(()),
    }
}
