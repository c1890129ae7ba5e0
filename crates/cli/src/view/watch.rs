//! The state of what is watched.

use std::io::{self, Write};

use serde::{Serialize, Serializer};
use serde_json::ser::PrettyFormatter;

use super::{Style, View};

/// A state as handlers get it: indented JSON for people, one line for programs.
pub(crate) struct StateView<'a, T>(pub(crate) &'a T);

impl<T: Serialize> Serialize for StateView<'_, T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }
}

impl<T: Serialize> View for StateView<'_, T> {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        let mut json = Vec::new();
        let form = PrettyFormatter::with_indent(b"    ");
        self.0
            .serialize(&mut serde_json::Serializer::with_formatter(&mut json, form))?;
        let text = String::from_utf8_lossy(&json);
        writeln!(out, "{}", style.clean(&text))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn people_see_it_indented() {
        let mut out = Vec::new();
        let state = serde_json::json!({"web": ["v1"]});
        StateView(&state).text(&mut out, &Style::PLAIN).unwrap();
        let text = String::from_utf8(out).unwrap();
        assert_eq!(text, "{\n    \"web\": [\n        \"v1\"\n    ]\n}\n");
    }
}
