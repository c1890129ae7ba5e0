//! Writes of keys.

use bytes::Bytes;
use http::{Method, StatusCode};
use quorate_wire::etcd2::{ErrorCode, Parameters};

use super::super::front::Failure;
use super::super::reply::Reply;
use super::{KeyRequest, shown};
use crate::engine::etcd2::{Command, Condition, Op, Put, Refusal, Reply as Done, Write};

/// How many parts a key may have that is written. etcd has no such limit; here a tree that is
/// deeper than any stack must not come to be.
const MAX_PARTS: usize = 256;

/// Carries out a write.
pub(super) async fn answer(mut asked: KeyRequest) -> Reply {
    let parts = asked.key.split('/').skip(1).count();
    if parts > MAX_PARTS {
        let cause = format!("the key has {parts} parts, and at most {MAX_PARTS} are allowed");
        return *asked.front.refuse_key(ErrorCode::InvalidField, cause);
    }
    let quiet = asked.parameters.no_value_on_success;
    let op = op(&asked.method, &mut asked.parameters);
    let key = asked.key.clone();
    let command = Command::Write(Box::new(Write { key, op }));
    match asked.front.submit(command).await {
        Ok(Done::Event(event)) => {
            let status = if event.is_creation() {
                StatusCode::CREATED
            } else {
                StatusCode::OK
            };
            let body = if quiet && !event.action.removes() {
                shown::action(event.action)
            } else {
                shown::event(&event)
            };
            asked.found(status, event.index, body)
        }
        Ok(_) => *asked
            .front
            .refuse_key(ErrorCode::RaftInternal, "the engine did something else"),
        Err(Failure::Refused(Refusal::Key(refusal))) => asked.front.key_refusal(refusal),
        Err(Failure::Refused(other)) => *asked
            .front
            .refuse_key(ErrorCode::RaftInternal, other.to_string()),
        Err(Failure::Broken(why)) => *asked.front.refuse_key(ErrorCode::RaftInternal, why),
    }
}

/// What the method and the parameters mean. A condition of a removal counts wherever there is
/// one; `prevExist=false` of a write beats its conditions.
fn op(method: &Method, asked: &mut Parameters) -> Op {
    let condition = Condition {
        value: bytes(&mut asked.prev_value),
        index: asked.prev_index,
    };
    let compares = condition.index > 0 || !condition.value.is_empty();
    if *method == Method::DELETE {
        return if compares {
            Op::CompareAndDelete(condition)
        } else {
            Op::Delete {
                dir: asked.dir,
                recursive: asked.recursive,
            }
        };
    }
    let put = Put {
        value: bytes(&mut asked.value),
        dir: asked.dir,
        ttl: asked.ttl,
    };
    let refresh = asked.refresh == Some(true);
    match asked.prev_exist {
        _ if *method == Method::POST => Op::Create {
            put,
            in_order: true,
        },
        Some(false) => Op::Create {
            put,
            in_order: false,
        },
        _ if compares => Op::CompareAndSwap {
            condition,
            put,
            refresh,
        },
        Some(true) => Op::Update { put, refresh },
        None => Op::Set { put, refresh },
    }
}

fn bytes(text: &mut Option<String>) -> Bytes {
    text.take().unwrap_or_default().into()
}

#[cfg(test)]
mod tests {
    use quorate_wire::etcd2::Form;

    use super::*;

    fn kind(method: &Method, query: &str) -> &'static str {
        let form = Form::parse(query, b"").unwrap();
        let mut asked = Parameters::from_form(&form, false).unwrap();
        match op(method, &mut asked) {
            Op::Set { .. } => "set",
            Op::Create { in_order: true, .. } => "create in order",
            Op::Create { .. } => "create",
            Op::Update { .. } => "update",
            Op::CompareAndSwap { .. } => "compareAndSwap",
            Op::Delete { .. } => "delete",
            Op::CompareAndDelete(_) => "compareAndDelete",
        }
    }

    #[test]
    fn a_write_is_what_its_conditions_make_of_it() {
        let cases = [
            ("", "set"),
            ("prevIndex=0", "set"),
            ("prevExist=true", "update"),
            ("prevExist=true&prevIndex=3", "compareAndSwap"),
            ("prevValue=a", "compareAndSwap"),
            ("prevExist=false&prevIndex=3&prevValue=a", "create"),
        ];
        for (query, action) in cases {
            assert_eq!(kind(&Method::PUT, query), action, "{query}");
        }
        assert_eq!(kind(&Method::POST, "prevExist=true"), "create in order");
        assert_eq!(kind(&Method::DELETE, "prevExist=true"), "delete");
        assert_eq!(kind(&Method::DELETE, "prevIndex=1"), "compareAndDelete");
    }
}
