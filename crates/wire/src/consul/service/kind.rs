//! What a service is for.

use crate::consul::words::words;

words! {
    /// What a service is for.
    #[derive(Default)]
    ServiceKind {
        /// An ordinary service.
        #[default]
        Typical = "",
        /// A proxy of the service mesh, beside one service.
        ConnectProxy = "connect-proxy",
        /// Carries the mesh between datacenters.
        MeshGateway = "mesh-gateway",
        /// Lets services of the mesh reach services outside.
        TerminatingGateway = "terminating-gateway",
        /// Lets clients outside reach services of the mesh.
        IngressGateway = "ingress-gateway",
    }
}

impl ServiceKind {
    /// Whether it is an ordinary service, which the wire leaves out.
    #[must_use]
    pub fn is_typical(&self) -> bool {
        *self == Self::Typical
    }

    /// Whether it is one of the gateways.
    #[must_use]
    pub fn is_gateway(&self) -> bool {
        matches!(
            self,
            Self::MeshGateway | Self::TerminatingGateway | Self::IngressGateway
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_that_are_not_known_are_kept() {
        let json = r#""api-gateway""#;
        let kind: ServiceKind = serde_json::from_str(json).unwrap();
        assert_eq!(kind, ServiceKind::Other("api-gateway".into()));
        assert_eq!(serde_json::to_string(&kind).unwrap(), json);
        assert!(ServiceKind::IngressGateway.is_gateway());
        assert!(!ServiceKind::ConnectProxy.is_gateway());
    }
}
