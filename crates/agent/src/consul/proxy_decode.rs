//! The mesh's part of a service that is registered, with an agent or in the catalog: `Proxy` and
//! `Connect`.

use std::collections::BTreeMap;

use quorate_wire::consul::service::{
    Connect, Expose, ExposedPath, MeshGateway, MeshGatewayMode, Proxy, Upstream,
};
use serde_json::Value;

use super::decode::{DecodeError, Json, Kind, Place};

const CONNECT: &str = "NodeService.Service.Connect";

const PROXY_TYPE: &str = "struct { DestinationServiceNameSnake string \"json:\\\"destination_service_name\\\"\"; DestinationServiceIDSnake string \"json:\\\"destination_service_id\\\"\"; LocalServiceAddressSnake string \"json:\\\"local_service_address\\\"\"; LocalServicePortSnake int \"json:\\\"local_service_port\\\"\"; *structs.Alias }";
const UPSTREAM_TYPE: &str = "struct { DestinationTypeSnake string \"json:\\\"destination_type\\\"\"; DestinationNamespaceSnake string \"json:\\\"destination_namespace\\\"\"; DestinationNameSnake string \"json:\\\"destination_name\\\"\"; LocalBindPortSnake int \"json:\\\"local_bind_port\\\"\"; LocalBindAddressSnake string \"json:\\\"local_bind_address\\\"\"; *structs.Alias }";
const PATH_TYPE: &str = "struct { LocalPathPortSnake int \"json:\\\"local_path_port\\\"\"; ListenerPortSnake int \"json:\\\"listener_port\\\"\"; *structs.Alias }";
const CONNECT_TYPE: &str = "struct { SidecarServiceSnake *structs.ServiceDefinition \"json:\\\"sidecar_service\\\"\"; *structs.Alias }";
const SIDECAR_TYPE: &str = "struct { EnableTagOverrideSnake bool \"json:\\\"enable_tag_override\\\"\"; TaggedAddressesSnake map[string]structs.ServiceAddress \"json:\\\"tagged_addresses\\\"\"; *structs.Alias }";

/// The largest number up to which every whole one is exact as Go keeps it.
const EXACT: i64 = 1 << 53;

/// Reads values within one field: errors name that field, whatever is wrong within.
#[derive(Clone, Copy)]
struct Reader {
    field: &'static str,
    /// Whether fields that do not exist are refused.
    strict: bool,
}

