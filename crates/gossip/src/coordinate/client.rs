//! A member's own place, moved by each measurement.

use std::time::Duration;

use super::filter::LatencyFilter;
use super::{Components, Coordinate, DIMENSIONS, vector};
use crate::rng::Rng;

pub(super) const ERROR_MAX: f64 = 1.5;
pub(super) const HEIGHT_MIN: f64 = 10e-6;
/// How much a measurement may change the error, and the place.
const CE: f64 = 0.25;
const CC: f64 = 0.25;
/// How many measurements the adjustment is the mean of.
const WINDOW: usize = 20;
/// How weakly places are drawn to the origin.
const GRAVITY_RHO: f64 = 150.0;
/// Longer round trips are measuring errors.
const LONGEST: Duration = Duration::from_secs(10);

/// Keeps a member's place in the network.
#[derive(Clone, Debug)]
pub struct CoordinateClient {
    place: Coordinate,
    origin: Coordinate,
    samples: [f64; WINDOW],
    next_sample: usize,
    filter: LatencyFilter,
    resets: u64,
}

impl Default for CoordinateClient {
    fn default() -> Self {
        Self {
            place: Coordinate::origin(),
            origin: Coordinate::origin(),
            samples: [0.0; WINDOW],
            next_sample: 0,
            filter: LatencyFilter::default(),
            resets: 0,
        }
    }
}

impl CoordinateClient {
    /// Where the member is.
    pub fn coordinate(&self) -> &Coordinate {
        &self.place
    }

    /// Starts at a place that was known before. Ignored if it is none.
    pub fn set_coordinate(&mut self, place: Coordinate) {
        if place.is_valid() {
            self.place = place;
        }
    }

    /// How often the place became invalid, and started from the origin again.
    pub fn resets(&self) -> u64 {
        self.resets
    }

    /// Forgets what was measured to a member.
    pub fn forget(&mut self, node: &str) {
        self.filter.forget(node);
    }

    /// Takes a round trip of `rtt` to a member that is at `other`. `false`, and nothing changes,
    /// when that is no place or no plausible time.
    pub fn observe(
        &mut self,
        node: &str,
        other: &Coordinate,
        rtt: Duration,
        rng: &mut Rng,
    ) -> bool {
        if !other.is_valid() || rtt > LONGEST {
            return false;
        }
        let seconds = self.filter.take(node, rtt.as_secs_f64());
        self.approach(other, seconds, rng);
        self.adjust(other, seconds);
        self.fall(rng);
        if !self.place.is_valid() {
            self.resets += 1;
            self.place = Coordinate::origin();
        }
        true
    }

    fn approach(&mut self, other: &Coordinate, seconds: f64, rng: &mut Rng) {
        let far = self.place.seconds_to(other);
        let seconds = seconds.max(vector::NOTHING);
        let wrong = (far - seconds).abs() / seconds;
        let doubt = (self.place.error + other.error).max(vector::NOTHING);
        let weight = self.place.error / doubt;
        let error = CE * weight * wrong + self.place.error * (1.0 - CE * weight);
        self.place.error = error.min(ERROR_MAX);
        self.push(CC * weight * (seconds - far), other, rng);
    }

    fn adjust(&mut self, other: &Coordinate, seconds: f64) {
        self.samples[self.next_sample] = seconds - self.place.raw_seconds_to(other);
        self.next_sample = (self.next_sample + 1) % WINDOW;
        // Half of the mean, because both ends correct the same distance; WINDOW is small and exact.
        self.place.adjustment = self.samples.iter().sum::<f64>() / (2.0 * 20.0);
    }

    fn fall(&mut self, rng: &mut Rng) {
        let far = self.origin.seconds_to(&self.place);
        let origin = self.origin.clone();
        self.push(-(far / GRAVITY_RHO).powi(2), &origin, rng);
    }

    /// Moves the place away from `other` by `force` seconds.
    fn push(&mut self, force: f64, other: &Coordinate, rng: &mut Rng) {
        let (unit, far) = vector::direction(&self.place.vector.0, &other.vector.0, rng);
        let moved = self.place.vector.0.iter().zip(unit);
        let moved: Vec<f64> = moved.map(|(at, unit)| at + unit * force).collect();
        debug_assert_eq!(moved.len(), DIMENSIONS);
        self.place.vector = Components(moved);
        if far > vector::NOTHING {
            let height = (self.place.height + other.height) * force / far + self.place.height;
            self.place.height = height.max(HEIGHT_MIN);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_members_find_their_distance() {
        let mut rng = Rng::seeded(1);
        let (mut a, mut b) = (CoordinateClient::default(), CoordinateClient::default());
        let rtt = Duration::from_millis(20);
        for _ in 0..200 {
            let (at_a, at_b) = (a.coordinate().clone(), b.coordinate().clone());
            assert!(a.observe("b", &at_b, rtt, &mut rng));
            assert!(b.observe("a", &at_a, rtt, &mut rng));
        }
        let found = a.coordinate().round_trip(b.coordinate()).unwrap();
        assert!((18..=22).contains(&found.as_millis()), "{found:?}");
    }

    #[test]
    fn nonsense_moves_nothing() {
        let mut rng = Rng::seeded(1);
        let mut client = CoordinateClient::default();
        let mut nan = Coordinate::origin();
        nan.height = f64::NAN;
        assert!(!client.observe("b", &nan, Duration::from_millis(1), &mut rng));
        let far = Coordinate::origin();
        assert!(!client.observe("b", &far, Duration::from_secs(11), &mut rng));
        assert_eq!(client.coordinate(), &Coordinate::origin());
    }
}
