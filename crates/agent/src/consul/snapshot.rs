//! Snapshots: `/v1/snapshot`.

use std::sync::Arc;

use http::{HeaderValue, Method, StatusCode};
use quorate_wire::consul::snapshot::SnapshotReader;

use super::body::{Body, BodyError, too_large};
use super::front::{Front, SERVER_PORT};
use super::permit::require;
use super::reply::{Refused, Reply};
use super::request::{Answer, Request};
use super::route::Endpoint;
use super::stream::Source;
use crate::engine::consul::{AclCommand, Command, Deregister, LocalChange};
use crate::snapshot::{Rows, Saver};
use crate::start::register_self;

pub(super) const ENDPOINTS: &[Endpoint] = &[Endpoint::new(
    "snapshot",
    "OPTIONS,GET,PUT",
    |request, body| match *request.method {
        Method::GET => save(request),
        _ => restore(request, body),
    },
)];

/// The longest archive that is read.
const MAX_ARCHIVE_BYTES: u64 = 16 * 1024 * 1024 * 1024;

/// `GET /v1/snapshot`: the state as it is now, as an archive that is made while it is sent.
fn save(request: Request<'_>) -> Result<Answer, Refused> {
    request.check_datacenter()?;
    require(request.permit()?.snapshot())?;
    let front = request.front;
    let snapshot = front.snapshot();
    let state = snapshot.consul();
    let saver = Saver::new(state, &front.node, SERVER_PORT);
    let kind = HeaderValue::from_static("application/x-gzip");
    let reply = Reply::stream(StatusCode::OK, Some(kind), Source::new(saver));
    Ok(reply.with_index(state.indexes().last()).into())
}

/// `PUT /v1/snapshot`: puts the state in an archive in the place of all that there is.
fn restore(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    request.check_datacenter()?;
    require(request.permit()?.snapshot())?;
    if request.params.has("stale") {
        return Err(Reply::server_error("stale not allowed for restore").into());
    }
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move {
        match replace(&front, body).await {
            Ok(()) => Reply::empty(StatusCode::OK),
            Err(refused) => *refused,
        }
    }))
}

async fn replace(front: &Front, body: Body) -> Result<(), Refused> {
    let wrong = |problem: &dyn std::fmt::Display| Reply::server_error(problem.to_string());
    let mut pieces = body.pieces(MAX_ARCHIVE_BYTES);
    let mut snapshot = SnapshotReader::new(Rows::default());
    loop {
        match pieces.next().await {
            Ok(Some(piece)) => snapshot.push(&piece).map_err(|problem| wrong(&problem))?,
            Ok(None) => break,
            Err(BodyError::TooLarge) => return Err(too_large(MAX_ARCHIVE_BYTES).into()),
            Err(BodyError::Broken) => return Err(wrong(&"unexpected EOF").into()),
        }
    }
    let rows = snapshot.finish().and_then(|(_, rows)| rows.finish());
    let rows = rows.map_err(|problem| wrong(&problem))?;
    front.submit(Command::Restore(rows)).await?;
    take_place(front).await;
    Ok(())
}

/// Puts what the agent is and has itself into the catalog again, whosever the snapshot was. It is
/// also seen to later, so it does not matter here if the store fails.
async fn take_place(front: &Front) {
    let name = &front.node.name;
    let stranger = {
        let snapshot = front.snapshot();
        let stored = snapshot.consul().node(name).value;
        stored.is_some_and(|stored| stored.id != front.node.id)
    };
    if stranger {
        let node = Deregister {
            node: name.clone(),
            ..Deregister::default()
        };
        let _ = front.submit(Command::Deregister(node)).await;
    }
    let _ = register_self(&front.writer, &front.local.node).await;
    if let Some(acl) = &front.acl {
        // What every server with access rules has, whatever the snapshot was of.
        let seed = AclCommand::Seed(Box::new(acl.seed()));
        let _ = front.submit(Command::Acl(seed)).await;
    }
    let _ = front.submit_local(LocalChange::Sync).await;
}
