//! The settings of Consul's own tools.

use quorate_net::tls::Verify;

use crate::builder::ClientBuilder;
use crate::error::Error;

const OPERATION: &str = "read the environment";

impl ClientBuilder {
    /// A builder as the environment says. Variables that are unset or empty change nothing.
    ///
    /// | variable | sets |
    /// |---|---|
    /// | `CONSUL_HTTP_ADDR` | the addresses, separated by commas; `http://`, `https://`, `unix://` or no scheme |
    /// | `CONSUL_HTTP_TOKEN` | the token |
    /// | `CONSUL_HTTP_TOKEN_FILE` | the token's file; goes before `CONSUL_HTTP_TOKEN` |
    /// | `CONSUL_HTTP_AUTH` | `user:password`, or a user without password |
    /// | `CONSUL_HTTP_SSL` | true: TLS to every TCP address, whatever its scheme |
    /// | `CONSUL_HTTP_SSL_VERIFY` | false: the server's certificate is not checked |
    /// | `CONSUL_CACERT`, `CONSUL_CAPATH` | a file, a directory of CA certificates |
    /// | `CONSUL_CLIENT_CERT`, `CONSUL_CLIENT_KEY` | the client's certificate and key |
    /// | `CONSUL_TLS_SERVER_NAME` | the name to ask for and to check |
    /// | `CONSUL_DATACENTER` | the datacenter of calls that name none |
    ///
    /// Truth is written as `1`, `t`, `true` or `0`, `f`, `false`. `CONSUL_NAMESPACE` is for
    /// Consul Enterprise: open-source servers refuse namespaces, so it is refused here as well.
    ///
    /// # Errors
    /// [`ErrorKind::InvalidArgument`](crate::ErrorKind) names the variable that can't be read.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_vars(|name| match std::env::var(name) {
            Ok(value) => Some(value),
            Err(std::env::VarError::NotPresent) => None,
            // Kept as far as it can be read, so that it is refused and not passed over.
            Err(std::env::VarError::NotUnicode(value)) => {
                Some(value.to_string_lossy().into_owned())
            }
        })
    }

    /// [`from_env`](Self::from_env) with variables from elsewhere: `lookup` returns the value of
    /// the one that it is given.
    ///
    /// ```
    /// use quorate_consul::ClientBuilder;
    ///
    /// let variables = |name: &str| match name {
    ///     "CONSUL_HTTP_ADDR" => Some("consul-1:8500,consul-2:8500".into()),
    ///     "CONSUL_DATACENTER" => Some("dc2".into()),
    ///     _ => None,
    /// };
    /// let client = ClientBuilder::from_vars(variables)?.build()?;
    /// assert_eq!(client.addresses().count(), 2);
    /// assert_eq!(client.datacenter(), Some("dc2"));
    /// # Ok::<(), quorate_consul::Error>(())
    /// ```
    ///
    /// # Errors
    /// As [`from_env`](Self::from_env).
    pub fn from_vars(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let get = |name: &str| lookup(name).filter(|value| !value.is_empty());
        let mut builder = Self::new();
        if let Some(address) = get("CONSUL_HTTP_ADDR") {
            builder = builder.address(&address);
        }
        if let Some(file) = get("CONSUL_HTTP_TOKEN_FILE") {
            builder = builder.token_file(file);
        } else if let Some(token) = get("CONSUL_HTTP_TOKEN") {
            builder = builder.token(token);
        }
        if let Some(auth) = get("CONSUL_HTTP_AUTH") {
            let (user, password) = auth.split_once(':').unwrap_or((&auth, ""));
            builder = builder.basic_auth(user, password);
        }
        if truth(&get, "CONSUL_HTTP_SSL")? == Some(true) {
            builder = builder.require_tls();
        }
        if let Some(datacenter) = get("CONSUL_DATACENTER") {
            builder = builder.datacenter(datacenter);
        }
        if let Some(namespace) = get("CONSUL_NAMESPACE") {
            let why = format!("CONSUL_NAMESPACE: {namespace:?} needs Consul Enterprise");
            return Err(Error::invalid(OPERATION, why));
        }
        with_tls(builder, &get)
    }
}

fn with_tls(
    builder: ClientBuilder,
    get: &impl Fn(&str) -> Option<String>,
) -> Result<ClientBuilder, Error> {
    let mut tls = quorate_net::tls::TlsOptions::default();
    tls.ca_file = get("CONSUL_CACERT").map(Into::into);
    tls.ca_dir = get("CONSUL_CAPATH").map(Into::into);
    tls.client_cert_file = get("CONSUL_CLIENT_CERT").map(Into::into);
    tls.client_key_file = get("CONSUL_CLIENT_KEY").map(Into::into);
    tls.server_name = get("CONSUL_TLS_SERVER_NAME");
    if tls.client_key_file.is_some() && tls.client_cert_file.is_none() {
        return Err(Error::invalid(
            OPERATION,
            "CONSUL_CLIENT_KEY needs CONSUL_CLIENT_CERT",
        ));
    }
    if truth(get, "CONSUL_HTTP_SSL_VERIFY")? == Some(false) {
        tls.verify = Verify::None;
    }
    Ok(builder.tls(tls))
}

