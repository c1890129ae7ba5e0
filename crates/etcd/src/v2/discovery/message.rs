//! Messages of DNS (RFC 1035), as far as SRV records need them. No I/O.

use std::io;

use super::SrvRecord;

/// The type of SRV records (RFC 2782).
const SRV: u16 = 33;
/// The class of the Internet.
const INTERNET: u16 = 1;
/// The length of a message's head.
const HEAD: usize = 12;
/// A name has at most 255 bytes, so not more labels than this.
const MAX_LABELS: usize = 128;

/// What a name server said.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Answer {
    /// The records of the name. None if it has none, or does not exist.
    Records(Vec<SrvRecord>),
    /// It does not fit: to be asked over TCP.
    Truncated,
    /// The server can't or won't say (`RCODE`): another one may.
    Refused(u8),
    /// It answers something else.
    NotOurs,
}

/// Asks for the SRV records of a name that ends with a dot.
pub(super) fn query(id: u16, name: &str) -> io::Result<Vec<u8>> {
    let mut message = Vec::with_capacity(HEAD + name.len() + 6);
    message.extend(id.to_be_bytes());
    // Recursion desired; one question.
    message.extend([1, 0, 0, 1, 0, 0, 0, 0, 0, 0]);
    for label in name.trim_end_matches('.').split('.') {
        let length = u8::try_from(label.len()).unwrap_or(u8::MAX);
        if label.is_empty() || length > 63 {
            let detail = format!("{name:?} has an empty part, or one of more than 63 bytes");
            return Err(io::Error::new(io::ErrorKind::InvalidInput, detail));
        }
        message.push(length);
        message.extend(label.as_bytes());
    }
    message.push(0);
    if message.len() - HEAD > 255 {
        let detail = format!("{name:?} is too long for a name");
        return Err(io::Error::new(io::ErrorKind::InvalidInput, detail));
    }
    message.extend(SRV.to_be_bytes());
    message.extend(INTERNET.to_be_bytes());
    Ok(message)
}

/// What `message` answers to `query`; `None` if it is no message.
pub(super) fn answer(query: &[u8], message: &[u8]) -> Option<Answer> {
    let mut reader = Reader { message, at: 0 };
    let id = reader.take(2)?;
    let flags = reader.u16()?;
    let (questions, answers) = (reader.u16()?, reader.u16()?);
    reader.take(4)?;
    let asked = query.get(HEAD..)?;
    let is_answer = flags & 0x8000 != 0;
    // Servers may write the letters of the name as they like.
    let same = |question: &[u8]| question.eq_ignore_ascii_case(asked);
    if id != query.get(..2)? || !is_answer || questions != 1 || !same(reader.take(asked.len())?) {
        return Some(Answer::NotOurs);
    }
    match u8::try_from(flags & 0xf).unwrap_or_default() {
        // 3: the name does not exist.
        3 => return Some(Answer::Records(Vec::new())),
        0 => {}
        code => return Some(Answer::Refused(code)),
    }
    if flags & 0x0200 != 0 {
        return Some(Answer::Truncated);
    }
    let mut records = Vec::new();
    for _ in 0..answers {
        // Whose records they are need not be looked at: what is not asked for is left out by the
        // type, and the name may be another one for it (CNAME).
        records.extend(reader.record()?);
    }
    Some(Answer::Records(records))
}

