//! Parameters of a configuration: `config get`, `set`, `watch`, `diff`.

use std::io::{self, Write};

use quorate::config::{Parameter, ParameterChange, Parameters};
use serde::Serialize;

use super::value::ValueView;
use super::{Style, View};

/// One parameter. People see the value alone.
#[derive(Debug, Serialize)]
pub(crate) struct ParameterView {
    parameter: String,
    #[serde(flatten)]
    value: ValueView,
    origin: String,
    revision: Option<u64>,
    #[serde(skip)]
    shown: String,
}

impl ParameterView {
    pub(crate) fn new(name: &str, parameter: &Parameter) -> Self {
        Self {
            parameter: name.to_owned(),
            value: ValueView::from(parameter.value.as_ref()),
            origin: parameter.origin.to_string(),
            revision: parameter.revision.map(|revision| revision.0),
            shown: String::from_utf8_lossy(&parameter.value).into_owned(),
        }
    }
}

impl View for ParameterView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        writeln!(out, "{}", style.clean(&self.shown))
    }
}

/// All parameters, a line each.
#[derive(Debug, Serialize)]
#[serde(transparent)]
pub(crate) struct ParametersView(Vec<ParameterView>);

impl ParametersView {
    pub(crate) fn new(parameters: &Parameters) -> Self {
        let all = parameters.iter();
        Self(
            all.map(|(name, one)| ParameterView::new(name, one))
                .collect(),
        )
    }
}

impl View for ParametersView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        for one in &self.0 {
            let (name, value) = (style.line(&one.parameter), style.line(&one.shown));
            writeln!(out, "{name} = {value}")?;
        }
        Ok(())
    }
}

/// A parameter that is different; a secret is `***`.
#[derive(Debug, Serialize)]
pub(crate) struct ChangeView {
    parameter: String,
    change: &'static str,
    old: Option<String>,
    new: Option<String>,
}

impl ChangeView {
    pub(crate) fn new(change: &ParameterChange) -> Self {
        let shown = |one: &Option<Parameter>| one.as_ref().map(Parameter::shown);
        Self {
            parameter: change.path.clone(),
            change: match (&change.old, &change.new) {
                (None, _) => "added",
                (_, None) => "removed",
                _ => "changed",
            },
            old: shown(&change.old),
            new: shown(&change.new),
        }
    }

    /// Shows secrets too.
    pub(crate) fn open(mut self, change: &ParameterChange) -> Self {
        let text = |one: &Option<Parameter>| {
            let bytes = one.as_ref().map(|one| one.value.as_ref());
            bytes.map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        };
        (self.old, self.new) = (text(&change.old), text(&change.new));
        self
    }
}

impl View for ChangeView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        let name = style.line(&self.parameter);
        let old = style.line(self.old.as_deref().unwrap_or_default());
        let new = style.line(self.new.as_deref().unwrap_or_default());
        match self.change {
            "added" => writeln!(out, "+{name} = {new}"),
            "removed" => writeln!(out, "-{name} = {old}"),
            _ => writeln!(out, "{name}: {old} -> {new}"),
        }
    }
}

/// What a write has changed.
#[derive(Debug, Serialize)]
pub(crate) struct WrittenView {
    path: String,
    changes: usize,
    revision: Option<u64>,
}

impl WrittenView {
    pub(crate) fn new(path: String, changes: usize, revision: Option<u64>) -> Self {
        Self {
            path,
            changes,
            revision,
        }
    }
}

impl View for WrittenView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        let path = style.line(&self.path);
        let what = match self.changes {
            0 => return writeln!(out, "{path}: nothing to change"),
            1 => "1 change".to_owned(),
            changes => format!("{changes} changes"),
        };
        match self.revision {
            Some(revision) => writeln!(out, "{path}: {what}, revision {revision}"),
            None => writeln!(out, "{path}: {what}"),
        }
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests fail by panicking")]
mod tests {
    use super::*;

    #[test]
    fn what_was_written_is_counted() {
        let text = |changes, revision| {
            let mut out = Vec::new();
            let view = WrittenView::new("app".into(), changes, revision);
            view.text(&mut out, &Style::PLAIN).unwrap();
            String::from_utf8(out).unwrap()
        };
        assert_eq!(text(0, None), "app: nothing to change\n");
        assert_eq!(text(2, Some(7)), "app: 2 changes, revision 7\n");
    }
}
