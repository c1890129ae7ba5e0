//! Where the values of a stream of JSON end, found in one pass however they arrive.

/// Looks for the end of the value that comes next.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    /// The bytes that were looked at.
    seen: usize,
    open: usize,
    in_text: bool,
    escaped: bool,
}

impl Splitter {
    /// The length of the first value in `bytes`, which begin as they did at the last call, if all
    /// of it is there. What is no object or list is a value as it is.
    pub(super) fn end(&mut self, bytes: &[u8]) -> Option<usize> {
        for byte in bytes.get(self.seen..).unwrap_or_default() {
            self.seen += 1;
            if self.is_end(*byte) {
                let length = self.seen;
                *self = Self::default();
                return Some(length);
            }
        }
        None
    }

    fn is_end(&mut self, byte: u8) -> bool {
        match byte {
            _ if self.escaped => self.escaped = false,
            b'\\' if self.in_text => self.escaped = true,
            b'"' => self.in_text = !self.in_text,
            _ if self.in_text => {}
            b'{' | b'[' => self.open += 1,
            b'}' | b']' => {
                self.open = self.open.saturating_sub(1);
                return self.open == 0;
            }
            // Nothing but an object is a request, so anything else is wrong as it is.
            byte if self.open == 0 => return !byte.is_ascii_whitespace(),
            _ => {}
        }
        false
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn split(pieces: &[&str]) -> Vec<String> {
        let mut splitter = Splitter::default();
        let mut buffer = String::new();
        let mut values = Vec::new();
        for piece in pieces {
            buffer.push_str(piece);
            while let Some(end) = splitter.end(buffer.as_bytes()) {
                values.push(buffer.drain(..end).collect());
            }
        }
        values
    }

    #[test]
    fn values_end_where_everything_is_closed() {
        let all = " {\"a\":[{}]}\n{\"}\\\"}\":1}{}";
        let wanted = [" {\"a\":[{}]}", "\n{\"}\\\"}\":1}", "{}"];
        assert_eq!(split(&[all]), wanted);
        let bytes: Vec<String> = all.chars().map(String::from).collect();
        let bytes: Vec<&str> = bytes.iter().map(String::as_str).collect();
        assert_eq!(split(&bytes), wanted);
    }

    #[test]
    fn what_is_no_object_ends_at_once() {
        assert_eq!(split(&["x", " }"]), ["x", " }"]);
        assert!(split(&["{\"a\":", " [1"]).is_empty());
    }
}
