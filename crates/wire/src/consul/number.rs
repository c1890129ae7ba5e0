//! Numbers as Go's JSON writes them.

use serde::{Serialize, Serializer};

/// Writes a whole number without a fraction, as Go does: `5` and not `5.0`.
pub(crate) fn go_float<S: Serializer>(number: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    // Up to 2^53 every whole number is exact; beyond, the fraction is never written anyway.
    const EXACT: f64 = 9_007_199_254_740_992.0;
    if number.fract() == 0.0 && number.abs() < EXACT {
        let text = format!("{number:.0}");
        if let Ok(whole) = text.parse::<i64>() {
            return whole.serialize(serializer);
        }
    }
    number.serialize(serializer)
}

#[cfg(test)]
mod tests {
    fn written(number: f64) -> String {
        #[derive(serde::Serialize)]
        struct One(#[serde(serialize_with = "super::go_float")] f64);
        serde_json::to_string(&One(number)).unwrap()
    }

    #[test]
    fn whole_numbers_have_no_fraction() {
        assert_eq!(written(0.0), "0");
        assert_eq!(written(-3.0), "-3");
        assert_eq!(written(74_531_840.0), "74531840");
        assert_eq!(written(0.5), "0.5");
        assert_eq!(written(0.094_469_799_660_146_24), "0.09446979966014624");
    }
}
