//! A small random number generator for jitter. Not for secrets.

use std::hash::{BuildHasher, RandomState};

/// SplitMix64: one word of state, good enough to spread retries over time.
#[derive(Clone, Debug)]
pub(crate) struct SplitMix64(u64);

impl SplitMix64 {
    /// A generator that repeats the same sequence for the same seed.
    pub(crate) fn seeded(seed: u64) -> Self {
        Self(seed)
    }

    /// A generator with a seed of its own, from the standard library's per-process randomness.
    pub(crate) fn from_process() -> Self {
        Self(RandomState::new().hash_one(0x71_75_6f_72_61_74_65_u64))
    }

    /// The next 64 bits.
    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^ (z >> 31)
    }

    /// A number from 0 to `max`, both included.
    pub(crate) fn up_to(&mut self, max: u64) -> u64 {
        let wide = u128::from(self.next()) * (u128::from(max) + 1);
        // The product is below 2^64 * (max + 1), so its upper half is at most `max`.
        u64::try_from(wide >> 64).unwrap_or(max)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_the_published_sequence() {
        let mut rng = SplitMix64::seeded(1_234_567);
        let got: Vec<u64> = (0..3).map(|_| rng.next()).collect();
        let want = [
            6457827717110365317,
            3203168211198807973,
            9817491932198370423,
        ];
        assert_eq!(got, want);
    }

    #[test]
    fn stays_within_the_bound() {
        let mut rng = SplitMix64::from_process();
        let drawn: Vec<u64> = (0..200).map(|_| rng.up_to(3)).collect();
        for value in 0..=3 {
            assert!(drawn.contains(&value));
        }
        assert!(drawn.iter().all(|n| *n <= 3));
        assert_eq!(rng.up_to(0), 0);
    }
}
