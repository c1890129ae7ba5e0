//! The client side of a handshake.

use std::fmt;
use std::io;
use std::sync::Arc;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use tokio_rustls::TlsConnector;

use super::source::TlsSource;
use super::{TlsError, TlsOptions, Verify, certificates};
use crate::transport::{Protocol, Stream};

impl TlsOptions {
    /// Reads the files and sets up the library.
    pub(crate) fn build(&self, protocol: Protocol) -> Result<Arc<ClientConfig>, TlsError> {
        let provider = Arc::new(ring::default_provider());
        let builder = ClientConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::Setup {
                source: error.into(),
            })?;
        let builder = match self.verify {
            Verify::Full => builder.with_root_certificates(certificates::roots(self)?),
            Verify::None => builder
                .dangerous()
                .with_custom_certificate_verifier(Arc::new(AcceptAnything(provider))),
        };
        let mut config = match certificates::identity(self)? {
            None => builder.with_no_client_auth(),
            Some((chain, key)) => {
                builder
                    .with_client_auth_cert(chain, key)
                    .map_err(|error| TlsError::Identity {
                        source: error.into(),
                    })?
            }
        };
        config.alpn_protocols = vec![protocol.alpn().to_vec()];
        Ok(Arc::new(config))
    }
}

/// What is needed for handshakes with one server.
pub(crate) struct TlsClient {
    source: Arc<TlsSource>,
    name: ServerName<'static>,
}

impl TlsClient {
    pub(crate) fn new(source: Arc<TlsSource>, name: &str) -> Result<Self, TlsError> {
        let name = server_name(name)?;
        Ok(Self { source, name })
    }

    /// Puts TLS on top of `stream`.
    pub(crate) async fn handshake(&self, stream: Stream) -> io::Result<Stream> {
        handshake(self.source.current(), self.name.clone(), stream).await
    }
}

pub(super) fn server_name(name: &str) -> Result<ServerName<'static>, TlsError> {
    ServerName::try_from(name.to_owned()).map_err(|_| TlsError::ServerName {
        name: name.to_owned(),
    })
}

pub(super) async fn handshake(
    config: Arc<ClientConfig>,
    name: ServerName<'static>,
    stream: Stream,
) -> io::Result<Stream> {
    let connector = TlsConnector::from(config);
    connector.connect(name, stream).await.map(Stream::tls)
}

impl fmt::Debug for TlsClient {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TlsClient")
            .field("name", &self.name)
            .finish_non_exhaustive()
    }
}

/// [`Verify::None`].
#[derive(Debug)]
struct AcceptAnything(Arc<CryptoProvider>);

impl ServerCertVerifier for AcceptAnything {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn verify_tls13_signature(
        &self,
        _: &[u8],
        _: &CertificateDer<'_>,
        _: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        Ok(HandshakeSignatureValid::assertion())
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// Whether `error` says that the peer ended the handshake. Under TLS 1.3 a server judges the
/// client's certificate after the client is done, so this arrives in place of an answer; the
/// request that was written meanwhile has not been looked at.
pub(crate) fn is_rejection(error: &rustls::Error) -> bool {
    use rustls::AlertDescription as Alert;
    matches!(
        error,
        rustls::Error::AlertReceived(
            Alert::CertificateRequired
                | Alert::BadCertificate
                | Alert::UnsupportedCertificate
                | Alert::CertificateRevoked
                | Alert::CertificateExpired
                | Alert::CertificateUnknown
                | Alert::UnknownCA
                | Alert::AccessDenied
                | Alert::DecryptError
                | Alert::HandshakeFailure
        )
    )
}
