//! Which bodies are forms.

/// Whether a body of this type is a form, which alone is read. What is no type at all is refused
/// in Go's words.
pub(in crate::etcd2) fn is_form(content_type: &str) -> Result<bool, &'static str> {
    let (kind, parameters) = match content_type.split_once(';') {
        Some((kind, parameters)) => (kind, parameters),
        None => (content_type, ""),
    };
    let kind = kind.trim().to_ascii_lowercase();
    if content_type.is_empty() {
        return Ok(false);
    }
    check_kind(&kind)?;
    if !parameters.split(';').all(is_parameter) {
        return Err("mime: invalid media parameter");
    }
    if repeats_a_name(parameters) {
        return Err("mime: duplicate parameter name");
    }
    Ok(kind == "application/x-www-form-urlencoded")
}

fn check_kind(kind: &str) -> Result<(), &'static str> {
    let (first, second) = kind.split_once('/').unwrap_or((kind, "x"));
    let is_token = |text: &str| !text.is_empty() && text.bytes().all(is_token_byte);
    if first.is_empty() {
        Err("mime: no media type")
    } else if !is_token(first) {
        Err("mime: expected slash after first token")
    } else if second.is_empty() || second.starts_with('/') {
        Err("mime: expected token after slash")
    } else if !is_token(second) {
        Err("mime: unexpected content after media subtype")
    } else {
        Ok(())
    }
}

/// `name=value`, or nothing at the end.
fn is_parameter(text: &str) -> bool {
    let text = text.trim();
    let Some((name, value)) = text.split_once('=') else {
        return text.is_empty();
    };
    let is_name = !name.is_empty() && name.bytes().all(is_token_byte);
    let is_quoted = value.len() > 1 && value.starts_with('"') && value.ends_with('"');
    is_name && (is_quoted || (!value.is_empty() && value.bytes().all(is_token_byte)))
}

fn repeats_a_name(parameters: &str) -> bool {
    let names = parameters.split(';').filter_map(|it| it.split_once('='));
    let mut names: Vec<_> = names
        .map(|(name, _)| name.trim().to_ascii_lowercase())
        .collect();
    let all = names.len();
    names.sort_unstable();
    names.dedup();
    names.len() < all
}

fn is_token_byte(byte: u8) -> bool {
    byte.is_ascii_graphic() && !b"()<>@,;:\\\"/[]?=".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_one_whatever_its_case_and_parameters() {
        for kind in [
            "application/x-www-form-urlencoded",
            "Application/X-WWW-Form-URLEncoded; charset=utf-8",
            "application/x-www-form-urlencoded ;",
            "application/x-www-form-urlencoded; a=\"b c\"",
        ] {
            assert_eq!(is_form(kind), Ok(true), "{kind}");
        }
        for kind in [
            "",
            "text/plain",
            "application/json",
            "multipart/form-data; boundary=x",
        ] {
            assert_eq!(is_form(kind), Ok(false), "{kind}");
        }
    }

    #[test]
    fn what_is_no_type_is_refused() {
        assert_eq!(is_form(";;/"), Err("mime: no media type"));
        let form = "application/x-www-form-urlencoded; charset";
        assert_eq!(is_form(form), Err("mime: invalid media parameter"));
        let form = "application/x-www-form-urlencoded; a=b; A=c";
        assert_eq!(is_form(form), Err("mime: duplicate parameter name"));
        assert_eq!(is_form("a/"), Err("mime: expected token after slash"));
        assert_eq!(
            is_form("a b"),
            Err("mime: expected slash after first token")
        );
    }
}
