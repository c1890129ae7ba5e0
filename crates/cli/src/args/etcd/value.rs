//! Ids, which etcd's tools write in hexadecimal, and times to live.

use quorate_etcd::v3::LeaseId;

/// A lease.
pub(crate) fn lease(text: &str) -> Result<LeaseId, String> {
    text.parse()
        .map_err(|error| format!("{error}; quorate etcd lease list shows them"))
}

/// A lease, or 0 for none.
pub(crate) fn lease_or_none(text: &str) -> Result<i64, String> {
    match text.bytes().all(|byte| byte == b'0') && !text.is_empty() {
        true => Ok(0),
        false => lease(text).map(LeaseId::number),
    }
}

/// A member.
pub(crate) fn member(text: &str) -> Result<u64, String> {
    u64::from_str_radix(text, 16).map_err(|_| {
        "the id of a member has 1 to 16 hexadecimal digits; quorate etcd member list shows them"
            .into()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_hexadecimal() {
        assert_eq!(member("8e9e05c52164694d"), Ok(0x8e9e_05c5_2164_694d));
        assert!(member("zz").is_err() && member("").is_err());
        assert_eq!(lease_or_none("0"), Ok(0));
        assert_eq!(lease_or_none("0a"), Ok(10));
        assert!(lease_or_none("").is_err() && lease("0").is_err());
    }
}
