//! The descriptors of the services, by what is asked for.

use std::collections::{BTreeMap, HashMap};
use std::sync::OnceLock;

use bytes::Bytes;
use quorate_etcd_proto::FILE_DESCRIPTOR_SET;
use quorate_etcd_proto::prost::Message as _;

use crate::etcd3::descriptor as proto;

/// The files, and which one has what.
#[derive(Debug, Default)]
pub(super) struct Files {
    by_name: BTreeMap<String, Bytes>,
    /// The name of the file that has a message, an enum, a service or a call.
    by_symbol: HashMap<String, String>,
    services: Vec<String>,
}

impl Files {
    /// Those of all services.
    pub(super) fn get() -> &'static Self {
        static FILES: OnceLock<Files> = OnceLock::new();
        FILES.get_or_init(|| {
            let set = proto::RawFiles::decode(FILE_DESCRIPTOR_SET).unwrap_or_default();
            let mut files = Self::default();
            let health = health().encode_to_vec();
            for file in set.files.into_iter().chain([health.into()]) {
                files.add(file);
            }
            files.services.sort_unstable();
            files
        })
    }

    /// The names of all services, in order.
    pub(super) fn services(&self) -> &[String] {
        &self.services
    }

    pub(super) fn named(&self, name: &str) -> Option<Bytes> {
        self.by_name.get(name).cloned()
    }

    pub(super) fn with_symbol(&self, symbol: &str) -> Option<Bytes> {
        self.named(self.by_symbol.get(symbol)?)
    }

    fn add(&mut self, raw: Bytes) {
        let Ok(file) = proto::File::decode(raw.clone()) else {
            return;
        };
        let mut symbols = Vec::new();
        declared(&file.package, &file.messages, &file.enums, &mut symbols);
        for service in &file.services {
            let name = format!("{}.{}", file.package, service.name);
            let methods = service.methods.iter();
            symbols.extend(methods.map(|method| format!("{name}.{}", method.name)));
            symbols.push(name.clone());
            self.services.push(name);
        }
        let named = symbols
            .into_iter()
            .map(|symbol| (symbol, file.name.clone()));
        self.by_symbol.extend(named);
        self.by_name.insert(file.name, raw);
    }
}

fn declared(
    scope: &str,
    messages: &[proto::Message],
    enums: &[proto::Enum],
    out: &mut Vec<String>,
) {
    out.extend(enums.iter().map(|it| format!("{scope}.{}", it.name)));
    for message in messages {
        let name = format!("{scope}.{}", message.name);
        declared(&name, &message.messages, &message.enums, out);
        out.push(name);
    }
}

/// The file of the service Health, which is gRPC's own.
fn health() -> proto::File {
    const TEXT: i32 = 9;
    const ENUM: i32 = 14;
    const STATUS: &str = ".grpc.health.v1.HealthCheckResponse.ServingStatus";
    let status = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];
    let values = (0..).zip(status).map(|(number, name)| proto::EnumValue {
        name: name.to_owned(),
        number,
    });
    let request = proto::Message {
        name: "HealthCheckRequest".to_owned(),
        fields: vec![field("service", TEXT, "")],
        ..proto::Message::default()
    };
    let response = proto::Message {
        name: "HealthCheckResponse".to_owned(),
        fields: vec![field("status", ENUM, STATUS)],
        enums: vec![proto::Enum {
            name: "ServingStatus".to_owned(),
            values: values.collect(),
        }],
        ..proto::Message::default()
    };
    let method = |name: &str, streams_answers| proto::Method {
        name: name.to_owned(),
        input: ".grpc.health.v1.HealthCheckRequest".to_owned(),
        output: ".grpc.health.v1.HealthCheckResponse".to_owned(),
        streams_requests: false,
        streams_answers,
    };
    proto::File {
        name: "grpc/health/v1/health.proto".to_owned(),
        package: "grpc.health.v1".to_owned(),
        messages: vec![request, response],
        enums: Vec::new(),
        services: vec![proto::Service {
            name: "Health".to_owned(),
            methods: vec![method("Check", false), method("Watch", true)],
        }],
        syntax: "proto3".to_owned(),
    }
}

/// The only field of a message.
fn field(name: &str, kind: i32, type_name: &str) -> proto::Field {
    const OPTIONAL: i32 = 1;
    proto::Field {
        name: name.to_owned(),
        number: 1,
        label: OPTIONAL,
        kind,
        type_name: type_name.to_owned(),
        oneof: None,
        json_name: name.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_file_that_another_one_needs_is_there() {
        /// A file, as far as it needs others.
        #[derive(Clone, PartialEq, quorate_etcd_proto::prost::Message)]
        #[prost(prost_path = "quorate_etcd_proto::prost")]
        struct Needs {
            #[prost(string, repeated, tag = "3")]
            dependencies: Vec<String>,
        }
        let files = Files::get();
        for raw in files.by_name.values() {
            for needed in Needs::decode(raw.clone()).unwrap().dependencies {
                assert!(files.named(&needed).is_some(), "{needed}");
            }
        }
    }

    #[test]
    fn messages_enums_services_and_calls_are_found() {
        let files = Files::get();
        for symbol in [
            "etcdserverpb.RangeRequest",
            "etcdserverpb.RangeRequest.SortOrder",
            "etcdserverpb.KV",
            "etcdserverpb.KV.Range",
            "mvccpb.KeyValue",
            "v3lockpb.Lock",
            "grpc.health.v1.HealthCheckResponse.ServingStatus",
        ] {
            assert!(files.with_symbol(symbol).is_some(), "{symbol}");
        }
        assert!(files.with_symbol("etcdserverpb.Kv").is_none());
    }
}
