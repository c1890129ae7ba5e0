//! The name of the overrides that changed a chain: proxies with the same ones share it.

use quorate_wire::consul::{DiscoveryChainOverrides, GoDuration};

/// Which overrides changed something.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Customized {
    pub(super) protocol: bool,
    pub(super) connect_timeout: bool,
    pub(super) mesh_gateway: bool,
}

impl Customized {
    /// The first eight digits of the digest that Consul makes of them; none if nothing was changed.
    pub(super) fn hash(self, overrides: &DiscoveryChainOverrides) -> Option<String> {
        let Self {
            protocol,
            connect_timeout,
            mesh_gateway,
        } = self;
        if !(protocol || connect_timeout || mesh_gateway) {
            return None;
        }
        let mode = match mesh_gateway {
            true => overrides.mesh_gateway.mode.as_str(),
            false => "",
        };
        let spoken = if protocol {
            overrides.protocol.as_str()
        } else {
            ""
        };
        let timeout = overrides.connect_timeout.filter(|_| connect_timeout);
        let nanos = GoDuration::from(timeout.unwrap_or_default()).nanos();
        let gateway = structure("MeshGatewayConfig", &[("Mode", fnv(mode.as_bytes()))]);
        let digest = structure(
            "",
            &[
                ("OverrideMeshGateway", gateway),
                ("OverrideProtocol", fnv(spoken.as_bytes())),
                ("OverrideConnectTimeout", fnv(&nanos.to_le_bytes())),
            ],
        );
        let mut digits = format!("{digest:x}");
        digits.truncate(8);
        Some(digits)
    }
}

/// The digest of a structure: its name, and each field with its value, in any order.
fn structure(name: &str, fields: &[(&str, u64)]) -> u64 {
    fields
        .iter()
        .fold(fnv(name.as_bytes()), |digest, (field, value)| {
            let field = fnv(field.as_bytes()).to_le_bytes();
            digest ^ fnv(&[field, value.to_le_bytes()].concat())
        })
}

/// FNV-1 of 64 bits.
fn fnv(bytes: &[u8]) -> u64 {
    bytes
        .iter()
        .fold(0xcbf2_9ce4_8422_2325, |digest: u64, byte| {
            digest.wrapping_mul(0x0100_0000_01b3) ^ u64::from(*byte)
        })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use quorate_wire::consul::config_entry::MeshGatewayMode;

    use super::*;

    // What Consul 1.8.7 answered to the same overrides.
    #[test]
    fn overrides_are_named_as_consul_names_them() {
        let new = DiscoveryChainOverrides::new;
        let seconds = Duration::from_secs;
        for (overrides, hash) in [
            (new().with_protocol("http"), "1a47f6e1"),
            (new().with_protocol("HTTP2"), "285fcdf3"),
            (new().with_connect_timeout(seconds(3)), "db31938f"),
            (
                new()
                    .with_protocol("grpc")
                    .with_connect_timeout(seconds(7))
                    .with_mesh_gateway(MeshGatewayMode::None),
                "98948a6c",
            ),
        ] {
            let customized = Customized {
                protocol: !overrides.protocol.is_empty(),
                connect_timeout: overrides.connect_timeout.is_some(),
                mesh_gateway: overrides.mesh_gateway.mode != MeshGatewayMode::Default,
            };
            assert_eq!(customized.hash(&overrides).as_deref(), Some(hash));
        }
        assert_eq!(Customized::default().hash(&new()), None);
    }
}
