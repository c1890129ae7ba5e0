//! `quorate consul txn`.

use quorate_consul::{Method, RawRequest};
use serde_json::Value;

use super::Context;
use super::body::MAX_DOCUMENT;
use crate::args::consul::txn::TxnArgs;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;
use crate::view::json::Json;

/// How an answer says that nothing happened.
const ROLLED_BACK: u16 = 409;

/// Sends operations as they were written, so that the server sees all of them, and shows what it
/// answers; also when nothing happened, which is a failure with code 4.
pub(super) async fn run(context: Context<'_>, args: &TxnArgs) -> Result<Exit, Failure> {
    let body = input::document(&args.file, MAX_DOCUMENT)?;
    let operations: Vec<Value> = serde_json::from_slice(&body).map_err(|error| {
        let name = args.file.display();
        Failure::usage(format!("{name} is no JSON list of operations: {error}"))
    })?;
    let request = RawRequest::new(Method::Put, "/v1/txn")
        .with_options(args.read.options())
        .with_body(body);
    let answer = context.client.raw().request(request).await?;
    if answer.status != ROLLED_BACK {
        let answered: Value = answer.json()?;
        context.config.screen.show(&Json(answered))?;
        return Ok(Exit::Success);
    }
    let answered = serde_json::from_slice(&answer.body).map_err(|error| {
        Failure::caused(Exit::Failure, error).context("read the answer of the transaction")
    })?;
    context.config.screen.show(&Json(answered))?;
    let count = operations.len();
    Err(Failure::new(
        Exit::Conflict,
        format!("none of the {count} operations happened"),
    ))
}
