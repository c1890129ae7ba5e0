//! Members of a cluster.

use std::io::{self, Write};

use quorate_etcd::v2::Member;
use serde::Serialize;

use crate::view::rows::{Column, Tone};
use crate::view::{Style, View};

/// A member, and whether it leads.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct MemberView {
    #[serde(flatten)]
    pub(crate) member: Member,
    #[serde(rename = "isLeader")]
    pub(crate) is_leader: bool,
}

/// What a terminal shows of members.
pub(crate) const COLUMNS: &[Column<MemberView>] = &[
    Column::new("ID", |row| row.member.id.clone()),
    Column::new("NAME", |row: &MemberView| match row.member.is_started() {
        true => row.member.name.clone(),
        false => "(not started)".into(),
    })
    .toned(|row| match row.member.is_started() {
        true => Tone::Plain,
        false => Tone::Doubtful,
    }),
    Column::new("PEERS", |row| row.member.peer_urls.join(",")),
    Column::new("CLIENTS", |row| row.member.client_urls.join(",")),
    Column::new("LEADS", |row: &MemberView| match row.is_leader {
        true => "yes".into(),
        false => String::new(),
    })
    .toned(|_| Tone::Good),
];

/// A member as etcdctl shows it.
pub(crate) fn line(row: &MemberView) -> String {
    let member = &row.member;
    let peers = member.peer_urls.join(",");
    if !member.is_started() {
        return format!("{}[unstarted]: peerURLs={peers}", member.id);
    }
    let clients = member.client_urls.join(",");
    format!(
        "{}: name={} peerURLs={peers} clientURLs={clients} isLeader={}",
        member.id, member.name, row.is_leader
    )
}

/// A member that was added, and what it is to be started with.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct AddedView {
    pub(crate) member: Member,
    pub(crate) name: String,
    /// `NAME=PEER_URL`, of all members.
    #[serde(rename = "initialCluster")]
    pub(crate) initial_cluster: Vec<String>,
}

impl View for AddedView {
    fn text(&self, out: &mut dyn Write, style: &Style) -> io::Result<()> {
        let (name, id) = (style.line(&self.name), style.line(&self.member.id));
        writeln!(out, "Added member named {name} with ID {id} to cluster\n")?;
        let cluster = self.initial_cluster.join(",");
        writeln!(out, "ETCD_NAME=\"{name}\"")?;
        writeln!(out, "ETCD_INITIAL_CLUSTER=\"{}\"", style.line(&cluster))?;
        writeln!(out, "ETCD_INITIAL_CLUSTER_STATE=\"existing\"")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn member(name: &str) -> MemberView {
        let member = Member {
            id: "2a".into(),
            name: name.into(),
            peer_urls: vec!["http://p:1".into()],
            client_urls: vec!["http://c:1".into(), "http://c:2".into()],
        };
        MemberView {
            member,
            is_leader: true,
        }
    }

    #[test]
    fn a_pipe_gets_what_etcdctl_writes() {
        let started =
            "2a: name=n peerURLs=http://p:1 clientURLs=http://c:1,http://c:2 isLeader=true";
        assert_eq!(line(&member("n")), started);
        assert_eq!(line(&member("")), "2a[unstarted]: peerURLs=http://p:1");
    }

    #[test]
    fn a_new_member_is_told_what_to_start_with() {
        let view = AddedView {
            member: member("").member,
            name: "n".into(),
            initial_cluster: vec!["m=http://q:1".into(), "n=http://p:1".into()],
        };
        let mut out = Vec::new();
        view.text(&mut out, &Style::PLAIN).unwrap();
        let expected = "Added member named n with ID 2a to cluster\n\nETCD_NAME=\"n\"\n\
                        ETCD_INITIAL_CLUSTER=\"m=http://q:1,n=http://p:1\"\n\
                        ETCD_INITIAL_CLUSTER_STATE=\"existing\"\n";
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
