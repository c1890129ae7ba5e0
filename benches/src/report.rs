//! Medians and ratios, and how they are printed.

/// The middle one of `values`, or 0 of none.
#[must_use]
pub fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    sorted.get(sorted.len() / 2).copied().unwrap_or_default()
}

/// Prints one ratio beside what it should be. `at_least` turns the comparison round.
pub fn ratio(what: &str, ratio: f64, target: f64, at_least: bool) {
    let met = if at_least {
        ratio >= target
    } else {
        ratio <= target
    };
    let sign = if at_least { '>' } else { '<' };
    let verdict = if met { "met" } else { "MISSED" };
    println!("{what:<58} {ratio:>8.2}   target {sign}= {target:<6} {verdict}");
}

/// Prints one figure beside what it should be at most.
pub fn at_most(what: &str, value: f64, unit: &str, target: f64) {
    let verdict = if value <= target { "met" } else { "MISSED" };
    println!("{what:<58} {value:>8.2} {unit:<3} target <= {target:<6} {verdict}");
}
