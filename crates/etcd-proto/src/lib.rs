//! The messages and gRPC services of etcd v3.
//!
//! All of it is generated from etcd's own `.proto` files (in `proto/`, of 3.5, with what 3.6 and 3.7
//! added) and checked in, so that nobody needs `protoc`. After a change of those files:
//! `cargo run -p quorate-etcd-proto --example generate`; a test fails until that was done.
//!
//! | feature | adds |
//! |---|---|
//! | `client` | `KvClient` and so on, over anything that is a `tonic::client::GrpcService` |
//! | `server` | `KvServer` and so on, which are `tower` services, and `FILE_DESCRIPTOR_SET` for server reflection |
//!
//! Without a feature there are the messages. No feature brings a transport: connections are the
//! business of who uses this.
//!
//! Byte fields are [`bytes::Bytes`], cut out of the message that they came in without a copy: what
//! is kept for long keeps that whole message, so copy it then.
//!
//! The code here is derived from etcd (Copyright The etcd Authors) under the Apache License 2.0.

/// The generated code; as it is, without our lints.
macro_rules! generated {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[allow(
            missing_docs,
            unreachable_pub,
            missing_debug_implementations,
            clippy::all,
            clippy::pedantic,
            rustdoc::all,
            reason = "generated"
        )]
        pub mod $name {
            include!(concat!("generated/", stringify!($name), ".rs"));
        }
    };
}

generated! {
    /// Permissions, as roles have them.
    authpb
}
generated! {
    /// Keys with their values and revisions, and what happens to them.
    mvccpb
}
generated! {
    /// The services KV, Watch, Lease, Cluster, Maintenance and Auth.
    etcdserverpb
}
generated! {
    /// The service Lock.
    v3lockpb
}
generated! {
    /// The service Election.
    v3electionpb
}

/// The descriptors of all services and messages here, as server reflection wants them: an encoded
/// `google.protobuf.FileDescriptorSet`.
#[cfg(feature = "server")]
pub const FILE_DESCRIPTOR_SET: &[u8] = include_bytes!("generated/descriptors.bin");

pub use {prost, tonic, tonic_prost};
