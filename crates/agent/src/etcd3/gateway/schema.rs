//! The messages and calls of the services, ready to look things up.

use std::collections::HashMap;
use std::sync::OnceLock;

use quorate_etcd_proto::FILE_DESCRIPTOR_SET;
use quorate_etcd_proto::prost::Message as _;

use super::paths::PATHS;
use crate::etcd3::descriptor as proto;

/// All messages, enums and calls.
#[derive(Debug, Default)]
pub(super) struct Schema {
    messages: Vec<Message>,
    enums: Vec<Enum>,
    calls: HashMap<&'static str, Call>,
}

/// A message, by its place in the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct MessageId(usize);

/// An enum, by its place in the schema.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct EnumId(usize);

/// A call of a service.
#[derive(Debug)]
pub(super) struct Call {
    /// Where it is in gRPC.
    pub(super) path: String,
    pub(super) input: MessageId,
    pub(super) output: MessageId,
    pub(super) streams_requests: bool,
    pub(super) streams_answers: bool,
}

/// A message.
#[derive(Debug, Default)]
pub(super) struct Message {
    pub(super) fields: Vec<Field>,
    /// The full names of what its fields exclude each other in.
    pub(super) oneofs: Vec<String>,
}

/// A field of a message.
#[derive(Debug)]
pub(super) struct Field {
    /// Its name in the `.proto` file, which answers have.
    pub(super) name: String,
    /// Its name in camel case, which errors have.
    pub(super) json_name: String,
    pub(super) number: u32,
    pub(super) kind: Kind,
    pub(super) is_list: bool,
    /// Which of the message's oneofs it is in.
    pub(super) oneof: Option<usize>,
}

/// What a field holds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    Int32,
    Int64,
    Uint32,
    Uint64,
    Text,
    Bytes,
    Enum(EnumId),
    Message(MessageId),
}

/// An enum.
#[derive(Debug, Default)]
pub(super) struct Enum {
    values: Vec<(String, i32)>,
}

impl Schema {
    /// That of etcd's services.
    pub(super) fn get() -> &'static Self {
        static SCHEMA: OnceLock<Schema> = OnceLock::new();
        SCHEMA.get_or_init(|| {
            // A test makes sure that they can be read, and that nothing in them is left out.
            let files = proto::Files::decode(FILE_DESCRIPTOR_SET).unwrap_or_default();
            Builder::default().build(&files)
        })
    }

    /// The call at a path below the gateway's prefix.
    pub(super) fn call(&self, path: &str) -> Option<&Call> {
        self.calls.get(path)
    }

    pub(super) fn message(&self, id: MessageId) -> &Message {
        &self.messages[id.0]
    }

    pub(super) fn enumeration(&self, id: EnumId) -> &Enum {
        &self.enums[id.0]
    }
}

impl Message {
    /// The field that is called so in either way.
    pub(super) fn named(&self, name: &str) -> Option<&Field> {
        let mut fields = self.fields.iter();
        fields.find(|field| field.json_name == name || field.name == name)
    }

    pub(super) fn numbered(&self, number: u32) -> Option<&Field> {
        self.fields.iter().find(|field| field.number == number)
    }
}

impl Enum {
    pub(super) fn number(&self, name: &str) -> Option<i32> {
        let mut values = self.values.iter();
        let value = values.find(|(known, _)| known == name)?;
        Some(value.1)
    }

    pub(super) fn name(&self, number: i32) -> Option<&str> {
        let mut values = self.values.iter();
        let value = values.find(|(_, known)| *known == number)?;
        Some(&value.0)
    }
}

/// Collects names first, as messages have fields of messages that come later.
#[derive(Default)]
struct Builder {
    messages: HashMap<String, usize>,
    enums: HashMap<String, usize>,
    declared: Vec<(String, proto::Message)>,
    schema: Schema,
}

impl Builder {
    fn build(mut self, files: &proto::Files) -> Schema {
        for file in &files.files {
            let scope = format!(".{}", file.package);
            self.declare(&scope, &file.messages, &file.enums);
        }
        for (name, message) in std::mem::take(&mut self.declared) {
            let message = self.message(&name, &message);
            self.schema.messages.push(message);
        }
        let mut calls = HashMap::new();
        for file in &files.files {
            for service in &file.services {
                let service_name = format!("{}.{}", file.package, service.name);
                for method in &service.methods {
                    let name = format!("{service_name}/{}", method.name);
                    calls.insert(name, method);
                }
            }
        }
        for (path, name) in PATHS {
            let call = calls.get(name).and_then(|method| self.call(name, method));
            self.schema
                .calls
                .extend(call.into_iter().map(|call| (path, call)));
        }
        self.schema
    }

