//! Members: `members`, `members-filtered`, `join`, `force-leave`.

use std::collections::BTreeMap;

use quorate_gossip::{Error, Failure, Member};
use quorate_wire::go_regex;
use quorate_wire::msgpack::Decode;
use quorate_wire::serf::{self, ForceLeave, Join, Joined, MemberFilter, Members};
use regex::Regex;

use super::connection::{Ended, Session};
use super::refusal;
use crate::log::LogLevel;

impl Session {
    pub(super) async fn members(&self, seq: u64) -> Result<(), Ended> {
        self.list(seq, |_| true).await
    }

    /// Where Serf closes the connection without a word, because an expression is none, this says so.
    pub(super) async fn members_filtered(&self, seq: u64, body: &[u8]) -> Result<(), Ended> {
        let filter = MemberFilter::from_msgpack(body)?;
        match Filter::compile(&filter) {
            Ok(filter) => self.list(seq, |member| filter.matches(member)).await,
            Err(problem) => {
                let error = format!("Failed to compile regex: {problem}");
                self.answer(seq, &error).await
            }
        }
    }

    async fn list(&self, seq: u64, wanted: impl Fn(&Member) -> bool) -> Result<(), Ended> {
        match self.front.gossip.members().await {
            Ok(members) => {
                let members = members.iter().filter(|member| wanted(member));
                let members = members.map(shown).collect();
                self.answer_with(seq, "", &Members { members }).await
            }
            Err(error) => self.answer(seq, &refusal::text(&error)).await,
        }
    }

    /// A body follows also when nobody could be joined.
    pub(super) async fn join(&self, seq: u64, body: &[u8]) -> Result<(), Ended> {
        let Join { existing, replay } = Join::from_msgpack(body)?;
        let front = &self.front;
        let list = existing.join(" ");
        let said = format!("joining: [{list}] replay: {replay}");
        front.say(LogLevel::Info, "agent", &said);
        let (num, error) = match front.gossip.join(&existing, !replay).await {
            Ok(joined) => (u64::try_from(joined.reached).unwrap_or(u64::MAX), None),
            Err(Error::Failure(Failure::Leaving)) => (
                0,
                Some("Serf can't Join after Leave or Shutdown".to_owned()),
            ),
            Err(error) => (0, Some(refusal::text(&error))),
        };
        if num > 0 {
            front.say(LogLevel::Info, "agent", &format!("joined: {num} nodes"));
        }
        if let Some(error) = &error {
            front.say(LogLevel::Warn, "agent", &format!("error joining: {error}"));
        }
        let error = error.unwrap_or_default();
        self.answer_with(seq, &error, &Joined { num }).await
    }

    pub(super) async fn force_leave(&self, seq: u64, body: &[u8]) -> Result<(), Ended> {
        let ForceLeave { node, prune } = ForceLeave::from_msgpack(body)?;
        let front = &self.front;
        let prune_text = if prune { ", and forgetting it" } else { "" };
        let said = format!("Force leaving node: {node}{prune_text}");
        front.say(LogLevel::Info, "agent", &said);
        let done = front.gossip.force_leave(node, prune).await;
        let done = done.map_err(|error| match error {
            Error::Failure(Failure::BroadcastTimeout) => {
                "timed out broadcasting node removal".into()
            }
            error => refusal::text(&error),
        });
        self.answer_done(seq, done).await
    }
}

/// Which members to list. Each expression stands between `^` and `$` without a group, as in Serf.
struct Filter {
    name: Option<Regex>,
    status: Option<Regex>,
    tags: BTreeMap<String, Regex>,
}

impl Filter {
    fn compile(filter: &MemberFilter) -> Result<Self, String> {
        let whole = |expression: &str| go_regex::compile(&format!("^{expression}$"));
        let optional = |expression: &str| match expression {
            "" => Ok(None),
            expression => whole(expression).map(Some),
        };
        let tags = filter.tags.iter();
        let tags = tags.map(|(tag, expression)| Ok((tag.clone(), whole(expression)?)));
        Ok(Self {
            name: optional(&filter.name)?,
            status: optional(&filter.status)?,
            tags: tags.collect::<Result<_, String>>()?,
        })
    }

    fn matches(&self, member: &Member) -> bool {
        let matches = |expression: &Option<Regex>, text: &str| {
            let expression = expression.as_ref();
            expression.is_none_or(|expression| expression.is_match(text))
        };
        let tag = |name: &String| member.tags.get(name).map_or("", String::as_str);
        matches(&self.name, &member.name)
            && matches(&self.status, member.status.as_str())
            && self
                .tags
                .iter()
                .all(|(name, expression)| expression.is_match(tag(name)))
    }
}

/// A member as the RPC shows it.
pub(super) fn shown(member: &Member) -> serf::Member {
    let versions = member.versions;
    serf::Member {
        addr: member.address.ip(),
        delegate_cur: versions.delegate,
        delegate_max: versions.delegate_max,
        delegate_min: versions.delegate_min,
        name: member.name.clone(),
        port: member.address.port(),
        protocol_cur: versions.protocol,
        protocol_max: versions.protocol_max,
        protocol_min: versions.protocol_min,
        status: member.status.as_str().into(),
        tags: member.tags.iter().collect(),
    }
}
