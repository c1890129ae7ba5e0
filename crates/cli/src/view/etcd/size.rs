//! Sizes as people read them.

/// `25 kB`, `1.2 MB`: in thousands, with one digit behind the point below ten.
pub(crate) fn size(bytes: u64) -> String {
    const UNITS: [&str; 7] = ["B", "kB", "MB", "GB", "TB", "PB", "EB"];
    if bytes < 10 {
        return format!("{bytes} B");
    }
    let (mut unit, mut divisor) = (0, 1_u64);
    while unit + 1 < UNITS.len() && bytes / divisor >= 1000 {
        unit += 1;
        divisor *= 1000;
    }
    // In tenths, rounded; 128 bits, so that nothing overflows.
    let (bytes, divisor) = (u128::from(bytes), u128::from(divisor));
    let tenths = (bytes * 20 + divisor) / (divisor * 2);
    match tenths < 100 {
        true => format!("{}.{} {}", tenths / 10, tenths % 10, UNITS[unit]),
        false => format!("{} {}", half_even(tenths), UNITS[unit]),
    }
}

/// Tenths as a whole number: a half goes to the even one, as Go prints it.
fn half_even(tenths: u128) -> u128 {
    let (whole, rest) = (tenths / 10, tenths % 10);
    match rest {
        0..5 => whole,
        5 => whole + whole % 2,
        _ => whole + 1,
    }
}

#[cfg(test)]
mod tests {
    use super::size;

    #[test]
    fn sizes_are_those_of_etcdctl() {
        for (bytes, shown) in [
            (9, "9 B"),
            (999, "999 B"),
            (1000, "1.0 kB"),
            (4096, "4.1 kB"),
            (20480, "20 kB"),
            (24576, "25 kB"),
            (1_234_567, "1.2 MB"),
            (12_500_000, "12 MB"),
            (13_500_000, "14 MB"),
            (2_147_483_648, "2.1 GB"),
        ] {
            assert_eq!(size(bytes), shown, "{bytes}");
        }
    }
}
