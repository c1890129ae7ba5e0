//! Alarms: what keeps a cluster from taking writes.

use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::etcdserverpb::AlarmType;
use quorate_etcd_proto::etcdserverpb::alarm_request::AlarmAction;

use super::{ALARM, Maintenance};
use crate::v3::call::{Call, Operation};
use crate::v3::error::Error;

/// What kind of alarm it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum AlarmKind {
    /// The database is full.
    NoSpace,
    /// The data is damaged.
    Corrupt,
    /// One that is not known here.
    Other(i32),
}

impl AlarmKind {
    fn of(number: i32) -> Self {
        match AlarmType::try_from(number) {
            Ok(AlarmType::Nospace) => Self::NoSpace,
            Ok(AlarmType::Corrupt) => Self::Corrupt,
            Ok(AlarmType::None) | Err(_) => Self::Other(number),
        }
    }

    fn number(self) -> i32 {
        match self {
            Self::NoSpace => AlarmType::Nospace.into(),
            Self::Corrupt => AlarmType::Corrupt.into(),
            Self::Other(number) => number,
        }
    }
}

/// An alarm that is raised.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub struct Alarm {
    /// The member that raised it.
    pub member: u64,
    /// What it is about.
    pub kind: AlarmKind,
}

impl Alarm {
    /// An alarm of a member.
    #[must_use]
    pub fn new(member: u64, kind: AlarmKind) -> Self {
        Self { member, kind }
    }
}

impl Maintenance {
    /// The alarms that are raised.
    ///
    /// `Maintenance.Alarm`
    ///
    /// # Errors
    /// What any read answers.
    ///
    /// # Cancel safety
    /// Safe: nothing is changed.
    pub async fn alarms(&self) -> Result<Vec<Alarm>, Error> {
        let none = Alarm::new(0, AlarmKind::Other(0));
        self.alarm("list the alarms", AlarmAction::Get, none).await
    }

    /// Raises an alarm. A cluster with one takes no writes.
    ///
    /// `Maintenance.Alarm`
    ///
    /// # Errors
    /// What any write answers.
    ///
    /// # Cancel safety
    /// It may be done or not.
    pub async fn raise(&self, alarm: Alarm) -> Result<Vec<Alarm>, Error> {
        self.alarm("raise an alarm", AlarmAction::Activate, alarm)
            .await
    }

    /// Disarms an alarm, after its cause was removed.
    ///
    /// `Maintenance.Alarm`
    ///
    /// # Errors
    /// What any write answers.
    ///
    /// # Cancel safety
    /// It may be done or not.
    pub async fn disarm(&self, alarm: Alarm) -> Result<Vec<Alarm>, Error> {
        self.alarm("disarm an alarm", AlarmAction::Deactivate, alarm)
            .await
    }

    async fn alarm(
        &self,
        verb: &'static str,
        action: AlarmAction,
        alarm: Alarm,
    ) -> Result<Vec<Alarm>, Error> {
        let request = pb::AlarmRequest {
            action: action.into(),
            member_id: alarm.member,
            alarm: alarm.kind.number(),
        };
        let call = Call::new(Operation::new(verb, ""), &ALARM, &request);
        let response: pb::AlarmResponse = self.client.send(&call).await?;
        let alarms = response.alarms.into_iter();
        Ok(alarms
            .map(|alarm| Alarm::new(alarm.member_id, AlarmKind::of(alarm.alarm)))
            .collect())
    }
}
