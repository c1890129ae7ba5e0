use super::reader::{Problem, Reader};

/// The largest count, and the largest product of nested ones.
const MAX_COUNT: u32 = 1000;

/// `*`, `+` or `?`.
pub(super) fn sign<'a>(
    reader: &mut Reader<'a>,
    sign: char,
    repeated: Option<&'a str>,
) -> Result<(), Problem> {
    let before = reader.rest;
    reader.rest = &before[1..];
    let written = String::from(sign);
    apply(reader, before, repeated, &written, 1)
}

/// `{n}`, `{n,}` or `{n,m}`; anything else is a brace that stands for itself.
pub(super) fn braces<'a>(
    reader: &mut Reader<'a>,
    repeated: Option<&'a str>,
) -> Result<(), Problem> {
    let before = reader.rest;
    let Some((count, after)) = Count::parse(before) else {
        reader.rest = &before[1..];
        reader.literal('{');
        return Ok(());
    };
    let text = &before[..before.len() - after.len()];
    let times = count
        .check()
        .ok_or_else(|| Problem::new("invalid repeat count", text))?;
    reader.rest = after;
    apply(reader, before, repeated, text, times)
}

fn apply<'a>(
    reader: &mut Reader<'a>,
    before: &'a str,
    repeated: Option<&'a str>,
    written: &str,
    times: u32,
) -> Result<(), Problem> {
    let lazy = reader.rest.starts_with('?');
    if lazy {
        reader.rest = &reader.rest[1..];
    }
    let until_here = |from: &'a str| &from[..from.len() - reader.rest.len()];
    if let Some(first) = repeated {
        let what = "invalid nested repetition operator";
        return Err(Problem::new(what, until_here(first)));
    }
    let Some(atom) = reader.last else {
        let what = "missing argument to repetition operator";
        return Err(Problem::new(what, until_here(before)));
    };
    let product = atom.times.saturating_mul(times);
    if times > 1 && product > MAX_COUNT {
        return Err(Problem::new("invalid repeat count", until_here(before)));
    }
    reader.out.push_str(written);
    if lazy {
        reader.out.push('?');
    }
    reader.atom(product);
    reader.repeated = Some(before);
    Ok(())
}

/// The numbers between braces.
struct Count {
    min: u32,
    max: Option<u32>,
}

impl Count {
    fn parse(text: &str) -> Option<(Self, &str)> {
        let (min, rest) = number(text.strip_prefix('{')?)?;
        if let Some(rest) = rest.strip_prefix('}') {
            return Some((
                Self {
                    min,
                    max: Some(min),
                },
                rest,
            ));
        }
        let rest = rest.strip_prefix(',')?;
        if let Some(rest) = rest.strip_prefix('}') {
            return Some((Self { min, max: None }, rest));
        }
        let (max, rest) = number(rest)?;
        let max = Some(max);
        Some((Self { min, max }, rest.strip_prefix('}')?))
    }

    /// By how much it multiplies, if it may.
    fn check(&self) -> Option<u32> {
        let max = self.max.unwrap_or(self.min);
        let fits = self.min <= max && max <= MAX_COUNT;
        fits.then_some(max.max(1))
    }
}

/// A number without zeros in front; one that is far too large counts as the largest.
fn number(text: &str) -> Option<(u32, &str)> {
    let length = text.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, rest) = text.split_at(length);
    if digits.is_empty() || (length > 1 && digits.starts_with('0')) {
        return None;
    }
    Some((digits.parse().unwrap_or(u32::MAX), rest))
}
