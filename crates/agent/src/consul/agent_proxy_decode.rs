//! What a proxy or gateway does, as it is registered with the agent. Errors name the field of the
//! service that it stands in, whatever is wrong within.

use std::collections::BTreeMap;

use quorate_wire::consul::service::{
    Expose, ExposedPath, MeshGateway, MeshGatewayMode, Proxy, Upstream,
};
use serde_json::Value;

use super::decode::{DecodeError, Json, Kind, Place};
use super::object::{Field, Object};

const PROXY_TYPE: &str = "struct { DestinationServiceNameSnake string \"json:\\\"destination_service_name\\\"\"; DestinationServiceIDSnake string \"json:\\\"destination_service_id\\\"\"; LocalServiceAddressSnake string \"json:\\\"local_service_address\\\"\"; LocalServicePortSnake int \"json:\\\"local_service_port\\\"\"; *structs.Alias }";
const UPSTREAM_TYPE: &str = "struct { DestinationTypeSnake string \"json:\\\"destination_type\\\"\"; DestinationNamespaceSnake string \"json:\\\"destination_namespace\\\"\"; DestinationNameSnake string \"json:\\\"destination_name\\\"\"; LocalBindPortSnake int \"json:\\\"local_bind_port\\\"\"; LocalBindAddressSnake string \"json:\\\"local_bind_address\\\"\"; *structs.Alias }";

const EXPOSED_TYPE: &str = "struct { LocalPathPortSnake int \"json:\\\"local_path_port\\\"\"; ListenerPortSnake int \"json:\\\"listener_port\\\"\"; *structs.Alias }";

const PROXY: &[&str] = &[
    "DestinationServiceName",
    "destination_service_name",
    "DestinationServiceID",
    "destination_service_id",
    "LocalServiceAddress",
    "local_service_address",
    "LocalServicePort",
    "local_service_port",
    "Config",
    "Upstreams",
    "MeshGateway",
    "Expose",
];
const UPSTREAM: &[&str] = &[
    "DestinationType",
    "destination_type",
    "DestinationNamespace",
    "destination_namespace",
    "DestinationName",
    "destination_name",
    "Datacenter",
    "LocalBindAddress",
    "local_bind_address",
    "LocalBindPort",
    "local_bind_port",
    "Config",
    "MeshGateway",
];
const EXPOSED_PATH: &[&str] = &[
    "ListenerPort",
    "listener_port",
    "Path",
    "LocalPathPort",
    "local_path_port",
    "Protocol",
    "ParsedFromCheck",
];

/// Reads what a service does as a proxy. `path` is what errors name.
pub(super) fn read(
    value: Json<'_>,
    path: &'static str,
    strict: bool,
) -> Result<Proxy, DecodeError> {
    let reader = Reader { path, strict };
    let mut proxy = Proxy::default();
    // Go reads it by a function of its own, whose first error ends everything.
    reader
        .proxy(value, &mut proxy)
        .map_err(DecodeError::ending)?;
    Ok(proxy)
}

#[derive(Clone, Copy)]
struct Reader {
    path: &'static str,
    strict: bool,
}

impl Reader {
    fn each(
        self,
        value: Json<'_>,
        type_name: &'static str,
        fields: &'static [&'static str],
        mut field: impl FnMut(&str, Field<'_>) -> Result<(), DecodeError>,
    ) -> Result<(), DecodeError> {
        let object = Object {
            place: Place {
                field: self.path,
                type_name,
            },
            path: "",
            fields,
            strict: self.strict,
        };
        object.each(value, |name, it| {
            // `MeshGateway` and `mesh_gateway` are the same only where both are listed.
            field(&name.replace('_', ""), it.named(self.path))
        })
    }