/// Truth as Go's tools read it.
fn truth(get: &impl Fn(&str) -> Option<String>, name: &str) -> Result<Option<bool>, Error> {
    match get(name).as_deref() {
        None => Ok(None),
        Some("1" | "t" | "T" | "true" | "TRUE" | "True") => Ok(Some(true)),
        Some("0" | "f" | "F" | "false" | "FALSE" | "False") => Ok(Some(false)),
        Some(other) => {
            let why = format!("{name}: {other:?} is neither true nor false");
            Err(Error::invalid(OPERATION, why))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Client, ErrorKind};

    fn builder(vars: &[(&str, &str)]) -> Result<ClientBuilder, Error> {
        ClientBuilder::from_vars(|name| {
            let found = vars.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn client(vars: &[(&str, &str)]) -> Client {
        builder(vars).unwrap().build().unwrap()
    }

    fn addresses(vars: &[(&str, &str)]) -> Vec<String> {
        client(vars).addresses().map(str::to_owned).collect()
    }

    #[test]
    fn nothing_set_is_the_local_agent() {
        assert_eq!(addresses(&[]), ["http://127.0.0.1:8500"]);
        assert_eq!(
            addresses(&[("CONSUL_HTTP_ADDR", "")]),
            ["http://127.0.0.1:8500"]
        );
    }

    #[test]
    fn addresses_have_every_form() {
        let of = |text| addresses(&[("CONSUL_HTTP_ADDR", text)]);
        assert_eq!(of("10.0.0.1:8500"), ["http://10.0.0.1:8500"]);
        assert_eq!(of("unix:///run/consul.sock"), ["unix:///run/consul.sock"]);
        assert_eq!(of("https://a:1,b:2"), ["https://a:1", "http://b:2"]);
    }

    #[test]
    fn ssl_goes_before_the_scheme() {
        let with = |ssl| addresses(&[("CONSUL_HTTP_ADDR", "http://a:1"), ("CONSUL_HTTP_SSL", ssl)]);
        assert_eq!(with("true"), ["https://a:1"]);
        assert_eq!(with("0"), ["http://a:1"]);
    }

    #[test]
    fn the_token_file_wins_over_the_token() {
        let token = ("CONSUL_HTTP_TOKEN", "hunter2");
        let text = format!("{:?}", builder(&[token]).unwrap());
        assert!(text.contains("Value(Secret(***))"), "{text}");
        let file = ("CONSUL_HTTP_TOKEN_FILE", "/run/token");
        let text = format!("{:?}", builder(&[token, file]).unwrap());
        assert!(text.contains("File(\"/run/token\")"), "{text}");
    }

    #[test]
    fn basic_auth_is_user_and_password() {
        let text = format!("{:?}", builder(&[("CONSUL_HTTP_AUTH", "u:p:q")]).unwrap());
        assert!(text.contains("Some((\"u\", Secret(***)))"), "{text}");
        let text = format!("{:?}", builder(&[("CONSUL_HTTP_AUTH", "u")]).unwrap());
        assert!(text.contains("Some((\"u\", Secret(***)))"), "{text}");
    }

    #[test]
    fn every_tls_variable_arrives() {
        let text = format!(
            "{:?}",
            builder(&[
                ("CONSUL_CACERT", "/ca"),
                ("CONSUL_CAPATH", "/cas"),
                ("CONSUL_CLIENT_CERT", "/cert"),
                ("CONSUL_CLIENT_KEY", "/key"),
                ("CONSUL_TLS_SERVER_NAME", "server.dc1.consul"),
                ("CONSUL_HTTP_SSL_VERIFY", "false"),
            ])
            .unwrap()
        );
        for part in [
            "/ca\"",
            "/cas\"",
            "/cert\"",
            "/key\"",
            "server.dc1.consul",
            "verify: None",
        ] {
            assert!(text.contains(part), "{part} in {text}");
        }
        let text = format!("{:?}", builder(&[("CONSUL_HTTP_SSL_VERIFY", "1")]).unwrap());
        assert!(text.contains("verify: Full"), "{text}");
    }

    #[test]
    fn the_datacenter_is_that_of_every_call() {
        assert_eq!(
            client(&[("CONSUL_DATACENTER", "dc2")]).datacenter(),
            Some("dc2")
        );
    }

    #[test]
    fn a_variable_that_cannot_be_read_is_named() {
        for (name, value) in [
            ("CONSUL_HTTP_SSL", "yes"),
            ("CONSUL_HTTP_SSL_VERIFY", "no"),
            ("CONSUL_NAMESPACE", "team"),
            ("CONSUL_CLIENT_KEY", "/key"),
        ] {
            let error = builder(&[(name, value)]).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidArgument);
            assert!(error.to_string().contains(name), "{error}");
        }
    }
}
