//! Alarms.

use quorate_etcd::v3::raw::proto::etcdserverpb::{AlarmMember, AlarmResponse};
use quorate_etcd::v3::raw::proto::prost::Message as _;

use super::fields::Fields;
use super::json::Object;
use super::{Answer, line};

impl Answer for AlarmResponse {
    fn simple(&self, out: &mut Vec<u8>, _: bool) {
        for alarm in &self.alarms {
            line(out, text(alarm).as_bytes(), false);
        }
    }

    fn fields(&self, out: &mut Fields) -> bool {
        out.header(self.header.as_ref());
        for alarm in &self.alarms {
            out.field("MemberID", alarm.member_id);
            out.field("AlarmType", alarm.alarm().as_str_name());
            out.blank();
        }
        true
    }

    fn json(&self, _: bool) -> String {
        Object::of(|object| {
            object.header(self.header.as_ref());
            object.list("alarms", &self.alarms, |alarm| {
                Object::of(|object| {
                    object.some("memberID", alarm.member_id);
                    object.some("alarm", alarm.alarm);
                })
            });
        })
    }

    fn message(&self) -> Option<Vec<u8>> {
        Some(self.encode_to_vec())
    }
}

/// An alarm as Go prints the message: with a blank at the end.
fn text(alarm: &AlarmMember) -> String {
    let (member, kind) = (alarm.member_id, alarm.alarm().as_str_name());
    format!("memberID:{member} alarm:{kind} ")
}
