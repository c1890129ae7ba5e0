use std::io;

use quorate_net::tls::{TlsLayer, TlsOptions, Verify};
use quorate_net::transport::Stream;
use tokio::net::{TcpStream, lookup_host};

/// Connects to a host, or says in Go's words why not.
pub(super) async fn connect(host: &str, port: u16) -> Result<TcpStream, String> {
    let host = if host.is_empty() { "localhost" } else { host };
    let unknown = || format!("dial tcp: lookup {host}: no such host");
    let addresses = lookup_host((host, port)).await.map_err(|_| unknown())?;
    let mut failure = None;
    for address in addresses {
        match TcpStream::connect(address).await {
            Ok(stream) => return Ok(stream),
            Err(error) => failure = Some(format!("dial tcp {address}: {}", in_words(&error))),
        }
    }
    Err(failure.unwrap_or_else(unknown))
}

/// Splits `host:port`, with an IPv6 address in brackets.
pub(super) fn split(address: &str) -> Result<(&str, u16), String> {
    let fail = |problem: &str| format!("dial tcp: address {address}: {problem}");
    let Some((host, port)) = address.rsplit_once(':') else {
        return Err(fail("missing port in address"));
    };
    let bare = host.strip_prefix('[').and_then(|it| it.strip_suffix(']'));
    let host = match bare {
        Some(host) => host,
        None if host.contains(':') => return Err(fail("too many colons in address")),
        None => host,
    };
    let port = port.parse().map_err(|_| fail("invalid port"))?;
    Ok((host, port))
}

/// What went wrong with a connection, as Go names it.
pub(super) fn in_words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::ConnectionRefused => "connect: connection refused".into(),
        io::ErrorKind::HostUnreachable => "connect: no route to host".into(),
        io::ErrorKind::NetworkUnreachable => "connect: network is unreachable".into(),
        io::ErrorKind::ConnectionReset => "read: connection reset by peer".into(),
        io::ErrorKind::TimedOut => "i/o timeout".into(),
        io::ErrorKind::UnexpectedEof => "EOF".into(),
        _ => error.to_string(),
    }
}

/// Puts TLS on top of a connection. `protocol` is what is spoken within.
pub(super) async fn secure(
    stream: TcpStream,
    host: &str,
    skip_verify: bool,
    protocol: &[u8],
) -> Result<Stream, String> {
    let verify = match skip_verify {
        true => Verify::None,
        false => Verify::Full,
    };
    let options = TlsOptions::default().with_verify(verify);
    let layer = TlsLayer::new(&options, &[protocol]).map_err(|error| with_causes(&error))?;
    let made = layer.handshake(host, stream.into()).await;
    made.map_err(|error| match error.kind() {
        io::ErrorKind::InvalidData if error.to_string().contains("InvalidContentType") => {
            "tls: first record does not look like a TLS handshake".into()
        }
        io::ErrorKind::InvalidData => format!("tls: {error}"),
        _ => in_words(&error),
    })
}

fn with_causes(error: &dyn std::error::Error) -> String {
    match error.source() {
        Some(cause) => format!("{error}: {}", with_causes(cause)),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_split_or_refused_in_gos_words() {
        assert_eq!(split("127.0.0.1:80"), Ok(("127.0.0.1", 80)));
        assert_eq!(split("[::1]:80"), Ok(("::1", 80)));
        assert_eq!(split(":80"), Ok(("", 80)));
        let problem = |text| split(text).unwrap_err();
        assert_eq!(
            problem("foo"),
            "dial tcp: address foo: missing port in address"
        );
        assert_eq!(
            problem("::1:80"),
            "dial tcp: address ::1:80: too many colons in address"
        );
    }
}
