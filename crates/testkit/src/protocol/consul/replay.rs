//! Sends what was recorded on the real server again, and compares the answers byte for byte.
//!
//! Two things differ from one run to another: ids, and indexes. An id of the recording stands for
//! the id that this server gave instead. An index stands for another one as long as it does so
//! everywhere and the order of all of them is kept, which is all that indexes promise.

use std::collections::BTreeMap;
use std::io::Read as _;

use anyhow::{Context as _, ensure};
use flate2::read::GzDecoder;
use serde_json::Value;

use super::target::Consul;
use crate::exchange::{Answer, request};
use crate::fixture::Fixture;
use crate::protocol::equal;

/// Headers that say nothing about the answer, or how its body is framed.
const IGNORED: [&str; 3] = ["date", "content-length", "transfer-encoding"];
const INDEX: &str = "x-consul-index";

/// A recording that is being sent again.
pub(super) struct Replay<'a> {
    consul: &'a Consul,
    /// Ids of the recording, and those of this server in their place.
    ids: Vec<(String, String)>,
    indexes: BTreeMap<u64, u64>,
    sent: usize,
    differences: Vec<String>,
}

impl<'a> Replay<'a> {
    pub(super) fn new(consul: &'a Consul) -> Self {
        Self {
            consul,
            ids: Vec::new(),
            indexes: BTreeMap::new(),
            sent: 0,
            differences: Vec::new(),
        }
    }

    /// From here on, the `at`th id in the request or answer of this recording means `ours`.
    pub(super) fn means(&mut self, name: &str, at: usize, ours: &str) -> anyhow::Result<()> {
        let fixture = Fixture::load(name)?;
        let mut text = String::from_utf8_lossy(&fixture.request).into_owned();
        text += &fixture.answer()?.text();
        let recorded = uuids(&text)
            .nth(at)
            .with_context(|| format!("{name}: no id {at}"))?;
        self.ids.push((recorded.to_owned(), ours.to_owned()));
        Ok(())
    }

    /// The index behind `mark` in this recording is that of `key` as it is now.
    pub(super) async fn reads(&mut self, name: &str, mark: &str, key: &str) -> anyhow::Result<()> {
        let fixture = Fixture::load(name)?;
        let text = String::from_utf8_lossy(&fixture.request).into_owned();
        let text = text + &fixture.answer()?.text();
        let (_, behind) = text
            .split_once(mark)
            .with_context(|| format!("{name}: no {mark}"))?;
        let end = behind
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(behind.len());
        let ours = self.consul.entry(key).await?.modify_index;
        self.bind(behind[..end].parse()?, ours)
    }

    /// Sends these recordings, one after the other, and notes the differences.
    pub(super) async fn send(&mut self, names: &[&str]) -> anyhow::Result<()> {
        for name in names {
            let fixture = Fixture::load(name)?;
            self.sent += 1;
            let answer = self.consul.exchange(&self.request(&fixture)?).await?;
            if let Err(difference) = self.compare(&fixture.answer()?, &answer) {
                self.differences.push(format!("{name}: {difference:#}"));
            }
        }
        Ok(())
    }

    /// How many were sent, or how they differed.
    pub(super) fn end(self) -> anyhow::Result<usize> {
        let Self {
            sent, differences, ..
        } = self;
        let count = differences.len();
        ensure!(
            count == 0,
            "{count} of {sent} differ:\n{}",
            differences.join("\n")
        );
        Ok(sent)
    }

    /// The request as it was, with the ids and indexes of this server.
    fn request(&self, fixture: &Fixture) -> anyhow::Result<Vec<u8>> {
        let head = String::from_utf8_lossy(&fixture.request).into_owned();
        let head = head.split("\r\n\r\n").next().unwrap_or_default();
        let lines = head
            .split("\r\n")
            .skip(1)
            .filter_map(|line| line.split_once(": "));
        let headers: Vec<_> = lines.collect();
        let body = fixture.request_body();
        let header = |name: &str| headers.iter().find(|(have, _)| *have == name);
        let declared = header("Content-Length").map_or(Ok(0), |(_, length)| length.parse())?;
        if header("Transfer-Encoding").is_some() || body.len() != declared {
            return Ok(fixture.request.clone());
        }
        let target = ["cas=", "index="]
            .iter()
            .fold(self.with_ids(&fixture.target), |text, before| {
                self.with_indexes(&text, before)
            });
        let body = match str::from_utf8(body) {
            Ok(text) => self
                .with_indexes(&self.with_ids(text), "\"Index\": ")
                .into_bytes(),
            Err(_) => body.to_vec(),
        };
        let own = ["Host", "Content-Length"];
        let headers: Vec<_> = headers
            .into_iter()
            .filter(|(name, _)| !own.contains(name))
            .collect();
        Ok(request(&fixture.method, &target, &headers, &body))
    }

    fn compare(&mut self, recorded: &Answer, answer: &Answer) -> anyhow::Result<()> {
        let text = || answer.text();
        ensure!(
            recorded.status == answer.status,
            "{} {}, not {}",
            answer.status,
            text(),
            recorded.status
        );
        let (before, now) = (headers(recorded), headers(answer));
        equal(
            "headers",
            now.keys().collect::<Vec<_>>(),
            before.keys().collect::<Vec<_>>(),
        )?;
        for (name, value) in before {
            let got = now.get(&name).cloned().unwrap_or_default();
            match name.as_str() {
                INDEX => self.bind(value.parse()?, got.parse()?)?,
                _ => equal(&name, got, value)?,
            }
        }
        self.compare_bodies(&unpacked(recorded)?, &unpacked(answer)?)
    }

