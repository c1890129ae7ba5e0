//! Redirects to cleaned paths, as Go's HTTP server sends them.

use http::header::{HeaderValue, LOCATION};
use http::{Method, StatusCode};

use super::reply::Reply;

/// Status 301 to the encoded `path`, with the query as it came. Nothing is read or written:
/// a client that follows a redirected PUT may do so with GET.
pub(crate) fn redirect(method: &Method, path: &str, query: Option<&str>) -> Reply {
    let to = match query {
        Some(query) if !query.is_empty() => format!("{path}?{query}"),
        _ => path.to_owned(),
    };
    let Ok(location) =
        HeaderValue::from_str(&to).or_else(|_| HeaderValue::from_bytes(to.as_bytes()))
    else {
        return Reply::outside(StatusCode::BAD_REQUEST);
    };
    let status = StatusCode::MOVED_PERMANENTLY;
    let reply = if matches!(*method, Method::GET | Method::HEAD) {
        let link = escape(&to);
        Reply::outside_html(
            status,
            format!("<a href=\"{link}\">Moved Permanently</a>.\n\n"),
        )
    } else {
        Reply::outside(status)
    };
    reply.with(LOCATION, location)
}

fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '&' => escaped.push_str("&amp;"),
            '"' => escaped.push_str("&#34;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}
