//! The agent's log as it is written: `GET /v1/agent/monitor`.

use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};

use bytes::Bytes;
use futures_core::Stream;
use http::StatusCode;
use tokio::sync::mpsc;

use crate::consul::permit::require;
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};
use crate::consul::stream::Source;
use crate::log::{Form, LogLevel};

/// `GET /v1/agent/monitor`: the lines from now on, until the client or the agent ends.
pub(super) fn monitor(request: Request<'_>) -> Result<Answer, Refused> {
    require(request.permit()?.agent_read(&request.front.node.name))?;
    let word = request.params.text("loglevel").unwrap_or("INFO");
    let Ok(level) = word.parse::<LogLevel>() else {
        let text = format!("Bad request: Unknown log level: {word}");
        return Err(Reply::bad_request(text).into());
    };
    let form = if request.params.has("logjson") {
        Form::Json
    } else {
        Form::Text
    };
    let lines = Lines(request.front.log.listen(level, form));
    let source = Source::new(lines).endless();
    Ok(Reply::stream(StatusCode::OK, None, source).into())
}

struct Lines(mpsc::Receiver<Bytes>);

impl Stream for Lines {
    type Item = io::Result<Bytes>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.poll_recv(cx).map(|line| line.map(Ok))
    }
}
