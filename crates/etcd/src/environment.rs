//! What the environment says, in the words of `etcdctl`.

use std::path::PathBuf;

use quorate_net::secret::Secret;
use quorate_net::tls::{TlsOptions, Verify};

/// What the environment says of the servers, for a client of either API. The names are those that
/// `etcdctl` has for the v2 API, and those that it has for v3.
///
/// | variable | means |
/// |---|---|
/// | `ETCDCTL_ENDPOINTS`, `ETCDCTL_ENDPOINT`, `ETCDCTL_PEERS` | the addresses, separated by commas; the first of these counts |
/// | `ETCDCTL_DISCOVERY_SRV` | without addresses: the domain in which DNS knows them |
/// | `ETCDCTL_CA_FILE`, `ETCDCTL_CACERT` | the certificates that certify the servers |
/// | `ETCDCTL_CERT_FILE`, `ETCDCTL_CERT` and `ETCDCTL_KEY_FILE`, `ETCDCTL_KEY` | the client's certificate and its key |
/// | `ETCDCTL_USERNAME`, `ETCDCTL_USER` | `name:password`, or the name alone |
/// | `ETCDCTL_PASSWORD` | the password, if the name is alone |
/// | `ETCDCTL_INSECURE_SKIP_TLS_VERIFY` | `true`: the servers' certificates are not checked |
///
/// An empty variable is none.
#[derive(Clone, Debug, Default)]
#[non_exhaustive]
pub struct Environment {
    /// The addresses of the servers.
    pub addresses: Vec<String>,
    /// The domain in which the servers are to be [looked up](crate::v2::discovery), if there are no
    /// addresses.
    pub domain: Option<String>,
    /// The name and the password.
    pub user: Option<(String, Secret)>,
    /// Whom to trust and who to be.
    pub tls: TlsOptions,
}

/// A variable of the environment is wrong; the text names it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct EnvironmentError(String);

type Result<T> = std::result::Result<T, EnvironmentError>;

impl Environment {
    /// What the environment of this process says.
    ///
    /// # Errors
    /// Which variable is wrong: a certificate without its key, a name without its password.
    pub fn read() -> Result<Self> {
        Self::from_vars(|name| std::env::var(name).ok())
    }

    /// The same with variables of your own.
    ///
    /// # Errors
    /// As [`read`](Self::read).
    pub fn from_vars(lookup: impl Fn(&str) -> Option<String>) -> Result<Self> {
        let vars = Vars(lookup);
        let listed = vars.first(&["ETCDCTL_ENDPOINTS", "ETCDCTL_ENDPOINT", "ETCDCTL_PEERS"]);
        let addresses = listed.iter().flat_map(|list| list.split(','));
        let addresses: Vec<_> = addresses.map(|address| address.trim().to_owned()).collect();
        let domain = vars.first(&["ETCDCTL_DISCOVERY_SRV"]);
        Ok(Self {
            domain: domain.filter(|_| addresses.is_empty()),
            addresses,
            user: vars.user()?,
            tls: vars.tls()?,
        })
    }
}

/// Variables, by name.
struct Vars<F>(F);

impl<F: Fn(&str) -> Option<String>> Vars<F> {
    fn first(&self, names: &[&str]) -> Option<String> {
        let mut values = names.iter().filter_map(|name| (self.0)(name));
        values.find(|value| !value.is_empty())
    }

    fn user(&self) -> Result<Option<(String, Secret)>> {
        let Some(user) = self.first(&["ETCDCTL_USERNAME", "ETCDCTL_USER"]) else {
            return Ok(None);
        };
        let (name, password) = match user.split_once(':') {
            Some((name, password)) => (name, Some(password.to_owned())),
            None => (user.as_str(), self.first(&["ETCDCTL_PASSWORD"])),
        };
        match password {
            Some(password) => Ok(Some((name.to_owned(), Secret::from(password)))),
            None => Err(refuse("ETCDCTL_USERNAME: a name without a password")),
        }
    }

    fn tls(&self) -> Result<TlsOptions> {
        let path = |names: &[&str]| self.first(names).map(PathBuf::from);
        let cert = path(&["ETCDCTL_CERT_FILE", "ETCDCTL_CERT"]);
        let key = path(&["ETCDCTL_KEY_FILE", "ETCDCTL_KEY"]);
        if cert.is_some() != key.is_some() {
            return Err(refuse(
                "ETCDCTL_CERT_FILE and ETCDCTL_KEY_FILE belong together",
            ));
        }
        let mut tls = TlsOptions::default();
        tls.ca_file = path(&["ETCDCTL_CA_FILE", "ETCDCTL_CACERT"]);
        (tls.client_cert_file, tls.client_key_file) = (cert, key);
        match self.first(&["ETCDCTL_INSECURE_SKIP_TLS_VERIFY"]).as_deref() {
            None | Some("false" | "0") => {}
            Some("true" | "1") => tls.verify = Verify::None,
            Some(_) => {
                let why = "ETCDCTL_INSECURE_SKIP_TLS_VERIFY: it is neither true nor false";
                return Err(refuse(why));
            }
        }
        Ok(tls)
    }
}

fn refuse(why: &str) -> EnvironmentError {
    EnvironmentError(why.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn from(variables: &[(&str, &str)]) -> Result<Environment> {
        Environment::from_vars(|name| {
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
        let found = from(&[
            ("ETCDCTL_ENDPOINTS", ""),
            ("ETCDCTL_ENDPOINT", "http://a:1, http://b:2"),
            ("ETCDCTL_PEERS", "http://c:3"),
            ("ETCDCTL_DISCOVERY_SRV", "example.com"),
        ]);
        let found = found.unwrap();
        assert_eq!(found.addresses, ["http://a:1", "http://b:2"]);
        assert_eq!(found.domain, None);
        let found = from(&[("ETCDCTL_DISCOVERY_SRV", "example.com")]).unwrap();
        assert!(found.addresses.is_empty());
        assert_eq!(found.domain.as_deref(), Some("example.com"));
    }

    #[test]
    fn a_name_needs_a_password_and_neither_is_printed() {
        for variables in [
            &[("ETCDCTL_USERNAME", "ann:hunter2")][..],
            &[("ETCDCTL_USER", "ann"), ("ETCDCTL_PASSWORD", "hunter2")],
        ] {
            let found = from(variables).unwrap();
            assert!(!format!("{found:?}").contains("hunter2"));
            let (name, password) = found.user.unwrap();
            assert_eq!((name.as_str(), password.expose()), ("ann", "hunter2"));
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
