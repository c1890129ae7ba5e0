//! The state of the cluster: `/v1/status/…`.

/// Reads the body of `/v1/status/leader`: an address, or `None` while there is no leader.
///
/// # Errors
/// When the body is not a JSON text.
pub fn decode_leader(body: &[u8]) -> Result<Option<String>, serde_json::Error> {
    let address: String = serde_json::from_slice(body)?;
    Ok((!address.is_empty()).then_some(address))
}

/// Reads the body of `/v1/status/peers`: the servers' addresses.
///
/// # Errors
/// When the body is not a list of texts.
pub fn decode_peers(body: &[u8]) -> Result<Vec<String>, serde_json::Error> {
    Ok(serde_json::from_slice::<Option<Vec<String>>>(body)?.unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_leader_is_an_empty_text() {
        assert_eq!(decode_leader(b"\"\"").unwrap(), None);
        assert_eq!(
            decode_leader(b"\"127.0.0.1:8300\"").unwrap().as_deref(),
            Some("127.0.0.1:8300")
        );
        assert!(decode_leader(b"<html>").is_err());
    }

    #[test]
    fn peers_may_be_none() {
        assert_eq!(decode_peers(b"[\"a:1\"]").unwrap(), ["a:1"]);
        assert!(decode_peers(b"[]").unwrap().is_empty());
    }
}
