//! A client as the environment says.

use super::builder::ClientBuilder;
use super::error::Error;
use crate::Environment;

const OPERATION: &str = "read the environment";

impl ClientBuilder {
    /// A builder with what the [`Environment`] says.
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
        let found = Environment::from_vars(lookup);
        let found = found.map_err(|error| Error::invalid(OPERATION, error))?;
        if found.domain.is_some() {
            let why = "ETCDCTL_DISCOVERY_SRV: look the servers up with `discover`";
            return Err(Error::invalid(OPERATION, why));
        }
        let builder = Self::new().addresses(found.addresses).tls(found.tls);
        Ok(match found.user {
            Some((name, password)) => builder.basic_auth(name, password),
            None => builder,
        })
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

    #[test]
    fn a_builder_takes_what_the_environment_says() {
        let said = [
            ("ETCDCTL_PEERS", "http://a:1,http://b:2"),
            ("ETCDCTL_USERNAME", "ann:hunter2"),
        ];
        let client = from(&said).unwrap().build().unwrap();
        assert_eq!(client.addresses(), ["http://a:1", "http://b:2"]);
        let shown = format!("{client:?}");
        assert!(shown.contains("named: true") && !shown.contains("hunter2"));
        let client = from(&[]).unwrap().build().unwrap();
        assert_eq!(client.addresses(), ["http://127.0.0.1:2379"]);
        let error = from(&[("ETCDCTL_DISCOVERY_SRV", "example.com")]).unwrap_err();
        assert!(error.to_string().contains("discover"), "{error}");
    }
}