/// Reads a message from front to back.
struct Reader<'a> {
    message: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take(&mut self, length: usize) -> Option<&'a [u8]> {
        let end = self.at.checked_add(length)?;
        let taken = self.message.get(self.at..end)?;
        self.at = end;
        Some(taken)
    }

    fn u8(&mut self) -> Option<u8> {
        self.take(1)?.first().copied()
    }

    fn u16(&mut self) -> Option<u16> {
        let bytes = self.take(2)?.try_into().ok()?;
        Some(u16::from_be_bytes(bytes))
    }

    /// The next record: `Some(None)` if it is no SRV record.
    fn record(&mut self) -> Option<Option<SrvRecord>> {
        self.name()?;
        let (kind, class) = (self.u16()?, self.u16()?);
        self.take(4)?;
        let length = usize::from(self.u16()?);
        let end = self.at.checked_add(length)?;
        if kind != SRV || class != INTERNET {
            self.take(length)?;
            return Some(None);
        }
        let (priority, weight, port) = (self.u16()?, self.u16()?, self.u16()?);
        let record = SrvRecord::new(self.name()?, port)
            .with_priority(priority)
            .with_weight(weight);
        (self.at == end).then_some(Some(record))
    }

    /// A name, which may go on at an earlier place. Ends with a dot.
    fn name(&mut self) -> Option<String> {
        let mut name = String::new();
        // Where to go on when the name is read, if that is not here.
        let mut back = None;
        for _ in 0..MAX_LABELS {
            let here = self.at;
            match self.u8()? {
                0 => {
                    self.at = back.unwrap_or(self.at);
                    if name.is_empty() {
                        name.push('.');
                    }
                    return Some(name);
                }
                length @ 1..=63 => {
                    let label = self.take(usize::from(length))?;
                    name.push_str(std::str::from_utf8(label).ok()?);
                    name.push('.');
                }
                high @ 0xc0..=0xff => {
                    let to = usize::from(u16::from_be_bytes([high & 0x3f, self.u8()?]));
                    back = back.or(Some(self.at));
                    // Only backwards, so that it comes to an end.
                    self.at = Some(to).filter(|to| *to < here)?;
                }
                _ => return None,
            }
        }
        None
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use proptest::prelude::*;

    const NAME: &str = "_etcd-client._tcp.example.com.";

    /// What a server answers to `query`: the records with their targets' last parts taken from the
    /// question.
    pub(in crate::v2::discovery) fn reply(query: &[u8], records: &[(u16, &str)]) -> Vec<u8> {
        let mut message = query.to_vec();
        message[2] = 0x81;
        message[3] = 0x80;
        message[7] = u8::try_from(records.len()).unwrap();
        for (port, host) in records {
            message.extend([0xc0, 12, 0, 33, 0, 1, 0, 0, 0, 60]);
            let mut data = vec![0, 1, 0, 2];
            data.extend(port.to_be_bytes());
            data.push(u8::try_from(host.len()).unwrap());
            data.extend(host.as_bytes());
            // "example.com", behind two labels of 12 and 4 letters.
            data.extend([0xc0, 12 + 13 + 5]);
            message.extend([0, u8::try_from(data.len()).unwrap()]);
            message.extend(data);
        }
        message
    }

    #[test]
    fn records_are_read_and_names_go_on_elsewhere() {
        let query = query(7, NAME).unwrap();
        let message = reply(&query, &[(2379, "a"), (2380, "bb")]);
        let record = |host: &str, port| SrvRecord::new(host, port).with_priority(1).with_weight(2);
        let expected = vec![
            record("a.example.com.", 2379),
            record("bb.example.com.", 2380),
        ];
        assert_eq!(answer(&query, &message), Some(Answer::Records(expected)));
    }

    #[test]
    fn what_is_no_answer_to_the_question_is_left_alone() {
        let ours = query(7, NAME).unwrap();
        let message = reply(&ours, &[]);
        assert_eq!(answer(&ours, &message), Some(Answer::Records(vec![])));
        let other_id = query(8, NAME).unwrap();
        assert_eq!(answer(&other_id, &message), Some(Answer::NotOurs));
        assert_eq!(answer(&ours, &ours), Some(Answer::NotOurs), "a question");
        let other = query(7, "_etcd-client._tcp.example.org.").unwrap();
        assert_eq!(answer(&other, &message), Some(Answer::NotOurs));
    }

    #[test]
    fn codes_and_truncation_are_told() {
        let query = query(7, NAME).unwrap();
        let with = |second: u8, third: u8| {
            let mut message = reply(&query, &[]);
            (message[2], message[3]) = (second, third);
            answer(&query, &message)
        };
        assert_eq!(with(0x83, 0x80), Some(Answer::Truncated));
        assert_eq!(with(0x81, 0x82), Some(Answer::Refused(2)));
        assert_eq!(with(0x81, 0x83), Some(Answer::Records(vec![])));
    }

    #[test]
    fn a_name_that_is_none_is_not_asked_for() {
        for name in ["a..b.", &format!("{}.", "x".repeat(64)), &"a.".repeat(200)] {
            assert!(query(1, name).is_err(), "{name}");
        }
    }

    #[test]
    fn names_that_go_in_circles_end() {
        let query = query(7, NAME).unwrap();
        let mut message = reply(&query, &[(1, "a")]);
        let last = message.len() - 1;
        message[last] = u8::try_from(last - 1).unwrap();
        assert_eq!(answer(&query, &message), None);
    }

    proptest! {
        #[test]
        fn nothing_that_is_received_does_harm(
            bytes: Vec<u8>, at in 0usize..200, byte: u8, cut in 0usize..200,
        ) {
            let query = query(7, NAME).unwrap();
            let _ = answer(&query, &bytes);
            let mut message = reply(&query, &[(2379, "a"), (2380, "bb")]);
            if let Some(place) = message.get_mut(at) {
                *place = byte;
            }
            message.truncate(cut);
            let _ = answer(&query, &message);
        }
    }
}
