//! Large ranges, as several answers.

use std::sync::Arc;

use quorate_etcd_proto::etcdserverpb::{RangeResponse, RangeStreamResponse};
use quorate_etcd_proto::tonic::Status;

use super::encode;
use crate::engine::etcd3::{Caller, Order, Range, SortBy};
use crate::etcd3::front::Front;
use crate::etcd3::status::refused;
use crate::etcd3::stream::Source;

/// About how much is sent at a time.
const PART_BYTES: usize = 512 * 1024;

/// The keys of a range, part by part, as they were at the revision of the first one. The last part
/// alone has a header, and says how many keys there are.
///
/// Each part is read when it is sent: nothing is kept for whoever reads slowly. So it may be
/// compacted meanwhile, and permissions may be taken away.
pub(in crate::etcd3) struct Parts {
    front: Arc<Front>,
    caller: Caller,
    /// What is left; nothing when all was told.
    rest: Option<Range>,
    /// The newest revision when the first part was read.
    revision: Option<i64>,
    /// How many keys were told.
    told: i64,
}

impl Parts {
    /// Of what can be sent so. etcd 3.7 leaves the same out.
    pub(super) fn of(front: &Arc<Front>, caller: Caller, range: Range) -> Result<Self, Status> {
        range.check().map_err(refused)?;
        let by_key = range.sort_by == SortBy::Key && range.order == Order::Ascending;
        if range.order != Order::None && !by_key {
            let text = "RangeStream does not support custom sort orders";
            return Err(Status::unimplemented(text));
        }
        if range.filters() {
            let text = "RangeStream does not support revision filters";
            return Err(Status::unimplemented(text));
        }
        Ok(Self {
            front: Arc::clone(front),
            caller,
            rest: Some(range),
            revision: None,
            told: 0,
        })
    }

    fn part(&mut self, mut range: Range) -> Result<RangeResponse, Status> {
        self.front.may_read(&self.caller, &range.range)?;
        if range.count_only {
            let counted = self.front.with_state(|state| state.range(&range));
            let counted = counted.map_err(refused)?;
            return Ok(encode::range(&counted, self.front.header(counted.revision)));
        }
        let part = self
            .front
            .with_state(|state| state.range_part(&range, PART_BYTES));
        let part = part.map_err(refused)?;
        let revision = *self.revision.get_or_insert(part.revision);
        let told = i64::try_from(part.kvs.len()).unwrap_or(i64::MAX);
        self.told += told;
        let mut answer = encode::range(&part, self.front.header(revision));
        let is_enough = told == range.limit;
        match part.kvs.last() {
            Some(last) if part.more => {
                range.range.key = [&last.key[..], &[0]].concat().into();
                range.limit -= told.min(range.limit);
                range.revision = if range.revision > 0 {
                    range.revision
                } else {
                    revision
                };
            }
            _ => {
                answer.count = self.told;
                return Ok(answer);
            }
        }
        if is_enough {
            answer.count = self.told + self.count(range)?;
        } else {
            (answer.header, answer.more) = (None, false);
            self.rest = Some(range);
        }
        Ok(answer)
    }

    /// How many keys are left behind a limit.
    fn count(&self, range: Range) -> Result<i64, Status> {
        let rest = Range {
            limit: 0,
            count_only: true,
            ..range
        };
        let counted = self.front.with_state(|state| state.range(&rest));
        Ok(counted.map_err(refused)?.count)
    }
}

impl Source for Parts {
    type Answer = RangeStreamResponse;

    async fn next(&mut self) -> Option<Result<RangeStreamResponse, Status>> {
        let range = self.rest.take()?;
        let part = self.part(range);
        Some(part.map(|part| RangeStreamResponse {
            range_response: Some(part),
        }))
    }
}