    fn declare(&mut self, scope: &str, messages: &[proto::Message], enums: &[proto::Enum]) {
        for it in enums {
            let name = format!("{scope}.{}", it.name);
            self.enums.insert(name, self.schema.enums.len());
            let values = it.values.iter();
            let values = values.map(|value| (value.name.clone(), value.number));
            self.schema.enums.push(Enum {
                values: values.collect(),
            });
        }
        for it in messages {
            let name = format!("{scope}.{}", it.name);
            self.messages.insert(name.clone(), self.declared.len());
            self.declared.push((name.clone(), it.clone()));
            self.declare(&name, &it.messages, &it.enums);
        }
    }

    fn message(&self, name: &str, message: &proto::Message) -> Message {
        let name = name.trim_start_matches('.');
        let oneofs = message.oneofs.iter();
        let oneofs = oneofs.map(|oneof| format!("{name}.{}", oneof.name));
        let fields = message.fields.iter();
        Message {
            fields: fields.filter_map(|field| self.field(field)).collect(),
            oneofs: oneofs.collect(),
        }
    }

    fn field(&self, field: &proto::Field) -> Option<Field> {
        const LIST: i32 = 3;
        Some(Field {
            name: field.name.clone(),
            json_name: field.json_name.clone(),
            number: field.number,
            kind: self.kind(field)?,
            is_list: field.label == LIST,
            oneof: field.oneof.and_then(|index| usize::try_from(index).ok()),
        })
    }

    fn kind(&self, field: &proto::Field) -> Option<Kind> {
        let message = |name| self.messages.get(name).copied().map(MessageId);
        Some(match field.kind {
            3 => Kind::Int64,
            4 => Kind::Uint64,
            5 => Kind::Int32,
            8 => Kind::Bool,
            9 => Kind::Text,
            11 => Kind::Message(message(&field.type_name)?),
            12 => Kind::Bytes,
            13 => Kind::Uint32,
            14 => Kind::Enum(EnumId(*self.enums.get(&field.type_name)?)),
            _ => return None,
        })
    }

    fn call(&self, name: &str, method: &proto::Method) -> Option<Call> {
        let message = |name| self.messages.get(name).copied().map(MessageId);
        Some(Call {
            path: format!("/{name}"),
            input: message(&method.input)?,
            output: message(&method.output)?,
            streams_requests: method.streams_requests,
            streams_answers: method.streams_answers,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_path_leads_to_a_call_and_every_call_has_a_path() {
        let schema = Schema::get();
        for (path, name) in PATHS {
            let call = schema.call(path);
            assert_eq!(call.unwrap().path, format!("/{name}"), "{path}");
        }
        let files = proto::Files::decode(FILE_DESCRIPTOR_SET).unwrap();
        let services = files.files.iter().flat_map(|file| &file.services);
        // The gateway of etcd 3.7.2 has no path for this one: "Not Found" at every likely one.
        let methods = services.flat_map(|service| &service.methods);
        let methods = methods.filter(|it| it.name != "RangeStream").count();
        let mut names: Vec<_> = PATHS.iter().map(|(_, name)| name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), methods);
    }

    #[test]
    fn no_field_is_left_out_and_each_comes_in_the_order_of_its_number() {
        fn declared(messages: &[proto::Message]) -> usize {
            let each = messages.iter();
            each.map(|it| it.fields.len() + declared(&it.messages))
                .sum()
        }
        let files = proto::Files::decode(FILE_DESCRIPTOR_SET).unwrap();
        let declared: usize = files.files.iter().map(|it| declared(&it.messages)).sum();
        let schema = Schema::get();
        let known: usize = schema.messages.iter().map(|it| it.fields.len()).sum();
        assert_eq!(known, declared);
        for field in schema.messages.iter().flat_map(|it| &it.fields) {
            assert!(!field.json_name.is_empty(), "{}", field.name);
        }
    }

    #[test]
    fn answers_have_no_lists_of_numbers_and_their_fields_are_in_order() {
        let schema = Schema::get();
        let mut outputs: Vec<MessageId> = schema.calls.values().map(|call| call.output).collect();
        let mut seen = Vec::new();
        while let Some(id) = outputs.pop() {
            if seen.contains(&id) {
                continue;
            }
            seen.push(id);
            let fields = &schema.message(id).fields;
            assert!(fields.is_sorted_by_key(|field| field.number), "{fields:?}");
            for field in fields {
                match field.kind {
                    Kind::Message(inner) => outputs.push(inner),
                    Kind::Text | Kind::Bytes => {}
                    _ => assert!(!field.is_list, "{field:?}"),
                }
            }
        }
    }

    #[test]
    fn fields_have_two_names() {
        let schema = Schema::get();
        let range = schema.message(schema.call("kv/range").unwrap().input);
        for name in ["range_end", "rangeEnd"] {
            assert_eq!(range.named(name).unwrap().number, 2);
        }
        assert!(range.named("RangeEnd").is_none());
    }
}
