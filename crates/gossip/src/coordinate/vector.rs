//! Vectors of seconds.

use crate::rng::Rng;

/// Below this, a length is taken for none.
pub(super) const NOTHING: f64 = 1e-6;

pub(super) fn difference(left: &[f64], right: &[f64]) -> Vec<f64> {
    left.iter().zip(right).map(|(l, r)| l - r).collect()
}

pub(super) fn length(vector: &[f64]) -> f64 {
    vector
        .iter()
        .map(|component| component * component)
        .sum::<f64>()
        .sqrt()
}

/// The direction from `right` to `left`, and how far that is. Where both are at the same place,
/// any direction.
pub(super) fn direction(left: &[f64], right: &[f64], rng: &mut Rng) -> (Vec<f64>, f64) {
    let between = difference(left, right);
    let far = length(&between);
    if far > NOTHING {
        return (scaled(&between, 1.0 / far), far);
    }
    let random: Vec<f64> = between.iter().map(|_| rng.fraction() - 0.5).collect();
    let long = length(&random);
    if long > NOTHING {
        return (scaled(&random, 1.0 / long), 0.0);
    }
    let mut first = vec![0.0; between.len()];
    first
        .iter_mut()
        .take(1)
        .for_each(|component| *component = 1.0);
    (first, 0.0)
}

pub(super) fn scaled(vector: &[f64], by: f64) -> Vec<f64> {
    vector.iter().map(|component| component * by).collect()
}
