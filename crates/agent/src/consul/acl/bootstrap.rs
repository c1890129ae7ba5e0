//! The first token: `PUT /v1/acl/bootstrap`.

use std::sync::Arc;
use std::time::SystemTime;

use quorate_wire::consul::acl::BootstrapToken;

use super::{check_on, submit, token};
use crate::consul::front::{Front, unexpected};
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};
use crate::engine::consul::{AclCommand, AclReply, Bootstrap};

/// The file in the data directory by which its owner allows it once more: it holds the index that
/// the refusal names.
const RESET_FILE: &str = "acl-bootstrap-reset";
/// More than any index takes.
const MAX_FILE_BYTES: u64 = 64;

/// Makes a token that may do everything, once.
pub(super) fn run(request: Request<'_>) -> Result<Answer, Refused> {
    check_on(request)?;
    let front = Arc::clone(request.front);
    Ok(Answer::later(async move {
        let made = make(&front).await;
        made.unwrap_or_else(|refused| *refused)
    }))
}

async fn make(front: &Front) -> Result<Reply, Refused> {
    let file = front.data_dir.as_ref().map(|path| path.join(RESET_FILE));
    let reset_index = match &file {
        Some(file) => reset_index(file).await,
        None => None,
    };
    let bootstrap = Bootstrap {
        fresh: token::fresh(),
        now: SystemTime::now().into(),
        reset_index,
    };
    let made = submit(front, AclCommand::Bootstrap(Box::new(bootstrap))).await?;
    let AclReply::Token(token) = made else {
        return Err(unexpected().into());
    };
    if let (Some(file), Some(_)) = (file, reset_index) {
        // The index in it is of no use any more.
        let _ = tokio::fs::remove_file(file).await;
    }
    Ok(Reply::object(&BootstrapToken::from(*token)))
}

async fn reset_index(file: &std::path::Path) -> Option<u64> {
    let length = tokio::fs::metadata(file).await.ok()?.len();
    if length > MAX_FILE_BYTES {
        return None;
    }
    let text = tokio::fs::read_to_string(file).await.ok()?;
    text.trim().parse().ok()
}
