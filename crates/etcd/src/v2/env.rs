//! A client as the environment says, in the words of `etcdctl`.

use std::path::PathBuf;

use quorate_net::tls::{TlsOptions, Verify};

use super::builder::ClientBuilder;
use super::error::Error;

const OPERATION: &str = "read the environment";

impl ClientBuilder {
    /// A builder with what the environment says, in the names that `etcdctl` has for the v2 API,
    /// and in those that it has for v3.
    ///
    /// | variable | means |
    /// |---|---|
    /// | `ETCDCTL_ENDPOINTS`, `ETCDCTL_ENDPOINT`, `ETCDCTL_PEERS` | the addresses, separated by commas; the first of these counts |
    /// | `ETCDCTL_CA_FILE`, `ETCDCTL_CACERT` | the certificates that certify the servers |
    /// | `ETCDCTL_CERT_FILE`, `ETCDCTL_CERT` and `ETCDCTL_KEY_FILE`, `ETCDCTL_KEY` | the client's certificate and its key |
    /// | `ETCDCTL_USERNAME`, `ETCDCTL_USER` | `name:password`, or the name alone |
    /// | `ETCDCTL_PASSWORD` | the password, if the name is alone |
    /// | `ETCDCTL_INSECURE_SKIP_TLS_VERIFY` | `true`: the servers' certificates are not checked |
    ///
    /// An empty variable is none.
    ///
    /// # Errors
    /// [`InvalidArgument`](super::ErrorKind::InvalidArgument) names the variable that is wrong: a
    /// certificate without its key, a name without its password. `ETCDCTL_DISCOVERY_SRV` without
    /// addresses is refused: [`discover`](Self::discover) them.
    pub fn from_env() -> Result<Self, Error> {
        Self::from_vars(|name| std::env::var(name).ok())
    }

    /// The same with variables of your own.
    ///
    /// # Errors
    /// As [`from_env`](Self::from_env).
    pub fn from_vars(lookup: impl Fn(&str) -> Option<String>) -> Result<Self, Error> {
        let vars = Vars(lookup);
        let mut builder = Self::new();
        match vars.first(&["ETCDCTL_ENDPOINTS", "ETCDCTL_ENDPOINT", "ETCDCTL_PEERS"]) {
            Some(addresses) => builder = builder.address(&addresses),
            None if vars.first(&["ETCDCTL_DISCOVERY_SRV"]).is_some() => {
                let why = "ETCDCTL_DISCOVERY_SRV: look the servers up with `discover`";
                return Err(Error::invalid(OPERATION, why));
            }
            None => {}
        }
        vars.tls(vars.auth(builder)?)
    }
}

/// Variables, by name.
struct Vars<F>(F);

impl<F: Fn(&str) -> Option<String>> Vars<F> {
    fn first(&self, names: &[&str]) -> Option<String> {
        let mut values = names.iter().filter_map(|name| (self.0)(name));
        values.find(|value| !value.is_empty())
    }

    fn auth(&self, builder: ClientBuilder) -> Result<ClientBuilder, Error> {
        let Some(user) = self.first(&["ETCDCTL_USERNAME", "ETCDCTL_USER"]) else {
            return Ok(builder);
        };
        let (name, password) = match user.split_once(':') {
            Some((name, password)) => (name, Some(password.to_owned())),
            None => (user.as_str(), self.first(&["ETCDCTL_PASSWORD"])),
        };
        match password {
            Some(password) => Ok(builder.basic_auth(name, password)),
            None => {
                let why = "ETCDCTL_USERNAME: a name without a password";
                Err(Error::invalid(OPERATION, why))
            }
        }
    }

    fn tls(&self, builder: ClientBuilder) -> Result<ClientBuilder, Error> {
        let path = |names: &[&str]| self.first(names).map(PathBuf::from);
        let cert = path(&["ETCDCTL_CERT_FILE", "ETCDCTL_CERT"]);
        let key = path(&["ETCDCTL_KEY_FILE", "ETCDCTL_KEY"]);
        if cert.is_some() != key.is_some() {
            let why = "ETCDCTL_CERT_FILE and ETCDCTL_KEY_FILE belong together";
            return Err(Error::invalid(OPERATION, why));
        }
        let mut tls = TlsOptions::default();
        tls.ca_file = path(&["ETCDCTL_CA_FILE", "ETCDCTL_CACERT"]);
        (tls.client_cert_file, tls.client_key_file) = (cert, key);
        let name = "ETCDCTL_INSECURE_SKIP_TLS_VERIFY";
        match self.first(&[name]).as_deref() {
            None | Some("false" | "0") => {}
            Some("true" | "1") => tls.verify = Verify::None,
            Some(_) => {
                let why = format_args!("{name}: it is neither true nor false");
                return Err(Error::invalid(OPERATION, why));
            }
        }
        Ok(builder.tls(tls))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(variables: &[(&str, &str)]) -> Result<ClientBuilder, Error> {
        ClientBuilder::from_vars(|name| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        })
    }

    fn refused(variables: &[(&str, &str)], part: &str) {
        let error = from(variables).unwrap_err().to_string();
        assert!(error.contains(part), "{error}");
    }

    #[test]
    fn addresses_come_from_the_first_variable_that_has_any() {
        let client = from(&[
            ("ETCDCTL_ENDPOINTS", ""),
            ("ETCDCTL_ENDPOINT", "http://a:1,http://b:2"),
            ("ETCDCTL_PEERS", "http://c:3"),
        ]);
        let client = client.unwrap().build().unwrap();
        assert_eq!(client.addresses(), ["http://a:1", "http://b:2"]);
        let client = from(&[]).unwrap().build().unwrap();
        assert_eq!(client.addresses(), ["http://127.0.0.1:2379"]);
        refused(&[("ETCDCTL_DISCOVERY_SRV", "example.com")], "discover");
    }

    #[test]
    fn a_name_needs_a_password_and_neither_is_printed() {
        for variables in [
            &[("ETCDCTL_USERNAME", "ann:hunter2")][..],
            &[("ETCDCTL_USER", "ann"), ("ETCDCTL_PASSWORD", "hunter2")],
        ] {
            let client = from(variables).unwrap().build().unwrap();
            let shown = format!("{client:?}");
            assert!(shown.contains("named: true") && !shown.contains("hunter2"));
        }
        refused(&[("ETCDCTL_USERNAME", "ann")], "ETCDCTL_USERNAME");
    }

    #[test]
    fn a_certificate_needs_its_key() {
        refused(&[("ETCDCTL_CERT_FILE", "/c")], "ETCDCTL_KEY_FILE");
        refused(&[("ETCDCTL_INSECURE_SKIP_TLS_VERIFY", "maybe")], "neither");
        assert!(from(&[("ETCDCTL_CERT", "/c"), ("ETCDCTL_KEY_FILE", "/k")]).is_ok());
    }
}
