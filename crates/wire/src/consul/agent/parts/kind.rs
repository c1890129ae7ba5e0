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
}
