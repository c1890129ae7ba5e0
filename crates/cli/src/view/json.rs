//! JSON that is shown as it is.

use std::io::{self, Write};

use serde::Serialize;
use serde_json::Value;

use super::{Style, View};

/// JSON from a server: indented for people, on one line for programs.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct Json(pub(crate) Value);

impl View for Json {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        let text = serde_json::to_string_pretty(&self.0)?;
        writeln!(out, "{}", style.clean(&text))
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn people_see_it_indented() {
        let mut out = Vec::new();
        let view = Json(json!({"a": [1]}));
        view.text(&mut out, &Style::PLAIN).unwrap();
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "{\n  \"a\": [\n    1\n  ]\n}\n"
        );
        assert_eq!(serde_json::to_string(&view).unwrap(), r#"{"a":[1]}"#);
    }
}
