//! Names with `${…}` in them, which a login fills in.

use quorate_wire::consul::acl::BindType;

/// A longer name is none.
const MAX_NAME_BYTES: usize = 256;

/// Replaces each `${…}` by what `lookup` knows of it.
///
/// # Errors
/// In Consul's words, with the place of a variable that is not known, or never ends.
pub(super) fn fill(name: &str, lookup: impl Fn(&str) -> Option<String>) -> Result<String, String> {
    let mut filled = String::with_capacity(name.len());
    let mut rest = name;
    while let Some((before, after)) = rest.split_once("${") {
        filled.push_str(before);
        let column = name.len() - after.len() + 1;
        let Some((variable, tail)) = after.split_once('}') else {
            return Err(match after.trim().is_empty() {
                true => format!("1:{column}: expected expression, but found end of string"),
                false => "parse error: syntax error".to_owned(),
            });
        };
        let Some(text) = lookup(variable.trim()) else {
            let variable = variable.trim();
            return Err(format!("1:{column}: unknown variable accessed: {variable}"));
        };
        filled.push_str(&text);
        rest = tail;
    }
    filled.push_str(rest);
    Ok(filled)
}

/// Whether a login may be given this.
pub(super) fn is_valid(kind: &BindType, name: &str) -> bool {
    let fits = (1..=MAX_NAME_BYTES).contains(&name.len());
    match kind {
        BindType::Service | BindType::Node => {
            let end = |byte: &u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
            let bytes = name.as_bytes();
            fits && bytes.iter().all(|byte| end(byte) || b"-_".contains(byte))
                && bytes.first().is_some_and(end)
                && bytes.last().is_some_and(end)
        }
        _ => {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
            fits && name.bytes().all(plain)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_are_filled_in_and_unknown_ones_are_placed() {
        let lookup = |name: &str| (name == "value.user").then(|| "bob".to_owned());
        assert_eq!(fill("web-${value.user}", lookup).as_deref(), Ok("web-bob"));
        assert_eq!(fill("${ value.user }x$", lookup).as_deref(), Ok("bobx$"));
        let unknown = "1:5: unknown variable accessed: value.s";
        assert_eq!(fill("w-${value.s}", lookup), Err(unknown.into()));
        assert!(fill("a${value.user", lookup).is_err());
    }
}
