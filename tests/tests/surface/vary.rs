//! What clients get wrong.

use serde_json::Value;

/// Methods that a request may have.
pub(crate) const METHODS: [&str; 8] = [
    "GET", "PUT", "POST", "DELETE", "HEAD", "OPTIONS", "PATCH", "FOO",
];

/// Parameters that any request may have.
pub(crate) const PARAMETERS: [&str; 33] = [
    "pretty",
    "pretty=false",
    "stale",
    "consistent",
    "stale&consistent",
    "cached",
    "cached&consistent",
    "max_stale=5s",
    "max_stale=5",
    "max_stale=1s&consistent",
    "index=0",
    "index=",
    "index=x",
    "index=-1",
    "index=18446744073709551616",
    "index=1&wait=1ms",
    "wait=5",
    "wait=x",
    "wait=",
    "dc=dc1",
    "dc=",
    "dc=none",
    "ns=x",
    "ns=",
    "ns=default",
    "near=nobody",
    "token=",
    "x=%zz",
    "&&",
    "a;b",
    "filter=",
    "node-meta=x",
    "passing=x",
];

/// Bodies that are no JSON, or not what is expected.
pub(crate) const BODIES: [&str; 23] = [
    "",
    "x",
    "{",
    "[",
    "\"",
    "{]",
    "{\"a\"}",
    "{\"a\":1,}",
    "nul",
    "null",
    "true",
    "0",
    "\"x\"",
    "[]",
    "[1]",
    "[null]",
    "[{}]",
    "{}",
    "{}x",
    "{} {}",
    "{\"Bogus\":1}",
    "\"a\tb\"",
    "{\"\\ud800\":1}",
];

/// Values that are wrong nearly everywhere. Not a list of `null`, at which Consul often breaks, so
/// that the two would have different things afterwards.
const WRONG: [&str; 17] = [
    "null",
    "0",
    "-1",
    "1.5",
    "true",
    "\"\"",
    "\"x\"",
    "\"1\"",
    "\"10m\"",
    "\"1<ä>\"",
    "[]",
    "[1]",
    "[\"x\"]",
    "{}",
    "{\"x\":1}",
    "{\"x\":\"y\"}",
    "18446744073709551616",
];

/// The body with each of its parts, at any depth, replaced by each of the wrong values, and left
/// out.
pub(crate) fn varied(body: &Value) -> Vec<String> {
    let mut paths = Vec::new();
    collect(body, &mut Vec::new(), &mut paths);
    let mut bodies = Vec::new();
    for path in paths {
        // As a time, this is a nanosecond: what it begins is over before anybody looks.
        let names = names_of(body, &path);
        let is_time = matches!(names.last(), Some(&"TTL" | &"Interval"));
        // Consul breaks at these, and then has something else than the agent.
        let breaks = names.contains(&"Config") || names.last() == Some(&"");
        let mut wrong = WRONG.iter().collect::<Vec<_>>();
        wrong.retain(|wrong| !(is_time && **wrong == "1.5" || breaks && **wrong == "null"));
        let wrong = wrong.into_iter();
        let wrong = wrong.map(|wrong| Some(*wrong)).chain([None]);
        bodies.extend(wrong.filter_map(|wrong| replaced(body, &path, wrong)));
    }
    bodies
}

/// The names of the fields on the way to a part; those of elements are empty.
fn names_of<'a>(value: &'a Value, path: &[usize]) -> Vec<&'a str> {
    let Some((at, path)) = path.split_first() else {
        return Vec::new();
    };
    let (name, part) = match value {
        Value::Object(fields) => fields
            .iter()
            .nth(*at)
            .map(|(name, part)| (name.as_str(), part)),
        Value::Array(elements) => elements.get(*at).map(|part| ("", part)),
        _ => None,
    }
    .unwrap_or(("", &Value::Null));
    [vec![name], names_of(part, path)].concat()
}

/// The way to each part, as positions among the fields or elements.
fn collect(value: &Value, path: &mut Vec<usize>, paths: &mut Vec<Vec<usize>>) {
    let parts: Vec<_> = match value {
        Value::Object(fields) => fields.values().collect(),
        Value::Array(elements) => elements.iter().collect(),
        _ => Vec::new(),
    };
    for (at, part) in parts.into_iter().enumerate() {
        path.push(at);
        paths.push(path.clone());
        collect(part, path, paths);
        path.pop();
    }
}

/// The text of a value in which one part is something else, or is not there.
fn replaced(value: &Value, path: &[usize], with: Option<&str>) -> Option<String> {
    let Some((at, path)) = path.split_first() else {
        return with.map(str::to_owned);
    };
    let part = |number: usize, part: &Value| match number == *at {
        true => replaced(part, path, with),
        false => Some(part.to_string()),
    };
    Some(match value {
        Value::Object(fields) => {
            let fields = fields
                .iter()
                .enumerate()
                .filter_map(|(number, (name, field))| {
                    let field = part(number, field)?;
                    Some(format!("{}:{field}", Value::from(name.as_str())))
                });
            format!("{{{}}}", fields.collect::<Vec<_>>().join(","))
        }
        Value::Array(elements) => {
            let elements = elements.iter().enumerate();
            let elements = elements.filter_map(|(number, element)| part(number, element));
            format!("[{}]", elements.collect::<Vec<_>>().join(","))
        }
        other => other.to_string(),
    })
}
