//! `/v2/members`: a cluster of one.

use http::header::CONTENT_TYPE;
use http::{Method, StatusCode};
use quorate_wire::etcd2::{Member, MemberList};

use super::auth::has_root_access;
use super::decode::{self, MAX_BODY_BYTES};
use super::member_urls::{client_urls, peer_urls};
use super::reply::{Refused, Reply};
use super::request::{Answer, Request};
use crate::consul::Body;
use crate::engine::etcd2::Command;

/// Where other members would reach the agent unless a client says otherwise. Nobody listens there.
const DEFAULT_PEER_URL: &str = "http://localhost:2380";
/// What etcd says where another member would cost the cluster its quorum.
const NOT_ENOUGH: &str = "etcdserver: re-configuration failed due to not enough started members";

/// Answers a request for all members, or for what `name` says.
pub(super) fn answer(request: Request, name: &str, body: Body) -> Answer {
    if *request.method() == Method::GET {
        return read(&request, name).with_meta(request.front.meta()).into();
    }
    let name = name.to_owned();
    Answer::later(async move {
        if !has_root_access(&request).await {
            return Reply::no_access().into();
        }
        let meta = request.front.meta();
        let result = if *request.method() == Method::POST {
            add(&request, body).await
        } else if name.is_empty() {
            Ok(Reply::not_allowed(""))
        } else if *request.method() == Method::DELETE {
            Ok(remove(&request, &name))
        } else {
            update(&request, &name, body).await
        };
        result
            .unwrap_or_else(|refused| *refused)
            .with_meta(meta)
            .into()
    })
}

fn read(request: &Request, name: &str) -> Reply {
    match name {
        "" => {
            let members = vec![own(request)];
            Reply::line(StatusCode::OK, &MemberList { members })
        }
        "leader" => Reply::line(StatusCode::OK, &own(request)),
        _ => Reply::message(StatusCode::NOT_FOUND, "Not found"),
    }
}

fn own(request: &Request) -> Member {
    let front = &request.front;
    Member {
        id: front.identity.member_text(),
        name: front.name.clone(),
        peer_urls: own_peer_urls(request),
        client_urls: client_urls(request),
    }
}

fn own_peer_urls(request: &Request) -> Vec<String> {
    let snapshot = request.front.snapshot();
    match snapshot.etcd2().peers() {
        Some(urls) => urls.to_vec(),
        None => vec![DEFAULT_PEER_URL.to_owned()],
    }
}

/// Another member would not be one: the agent has no peers. etcd takes it, and then waits for it.
async fn add(request: &Request, body: Body) -> Result<Reply, Refused> {
    let urls = requested_urls(request, body).await?;
    let known = own_peer_urls(request);
    Ok(if urls.iter().any(|url| known.contains(url)) {
        Reply::message(StatusCode::CONFLICT, "membership: peerURL exists")
    } else {
        Reply::message(StatusCode::INTERNAL_SERVER_ERROR, NOT_ENOUGH)
    })
}

fn remove(request: &Request, name: &str) -> Reply {
    match find(request, name) {
        Ok(()) => Reply::server_error(),
        Err(refused) => *refused,
    }
}

async fn update(request: &Request, name: &str, body: Body) -> Result<Reply, Refused> {
    if id(name).is_none() {
        return Err(no_such_member(name));
    }
    let urls = requested_urls(request, body).await?;
    find(request, name)?;
    match request.front.submit(Command::SetPeers(urls)).await {
        Ok(_) => Ok(Reply::new(StatusCode::NO_CONTENT)),
        Err(_) => Err(Reply::server_error().into()),
    }
}

/// Whether `name` is the id of the only member.
fn find(request: &Request, name: &str) -> Result<(), Refused> {
    match id(name) {
        Some(id) if id == request.front.identity.member => Ok(()),
        Some(id) => Err(no_such_member(&format!("{id:x}"))),
        None => Err(no_such_member(name)),
    }
}

fn id(name: &str) -> Option<u64> {
    let is_hex = name.bytes().all(|byte| byte.is_ascii_hexdigit());
    u64::from_str_radix(name, 16).ok().filter(|_| is_hex)
}

fn no_such_member(name: &str) -> Refused {
    let text = format!("No such member: {name}");
    Reply::message(StatusCode::NOT_FOUND, text).into()
}

/// Where the request says that a member is.
async fn requested_urls(request: &Request, body: Body) -> Result<Vec<String>, Refused> {
    let refuse = |status, text: String| Refused::from(Reply::message(status, text));
    let kind = request.header(&CONTENT_TYPE);
    let kind = match kind.split_once(';') {
        Some((kind, _)) => kind.to_lowercase().trim().to_owned(),
        None => kind.to_owned(),
    };
    if kind != "application/json" {
        let text = format!("Bad Content-Type {kind}, accept application/json");
        return Err(refuse(StatusCode::UNSUPPORTED_MEDIA_TYPE, text));
    }
    let body = body.collect(MAX_BODY_BYTES).await;
    let body = body.map_err(|_| {
        let text = "http: request body too large".to_owned();
        Refused::from(refuse(StatusCode::BAD_REQUEST, text).closing())
    })?;
    let bad = |text| refuse(StatusCode::BAD_REQUEST, text);
    let urls = decode::peer_urls(&body).map_err(bad)?;
    peer_urls(urls).map_err(bad)
}
