//! Members of a cluster.

use quorate_etcd::v3::raw::proto::etcdserverpb::{
    Member, MemberAddResponse, MemberListResponse, ResponseHeader,
};
use quorate_etcd::v3::raw::proto::prost::Message as _;

use super::fields::Fields;
use super::json::{Object, array};
use super::{Answer, hex, line};
use crate::view::rows::{Column, Rows, Tabular, Tone};

const COLUMNS: &[Column<Member>] = &[
    Column::new("ID", |member| hex(member.id)),
    Column::new("STATUS", |member| status(member).to_owned()).toned(|member| {
        match member.name.is_empty() {
            true => Tone::Doubtful,
            false => Tone::Good,
        }
    }),
    Column::new("NAME", |member| member.name.clone()),
    Column::new("PEER ADDRS", |member| member.peer_ur_ls.join(",")),
    Column::new("CLIENT ADDRS", |member| member.client_ur_ls.join(",")),
    Column::new("IS LEARNER", |member| member.is_learner.to_string()),
];

/// A member that was never started has no name.
fn status(member: &Member) -> &'static str {
    match member.name.is_empty() {
        true => "unstarted",
        false => "started",
    }
}

impl Answer for MemberListResponse {
    fn simple(&self, out: &mut Vec<u8>, _: bool) {
        for member in &self.members {
            let cells: Vec<_> = COLUMNS.iter().map(|column| column.text(member)).collect();
            line(out, cells.join(", ").as_bytes(), false);
        }
    }

    fn fields(&self, out: &mut Fields) -> bool {
        out.header(self.header.as_ref());
        for member in &self.members {
            out.field("ID", member.id);
            out.quoted("Name", &member.name);
            member
                .peer_ur_ls
                .iter()
                .for_each(|url| out.quoted("PeerURL", url));
            member
                .client_ur_ls
                .iter()
                .for_each(|url| out.quoted("ClientURL", url));
            out.field("IsLearner", member.is_learner);
            out.blank();
        }
        true
    }

    fn json(&self, hex: bool) -> String {
        match hex {
            true => hexadecimal(self),
            false => members(self.header.as_ref(), &self.members),
        }
    }

    fn message(&self) -> Option<Vec<u8>> {
        Some(self.encode_to_vec())
    }

    fn rows(&self) -> Option<Box<dyn Tabular>> {
        Some(Box::new(Rows::new(self.members.clone(), COLUMNS)))
    }
}

fn members(header: Option<&ResponseHeader>, members: &[Member]) -> String {
    Object::of(|object| {
        object.header(header);
        object.list("members", members, of_member);
    })
}

fn of_member(member: &Member) -> String {
    Object::of(|object| {
        object.some("ID", member.id);
        object.text("name", &member.name);
        object.texts("peerURLs", &member.peer_ur_ls);
        object.texts("clientURLs", &member.client_ur_ls);
        object.some("isLearner", member.is_learner);
    })
}

/// With `--hex` ids are texts, and a name has another letter: that is how etcdctl prints it.
fn hexadecimal(response: &MemberListResponse) -> String {
    let header = response.header.unwrap_or_default();
    let member = |member: &Member| {
        Object::of(|object| {
            object.text("ID", &hex(member.id));
            object.text("name", &member.name);
            object.texts("peerURLs", &member.peer_ur_ls);
            object.texts("clientURLS", &member.client_ur_ls);
        })
    };
    Object::of(|object| {
        object.object("header", |object| {
            object.text("cluster_id", &hex(header.cluster_id));
            object.text("member_id", &hex(header.member_id));
            object.some("raft_term", header.raft_term);
        });
        object.always("members", array(&response.members, member));
    })
}

/// A member that was added.
pub(crate) struct AddedView {
    pub(crate) response: MemberAddResponse,
    /// What it is to be started with.
    pub(crate) name: String,
    pub(crate) peer_urls: String,
}

impl Answer for AddedView {
    fn simple(&self, out: &mut Vec<u8>, _: bool) {
        let member = self.response.member.clone().unwrap_or_default();
        let header = self.response.header.unwrap_or_default();
        let (id, cluster) = (member.id, header.cluster_id);
        let added = match member.is_learner {
            true => "added as learner to",
            false => "added to",
        };
        let mut text = format!("Member {id:16x} {added} cluster {cluster:16x}\n\n");
        for (variable, value) in self.environment(id) {
            text.push_str(&format!("ETCD_{variable}=\"{value}\"\n"));
        }
        out.extend_from_slice(text.as_bytes());
    }

    fn json(&self, _: bool) -> String {
        Object::of(|object| {
            object.header(self.response.header.as_ref());
            if let Some(member) = &self.response.member {
                object.always("member", of_member(member));
            }
            object.list("members", &self.response.members, of_member);
        })
    }

    fn message(&self) -> Option<Vec<u8>> {
        Some(self.response.encode_to_vec())
    }
}

impl AddedView {
    fn environment(&self, id: u64) -> [(&'static str, String); 4] {
        let mut cluster = Vec::new();
        for member in &self.response.members {
            let name = match member.id == id {
                true => &self.name,
                false => &member.name,
            };
            let urls = member.peer_ur_ls.iter();
            cluster.extend(urls.map(|url| format!("{name}={url}")));
        }
        [
            ("NAME", self.name.clone()),
            ("INITIAL_CLUSTER", cluster.join(",")),
            ("INITIAL_ADVERTISE_PEER_URLS", self.peer_urls.clone()),
            ("INITIAL_CLUSTER_STATE", "existing".to_owned()),
        ]
    }
}

/// What became of a member.
pub(crate) struct ChangedView {
    /// `removed from`, `updated in`, `promoted in`.
    pub(crate) done: &'static str,
    pub(crate) id: u64,
    pub(crate) header: Option<ResponseHeader>,
    pub(crate) members: Vec<Member>,
}

impl Answer for ChangedView {
    fn simple(&self, out: &mut Vec<u8>, _: bool) {
        let cluster = self.header.unwrap_or_default().cluster_id;
        let text = format!("Member {:16x} {} cluster {cluster:16x}", self.id, self.done);
        line(out, text.as_bytes(), false);
    }

    fn json(&self, _: bool) -> String {
        members(self.header.as_ref(), &self.members)
    }

    /// The answers about a member that changed have the same two fields.
    fn message(&self) -> Option<Vec<u8>> {
        let answer = MemberListResponse {
            header: self.header,
            members: self.members.clone(),
        };
        Some(answer.encode_to_vec())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn members_look_as_etcdctl_shows_them() {
        let member = Member {
            id: 0x25a3_3ea3,
            peer_ur_ls: vec!["http://b:1".into()],
            ..Member::default()
        };
        let list = MemberListResponse {
            header: None,
            members: vec![member],
        };
        let mut out = Vec::new();
        list.simple(&mut out, false);
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "25a33ea3, unstarted, , http://b:1, , false\n"
        );
        assert!(list.json(true).contains("\"25a33ea3\""));
    }
}
