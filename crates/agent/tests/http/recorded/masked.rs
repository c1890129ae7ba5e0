//! Texts with their ids and indexes taken out.

/// A text in which ids and indexes are replaced by placeholders, and what stood there.
#[derive(Debug, PartialEq)]
pub(super) struct Masked {
    pub(super) text: String,
    pub(super) ids: Vec<String>,
    pub(super) indexes: Vec<u64>,
}

/// What stands before an index.
const BEFORE_INDEX: [&str; 6] = [
    "CreateIndex\":",
    "CreateIndex\": ",
    "ModifyIndex\":",
    "ModifyIndex\": ",
    "modify index ",
    "X-Consul-Index: ",
];

impl Masked {
    pub(super) fn new(text: &str) -> Self {
        let mut masked = Self {
            text: String::new(),
            ids: Vec::new(),
            indexes: Vec::new(),
        };
        let mut rest = text;
        while let Some(c) = rest.chars().next() {
            if let Some(id) = rest.get(..36).filter(|text| is_uuid(text)) {
                masked.ids.push(id.to_owned());
                masked.text.push_str("<id>");
                rest = &rest[36..];
                continue;
            }
            let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
            if digits > 0
                && BEFORE_INDEX
                    .iter()
                    .any(|before| masked.text.ends_with(before))
            {
                masked.indexes.push(rest[..digits].parse().unwrap());
                masked.text.push_str("<index>");
                rest = &rest[digits..];
                continue;
            }
            masked.text.push(c);
            rest = &rest[c.len_utf8()..];
        }
        masked
    }
}

/// Ids that the recorder made up itself are the same on both sides and stay.
fn is_uuid(text: &str) -> bool {
    let shaped = text.bytes().enumerate().all(|(at, byte)| match at {
        8 | 13 | 18 | 23 => byte == b'-',
        _ => byte.is_ascii_hexdigit(),
    });
    shaped && !text.starts_with("ffffffff")
}

#[test]
fn ids_and_indexes_are_taken_out() {
    let id = "c29e843f-619f-cb5f-141a-32f65d3c10ea";
    let masked = Masked::new(&format!(
        "{{\"ID\":\"{id}\",\"ModifyIndex\":12,\"Flags\":3}}"
    ));
    assert_eq!(
        masked.text,
        "{\"ID\":\"<id>\",\"ModifyIndex\":<index>,\"Flags\":3}"
    );
    assert_eq!(
        (masked.ids, masked.indexes),
        (vec![id.to_owned()], vec![12])
    );
}
