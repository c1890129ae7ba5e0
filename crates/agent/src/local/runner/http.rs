//! Checks that send an HTTP request.

use std::collections::BTreeMap;
use std::future::poll_fn;
use std::pin::{Pin, pin};
use std::task::Poll;
use std::time::Duration;

use bytes::Bytes;
use http::header::{
    ACCEPT, AUTHORIZATION, CONNECTION, COOKIE, HOST, HeaderName, HeaderValue, LOCATION, REFERER,
    USER_AGENT,
};
use http::{HeaderMap, Method, Request, Response, StatusCode};
use http_body::Body;
use http_body_util::Full;
use hyper::body::Incoming;
use hyper::client::conn::http1;
use hyper::ext::ReasonPhrase;
use hyper_util::rt::TokioIo;
use quorate_net::transport::Stream;
use tokio::time::timeout;

use super::dial::{connect, secure};
use super::outcome::Outcome;
use super::url::{Url, asked};
use crate::quote::quote;

/// How many requests are made at most until one leads nowhere else.
const MOST_REQUESTS: usize = 10;

/// A check that sends an HTTP request.
pub(super) struct Check<'a> {
    pub(super) url: &'a str,
    pub(super) method: &'a str,
    pub(super) header: &'a BTreeMap<String, Vec<String>>,
    pub(super) body: &'a str,
    pub(super) tls_skip_verify: bool,
    pub(super) output_max_bytes: usize,
}

/// A request on its way, which redirections change.
struct Hop {
    method: Method,
    url: Url,
    /// The URL as it was asked for.
    text: String,
    headers: HeaderMap,
    body: Bytes,
}

impl Check<'_> {
    /// Sends the request: 2xx passes, 429 warns, anything else is critical.
    pub(super) async fn run(&self, limit: Duration) -> Outcome {
        let method = self.method();
        let late = "context deadline exceeded (Client.Timeout exceeded while awaiting headers)";
        match timeout(limit, self.send()).await {
            Ok(Ok(outcome)) => outcome,
            Ok(Err(problem)) => Outcome::critical(problem),
            Err(_) => Outcome::critical(format!("{}: {late}", asked(method, self.url))),
        }
    }

    fn method(&self) -> &str {
        if self.method.is_empty() {
            "GET"
        } else {
            self.method
        }
    }

    async fn send(&self) -> Result<Outcome, String> {
        let mut hop = self.first()?;
        for _ in 0..MOST_REQUESTS {
            let failed = |problem| format!("{}: {problem}", asked(hop.method.as_str(), &hop.text));
            let (response, mut connection) = self.ask(&hop).await.map_err(failed)?;
            match redirected(&response) {
                Some(location) => hop = hop.follow(response.status(), &location)?,
                None => return Ok(self.judge(response, &mut connection).await),
            }
        }
        let asked = asked(hop.method.as_str(), &hop.text);
        Err(format!("{asked}: stopped after {MOST_REQUESTS} redirects"))
    }

    fn first(&self) -> Result<Hop, String> {
        let method = self.method();
        let url = Url::parse(self.url, method)?;
        let known = Method::from_bytes(method.as_bytes());
        let method = known.map_err(|_| format!("net/http: invalid method {}", quote(method)))?;
        Ok(Hop {
            headers: self.headers()?,
            body: Bytes::copy_from_slice(self.body.as_bytes()),
            text: self.url.to_owned(),
            method,
            url,
        })
    }

    fn headers(&self) -> Result<HeaderMap, String> {
        let mut headers = HeaderMap::new();
        for (name, values) in self.header {
            let bad = || format!("net/http: invalid header field name {}", quote(name));
            let header = HeaderName::from_bytes(name.as_bytes()).map_err(|_| bad())?;
            for value in values {
                let bad = |_| format!("net/http: invalid header field value for {}", quote(name));
                headers.append(&header, HeaderValue::from_str(value).map_err(bad)?);
            }
        }
        let usual = [
            (USER_AGENT, "Consul Health Check"),
            (ACCEPT, "text/plain, text/*, */*"),
        ];
        for (name, value) in usual {
            headers
                .entry(name)
                .or_insert(HeaderValue::from_static(value));
        }
        headers.insert(CONNECTION, HeaderValue::from_static("close"));
        Ok(headers)
    }

    async fn ask(&self, hop: &Hop) -> Result<(Response<Incoming>, Connection), String> {
        let url = &hop.url;
        let stream = connect(&url.host, url.port).await?;
        let stream = match url.is_tls {
            true => secure(stream, &url.host, self.tls_skip_verify, b"http/1.1").await?,
            false => stream.into(),
        };
        let mut connection = Connection::new(stream)
            .await
            .map_err(|error| in_words(&error))?;
        let request = hop.request()?;
        let response = connection
            .request(request)
            .await
            .map_err(|error| in_words(&error))?;
        Ok((response, connection))
    }

    async fn judge(&self, response: Response<Incoming>, connection: &mut Connection) -> Outcome {
        let status = response.status();
        let reason = match response.extensions().get::<ReasonPhrase>() {
            Some(reason) => String::from_utf8_lossy(reason.as_bytes()).into_owned(),
            None => status.canonical_reason().unwrap_or_default().to_owned(),
        };
        let body = connection
            .read(response.into_body(), self.output_max_bytes)
            .await;
        let body = String::from_utf8_lossy(&body);
        let (method, url, code) = (self.method(), self.url, status.as_u16());
        let output = format!("HTTP {method} {url}: {code} {reason} Output: {body}");
        match status {
            StatusCode::TOO_MANY_REQUESTS => Outcome::warning(output),
            status if status.is_success() => Outcome::passing(output),
            _ => Outcome::critical(output),
        }
    }
}

