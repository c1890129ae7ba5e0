//! The messages of server reflection, with the numbers of their fields.

use bytes::Bytes;
use quorate_etcd_proto::prost;

/// A question.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "quorate_etcd_proto::prost")]
pub(in crate::etcd3) struct ReflectionRequest {
    #[prost(string, tag = "1")]
    pub(super) host: String,
    #[prost(oneof = "Question", tags = "3, 4, 5, 6, 7")]
    pub(super) question: Option<Question>,
}

/// What is asked.
#[derive(Clone, PartialEq, prost::Oneof)]
#[prost(prost_path = "quorate_etcd_proto::prost")]
pub(in crate::etcd3) enum Question {
    #[prost(string, tag = "3")]
    FileByFilename(String),
    #[prost(string, tag = "4")]
    FileContainingSymbol(String),
    #[prost(message, tag = "5")]
    FileContainingExtension(ExtensionRequest),
    #[prost(string, tag = "6")]
    AllExtensionNumbersOfType(String),
    #[prost(string, tag = "7")]
    ListServices(String),
}

/// An extension of a message.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "quorate_etcd_proto::prost")]
pub(in crate::etcd3) struct ExtensionRequest {
    #[prost(string, tag = "1")]
    pub(super) containing_type: String,
    #[prost(int32, tag = "2")]
    pub(super) extension_number: i32,
}

/// The answer to a question.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "quorate_etcd_proto::prost")]
pub(in crate::etcd3) struct ReflectionResponse {
    #[prost(string, tag = "1")]
    pub(super) valid_host: String,
    #[prost(message, optional, tag = "2")]
    pub(super) original_request: Option<ReflectionRequest>,
    #[prost(oneof = "Found", tags = "4, 6, 7")]
    pub(super) found: Option<Found>,
}

/// What was found.
#[derive(Clone, PartialEq, prost::Oneof)]
#[prost(prost_path = "quorate_etcd_proto::prost")]
pub(in crate::etcd3) enum Found {
    #[prost(message, tag = "4")]
    Files(FileDescriptors),
    #[prost(message, tag = "6")]
    Services(Services),
    #[prost(message, tag = "7")]
    Error(ErrorResponse),
}

/// Descriptors of files.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "quorate_etcd_proto::prost")]
pub(in crate::etcd3) struct FileDescriptors {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub(super) files: Vec<Bytes>,
}

/// All services.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "quorate_etcd_proto::prost")]
pub(in crate::etcd3) struct Services {
    #[prost(message, repeated, tag = "1")]
    pub(super) services: Vec<Service>,
}

/// A service.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "quorate_etcd_proto::prost")]
pub(in crate::etcd3) struct Service {
    #[prost(string, tag = "1")]
    pub(super) name: String,
}

/// What is wrong with a question.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "quorate_etcd_proto::prost")]
pub(in crate::etcd3) struct ErrorResponse {
    #[prost(int32, tag = "1")]
    pub(super) code: i32,
    #[prost(string, tag = "2")]
    pub(super) message: String,
}
