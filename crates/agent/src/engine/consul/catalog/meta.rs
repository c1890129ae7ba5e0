use std::collections::BTreeMap;

/// Whether labels are such as Consul takes, or what is wrong with one of them, in its words.
pub(crate) fn check_meta(meta: Option<&BTreeMap<String, String>>) -> Result<(), String> {
    const MOST: usize = 64;
    let Some(meta) = meta else {
        return Ok(());
    };
    if meta.len() > MOST {
        return Err(format!(
            "Node metadata cannot contain more than {MOST} key/value pairs"
        ));
    }
    for (key, value) in meta {
        if let Some(problem) = pair_problem(key, value) {
            return Err(format!(
                "Couldn't load metadata pair ('{key}', '{value}'): {problem}"
            ));
        }
    }
    Ok(())
}

fn pair_problem(key: &str, value: &str) -> Option<&'static str> {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-');
    if key.is_empty() {
        Some("Key cannot be blank")
    } else if !key.chars().all(allowed) {
        Some("Key contains invalid characters")
    } else if key.len() > 128 {
        Some("Key is too long (limit: 128 characters)")
    } else if key.starts_with("consul-") {
        Some("Key prefix 'consul-' is reserved for internal use")
    } else if value.len() > 512 {
        Some("Value is too long (limit: 512 characters)")
    } else {
        None
    }
}