/// Where an answer sends the client, if it does.
fn redirected(response: &Response<Incoming>) -> Option<String> {
    let location = response.headers().get(LOCATION)?;
    match response.status().as_u16() {
        301 | 302 | 303 | 307 | 308 => Some(String::from_utf8_lossy(location.as_bytes()).into()),
        _ => None,
    }
}

impl Hop {
    fn request(&self) -> Result<Request<Full<Bytes>>, String> {
        let mut request = Request::new(Full::new(self.body.clone()));
        let path = self.url.path.parse();
        *request.uri_mut() = path.map_err(|error| format!("invalid URL: {error}"))?;
        *request.method_mut() = self.method.clone();
        let mut headers = self.headers.clone();
        let value = |text: &str| HeaderValue::from_str(text).map_err(|error| error.to_string());
        if !headers.contains_key(HOST) {
            headers.insert(HOST, value(&self.url.authority)?);
        }
        if let Some(authorization) = &self.url.authorization
            && !headers.contains_key(AUTHORIZATION)
        {
            headers.insert(AUTHORIZATION, value(authorization)?);
        }
        *request.headers_mut() = headers;
        Ok(request)
    }

    /// The request that follows when the answer leads elsewhere.
    fn follow(mut self, status: StatusCode, location: &str) -> Result<Self, String> {
        let text = self.url.join(location);
        let keeps = matches!(status.as_u16(), 307 | 308);
        if !keeps && self.method != Method::HEAD {
            self.method = Method::GET;
            self.body = Bytes::new();
        }
        let url = Url::parse(&text, self.method.as_str())?;
        self.headers.remove(REFERER);
        if (url.is_tls || !self.url.is_tls)
            && let Ok(from) = HeaderValue::from_str(&self.url.shown())
        {
            self.headers.insert(REFERER, from);
        }
        if url.host != self.url.host {
            // These were meant for the one that was asked.
            for name in [AUTHORIZATION, COOKIE, HOST] {
                self.headers.remove(name);
            }
        }
        self.text = location.to_owned();
        self.url = url;
        Ok(self)
    }
}

type Driver = http1::Connection<TokioIo<Stream>, Full<Bytes>>;

/// A connection that is driven by whoever waits for its answer.
struct Connection {
    sender: http1::SendRequest<Full<Bytes>>,
    /// `None` once it has ended.
    driver: Option<Pin<Box<Driver>>>,
}

impl Connection {
    async fn new(stream: Stream) -> hyper::Result<Self> {
        let (sender, driver) = http1::handshake(TokioIo::new(stream)).await?;
        let driver = Some(Box::pin(driver));
        Ok(Self { sender, driver })
    }

    async fn request(
        &mut self,
        request: Request<Full<Bytes>>,
    ) -> hyper::Result<Response<Incoming>> {
        let Self { sender, driver } = self;
        let mut response = pin!(sender.send_request(request));
        poll_fn(|cx| {
            if let Some(running) = driver
                && running.as_mut().poll(cx).is_ready()
            {
                // Its error reaches whoever waits for the answer.
                *driver = None;
            }
            response.as_mut().poll(cx)
        })
        .await
    }

    /// The first bytes of a body, as far as they come.
    async fn read(&mut self, body: Incoming, most: usize) -> Vec<u8> {
        let mut body = pin!(body);
        let mut read = Vec::new();
        while read.len() < most {
            let frame = poll_fn(|cx| {
                if let Poll::Ready(frame) = body.as_mut().poll_frame(cx) {
                    return Poll::Ready(frame);
                }
                if let Some(running) = &mut self.driver
                    && running.as_mut().poll(cx).is_ready()
                {
                    self.driver = None;
                }
                body.as_mut().poll_frame(cx)
            });
            let Some(Ok(frame)) = frame.await else {
                break;
            };
            if let Some(data) = frame.data_ref() {
                read.extend_from_slice(data);
            }
        }
        read.truncate(most);
        read
    }
}

fn in_words(error: &hyper::Error) -> String {
    if error.is_incomplete_message() {
        return "EOF".into();
    }
    match std::error::Error::source(error) {
        Some(cause) => format!("{error}: {cause}"),
        None => error.to_string(),
    }
}
