//! What is wrong, as gRPC says it.

use quorate_etcd_proto::tonic::{Code, Status};

use crate::engine::etcd3::{self, Refusal};
use crate::writer::WriteError;

/// What a refusal is answered with: the code and the words of etcd 3.5.
pub(super) fn refused(refusal: Refusal) -> Status {
    Status::new(code(refusal.code()), refusal.to_string())
}

fn code(code: etcd3::Code) -> Code {
    match code {
        etcd3::Code::InvalidArgument => Code::InvalidArgument,
        etcd3::Code::NotFound => Code::NotFound,
        etcd3::Code::PermissionDenied => Code::PermissionDenied,
        etcd3::Code::ResourceExhausted => Code::ResourceExhausted,
        etcd3::Code::FailedPrecondition => Code::FailedPrecondition,
        etcd3::Code::OutOfRange => Code::OutOfRange,
        etcd3::Code::DataLoss => Code::DataLoss,
        etcd3::Code::Unauthenticated => Code::Unauthenticated,
        etcd3::Code::Unknown => Code::Unknown,
    }
}

/// What etcd's own library makes of a refusal, which is what it tells watchers.
pub(super) fn spelled_out(refusal: Refusal) -> String {
    format!(
        "rpc error: code = {:?} desc = {refusal}",
        code(refusal.code())
    )
}

/// What is answered when a write could not be made durable, or was not tried.
pub(super) fn broken(error: &WriteError) -> Status {
    match error {
        WriteError::CommitFailed(_) => Status::unknown(error.to_string()),
        WriteError::Stopped(_) => Status::unavailable(error.to_string()),
        WriteError::Closed => stopped(),
    }
}

/// What is answered when the agent ends.
pub(super) fn stopped() -> Status {
    Status::unavailable("etcdserver: server stopped")
}