impl Reader {
    fn place(self, type_name: &'static str) -> Place<'static> {
        Place {
            field: self.field,
            type_name,
        }
    }

    /// Calls `read` with each field's name in lower case and its value; `null` is skipped, whether
    /// as the object or as a field. It tells whether it knows the field.
    fn object(
        self,
        object: Json<'_>,
        type_name: &'static str,
        mut read: impl FnMut(&str, Json<'_>) -> Result<bool, DecodeError>,
    ) -> Result<(), DecodeError> {
        match object.kind() {
            Kind::Null => return Ok(()),
            Kind::Object => {}
            _ => return Err(object.mismatch(self.place(type_name))),
        }
        for (name, value) in object.fields() {
            if !read(&name.to_ascii_lowercase(), value)? && self.strict {
                return Err(DecodeError::unknown_field(&name));
            }
        }
        Ok(())
    }

    fn list<T>(
        self,
        list: Json<'_>,
        type_name: &'static str,
        mut read: impl FnMut(Json<'_>) -> Result<T, DecodeError>,
    ) -> Result<Vec<T>, DecodeError> {
        match list.kind() {
            Kind::Null => Ok(Vec::new()),
            Kind::Array => list.elements().into_iter().map(&mut read).collect(),
            _ => Err(list.mismatch(self.place(type_name))),
        }
    }

    fn text(self, value: Json<'_>, into: &mut String) -> Result<bool, DecodeError> {
        if let Some(text) = value.text(self.place("string"))? {
            *into = text;
        }
        Ok(true)
    }

    /// A text under a second name, which counts only where the first is missing.
    fn alias(self, value: Json<'_>, into: &mut String) -> Result<bool, DecodeError> {
        let mut other = String::new();
        self.text(value, &mut other)?;
        if into.is_empty() {
            *into = other;
        }
        Ok(true)
    }

    fn number(self, value: Json<'_>, into: &mut i64) -> Result<bool, DecodeError> {
        if let Some(number) = value.i64(self.place("int"))? {
            *into = number;
        }
        Ok(true)
    }

    fn number_alias(self, value: Json<'_>, into: &mut i64) -> Result<bool, DecodeError> {
        let mut other = 0;
        self.number(value, &mut other)?;
        if *into == 0 {
            *into = other;
        }
        Ok(true)
    }

    fn flag(self, value: Json<'_>, into: &mut bool) -> Result<bool, DecodeError> {
        *into = value.bool(self.place("bool"))?.unwrap_or(*into);
        Ok(true)
    }

    /// Settings of any kind. Go keeps their numbers as fractions.
    fn settings(
        self,
        value: Json<'_>,
        into: &mut BTreeMap<String, Value>,
    ) -> Result<bool, DecodeError> {
        match value.kind() {
            Kind::Null => into.clear(),
            Kind::Object => {
                for (name, value) in value.fields() {
                    let mut setting = value.value()?;
                    round(&mut setting);
                    into.insert(name.into_owned(), setting);
                }
            }
            _ => return Err(value.mismatch(self.place("map[string]interface {}"))),
        }
        Ok(true)
    }

    fn mesh_gateway(self, value: Json<'_>, into: &mut MeshGateway) -> Result<bool, DecodeError> {
        self.object(value, "structs.MeshGatewayConfig", |name, value| {
            if name != "mode" {
                return Ok(false);
            }
            let mode = value.text(self.place("structs.MeshGatewayMode"))?;
            if let Some(mode) = mode {
                into.mode = MeshGatewayMode::from(mode.as_str());
            }
            Ok(true)
        })?;
        Ok(true)
    }

    fn upstream(self, upstream: Json<'_>) -> Result<Upstream, DecodeError> {
        let mut read = Upstream::default();
        self.object(upstream, UPSTREAM_TYPE, |name, value| match name {
            "destinationtype" => self.text(value, &mut read.destination_type),
            "destination_type" => self.alias(value, &mut read.destination_type),
            "destinationnamespace" => self.text(value, &mut read.destination_namespace),
            "destination_namespace" => self.alias(value, &mut read.destination_namespace),
            "destinationname" => self.text(value, &mut read.destination_name),
            "destination_name" => self.alias(value, &mut read.destination_name),
            "datacenter" => self.text(value, &mut read.datacenter),
            "localbindaddress" => self.text(value, &mut read.local_bind_address),
            "local_bind_address" => self.alias(value, &mut read.local_bind_address),
            "localbindport" => self.number(value, &mut read.local_bind_port),
            "local_bind_port" => self.number_alias(value, &mut read.local_bind_port),
            "config" => self.settings(value, &mut read.config),
            "meshgateway" => self.mesh_gateway(value, &mut read.mesh_gateway),
            _ => Ok(false),
        })?;
        Ok(read)
    }

    fn expose(self, expose: Json<'_>, into: &mut Expose) -> Result<bool, DecodeError> {
        self.object(expose, "structs.ExposeConfig", |name, value| match name {
            "checks" => self.flag(value, &mut into.checks),
            "paths" => {
                into.paths = self.list(value, "[]structs.ExposePath", |path| self.path(path))?;
                Ok(true)
            }
            _ => Ok(false),
        })?;
        Ok(true)
    }

    fn path(self, path: Json<'_>) -> Result<ExposedPath, DecodeError> {
        let mut read = ExposedPath::default();
        self.object(path, PATH_TYPE, |name, value| match name {
            "listenerport" => self.number(value, &mut read.listener_port),
            "listener_port" => self.number_alias(value, &mut read.listener_port),
            "path" => self.text(value, &mut read.path),
            "localpathport" => self.number(value, &mut read.local_path_port),
            "local_path_port" => self.number_alias(value, &mut read.local_path_port),
            "protocol" => self.text(value, &mut read.protocol),
            "parsedfromcheck" => self.flag(value, &mut read.parsed_from_check),
            _ => Ok(false),
        })?;
        Ok(read)
    }
}

/// Reads `Proxy` over what is there. `field` is where it stands; an error within ends the decoding
/// at once.
pub(super) fn proxy(
    value: Json<'_>,
    field: &'static str,
    strict: bool,
    into: &mut Proxy,
) -> Result<(), DecodeError> {
    let reader = Reader { field, strict };
    let read = reader.object(value, PROXY_TYPE, |name, value| match name {
        "destinationservicename" => reader.text(value, &mut into.destination_service_name),
        "destination_service_name" => reader.alias(value, &mut into.destination_service_name),
        "destinationserviceid" => reader.text(value, &mut into.destination_service_id),
        "destination_service_id" => reader.alias(value, &mut into.destination_service_id),
        "localserviceaddress" => reader.text(value, &mut into.local_service_address),
        "local_service_address" => reader.alias(value, &mut into.local_service_address),
        "localserviceport" => reader.number(value, &mut into.local_service_port),
        "local_service_port" => reader.number_alias(value, &mut into.local_service_port),
        "config" => reader.settings(value, &mut into.config),
        "upstreams" => {
            let read = reader.list(value, "structs.Upstreams", |it| reader.upstream(it));
            into.upstreams = read?;
            Ok(true)
        }
        "meshgateway" => reader.mesh_gateway(value, &mut into.mesh_gateway),
        "expose" => reader.expose(value, &mut into.expose),
        _ => Ok(false),
    });
    read.map_err(DecodeError::ending)
}

/// Reads `Connect` over what is there. Consul takes unknown fields here even when it is strict; a
/// sidecar is kept as it came, for only agents have a use for it.
pub(super) fn connect(value: Json<'_>, into: &mut Connect) -> Result<(), DecodeError> {
    let reader = Reader {
        field: CONNECT,
        strict: false,
    };
    let read = reader.object(value, CONNECT_TYPE, |name, value| match name {
        "native" => reader.flag(value, &mut into.native),
        "sidecarservice" | "sidecar_service" => {
            match value.kind() {
                Kind::Null => into.other.remove("SidecarService"),
                Kind::Object => into.other.insert("SidecarService".into(), value.value()?),
                _ => return Err(value.mismatch(reader.place(SIDECAR_TYPE))),
            };
            Ok(true)
        }
        _ => Ok(false),
    });
    read.map_err(DecodeError::ending)
}

/// Makes a whole number that Go can't keep exactly the fraction that it keeps.
fn round(setting: &mut Value) {
    match setting {
        Value::Number(number) => {
            let exact = number
                .as_i64()
                .is_some_and(|it| (-EXACT..=EXACT).contains(&it));
            if !exact && let Some(fraction) = number.as_f64() {
                *setting = Value::from(fraction);
            }
        }
        Value::Array(list) => list.iter_mut().for_each(round),
        Value::Object(map) => map.values_mut().for_each(round),
        Value::Null | Value::Bool(_) | Value::String(_) => {}
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, strict: bool) -> Result<Proxy, String> {
        let mut read = Proxy::default();
        let json = Json::parse(text).map_err(|error| error.to_string())?;
        proxy(json, "NodeService.Service.Proxy", strict, &mut read)
            .map_err(|error| error.to_string())?;
        Ok(read)
    }

    // What Consul 1.8.7 answered to the same bodies.
    #[test]
    fn errors_name_the_proxy_whatever_is_wrong_within() {
        for (text, error) in [
            (r#"{"Bogus":1}"#, "json: unknown field \"Bogus\""),
            (
                r#"{"Upstreams":[{"LocalBindPort":"5"}]}"#,
                "json: cannot unmarshal string into Go struct field NodeService.Service.Proxy of type int",
            ),
            (
                r#"{"MeshGateway":{"Mode":5}}"#,
                "json: cannot unmarshal number into Go struct field NodeService.Service.Proxy of type structs.MeshGatewayMode",
            ),
            (
                r#"{"Expose":{"Paths":5}}"#,
                "json: cannot unmarshal number into Go struct field NodeService.Service.Proxy of type []structs.ExposePath",
            ),
            (
                r#"{"Config":5}"#,
                "json: cannot unmarshal number into Go struct field NodeService.Service.Proxy of type map[string]interface {}",
            ),
        ] {
            assert_eq!(read(text, true), Err(error.to_owned()), "{text}");
        }
        assert!(read(r#"{"Bogus":1}"#, false).is_ok());
    }

    #[test]
    fn old_names_count_where_the_new_ones_are_missing() {
        let text = r#"{"DestinationServiceName":"a","destination_service_name":"b","local_service_port":5,"Upstreams":[{"destination_name":"n","local_bind_port":4}]}"#;
        let proxy = read(text, true).unwrap_or_default();
        assert_eq!(proxy.destination_service_name, "a");
        assert_eq!(proxy.local_service_port, 5);
        assert_eq!(proxy.upstreams[0].destination_name, "n");
    }

    #[test]
    fn numbers_of_settings_are_what_go_keeps() {
        let proxy = read(r#"{"Config":{"a":[12345678901234567890,1]}}"#, true).unwrap_or_default();
        let written = quorate_wire::consul::json::encode(&proxy.config).unwrap_or_default();
        assert_eq!(written, b"{\"a\":[12345678901234567000,1]}");
    }
}
