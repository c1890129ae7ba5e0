//! The descriptors of `.proto` files, as far as the gateway and server reflection need them.

use bytes::Bytes;
use quorate_etcd_proto::prost;

/// Several files as they are.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "quorate_etcd_proto::prost")]
pub(super) struct RawFiles {
    #[prost(bytes = "bytes", repeated, tag = "1")]
    pub(super) files: Vec<Bytes>,
}

/// Several files.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "quorate_etcd_proto::prost")]
pub(super) struct Files {
    #[prost(message, repeated, tag = "1")]
    pub(super) files: Vec<File>,
}

/// A file.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "quorate_etcd_proto::prost")]
pub(super) struct File {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    pub(super) package: String,
    #[prost(message, repeated, tag = "4")]
    pub(super) messages: Vec<Message>,
    #[prost(message, repeated, tag = "5")]
    pub(super) enums: Vec<Enum>,
    #[prost(message, repeated, tag = "6")]
    pub(super) services: Vec<Service>,
    #[prost(string, tag = "12")]
    pub(super) syntax: String,
}

/// A message, with what is declared within it.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "quorate_etcd_proto::prost")]
pub(super) struct Message {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(message, repeated, tag = "2")]
    pub(super) fields: Vec<Field>,
    #[prost(message, repeated, tag = "3")]
    pub(super) messages: Vec<Message>,
    #[prost(message, repeated, tag = "4")]
    pub(super) enums: Vec<Enum>,
    #[prost(message, repeated, tag = "8")]
    pub(super) oneofs: Vec<Named>,
}

/// A field of a message.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "quorate_etcd_proto::prost")]
pub(super) struct Field {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(uint32, tag = "3")]
    pub(super) number: u32,
    /// 3 is a field that there may be many of.
    #[prost(int32, tag = "4")]
    pub(super) label: i32,
    #[prost(int32, tag = "5")]
    pub(super) kind: i32,
    /// The full name of a message or an enum, with a dot before it.
    #[prost(string, tag = "6")]
    pub(super) type_name: String,
    #[prost(uint32, optional, tag = "9")]
    pub(super) oneof: Option<u32>,
    #[prost(string, tag = "10")]
    pub(super) json_name: String,
}

/// What has a name.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "quorate_etcd_proto::prost")]
pub(super) struct Named {
    #[prost(string, tag = "1")]
    pub(super) name: String,
}

/// An enum.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "quorate_etcd_proto::prost")]
pub(super) struct Enum {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(message, repeated, tag = "2")]
    pub(super) values: Vec<EnumValue>,
}

/// A value of an enum.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "quorate_etcd_proto::prost")]
pub(super) struct EnumValue {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(int32, tag = "2")]
    pub(super) number: i32,
}

/// A service.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "quorate_etcd_proto::prost")]
pub(super) struct Service {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(message, repeated, tag = "2")]
    pub(super) methods: Vec<Method>,
}

/// A call of a service.
#[derive(Clone, PartialEq, prost::Message)]
#[prost(prost_path = "quorate_etcd_proto::prost")]
pub(super) struct Method {
    #[prost(string, tag = "1")]
    pub(super) name: String,
    #[prost(string, tag = "2")]
    pub(super) input: String,
    #[prost(string, tag = "3")]
    pub(super) output: String,
    #[prost(bool, tag = "5")]
    pub(super) streams_requests: bool,
    #[prost(bool, tag = "6")]
    pub(super) streams_answers: bool,
}
