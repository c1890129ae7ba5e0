//! Who the node is: its UUID and its name.

use std::hash::{BuildHasher, RandomState};

use crate::config::MAX_NAME_BYTES;

/// A new random UUID (version 4).
pub(crate) fn new_uuid() -> [u8; 16] {
    let mut id = [0u8; 16];
    id[..8].copy_from_slice(&random().to_ne_bytes());
    id[8..].copy_from_slice(&random().to_ne_bytes());
    id[6] = id[6] & 0x0f | 0x40;
    id[8] = id[8] & 0x3f | 0x80;
    id
}

/// A new random UUID for a node, as text.
pub(crate) fn new_node_id() -> String {
    UuidText::new(new_uuid()).as_str().to_owned()
}

/// The 36 characters of a UUID, without an allocation.
pub(crate) struct UuidText([u8; 36]);

impl UuidText {
    pub(crate) fn new(id: [u8; 16]) -> Self {
        const HEX: &[u8; 16] = b"0123456789abcdef";
        let mut text = [b'-'; 36];
        let mut at = 0;
        for (index, byte) in id.into_iter().enumerate() {
            if matches!(index, 4 | 6 | 8 | 10) {
                at += 1;
            }
            text[at] = HEX[usize::from(byte >> 4)];
            text[at + 1] = HEX[usize::from(byte & 15)];
            at += 2;
        }
        Self(text)
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.0).unwrap_or_default()
    }
}

/// A random number. The standard library seeds its hashers from the system, differently each time;
/// this is unique, and needs not be secret.
pub(crate) fn random() -> u64 {
    RandomState::new().hash_one(std::process::id())
}

/// The host's name, as the node's name when none is given.
pub(crate) fn host_name() -> String {
    let from_kernel = std::fs::read_to_string("/proc/sys/kernel/hostname");
    let name = from_kernel.ok().or_else(|| std::env::var("HOSTNAME").ok());
    let name = name.as_deref().map(str::trim);
    let usable = |name: &&str| {
        (1..=MAX_NAME_BYTES).contains(&name.len())
            && !name.contains(|c: char| c.is_control() || c == '/')
    };
    name.filter(usable).unwrap_or("localhost").to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn node_ids_are_uuids_and_differ() {
        let (one, two) = (new_node_id(), new_node_id());
        assert_ne!(one, two);
        assert_eq!((one.len(), &one[14..15]), (36, "4"));
        assert!(matches!(&one[19..20], "8" | "9" | "a" | "b"), "{one}");
    }

    #[test]
    fn a_uuid_is_written_in_five_groups() {
        let text = UuidText::new(*b"0123456789abcdef");
        assert_eq!(text.as_str(), "30313233-3435-3637-3839-616263646566");
    }

    #[test]
    fn the_host_has_a_usable_name() {
        assert!(!host_name().is_empty());
    }
}
