//! `quorate consul raw`.

use std::fmt::Write;

use quorate_consul::wire::path;
use quorate_consul::{RawAnswer, RawRequest};

use super::Context;
use super::body::MAX_DOCUMENT;
use crate::args::consul::raw::{Method, RawArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::input;

/// Prints the body of the answer, whatever its status; a status that is no success is a failure
/// beside that.
pub(super) async fn run(context: Context<'_>, args: RawArgs) -> Result<Exit, Failure> {
    let answer = context.client.raw().request(request(&args)?).await?;
    let screen = &context.config.screen;
    if args.include {
        screen.raw(head(&answer).as_bytes())?;
    }
    screen.raw(&answer.body)?;
    if !answer.body.is_empty() && !answer.body.ends_with(b"\n") && screen.stdout_is_terminal() {
        screen.raw(b"\n")?;
    }
    if answer.is_success() {
        return Ok(Exit::Success);
    }
    Err(refused(&args, &answer))
}

/// What a status is to the shell. The body, which says why, stands on standard output.
fn refused(args: &RawArgs, answer: &RawAnswer) -> Failure {
    let exit = match answer.status {
        400 | 405 => Exit::Usage,
        401 | 403 => Exit::Denied,
        404 => Exit::NotFound,
        409 => Exit::Conflict,
        429 | 503 => Exit::Unavailable,
        _ => Exit::Failure,
    };
    // A query may hold a token.
    let path = args.path.split('?').next().unwrap_or_default();
    let failure = Failure::new(exit, format!("{path} was answered with {}", answer.status));
    match exit {
        Exit::Denied => failure.with_next("the same command with --token-file PATH"),
        _ => failure,
    }
}

fn request(args: &RawArgs) -> Result<RawRequest, Failure> {
    let method = match args.method {
        Method::Get => quorate_consul::Method::Get,
        Method::Put => quorate_consul::Method::Put,
        Method::Post => quorate_consul::Method::Post,
        Method::Delete => quorate_consul::Method::Delete,
        Method::Options => quorate_consul::Method::Options,
    };
    let (path, query) = match args.path.split_once('?') {
        Some((path, query)) => (path, query),
        None => (args.path.as_str(), ""),
    };
    let mut request = RawRequest::new(method, path).with_options(args.read.options());
    for part in query.split('&').filter(|part| !part.is_empty()) {
        request = match part.split_once('=') {
            Some((name, value)) => request.with_param(decoded(name)?, decoded(value)?),
            None => request.with_flag(decoded(part)?),
        };
    }
    for (name, value) in &args.param {
        request = request.with_param(name, value);
    }
    if let Some(data) = &args.data {
        request = request.with_body(input::plain(data, MAX_DOCUMENT)?);
    }
    Ok(request)
}

/// A part of a query as it is meant; it is encoded again when it is sent.
fn decoded(part: &str) -> Result<String, Failure> {
    let part = part.replace('+', " ");
    let bytes = path::decode(&part).into_owned();
    String::from_utf8(bytes).map_err(|_| Failure::usage("the query is no text"))
}

fn head(answer: &RawAnswer) -> String {
    let mut head = format!("HTTP/1.1 {}\n", answer.status);
    for (name, value) in answer.headers() {
        // Writing to a String cannot fail.
        let _ = writeln!(head, "{name}: {value}");
    }
    head.push('\n');
    head
}
