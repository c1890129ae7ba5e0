//! Indented JSON, for `?pretty`.

/// `json`, which must be compact, as Consul indents it: four spaces a level, empty lists and
/// objects on one line, a line feed at the end.
pub(crate) fn indent(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len() * 2);
    let mut depth: usize = 0;
    let mut at = 0;
    while let Some(&byte) = json.get(at) {
        match byte {
            b'"' => {
                let end = end_of_string(json, at);
                out.extend_from_slice(&json[at..end]);
                at = end;
                continue;
            }
            b'{' | b'[' if matches!(json.get(at + 1), Some(b'}' | b']')) => {
                out.extend_from_slice(&json[at..at + 2]);
                at += 2;
                continue;
            }
            b'{' | b'[' => {
                depth += 1;
                out.push(byte);
                break_line(&mut out, depth);
            }
            b'}' | b']' => {
                depth = depth.saturating_sub(1);
                break_line(&mut out, depth);
                out.push(byte);
            }
            b',' => {
                out.push(byte);
                break_line(&mut out, depth);
            }
            b':' => out.extend_from_slice(b": "),
            _ => out.push(byte),
        }
        at += 1;
    }
    out.push(b'\n');
    out
}

fn break_line(out: &mut Vec<u8>, depth: usize) {
    out.push(b'\n');
    out.resize(out.len() + 4 * depth, b' ');
}

/// The place behind the string that starts at `at`.
fn end_of_string(json: &[u8], at: usize) -> usize {
    let mut end = at + 1;
    while let Some(&byte) = json.get(end) {
        end += 1;
        match byte {
            b'\\' => end += 1,
            b'"' => break,
            _ => {}
        }
    }
    end.min(json.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_indented_as_consul_does() {
        let compact = br#"[{"Key":"a:[{\",","Value":null,"List":[],"Map":{},"N":[1,2]},true]"#;
        let want = r#"[
    {
        "Key": "a:[{\",",
        "Value": null,
        "List": [],
        "Map": {},
        "N": [
            1,
            2
        ]
    },
    true
]
"#;
        assert_eq!(String::from_utf8(indent(compact)).unwrap(), want);
        assert_eq!(indent(b"true"), b"true\n");
        assert_eq!(indent(b"[]"), b"[]\n");
    }
}
