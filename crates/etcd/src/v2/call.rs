//! One call: what is sent, and what may be done to get it answered.

use std::time::Duration;

use bytes::Bytes;
use http::Method;
pub(crate) use quorate_net::call::Operation;
use quorate_net::endpoint::EndpointId;
use quorate_wire::etcd2::{Parameters, meta, path};

pub(crate) use crate::effect::Effect;

/// A request before it becomes HTTP.
#[derive(Clone, Debug)]
pub(crate) struct Call<'a> {
    pub(crate) operation: Operation<'a>,
    pub(crate) method: Method,
    pub(crate) url: String,
    pub(crate) body: Bytes,
    pub(crate) content_type: Option<&'static str>,
    pub(crate) effect: Effect,
    pub(crate) timeout: Option<Duration>,
    /// The only server that may answer.
    pub(crate) endpoint: Option<EndpointId>,
    /// Statuses that are answers to a read, though elsewhere they are a reason to ask again.
    pub(crate) answers: &'static [u16],
}

impl<'a> Call<'a> {
    pub(crate) fn read(operation: Operation<'a>, url: impl Into<String>) -> Self {
        Self::new(operation, Method::GET, url, Effect::Read)
    }

    pub(crate) fn write(operation: Operation<'a>, method: Method, url: impl Into<String>) -> Self {
        Self::new(operation, method, url, Effect::Write)
    }

    fn new(
        operation: Operation<'a>,
        method: Method,
        url: impl Into<String>,
        effect: Effect,
    ) -> Self {
        Self {
            operation,
            method,
            url: url.into(),
            body: Bytes::new(),
            content_type: None,
            effect,
            timeout: None,
            endpoint: None,
            answers: &[],
        }
    }

    /// A request to a key. Everything but the value is in the query: a DELETE's body is not read.
    pub(crate) fn keys(
        operation: Operation<'a>,
        method: Method,
        key: &str,
        parameters: &Parameters,
    ) -> Self {
        let mut url = path::keys(key);
        let query = parameters.to_query();
        if !query.is_empty() {
            url.push('?');
            url.push_str(&query.encode());
        }
        if method == Method::GET {
            return Self::read(operation, url);
        }
        let writes = method == Method::PUT || method == Method::POST;
        let mut call = Self::write(operation, method, url);
        if writes {
            call.body = parameters.to_body().encode().into();
            call.content_type = Some(meta::FORM);
        }
        call
    }

    pub(crate) fn with_json(mut self, body: Vec<u8>) -> Self {
        self.body = body.into();
        self.content_type = Some(meta::JSON);
        self
    }

    pub(crate) fn with_timeout(mut self, timeout: Option<Duration>) -> Self {
        self.timeout = timeout;
        self
    }

    pub(crate) fn is_write(&self) -> bool {
        self.effect != Effect::Read
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_condition_is_in_the_query_and_the_value_in_the_body() {
        let parameters = {
            let mut parameters = Parameters::default();
            parameters.value = Some("a b".into());
            parameters.prev_index = 7;
            parameters
        };
        let operation = Operation::new("write", "/k");
        let put = Call::keys(operation, Method::PUT, "k", &parameters);
        assert_eq!(put.url, "/v2/keys/k?prevIndex=7");
        assert_eq!(put.body, "value=a%20b");
        assert_eq!(put.content_type, Some(meta::FORM));
        let delete = Call::keys(operation, Method::DELETE, "k", &parameters);
        assert_eq!(delete.url, "/v2/keys/k?prevIndex=7");
        assert!(delete.body.is_empty());
    }

    #[test]
    fn an_operation_names_its_subject_on_one_line() {
        let text = Operation::new("get key", "a\nb").to_string();
        assert_eq!(text, "get key `a\\nb`");
        assert_eq!(
            Operation::new("list the members", "").to_string(),
            "list the members"
        );
    }
}
