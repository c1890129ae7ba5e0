use std::collections::HashSet;

use quorate_wire::consul::config_entry::ServiceSplitter;

use super::super::refusal::Refusal;
use super::check::{refuse_if, required_name};
use crate::quote::quote;

/// All weights together, in hundredths of a per cent.
const WHOLE: i64 = 10_000;

pub(super) fn check(splitter: &mut ServiceSplitter) -> Result<(), Refusal> {
    for split in &mut splitter.splits {
        split.weight = rounded(split.weight);
    }
    required_name(&splitter.name)?;
    refuse_if(splitter.splits.is_empty(), || {
        "no splits configured".to_owned()
    })?;
    let mut seen = HashSet::new();
    for split in &splitter.splits {
        let service = match split.service.as_str() {
            "" => splitter.name.as_str(),
            service => service,
        };
        let fresh = seen.insert((service, &split.service_subset, &split.namespace));
        refuse_if(!fresh, || {
            format!(
                "split destination occurs more than once: service={}, subset={}, namespace={}",
                quote(service),
                quote(&split.service_subset),
                quote(&split.namespace),
            )
        })?;
    }
    let sum: i64 = splitter.splits.iter().map(|it| hundredths(it.weight)).sum();
    refuse_if(sum != WHOLE, || {
        let shown = format!(
            "{}{}.{:02}0000",
            sign(sum),
            sum.abs() / 100,
            sum.abs() % 100
        );
        format!("the sum of all split weights must be 100, not {shown}")
    })
}

fn sign(sum: i64) -> &'static str {
    if sum < 0 { "-" } else { "" }
}

/// A weight in hundredths of a per cent.
#[expect(clippy::cast_possible_truncation, reason = "an `as` saturates")]
fn hundredths(weight: f32) -> i64 {
    const MOST: f64 = 1e15;
    (f64::from(weight * 100.0).round()).clamp(-MOST, MOST) as i64
}

/// A weight as it is kept: in whole hundredths.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "a weight has few digits"
)]
pub(in super::super) fn rounded(weight: f32) -> f32 {
    (hundredths(weight) as f64 / 100.0) as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn weights_are_kept_in_hundredths() {
        for (given, kept) in [
            (33.333, 33.33),
            (66.667, 66.67),
            (0.001, 0.0),
            (100.0, 100.0),
        ] {
            assert_eq!(rounded(given).to_string(), (kept as f32).to_string());
        }
    }
}
