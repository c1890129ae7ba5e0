//! Whole numbers as JSON may write them.

/// The digits that the largest number has that is of interest.
const MAX_DIGITS: usize = 20;

/// The whole number that `text` is, if it is one: `1e3` and `10.0` are, `1.5` is not.
pub(super) fn whole(text: &str) -> Option<i128> {
    let (sign, text) = match text.strip_prefix('-') {
        Some(text) => (-1, text),
        None => (1, text),
    };
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i64>().ok()?),
        None => (text, 0),
    };
    let (ones, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let is_number = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let has_leading_zero = ones.len() > 1 && ones.starts_with('0');
    let is_cut = mantissa.contains('.') && fraction.is_empty();
    if ones.is_empty() || has_leading_zero || is_cut || !is_number(ones) || !is_number(fraction) {
        return None;
    }
    let fraction = fraction.trim_end_matches('0');
    let shift = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
    let digits = format!("{ones}{fraction}");
    let digits = digits.trim_start_matches('0');
    if digits.is_empty() {
        return Some(0);
    }
    let shifted = shifted(digits, shift)?;
    Some(sign * shifted.parse::<i128>().ok()?)
}

/// `digits` with `shift` zeros more, or less.
fn shifted(digits: &str, shift: i64) -> Option<String> {
    let count = usize::try_from(shift.unsigned_abs()).ok()?;
    if shift < 0 {
        let left = digits.len().checked_sub(count)?;
        let (digits, zeros) = digits.split_at(left);
        let fits = left <= MAX_DIGITS && zeros.bytes().all(|byte| byte == b'0');
        return fits.then(|| digits.to_owned()).filter(|it| !it.is_empty());
    }
    (count.checked_add(digits.len())? <= MAX_DIGITS)
        .then(|| format!("{digits}{}", "0".repeat(count)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_fraction_is_whole() {
        for (text, number) in [
            ("0", 0),
            ("-0", 0),
            ("0e99999999", 0),
            ("7", 7),
            ("-7", -7),
            ("1e1", 10),
            ("1E+2", 100),
            ("1.50e2", 150),
            ("100e-2", 1),
            ("10.0", 10),
            ("9223372036854775807", i128::from(i64::MAX)),
            ("18446744073709551615", i128::from(u64::MAX)),
        ] {
            assert_eq!(whole(text), Some(number), "{text}");
        }
    }

    #[test]
    fn what_is_no_whole_number_is_none() {
        for text in [
            "",
            "-",
            "abc",
            "1.5",
            "1e-1",
            "5 ",
            " 5",
            "+5",
            "007",
            "1.",
            ".5",
            "1e",
            "0x1",
            "1e1e1",
            "1e99999999999999999999",
            "123456789012345678901234567890",
            "1e30",
        ] {
            assert_eq!(whole(text), None, "{text}");
        }
    }
}
