use std::sync::Arc;
use std::time::Duration;

use quorate_wire::consul::health::CRITICAL;

use super::entry::LocalCheck;
use super::plan::CheckKind;
use crate::engine::Time;
use crate::engine::change::{Changes, Topic};
use crate::engine::consul::refusal::Refusal;
use crate::engine::consul::state::{State, Step};

impl State {
    /// Ends the TTLs that are due, and writes outputs that have waited long enough.
    pub(in crate::engine::consul) fn expire_local(&mut self, now: Time, changes: &mut Changes) {
        for id in self.local.expiries.due(now) {
            self.local.expiries.clear(&id);
            // What the catalog refuses now it gets at the next sync.
            let _ = self.atomically(now, changes, |step| step.expire_ttl(&id));
        }
        for id in self.local.deferred.due(now) {
            self.local.deferred.clear(&id);
            let _ = self.atomically(now, changes, |step| step.push_check(&id));
        }
    }
}

impl Step<'_> {
    /// Takes up the checks that were stored.
    pub(super) fn start_local(&mut self, clock: Duration) -> Result<(), Refusal> {
        let checks: Vec<_> = self.state.local.checks.values().cloned().collect();
        for known in checks {
            let id = known.check.check_id.as_str();
            match (&known.plan.kind, known.expires) {
                (CheckKind::Outside, _) => {}
                (CheckKind::Ttl { .. }, Some(expires)) if expires > clock => {
                    let deadline = self.now.after(expires.saturating_sub(clock));
                    self.state.local.expiries.set(id, deadline);
                }
                (CheckKind::Ttl { .. }, Some(_)) => self.expire_ttl(id)?,
                (CheckKind::Ttl { .. }, None) => {}
                _ => self.set_local_status(id, CRITICAL, "")?,
            }
        }
        self.sync_local()
    }

    /// What a client says of a check with a TTL, which then starts again.
    pub(super) fn report_local(
        &mut self,
        id: &str,
        status: &str,
        output: &str,
        clock: Duration,
    ) -> Result<(), Refusal> {
        let known = self.state.local.checks.get(id).cloned();
        let known = known.and_then(|known| Some((known.ttl()?, known)));
        let Some((ttl, known)) = known else {
            return Err(Refusal::NoTtl(id.to_owned()));
        };
        let output = shortened(output, known.plan.output_max_bytes);
        self.state.local.expiries.set(id, self.now.after(ttl));
        let check = LocalCheck {
            expires: Some(clock.saturating_add(ttl)),
            reported: true,
            ..LocalCheck::clone(&known)
        };
        self.keep_local_check(id, check);
        self.set_local_status(id, status, &output)
    }

    fn expire_ttl(&mut self, id: &str) -> Result<(), Refusal> {
        let Some(known) = self.state.local.checks.get(id).cloned() else {
            return Ok(());
        };
        let last = &known.check.output;
        let output = if known.reported && !last.is_empty() {
            format!("TTL expired (last output before timeout follows): {last}")
        } else {
            "TTL expired".to_owned()
        };
        let check = LocalCheck {
            expires: None,
            ..LocalCheck::clone(&known)
        };
        self.keep_local_check(id, check);
        self.set_local_status(id, CRITICAL, &output)
    }

    /// Gives a check its status. A new status goes to the catalog at once, a new output alone
    /// when it has waited.
    pub(super) fn set_local_status(
        &mut self,
        id: &str,
        status: &str,
        output: &str,
    ) -> Result<(), Refusal> {
        let Some(known) = self.state.local.checks.get(id).cloned() else {
            return Ok(());
        };
        self.time_critical(id, status);
        let check = &known.check;
        let same_status = check.status == status;
        if same_status && check.output == output {
            return Ok(());
        }
        let mut new = LocalCheck::clone(&known);
        status.clone_into(&mut new.check.status);
        output.clone_into(&mut new.check.output);
        self.keep_local_check(id, new);
        self.wake(Topic::LocalChecks);
        let defer = self.state.local.defer;
        if !same_status || defer.is_zero() {
            return self.push_check(id);
        }
        let deferred = &mut self.state.local.deferred;
        if deferred.get(id).is_none() {
            deferred.set(id, self.now.after(defer));
        }
        Ok(())
    }

    fn time_critical(&mut self, id: &str, status: &str) {
        let since = &mut self.state.local.critical_since;
        if status != CRITICAL {
            since.remove_mut(id);
        } else if !since.contains_key(id) {
            since.insert_mut(id.into(), self.now);
        }
    }

    /// Removes the services that have been critical for as long as their checks allow. A check of
    /// the node takes nothing along.
    pub(super) fn reap_local(&mut self) {
        let since = self.state.local.critical_since.iter();
        let known = since.filter_map(|(id, at)| Some((self.state.local.checks.get(id)?, *at)));
        let due: Vec<Arc<LocalCheck>> = known
            .filter(|(check, since)| {
                let after = check.plan.deregister_after;
                after.is_some_and(|after| since.until(self.now) > after)
            })
            .map(|(check, _)| Arc::clone(check))
            .collect();
        for check in due {
            self.remove_local_service(&check.check.service_id);
        }
    }
}

/// The beginning of an output that is too long, with a word on that.
fn shortened(output: &str, most: usize) -> String {
    if output.len() <= most {
        return output.to_owned();
    }
    let end = (0..=most).rev().find(|end| output.is_char_boundary(*end));
    let end = end.unwrap_or(0);
    let (kept, total) = (&output[..end], output.len());
    format!("{kept} ... (captured {most} of {total} bytes)")
}
