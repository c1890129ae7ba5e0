//! One question of a watch.

use http::Method;
use quorate_net::http::HttpBodyStream;
use quorate_wire::etcd2::{ErrorCode, Event, Meta, Parameters};
use tokio::time::{sleep, timeout};

use super::WatchOptions;
use super::cursor::{Ask, Seen, What};
use crate::v2::call::{Call, Operation};
use crate::v2::client::peer;
use crate::v2::error::{Error, refused};
use crate::v2::keys::{GetOptions, Keys};
use crate::v2::reply::meta_of;

/// The most of a refusal that is read.
const MAX_REFUSED_BYTES: u64 = 64 * 1024;

pub(super) async fn ask(keys: Keys, key: String, options: WatchOptions, ask: Ask) -> Seen {
    if let Some(pause) = ask.pause {
        sleep(pause).await;
    }
    match ask.what {
        What::List => list(&keys, &key, options).await,
        What::Wait { after } => wait(&keys, &key, options, after).await,
    }
}

/// The state by agreement of the servers: no event up to its index can be missing in it.
async fn list(keys: &Keys, key: &str, options: WatchOptions) -> Seen {
    let mut get = GetOptions::new().with_sorted().with_quorum();
    get.recursive = options.recursive;
    match keys.get_with(key, &get).await {
        Ok(answer) => Seen::Listed {
            node: answer.value,
            meta: answer.meta,
        },
        // Below a file nothing is.
        Err(error) if error.code() == Some(ErrorCode::NotDirectory) => {
            let index = error.index().unwrap_or_default();
            Seen::Listed {
                node: None,
                meta: Meta::default().with_index(index),
            }
        }
        Err(error) => Seen::Failed(error),
    }
}

async fn wait(keys: &Keys, key: &str, options: WatchOptions, after: u64) -> Seen {
    let mut parameters = Parameters::default();
    parameters.wait = true;
    parameters.recursive = options.recursive;
    parameters.wait_index = after.saturating_add(1);
    let operation = Operation::new("watch key", key);
    let call = Call::keys(operation, Method::GET, key, &parameters);
    let (http, stream) = match keys.client.open(&call, options.poll).await {
        Ok(opened) => opened,
        Err(error) => return Seen::Failed(error),
    };
    if stream.status.is_success() {
        return event(keys, stream, options, operation).await;
    }
    let (status, peer) = (stream.status.as_u16(), peer(&http, stream.endpoint));
    let body = match stream.collect(MAX_REFUSED_BYTES).await {
        Ok(body) => body,
        Err(error) => return Seen::Failed(Error::of_net(error, operation.to_string(), false)),
    };
    let named = keys.client.is_named();
    let error = refused(operation.to_string(), status, &body, false, named);
    match error.code() {
        Some(ErrorCode::EventIndexCleared | ErrorCode::WatcherCleared) => Seen::Cleared,
        _ => Seen::Failed(error.with_peer(Some(&peer))),
    }
}

/// The head is there at once, and the body when something happens.
async fn event(
    keys: &Keys,
    stream: HttpBodyStream,
    options: WatchOptions,
    operation: Operation<'_>,
) -> Seen {
    let meta = meta_of(&stream.headers);
    let limit = u64::try_from(keys.client.limits().max_response_bytes).unwrap_or(u64::MAX);
    let body = match timeout(options.poll, stream.collect(limit)).await {
        Ok(Ok(body)) => body,
        Err(_) => return Seen::Quiet { meta, early: false },
        Ok(Err(error)) if error.is_timeout() => return Seen::Quiet { meta, early: false },
        // Too long an event would come again and again; a connection that broke need not.
        Ok(Err(error)) if error.kind() == quorate_net::error::NetErrorKind::TooLarge => {
            return Seen::Failed(Error::of_net(error, operation.to_string(), false));
        }
        Ok(Err(error)) => {
            tracing::debug!(%error, "a watch was cut, and goes on");
            return Seen::Cut { meta };
        }
    };
    if body.trim_ascii().is_empty() {
        // The server ended it: it stops, or a proxy has a limit.
        return Seen::Quiet { meta, early: true };
    }
    match serde_json::from_slice::<Event>(&body) {
        Ok(event) => Seen::Event { event, meta },
        Err(source) => {
            let class = crate::v2::error::Class::refused(crate::v2::ErrorKind::Protocol);
            let error = Error::new(class, operation.to_string());
            Seen::Failed(
                error
                    .with_detail("the body is no event")
                    .with_source(source),
            )
        }
    }
}
