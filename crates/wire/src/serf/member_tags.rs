//! The tags of a member.

use std::collections::BTreeMap;
use std::fmt;
use std::ops::{Index, Range};
use std::slice;

use crate::msgpack::{Decode, DecodeError, Encode, Reader, Writer};

/// What a member says of itself: values by their names, in the order of the names.
///
/// It reads like a map, and is made from pairs at once. All of its text is in one place: a list of
/// ten thousand members is mostly tags, and a map of strings for each would cost as many allocations
/// as there are tags, twice.
///
/// ```
/// use quorate_wire::serf::MemberTags;
///
/// let tags = MemberTags::from([("role", "web"), ("dc", "eu-1")]);
/// assert_eq!(tags.get("role"), Some("web"));
/// assert_eq!(&tags["dc"], "eu-1");
/// assert_eq!(tags.iter().collect::<Vec<_>>(), [("dc", "eu-1"), ("role", "web")]);
/// ```
#[derive(Clone, Default)]
pub struct MemberTags {
    text: String,
    places: Vec<Place>,
}

/// Where a tag stands: its name, and its value right behind.
#[derive(Clone, Copy, Debug)]
struct Place {
    name: usize,
    value: usize,
    end: usize,
}

impl Place {
    fn name(self) -> Range<usize> {
        self.name..self.value
    }

    fn value(self) -> Range<usize> {
        self.value..self.end
    }
}

impl MemberTags {
    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.places.is_empty()
    }

    /// The value of a tag, and `None` where the member does not have it.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.iter()
            .find_map(|(known, value)| (known == name).then_some(value))
    }

    /// Whether the member has this tag.
    #[must_use]
    pub fn contains_key(&self, name: &str) -> bool {
        self.get(name).is_some()
    }

    /// Names and values, in the order of the names.
    #[must_use]
    pub fn iter(&self) -> MemberTagsIter<'_> {
        MemberTagsIter {
            text: &self.text,
            places: self.places.iter(),
        }
    }

    fn push(&mut self, name: &str, value: &str) {
        let start = self.text.len();
        self.text.push_str(name);
        let middle = self.text.len();
        self.text.push_str(value);
        self.places.push(Place {
            name: start,
            value: middle,
            end: self.text.len(),
        });
    }

    /// Puts them in order. Of a name that is there twice, the last one counts.
    fn settle(mut self) -> Self {
        let text = &self.text;
        let name = |place: &Place| &text[place.name()];
        if !self.places.is_sorted_by(|one, next| name(one) < name(next)) {
            // The later ones of a name come first, and the first one stays.
            self.places.reverse();
            self.places.sort_by(|one, next| name(one).cmp(name(next)));
            self.places.dedup_by(|next, one| name(next) == name(one));
        }
        self
    }
}

/// Names and values of tags, from [`MemberTags::iter`].
#[derive(Clone, Debug)]
pub struct MemberTagsIter<'a> {
    text: &'a str,
    places: slice::Iter<'a, Place>,
}

impl<'a> Iterator for MemberTagsIter<'a> {
    type Item = (&'a str, &'a str);

    fn next(&mut self) -> Option<Self::Item> {
        let place = self.places.next()?;
        Some((&self.text[place.name()], &self.text[place.value()]))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        self.places.size_hint()
    }
}

impl ExactSizeIterator for MemberTagsIter<'_> {}

impl<'a> IntoIterator for &'a MemberTags {
    type Item = (&'a str, &'a str);
    type IntoIter = MemberTagsIter<'a>;

    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}

impl<N: AsRef<str>, V: AsRef<str>> FromIterator<(N, V)> for MemberTags {
    fn from_iter<I: IntoIterator<Item = (N, V)>>(pairs: I) -> Self {
        let mut tags = Self::default();
        for (name, value) in pairs {
            tags.push(name.as_ref(), value.as_ref());
        }
        tags.settle()
    }
}

impl<N: AsRef<str>, V: AsRef<str>, const COUNT: usize> From<[(N, V); COUNT]> for MemberTags {
    fn from(pairs: [(N, V); COUNT]) -> Self {
        pairs.into_iter().collect()
    }
}

impl From<MemberTags> for BTreeMap<String, String> {
    fn from(tags: MemberTags) -> Self {
        let owned = |(name, value): (&str, &str)| (name.to_owned(), value.to_owned());
        tags.iter().map(owned).collect()
    }
}

/// # Panics
/// When the member does not have the tag.
impl Index<&str> for MemberTags {
    type Output = str;

    fn index(&self, name: &str) -> &str {
        match self.get(name) {
            Some(value) => value,
            None => panic!("no tag {name:?} in {self:?}"),
        }
    }
}

impl PartialEq for MemberTags {
    fn eq(&self, other: &Self) -> bool {
        self.iter().eq(other)
    }
}

impl Eq for MemberTags {}

impl fmt::Debug for MemberTags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self).finish()
    }
}

impl Encode for MemberTags {
    fn encode(&self, writer: &mut Writer) {
        writer.map(self.len());
        for (name, value) in self {
            writer.text(name);
            writer.text(value);
        }
    }
}

impl Decode for MemberTags {
    fn decode(reader: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let count = reader.map()?;
        let mut tags = Self {
            text: String::with_capacity(reader.room(count.saturating_mul(ROOM))),
            places: Vec::with_capacity(reader.room(count) / 2),
        };
        for _ in 0..count {
            let name = reader.text()?;
            tags.push(&name, &reader.text()?);
        }
        Ok(tags.settle())
    }
}

/// The bytes of text that a tag is expected to have.
const ROOM: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_come_in_the_order_of_their_names_and_the_last_of_a_name_counts() {
        let tags = MemberTags::from([("b", "1"), ("a", "2"), ("b", "3"), ("", "4"), ("a", "5")]);
        let read: Vec<_> = tags.iter().collect();
        assert_eq!(read, [("", "4"), ("a", "5"), ("b", "3")]);
        assert_eq!((tags.len(), tags.is_empty()), (3, false));
        assert_eq!(tags.get("a"), Some("5"));
        assert!(!tags.contains_key("c"));
    }

    #[test]
    fn tags_are_equal_whatever_the_order_they_came_in() {
        let one = MemberTags::from([("a", "1"), ("b", "2")]);
        assert_eq!(one, MemberTags::from([("b", "2"), ("a", "1")]));
        assert_ne!(one, MemberTags::from([("a", "1")]));
        assert_ne!(one, MemberTags::from([("a", "1"), ("b", "3")]));
    }

    #[test]
    fn tags_are_read_as_they_were_written_and_nil_is_none() {
        let tags = MemberTags::from([("role", "wéb"), ("dc", "")]);
        assert_eq!(MemberTags::from_msgpack(&tags.to_msgpack()), Ok(tags));
        assert_eq!(MemberTags::from_msgpack(b"\xc0"), Ok(MemberTags::default()));
        assert_eq!(
            MemberTags::from_msgpack(b"\x81\xa1\xff\xa1a"),
            Ok(MemberTags::from([("\u{fffd}", "a")]))
        );
    }

    #[test]
    fn a_map_that_claims_to_be_large_takes_no_room_for_what_is_not_there() {
        let error = MemberTags::from_msgpack(b"\xdf\xff\xff\xff\xff").unwrap_err();
        assert_eq!(error, DecodeError::Truncated);
    }
}
