//! An answer without what each server chooses by itself.

use std::io;
use std::io::Read as _;

use quorate_testkit::exchange::Answer;
use serde_json::Value;

use crate::ask::Care;
use crate::side::Side;

/// Headers that say how an answer travels, and when.
const FRAMING: [&str; 3] = ["date", "content-length", "transfer-encoding"];

/// What stands before a number that is a server's own.
const BEFORE_OWN: [&str; 12] = [
    "CreateIndex\":",
    "ModifyIndex\":",
    "LTime\":",
    "\"Index\":",
    "CreateIndex\": ",
    "ModifyIndex\": ",
    "LTime\": ",
    "\"Index\": ",
    "modify index ",
    "reset index: ",
    "x-consul-index: ",
    "age: ",
];

/// Texts that stand for each other: in one, Go's maps show their order, in the other each server
/// shows its trust domain.
const ALIKE: [(&str, &str); 2] = [
    ("[http2 http]", "[http http2]"),
    ("internal.<node>.consul", "internal.<id>.consul"),
];

/// Both answers in words that can be compared. `known` has the ids that the script itself names.
pub(crate) fn plain(
    side: &Side,
    known: &str,
    care: Care,
    answer: &Result<Answer, io::ErrorKind>,
) -> String {
    let answer = match answer {
        Ok(answer) => answer,
        Err(error) => return format!("no answer: {error:?}"),
    };
    let words = |text: &str| masked(side, known, text);
    let mut text = format!("{}\n", answer.status);
    let mut headers: Vec<_> = answer.headers.iter().collect();
    headers.sort();
    for (name, value) in headers {
        let name = name.to_ascii_lowercase();
        if !FRAMING.contains(&name.as_str()) {
            text += &words(&format!("{name}: {value}\n"));
        }
    }
    let bytes = unpacked(answer);
    let body = match str::from_utf8(&bytes) {
        _ if care == Care::Head && answer.status == 200 => match bytes.is_empty() {
            true => "<nothing>".to_owned(),
            false => "<something>".to_owned(),
        },
        Ok(body) => match serde_json::from_str::<Value>(body) {
            Ok(value) if care == Care::Unordered => {
                let value = masked(side, known, &value.to_string());
                let mut value = serde_json::from_str(&value).unwrap_or(Value::String(value));
                sort(&mut value);
                value.to_string()
            }
            _ => words(body),
        },
        Err(_) => bytes.escape_ascii().to_string(),
    };
    text + "\n" + &body
}

/// The body as it was before it was compressed.
pub(crate) fn unpacked(answer: &Answer) -> Vec<u8> {
    if answer.header("content-encoding") != Some("gzip") {
        return answer.body.clone();
    }
    let mut body = Vec::new();
    match flate2::read::GzDecoder::new(&answer.body[..]).read_to_end(&mut body) {
        Ok(_) => body,
        Err(error) => format!("not gzip: {error}").into_bytes(),
    }
}

/// Puts the elements of every list into an order.
fn sort(value: &mut Value) {
    match value {
        Value::Array(elements) => {
            elements.iter_mut().for_each(sort);
            elements.sort_by_key(Value::to_string);
        }
        Value::Object(fields) => fields.values_mut().for_each(sort),
        _ => {}
    }
}

/// The text without ids, times and indexes.
fn masked(side: &Side, known: &str, text: &str) -> String {
    let mut text = text.to_owned();
    for (own, label) in &side.own {
        text = text.replace(own, label);
    }
    let mut out = String::with_capacity(text.len());
    let mut rest = text.as_str();
    while let Some(at) = rest.find(|char: char| char.is_ascii_hexdigit()) {
        out.push_str(&rest[..at]);
        rest = &rest[at..];
        let (mask, length) = own(side, known, &out, rest);
        out.push_str(mask.as_deref().unwrap_or(&rest[..length]));
        rest = &rest[length..];
    }
    let mut text = out + rest;
    for (one, other) in ALIKE {
        text = text.replace(one, other);
    }
    let text = without(&text, "Aliased check ", "\",");
    let text = without(&text, "discovery chain \"", "\n");
    let text = without(&text, "x-consul-contenthash: ", "\n");
    let text = without(&text, "ContentHash\":", ",");
    without(&text, "\"Hash\":", ",")
}

/// What stands for the beginning of `rest` if that is a server's own, and its length.
fn own(side: &Side, known: &str, before: &str, rest: &str) -> (Option<String>, usize) {
    let run = rest.bytes();
    let run = run.take_while(|byte| byte.is_ascii_hexdigit() || *byte == b'-');
    let length = run.count().max(1);
    let word = &rest[..length];
    if length == 36 && word.matches('-').count() == 4 {
        let label = side.labels.get(word).cloned();
        let given = || known.contains(&word.to_ascii_lowercase());
        return match label {
            None if given() => (None, length),
            label => (Some(label.unwrap_or_else(|| "<id>".to_owned())), length),
        };
    }
    let is_time =
        rest.starts_with("20") && rest.get(4..5) == Some("-") && rest.get(10..11) == Some("T");
    if is_time {
        let end = rest.find(|char: char| !(char.is_ascii_digit() || "-:.TZ+".contains(char)));
        return (Some("<time>".to_owned()), end.unwrap_or(rest.len()));
    }
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    let is_own = digits > 0 && BEFORE_OWN.iter().any(|own| before.ends_with(own));
    // 0 and 1 stand for no index at all.
    if is_own && !matches!(&rest[..digits], "0" | "1") {
        return (Some("77777".to_owned()), digits);
    }
    (None, length)
}

/// The text without what stands between these two: which of several failing checks an alias names
/// follows no order of Go's maps, and hashes are of ids and times, too.
fn without(text: &str, begin: &str, end: &str) -> String {
    let mut parts = text.split(begin);
    let mut out = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let at = part.find(end).unwrap_or(part.len());
        out += begin;
        // What follows the name of a field stays JSON.
        out += if begin.ends_with(':') {
            "\"…\""
        } else {
            "…"
        };
        out += &part[at..];
    }
    out
}
