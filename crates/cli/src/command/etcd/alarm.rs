//! `quorate etcd alarm`.

use quorate_etcd::v3::raw;
use quorate_etcd::v3::raw::proto::etcdserverpb as pb;
use quorate_etcd::v3::raw::proto::etcdserverpb::alarm_request::AlarmAction;

use super::Context;
use crate::args::etcd::alarm::AlarmVerb;
use crate::exit::Exit;
use crate::failure::Failure;

pub(super) async fn run(context: Context<'_>, verb: AlarmVerb) -> Result<Exit, Failure> {
    let raw = context.client.raw();
    let request = pb::AlarmRequest::default();
    let raised = raw.send(&raw::ALARM, &request).await?;
    if verb == AlarmVerb::List {
        return context.show(&raised);
    }
    let mut disarmed = pb::AlarmResponse::default();
    for alarm in raised.alarms {
        let request = pb::AlarmRequest {
            action: AlarmAction::Deactivate.into(),
            member_id: alarm.member_id,
            alarm: alarm.alarm,
        };
        let response = raw.send(&raw::ALARM, &request).await?;
        disarmed.alarms.extend(response.alarms);
    }
    context.show(&disarmed)
}
