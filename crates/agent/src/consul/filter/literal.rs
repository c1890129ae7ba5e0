use std::str::Chars;

/// What stands between double quotes, as Go reads it; `None` when it is no string of Go's.
pub(super) fn unquote(text: &str) -> Option<String> {
    if text.contains('\n') {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len());
    let mut chars = text.chars();
    while let Some(c) = chars.next() {
        if c == '\\' {
            escape(&mut chars, &mut bytes)?;
        } else {
            push(&mut bytes, c);
        }
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}

fn escape(chars: &mut Chars<'_>, bytes: &mut Vec<u8>) -> Option<()> {
    let plain = match chars.next()? {
        'a' => 0x7,
        'b' => 0x8,
        'f' => 0xc,
        'n' => b'\n',
        'r' => b'\r',
        't' => b'\t',
        'v' => 0xb,
        '\\' => b'\\',
        '"' => b'"',
        'x' => u8::try_from(digits(chars, 2, 16)?).ok()?,
        c @ '0'..='7' => {
            let high = c.to_digit(8)? * 64;
            u8::try_from(high + digits(chars, 2, 8)?).ok()?
        }
        long @ ('u' | 'U') => {
            let code = digits(chars, if long == 'u' { 4 } else { 8 }, 16)?;
            if code > u32::from(char::MAX) {
                return None;
            }
            // Half of a pair is no character: Go writes the one for that.
            push(
                bytes,
                char::from_u32(code).unwrap_or(char::REPLACEMENT_CHARACTER),
            );
            return Some(());
        }
        _ => return None,
    };
    bytes.push(plain);
    Some(())
}

fn digits(chars: &mut Chars<'_>, count: usize, radix: u32) -> Option<u32> {
    let mut value: u32 = 0;
    for _ in 0..count {
        let digit = chars.next()?.to_digit(radix)?;
        value = value.checked_mul(radix)?.checked_add(digit)?;
    }
    Some(value)
}

fn push(bytes: &mut Vec<u8>, c: char) {
    bytes.extend_from_slice(c.encode_utf8(&mut [0; 4]).as_bytes());
}