    fn proxy(self, value: Json<'_>, proxy: &mut Proxy) -> Result<(), DecodeError> {
        self.each(value, PROXY_TYPE, PROXY, |name, field| match name {
            "destinationservicename" => field.text(&mut proxy.destination_service_name),
            "destinationserviceid" => field.text(&mut proxy.destination_service_id),
            "localserviceaddress" => field.text(&mut proxy.local_service_address),
            "localserviceport" => field.number(&mut proxy.local_service_port),
            "config" => config(field, &mut proxy.config),
            "upstreams" => self.list(
                field,
                "structs.Upstreams",
                &mut proxy.upstreams,
                Self::upstream,
            ),
            "meshgateway" => self.gateway(field.value, &mut proxy.mesh_gateway),
            "expose" => self.expose(field.value, &mut proxy.expose),
            _ => Ok(()),
        })
    }

    fn upstream(self, value: Json<'_>) -> Result<Upstream, DecodeError> {
        let mut read = Upstream::default();
        self.each(value, UPSTREAM_TYPE, UPSTREAM, |name, field| match name {
            "destinationtype" => field.text(&mut read.destination_type),
            "destinationname" => field.text(&mut read.destination_name),
            // Namespaces are a Consul Enterprise feature.
            "destinationnamespace" => field.text(&mut String::new()),
            "datacenter" => field.text(&mut read.datacenter),
            "localbindaddress" => field.text(&mut read.local_bind_address),
            "localbindport" => field.number(&mut read.local_bind_port),
            "config" => config(field, &mut read.config),
            "meshgateway" => self.gateway(field.value, &mut read.mesh_gateway),
            _ => Ok(()),
        })?;
        if read.destination_type.is_empty() {
            "service".clone_into(&mut read.destination_type);
        }
        Ok(read)
    }

    fn gateway(self, value: Json<'_>, gateway: &mut MeshGateway) -> Result<(), DecodeError> {
        self.each(
            value,
            "structs.MeshGatewayConfig",
            &["Mode"],
            |name, field| {
                if name == "mode" {
                    let mut mode = String::new();
                    field.text_of("structs.MeshGatewayMode", &mut mode)?;
                    gateway.mode = MeshGatewayMode::from(mode.as_str());
                }
                Ok(())
            },
        )
    }

    fn expose(self, value: Json<'_>, expose: &mut Expose) -> Result<(), DecodeError> {
        self.each(
            value,
            "structs.ExposeConfig",
            &["Checks", "Paths"],
            |name, field| match name {
                "checks" => field.flag(&mut expose.checks),
                "paths" => self.list(
                    field,
                    "[]structs.ExposePath",
                    &mut expose.paths,
                    Self::exposed,
                ),
                _ => Ok(()),
            },
        )
    }

    fn exposed(self, value: Json<'_>) -> Result<ExposedPath, DecodeError> {
        let mut read = ExposedPath::default();
        self.each(
            value,
            EXPOSED_TYPE,
            EXPOSED_PATH,
            |name, field| match name {
                "listenerport" => field.number(&mut read.listener_port),
                "path" => field.text(&mut read.path),
                "localpathport" => field.number(&mut read.local_path_port),
                "protocol" => field.text(&mut read.protocol),
                "parsedfromcheck" => field.flag(&mut read.parsed_from_check),
                _ => Ok(()),
            },
        )?;
        Ok(read)
    }

    fn list<T>(
        self,
        field: Field<'_>,
        type_name: &'static str,
        into: &mut Vec<T>,
        element: impl Fn(Self, Json<'_>) -> Result<T, DecodeError>,
    ) -> Result<(), DecodeError> {
        if !matches!(field.value.kind(), Kind::Array | Kind::Null) {
            return Err(field.value.mismatch(field.place(type_name)));
        }
        let elements = field.value.elements().into_iter();
        *into = elements
            .map(|value| element(self, value))
            .collect::<Result<_, _>>()?;
        Ok(())
    }
}

fn config(field: Field<'_>, into: &mut BTreeMap<String, Value>) -> Result<(), DecodeError> {
    match field.value.kind() {
        Kind::Null => into.clear(),
        Kind::Object => {
            for (name, value) in field.value.fields() {
                into.insert(name.into_owned(), value.value()?);
            }
        }
        _ => {
            let place = field.place("map[string]interface {}");
            return Err(field.value.mismatch(place));
        }
    }
    Ok(())
}
