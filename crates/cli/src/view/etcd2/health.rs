//! How a cluster is.

use std::io::{self, Write};

use serde::Serialize;

use crate::view::{Style, View};

/// How a cluster is, member by member.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ClusterView {
    pub(crate) health: ClusterHealth,
    pub(crate) members: Vec<MemberHealth>,
}

/// How many members work.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum ClusterHealth {
    /// All of them.
    Healthy,
    /// Some.
    Degraded,
    /// None.
    Unavailable,
}

/// How a member is.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MemberHealth {
    pub(crate) id: String,
    /// Where it was asked, and what came of it; the last is what counts.
    pub(crate) asked: Vec<Asked>,
}

/// What came of asking at one address.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Asked {
    pub(crate) url: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) healthy: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error: Option<String>,
}

impl MemberHealth {
    /// Whether it works.
    pub(crate) fn is_healthy(&self) -> bool {
        self.answered() == Some(true)
    }

    fn answered(&self) -> Option<bool> {
        self.asked.last().and_then(|asked| asked.healthy)
    }
}

impl ClusterView {
    /// What the members make of the whole.
    pub(crate) fn new(members: Vec<MemberHealth>) -> Self {
        let healthy = members.iter().filter(|member| member.is_healthy()).count();
        let health = match healthy {
            0 => ClusterHealth::Unavailable,
            all if all == members.len() => ClusterHealth::Healthy,
            _ => ClusterHealth::Degraded,
        };
        Self { health, members }
    }
}

impl View for ClusterView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        for member in &self.members {
            member.text(out, style)?;
        }
        match self.health {
            ClusterHealth::Healthy => writeln!(out, "{}", style.good("cluster is healthy")),
            ClusterHealth::Degraded => writeln!(out, "{}", style.bad("cluster is degraded")),
            ClusterHealth::Unavailable => writeln!(out, "{}", style.bad("cluster is unavailable")),
        }
    }
}

impl MemberHealth {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        let id = style.line(&self.id);
        for asked in self.asked.iter().filter(|asked| asked.healthy.is_none()) {
            let (url, why) = (&asked.url, asked.error.as_deref().unwrap_or_default());
            let text = format!("failed to check the health of member {id} on {url}: {why}");
            writeln!(out, "{}", style.line(&text))?;
        }
        let last = self.asked.last().map(|asked| style.line(&asked.url));
        let text = match (self.answered(), last) {
            (Some(true), Some(url)) => format!("is healthy: got healthy result from {url}"),
            (Some(false), Some(url)) => format!("is unhealthy: got unhealthy result from {url}"),
            (_, None) => "is unreachable: no available published client urls".to_owned(),
            (None, Some(_)) => {
                let urls: Vec<_> = self.asked.iter().map(|asked| asked.url.as_str()).collect();
                format!("is unreachable: [{}] are all unreachable", urls.join(" "))
            }
        };
        match self.is_healthy() {
            true => writeln!(out, "member {id} {}", style.good(style.line(&text))),
            false => writeln!(out, "member {id} {}", style.bad(style.line(&text))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn asked(url: &str, healthy: Option<bool>) -> Asked {
        Asked {
            url: url.into(),
            healthy,
            error: healthy.is_none().then(|| "refused".into()),
        }
    }

    fn member(id: &str, asked: Vec<Asked>) -> MemberHealth {
        MemberHealth {
            id: id.into(),
            asked,
        }
    }

    #[test]
    fn each_member_and_the_cluster_look_as_etcdctl_shows_them() {
        let view = ClusterView::new(vec![
            member("a", vec![asked("http://a:1", Some(true))]),
            member(
                "b",
                vec![asked("http://b:1", None), asked("http://b:2", None)],
            ),
            member("c", vec![asked("http://c:1", Some(false))]),
            member("d", Vec::new()),
        ]);
        let mut out = Vec::new();
        view.text(&mut out, &Style::PLAIN).unwrap();
        let expected = "member a is healthy: got healthy result from http://a:1\n\
            failed to check the health of member b on http://b:1: refused\n\
            failed to check the health of member b on http://b:2: refused\n\
            member b is unreachable: [http://b:1 http://b:2] are all unreachable\n\
            member c is unhealthy: got unhealthy result from http://c:1\n\
            member d is unreachable: no available published client urls\n\
            cluster is degraded\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }

    #[test]
    fn a_cluster_without_a_member_that_works_is_unavailable() {
        assert_eq!(
            ClusterView::new(Vec::new()).health,
            ClusterHealth::Unavailable
        );
        let all = vec![member("a", vec![asked("http://a:1", Some(true))])];
        assert_eq!(ClusterView::new(all).health, ClusterHealth::Healthy);
    }
}
