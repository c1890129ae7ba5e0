//! A fuzzer without coverage, for every day: the same inputs each time.

/// Pieces that mean something in one of the languages.
const WORDS: &[&str] = &[
    "\"",
    "\\",
    "{",
    "}",
    "[",
    "]",
    "(",
    ")",
    "${",
    "}",
    "=",
    ":",
    ",",
    "%",
    "%2f",
    "%zz",
    "..",
    "//",
    "?",
    "&",
    ";",
    "\r\n",
    "\r\n\r\n",
    "\n",
    "\0",
    "\u{e9}",
    "\u{2028}",
    "\\ud800",
    "\\u0000",
    "null",
    "true",
    "-",
    "-0",
    "1e999",
    "18446744073709551616",
    "9223372036854775808",
    "0x",
    "_",
    " and ",
    " or ",
    "not ",
    " is empty",
    " matches ",
    "<<EOF\n",
    "/*",
    "*/",
    "#",
    "Content-Length: 5\r\n",
    "Transfer-Encoding: chunked\r\n",
    "Host: x\r\n",
    "Expect: 100-continue\r\n",
    "0\r\n\r\n",
    "ffffffffffffffff",
    "(?i)",
    "\\pL{1000}",
    "*",
    "+",
    "\u{feff}",
];

/// Changes inputs at random, from a fixed beginning.
pub(super) struct Mutator(u64);

impl Mutator {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed.max(1))
    }

    /// A number below `end`, or 0.
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        let number = usize::try_from(self.0 >> 33).unwrap_or_default();
        number.checked_rem(end).unwrap_or_default()
    }

    /// One of `seeds`, changed in one to eight places.
    pub(super) fn mutate(&mut self, seeds: &[Vec<u8>]) -> Vec<u8> {
        let mut input = seeds[self.below(seeds.len())].clone();
        for _ in 0..=self.below(8) {
            self.change(&mut input, seeds);
        }
        input
    }

    fn change(&mut self, input: &mut Vec<u8>, seeds: &[Vec<u8>]) {
        let at = self.below(input.len() + 1);
        let length = self.below(16).min(input.len() - at);
        match self.below(7) {
            0 => input.truncate(at),
            1 => drop(input.drain(at..at + length)),
            2 => {
                let word = WORDS[self.below(WORDS.len())].as_bytes();
                input.splice(at..at, word.iter().copied());
            }
            3 => {
                let word = WORDS[self.below(WORDS.len())].as_bytes();
                input.splice(at..at + length, word.iter().copied());
            }
            4 => {
                let part = input[at..at + length].repeat(1 + self.below(64));
                input.splice(at..at, part);
            }
            5 => {
                let other = &seeds[self.below(seeds.len())];
                let from = self.below(other.len());
                input.splice(at.., other[from..].iter().copied());
            }
            _ => {
                let byte = u8::try_from(self.below(256)).unwrap_or_default();
                match input.get_mut(at) {
                    Some(old) => *old = byte,
                    None => input.push(byte),
                }
            }
        }
    }
}
