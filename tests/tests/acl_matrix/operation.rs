//! One row of the matrix.

use super::rules::Group;

/// A request. `{name}` in a target or a body stands for what each server called it by itself.
#[derive(Clone, Debug)]
pub(crate) struct Request {
    pub(crate) method: &'static str,
    pub(crate) target: String,
    pub(crate) body: String,
}

impl Request {
    pub(crate) fn new(method: &'static str, target: &str, body: &str) -> Self {
        Self {
            method,
            target: format!("/v1/{target}"),
            body: body.to_owned(),
        }
    }
}

/// An operation: what is asked, and what a token needs for it.
#[derive(Clone, Debug)]
pub(crate) struct Operation {
    pub(crate) noun: &'static str,
    pub(crate) request: Request,
    /// What rules it is about.
    pub(crate) groups: &'static [Group],
    /// Made with the management token before; the `ID` of the answer is `{ID}` then.
    pub(crate) before: Option<Request>,
    /// Made with the management token after it succeeded, or always if something was made before;
    /// `{ID}` is the `ID` of the answer.
    pub(crate) after: Vec<Request>,
    /// Whether it changes something, so that nothing else may run beside it.
    pub(crate) writes: bool,
    /// Whether only the status of a success counts.
    pub(crate) opaque: bool,
    /// Whether the order of a list does not count.
    pub(crate) unordered: bool,
}

impl Operation {
    pub(crate) fn get(noun: &'static str, target: &str, groups: &'static [Group]) -> Self {
        Self {
            noun,
            request: Request::new("GET", target, ""),
            groups,
            before: None,
            after: Vec::new(),
            writes: false,
            opaque: false,
            unordered: false,
        }
    }

    /// A read that needs a body.
    pub(crate) fn ask(
        noun: &'static str,
        method: &'static str,
        target: &str,
        body: &str,
        groups: &'static [Group],
    ) -> Self {
        Self {
            request: Request::new(method, target, body),
            ..Self::get(noun, target, groups)
        }
    }

    pub(crate) fn write(
        noun: &'static str,
        method: &'static str,
        target: &str,
        body: &str,
        groups: &'static [Group],
    ) -> Self {
        Self {
            writes: true,
            ..Self::ask(noun, method, target, body, groups)
        }
    }

    pub(crate) fn put(
        noun: &'static str,
        target: &str,
        body: &str,
        groups: &'static [Group],
    ) -> Self {
        Self::write(noun, "PUT", target, body, groups)
    }

    pub(crate) fn delete(noun: &'static str, target: &str, groups: &'static [Group]) -> Self {
        Self::write(noun, "DELETE", target, "", groups)
    }

    #[must_use]
    pub(crate) fn before(mut self, method: &'static str, target: &str, body: &str) -> Self {
        self.before = Some(Request::new(method, target, body));
        self
    }

    #[must_use]
    pub(crate) fn after(mut self, method: &'static str, target: &str, body: &str) -> Self {
        self.after.push(Request::new(method, target, body));
        self
    }

    #[must_use]
    pub(crate) fn opaque(mut self) -> Self {
        self.opaque = true;
        self
    }

    #[must_use]
    pub(crate) fn unordered(mut self) -> Self {
        self.unordered = true;
        self
    }

    /// The operation in one line.
    pub(crate) fn title(&self) -> String {
        let Request {
            method,
            target,
            body,
        } = &self.request;
        format!("{method} {target} {body}").trim_end().to_owned()
    }
}
