//! What a transaction did.

use quorate_etcd::v3::raw::proto::etcdserverpb::response_op::Response;
use quorate_etcd::v3::raw::proto::etcdserverpb::{ResponseOp, TxnResponse};
use quorate_etcd::v3::raw::proto::prost::Message as _;

use super::fields::Fields;
use super::json::Object;
use super::key::{self, RangeView};
use super::{Answer, line};

impl Answer for TxnResponse {
    fn simple(&self, out: &mut Vec<u8>, hex: bool) {
        let ended: &[u8] = match self.succeeded {
            true => b"SUCCESS",
            false => b"FAILURE",
        };
        line(out, ended, false);
        for response in self.responses.iter().filter_map(|op| op.response.as_ref()) {
            line(out, b"", false);
            part(response).simple(out, hex);
        }
    }

    fn fields(&self, out: &mut Fields) -> bool {
        out.header(self.header.as_ref());
        out.field("Succeeded", self.succeeded);
        let mut responses = self.responses.iter().filter_map(|op| op.response.as_ref());
        responses.all(|response| part(response).fields(out))
    }

    fn json(&self, _: bool) -> String {
        Object::of(|object| txn(object, self))
    }

    fn message(&self) -> Option<Vec<u8>> {
        Some(self.encode_to_vec())
    }
}

fn part(response: &Response) -> Box<dyn Answer> {
    match response.clone() {
        Response::ResponseRange(range) => Box::new(RangeView::from(range)),
        Response::ResponsePut(put) => Box::new(put),
        Response::ResponseDeleteRange(deleted) => Box::new(deleted),
        Response::ResponseTxn(txn) => Box::new(txn),
    }
}

fn txn(object: &mut Object, response: &TxnResponse) {
    object.header(response.header.as_ref());
    object.some("succeeded", response.succeeded);
    object.list("responses", &response.responses, |op| {
        Object::of(|object| object.always("Response", operation(op)))
    });
}

fn operation(op: &ResponseOp) -> String {
    Object::of(|object| match &op.response {
        Some(Response::ResponseRange(response)) => {
            object.object("response_range", |inner| key::range(inner, response));
        }
        Some(Response::ResponsePut(response)) => {
            object.object("response_put", |inner| key::put(inner, response));
        }
        Some(Response::ResponseDeleteRange(response)) => {
            object.object("response_delete_range", |inner| {
                key::deleted(inner, response);
            });
        }
        Some(Response::ResponseTxn(response)) => {
            object.object("response_txn", |inner| txn(inner, response));
        }
        None => {}
    })
}
