//! Bodies that are written as JSON documents: sent as they are, so that the server sees all of
//! what was written, and says what is wrong with it.

use std::path::Path;

use quorate_consul::{Method, QueryOptions, RawRequest};
use serde_json::{Map, Value};

use super::Context;
use crate::args::consul::options::WriteArgs;
use crate::failure::Failure;
use crate::input;

/// A JSON object.
pub(super) type Document = Map<String, Value>;

/// No body is larger.
pub(super) const MAX_DOCUMENT: usize = 64 << 20;

/// Reads a file, or standard input for `-`.
pub(super) fn read(file: &Path) -> Result<Document, Failure> {
    let bytes = input::document(file, MAX_DOCUMENT)?;
    serde_json::from_slice(&bytes)
        .map_err(|error| Failure::usage(format!("{} is no JSON object: {error}", file.display())))
}

/// Sends a document that is answered with nothing, or with `true`. What the body says of the
/// datacenter goes before the command line.
pub(super) async fn put(
    context: Context<'_>,
    path: &str,
    mut body: Document,
    write: &WriteArgs,
) -> Result<(), Failure> {
    if let Some(name) = &write.dc {
        body.entry("Datacenter")
            .or_insert_with(|| name.as_str().into());
    }
    send(context, path, &body.into(), write.options().into()).await
}

/// Sends a document that says the same when it is said twice.
pub(super) async fn send(
    context: Context<'_>,
    path: &str,
    body: &Value,
    options: QueryOptions,
) -> Result<(), Failure> {
    let body = serde_json::to_vec(body).map_err(Failure::usage)?;
    let request = RawRequest::new(Method::Put, path)
        .with_body(body)
        .with_options(options)
        .idempotent();
    context.client.raw().request(request).await?.success()?;
    Ok(())
}
