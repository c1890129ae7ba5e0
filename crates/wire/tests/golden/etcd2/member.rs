//! Members and machines.

use quorate_wire::etcd2::{Member, MemberList, MemberRequest, machines};

use super::SERVERS;

#[test]
fn members_are_read_and_written_as_etcd_writes_them() {
    for server in SERVERS {
        for name in [
            "members",
            "members-slash",
            "members-unstarted",
            "members-two",
            "no-leader-members",
        ] {
            let list: MemberList = server.again(name, &server.answer(name), "\n");
            assert!(!list.members.is_empty(), "{name}");
        }
        for name in ["members-leader", "members-add"] {
            let member: Member = server.again(name, &server.answer(name), "\n");
            assert_eq!(member.is_started(), name == "members-leader");
        }
        assert_eq!(server.answer("members-update").status(), 204);
        assert_eq!(server.answer("members-remove").status(), 204);
    }
}

#[test]
fn requests_are_read() {
    for server in SERVERS {
        let body = server.request("members-add").body;
        let request: MemberRequest = serde_json::from_slice(&body).unwrap();
        assert_eq!(request, MemberRequest::new(["http://127.0.0.1:18582"]));
    }
}

#[test]
fn machines_are_read_and_written_as_etcd_writes_them() {
    for server in SERVERS {
        for (name, count) in [("machines", 1), ("machines-two", 2)] {
            let answer = server.answer(name);
            let urls: Vec<_> = machines::decode(answer.text()).map(str::to_owned).collect();
            assert_eq!(urls.len(), count);
            assert_eq!(machines::encode(&urls), answer.text());
        }
    }
}
