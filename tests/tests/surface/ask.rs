//! One request of a script.

/// What of an answer counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Care {
    /// Every byte.
    All,
    /// Not the order of lists.
    Unordered,
    /// Of a success, not the body: it is each server's own.
    Head,
}

/// What follows the head of a request.
#[derive(Clone, Debug)]
pub(crate) enum Body {
    Text(String),
    Bytes(Vec<u8>),
    /// Sent as one chunk, without a length.
    Chunked(String),
}

/// One request.
#[derive(Clone, Debug)]
pub(crate) struct Ask {
    /// The line that it was made from.
    pub(crate) line: String,
    /// What is remembered of the answer is called this.
    pub(crate) name: Option<String>,
    pub(crate) care: Care,
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) headers: Vec<(String, String)>,
    pub(crate) body: Body,
}

impl Ask {
    /// Reads `[name :=] [~|=] METHOD TARGET [@Header:value …] [body]`.
    pub(crate) fn parse(line: &str) -> Self {
        let whole = line.to_owned();
        let (name, line) = match line.split_once(" := ") {
            Some((name, rest)) if !name.contains(['/', ' ']) => (Some(name.to_owned()), rest),
            _ => (None, line),
        };
        let (care, line) = match line.split_once(' ') {
            Some(("~", rest)) => (Care::Unordered, rest),
            Some(("=", rest)) => (Care::Head, rest),
            _ => (Care::All, line),
        };
        let (method, line) = line.split_once(' ').unwrap_or((line, "/"));
        let (target, mut rest) = line.split_once(' ').unwrap_or((line, ""));
        let mut headers = Vec::new();
        while let Some((header, behind)) = header(rest) {
            headers.push(header);
            rest = behind;
        }
        Self {
            line: whole,
            name,
            care,
            method: method.to_owned(),
            target: target.to_owned(),
            headers,
            body: body(rest),
        }
    }

    pub(crate) fn is_read(&self) -> bool {
        self.method == "GET"
    }
}

/// `@Name:value` or `@Name:"a value"` at the beginning of `rest`, and what follows.
fn header(rest: &str) -> Option<((String, String), &str)> {
    let (name, rest) = rest.strip_prefix('@')?.split_once(':')?;
    let (value, rest) = match rest.strip_prefix('"') {
        Some(quoted) => quoted.split_once('"')?,
        None => rest.split_once(' ').unwrap_or((rest, "")),
    };
    Some(((name.to_owned(), value.to_owned()), rest.trim_start()))
}

fn body(text: &str) -> Body {
    if let Some(text) = text.strip_prefix("<chunked>") {
        return Body::Chunked(text.trim_start().to_owned());
    }
    if let Some(digits) = text.strip_prefix("<hex>") {
        let pairs = digits.as_bytes().chunks(2);
        let byte = |pair| u8::from_str_radix(str::from_utf8(pair).unwrap(), 16).unwrap();
        return Body::Bytes(pairs.map(byte).collect());
    }
    let count = text
        .strip_prefix('<')
        .and_then(|it| it.strip_suffix(" bytes>"));
    match count.and_then(|count| count.parse().ok()) {
        Some(count) => Body::Bytes(vec![b'v'; count]),
        None => Body::Text(text.to_owned()),
    }
}