    fn compare_bodies(&mut self, recorded: &[u8], body: &[u8]) -> anyhow::Result<()> {
        let (before, now) = (
            serde_json::from_slice::<Value>(recorded),
            serde_json::from_slice(body),
        );
        if let (Ok(before), Ok(now)) = (before, now) {
            let many = before
                .as_array()
                .is_some_and(|list| list.len() > 1 && list[0]["ID"].is_string());
            if many {
                return self.compare_lists(before, now);
            }
            self.learn(&before, &now)?;
        }
        let Ok(recorded) = str::from_utf8(recorded) else {
            return equal("body", body, recorded);
        };
        let marks = [
            "\"CreateIndex\":",
            "\"ModifyIndex\":",
            "\"CreateIndex\": ",
            "\"ModifyIndex\": ",
            "current modify index ",
        ];
        let expected = marks.iter().fold(self.with_ids(recorded), |text, before| {
            self.with_indexes(&text, before)
        });
        equal(
            "body",
            String::from_utf8_lossy(body).trim_end(),
            expected.trim_end(),
        )
    }

    /// Lists that are ordered by id are in another order here.
    fn compare_lists(&mut self, mut before: Value, mut now: Value) -> anyhow::Result<()> {
        for list in [&mut before, &mut now] {
            let list = list.as_array_mut().context("not a list")?;
            list.sort_by_key(|entry| entry["CreateIndex"].as_u64());
        }
        self.learn(&before, &now)?;
        let expected = self.with_ids(&before.to_string());
        let marks = ["\"CreateIndex\":", "\"ModifyIndex\":"];
        let expected = marks
            .iter()
            .fold(expected, |text, mark| self.with_indexes(&text, mark));
        equal("list", now.to_string(), expected)
    }

    /// Notes which id and which index stands for which.
    fn learn(&mut self, before: &Value, now: &Value) -> anyhow::Result<()> {
        match (before, now) {
            (Value::Object(before), Value::Object(now)) => {
                for (name, value) in before {
                    let other = now.get(name).unwrap_or(&Value::Null);
                    match (name.as_str(), value, other) {
                        ("CreateIndex" | "ModifyIndex", Value::Number(old), Value::Number(new)) => {
                            let pair = old.as_u64().zip(new.as_u64()).context("index")?;
                            self.bind(pair.0, pair.1)?;
                        }
                        ("ID", Value::String(old), Value::String(new)) => {
                            if uuids(old).next().is_some() {
                                self.ids.push((old.clone(), new.clone()));
                            }
                        }
                        _ => self.learn(value, other)?,
                    }
                }
                Ok(())
            }
            (Value::Array(before), Value::Array(now)) => before
                .iter()
                .zip(now)
                .try_for_each(|(before, now)| self.learn(before, now)),
            _ => Ok(()),
        }
    }

    /// From here on, `recorded` is `ours`: new, and in its place in the order, or as before.
    fn bind(&mut self, recorded: u64, ours: u64) -> anyhow::Result<()> {
        if let Some(known) = self.indexes.get(&recorded) {
            ensure!(
                *known == ours,
                "index {recorded} is {ours} here, and was {known} before"
            );
        }
        let below = self.indexes.range(..recorded).next_back();
        let above = self.indexes.range(recorded + 1..).next();
        ensure!(
            below.is_none_or(|(_, index)| *index < ours),
            "index {recorded}: {ours} is too small after {below:?}"
        );
        ensure!(
            above.is_none_or(|(_, index)| *index > ours),
            "index {recorded}: {ours} is too large before {above:?}"
        );
        self.indexes.insert(recorded, ours);
        Ok(())
    }

    fn with_ids(&self, text: &str) -> String {
        let replace = |text: String, (old, new): &(String, String)| text.replace(old, new);
        self.ids.iter().fold(text.to_owned(), replace)
    }

    /// The text with each known index behind `mark` replaced.
    fn with_indexes(&self, text: &str, mark: &str) -> String {
        let mut parts = text.split(mark);
        let mut out = parts.next().unwrap_or_default().to_owned();
        for part in parts {
            let digits = part.bytes().take_while(u8::is_ascii_digit).count();
            let (number, rest) = part.split_at(digits);
            let known = number
                .parse()
                .ok()
                .and_then(|index| self.indexes.get(&index));
            let number = known.map_or(number.to_owned(), u64::to_string);
            out.extend([mark, &number, rest]);
        }
        out
    }
}

/// Whatever looks like a UUID.
fn uuids(text: &str) -> impl Iterator<Item = &str> {
    let words = text.split(|c: char| !(c.is_ascii_hexdigit() || c == '-'));
    words.filter(|word| word.len() == 36 && word.matches('-').count() == 4)
}

fn headers(answer: &Answer) -> BTreeMap<String, String> {
    let headers = answer.headers.iter();
    let lower = headers.map(|(name, value)| (name.to_ascii_lowercase(), value.clone()));
    lower
        .filter(|(name, _)| !IGNORED.contains(&name.as_str()))
        .collect()
}

fn unpacked(answer: &Answer) -> anyhow::Result<Vec<u8>> {
    if answer.header("Content-Encoding") != Some("gzip") {
        return Ok(answer.body.clone());
    }
    let mut body = Vec::new();
    GzDecoder::new(&answer.body[..]).read_to_end(&mut body)?;
    Ok(body)
}
