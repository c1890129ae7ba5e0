//! A long sequence of requests that shows a difference, made short.

use crate::difference::{Difference, Found, shown};
use crate::generate::Step;
use crate::run::Run;

/// How often a shorter sequence is tried.
const TRIES: usize = 150;
/// How often a difference in time is looked for again.
const REPEATS: usize = 3;

impl Run<'_> {
    /// Whether steps show a difference again. A machine that is busy elsewhere can make one server
    /// late once, but not at the same step again and again.
    pub(crate) async fn repeats(&mut self, steps: &[Step]) -> anyhow::Result<bool> {
        for _ in 0..REPEATS {
            if self.replay(steps).await?.is_some() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Leaves out steps as long as the last one still differs, and describes what is left.
    pub(crate) async fn reduce(
        &mut self,
        mut steps: Vec<Step>,
        mut difference: Difference,
    ) -> anyhow::Result<String> {
        let all = steps.len();
        let mut repeated = false;
        let mut chunk = steps.len();
        let mut tries = 0;
        while chunk > 0 && tries < TRIES {
            let mut at = 0;
            while at + 1 < steps.len() && tries < TRIES {
                let end = (at + chunk).min(steps.len() - 1);
                let mut fewer = steps.clone();
                fewer.drain(at..end);
                tries += 1;
                match self.replay(&fewer).await? {
                    Some(again) => {
                        (steps, difference, repeated) = (fewer, again, true);
                    }
                    None => at = end,
                }
            }
            chunk /= 2;
        }
        let mut report = format!("{}\n", difference.what);
        if !repeated && all > 1 {
            report.push_str("(not seen again with fewer requests)\n");
        }
        for step in &steps {
            report.push_str(&format!("  {step}\n"));
        }
        report.push_str(&format!("Consul 1.8.7: {}\n", shown(&difference.told.real)));
        report.push_str(&format!("the agent:    {}", shown(&difference.told.ours)));
        Ok(report)
    }

    /// The difference in the last step, if there is one there and nowhere else.
    async fn replay(&mut self, steps: &[Step]) -> anyhow::Result<Option<Difference>> {
        let mut episode = self.fresh().await?;
        let Some((last, before)) = steps.split_last() else {
            return Ok(None);
        };
        for step in before {
            if let Some(Found::Unknown(_)) = self.perform(&mut episode, step).await {
                return Ok(None);
            }
        }
        Ok(match self.perform(&mut episode, last).await {
            Some(Found::Unknown(difference)) => Some(difference),
            _ => None,
        })
    }
}
