//! Reading one object from bytes that are all there.

use std::borrow::Cow;

use rmp::Marker;

use super::{DecodeError, MAX_DEPTH};

type Result<T> = std::result::Result<T, DecodeError>;

/// Reads values one after the other from bytes that hold them as a whole.
///
/// Every method reads one value. After an error it is not defined where the reader stands.
#[derive(Clone, Debug)]
pub struct Reader<'a> {
    rest: &'a [u8],
}

impl<'a> Reader<'a> {
    /// Reads from the first of these bytes on.
    #[must_use]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// What has not been read yet.
    #[must_use]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Ends the reading.
    ///
    /// # Errors
    /// [`DecodeError::LeftOver`] unless everything has been read.
    pub fn end(self) -> Result<()> {
        match self.rest.len() {
            0 => Ok(()),
            left => Err(DecodeError::LeftOver(left)),
        }
    }

    /// Takes a `nil` if that is what comes next, and says whether it was.
    pub fn nil(&mut self) -> bool {
        let nil = self.peek() == Some(Marker::Null);
        if nil {
            self.rest = &self.rest[1..];
        }
        nil
    }

    /// How many pairs of a map follow. `nil` is a map without any.
    ///
    /// # Errors
    /// Unless a map or `nil` comes next.
    pub fn map(&mut self) -> Result<usize> {
        match self.marker()? {
            Marker::FixMap(len) => Ok(len.into()),
            Marker::Map16 => self.number::<2>(),
            Marker::Map32 => self.number::<4>(),
            Marker::Null => Ok(0),
            found => Err(unexpected("a map", found)),
        }
    }

    /// How many values of a list follow. `nil` is a list without any.
    ///
    /// # Errors
    /// Unless a list or `nil` comes next.
    pub fn list(&mut self) -> Result<usize> {
        match self.marker()? {
            Marker::FixArray(len) => Ok(len.into()),
            Marker::Array16 => self.number::<2>(),
            Marker::Array32 => self.number::<4>(),
            Marker::Null => Ok(0),
            found => Err(unexpected("a list", found)),
        }
    }

    /// How many values to make room for, of a list that claims to have so many: each takes a byte at
    /// least, so what is left bounds it.
    #[must_use]
    pub fn room(&self, claimed: usize) -> usize {
        claimed.min(self.rest.len())
    }

    /// Text. What is no UTF-8 in it is replaced: names of nodes and lines of a log can be anything.
    ///
    /// # Errors
    /// Unless text, bytes or `nil` come next.
    pub fn text(&mut self) -> Result<Cow<'a, str>> {
        let bytes = match self.marker()? {
            Marker::Null => &[][..],
            marker => self
                .raw(marker)?
                .ok_or_else(|| unexpected("text", marker))?,
        };
        Ok(String::from_utf8_lossy(bytes))
    }

    /// Text, as [`text`](Self::text), that has to be UTF-8.
    ///
    /// # Errors
    /// Unless text, bytes or `nil` come next, and [`DecodeError::NotUtf8`].
    pub fn utf8(&mut self) -> Result<&'a str> {
        std::str::from_utf8(self.slice()?).map_err(|_| DecodeError::NotUtf8)
    }

    /// Bytes, also as text, where they are.
    ///
    /// # Errors
    /// Unless one of these or `nil` comes next.
    pub fn slice(&mut self) -> Result<&'a [u8]> {
        match self.marker()? {
            Marker::Null => Ok(&[]),
            marker => self.raw(marker)?.ok_or_else(|| unexpected("bytes", marker)),
        }
    }

    /// Bytes, also as text or as a list of numbers.
    ///
    /// # Errors
    /// Unless one of these or `nil` comes next.
    pub fn bytes(&mut self) -> Result<Cow<'a, [u8]>> {
        if matches!(
            self.peek(),
            Some(Marker::FixArray(_) | Marker::Array16 | Marker::Array32)
        ) {
            let count = self.list()?;
            let mut bytes = Vec::with_capacity(self.room(count));
            for _ in 0..count {
                bytes.push(narrow(self.unsigned()?, "a byte")?);
            }
            return Ok(bytes.into());
        }
        self.slice().map(Cow::Borrowed)
    }

    /// A number without a sign, in any width. `nil` is 0.
    ///
    /// # Errors
    /// Unless an integer of 0 or more comes next.
    pub fn unsigned(&mut self) -> Result<u64> {
        // Nearly every number is a small one.
        if let [small @ ..=0x7f, rest @ ..] = self.rest {
            self.rest = rest;
            return Ok((*small).into());
        }
        let value = self.integer("a number")?;
        u64::try_from(value).map_err(|_| out_of_range("a number without a sign", value))
    }

    /// A number with a sign, in any width. `nil` is 0.
    ///
    /// # Errors
    /// Unless an integer below 2^63 comes next.
    pub fn signed(&mut self) -> Result<i64> {
        let value = self.integer("a number")?;
        i64::try_from(value).map_err(|_| out_of_range("a number of 64 bits with a sign", value))
    }

    /// A number with a fraction. Integers are taken too; `nil` is 0.
    ///
    /// # Errors
    /// Unless a number comes next.
    pub fn float(&mut self) -> Result<f64> {
        match self.peek() {
            Some(Marker::F64) => {
                self.rest = &self.rest[1..];
                Ok(f64::from_be_bytes(self.fixed()?))
            }
            Some(Marker::F32) => {
                self.rest = &self.rest[1..];
                Ok(f32::from_be_bytes(self.fixed()?).into())
            }
            #[expect(
                clippy::cast_precision_loss,
                reason = "so does every reader of JSON or MessagePack"
            )]
            _ => Ok(self.integer("a number")? as f64),
        }
    }

    /// Yes or no; also 1 and 0, as old clients send it. `nil` is no.
    ///
    /// # Errors
    /// Unless one of these comes next.
    pub fn boolean(&mut self) -> Result<bool> {
        match self.marker()? {
            Marker::False | Marker::Null | Marker::FixPos(0) => Ok(false),
            Marker::True | Marker::FixPos(1) => Ok(true),
            found => Err(unexpected("yes or no", found)),
        }
    }

    /// Reads a structure: each field that is there is given with its place in `names`, which are in
    /// the order of the wire. Unknown fields are passed over. A structure may also be a list of its
    /// fields in that order, or `nil`, which has none.
    ///
    /// # Errors
    /// Unless a structure comes next, and those of `field`.
    pub fn structure(
        &mut self,
        names: &'static [&'static str],
        field: impl FnMut(usize, &mut Self) -> Result<()>,
    ) -> Result<()> {
        self.structure_listed(names, names, field)
    }

    /// Like [`structure`](Self::structure) where a list of its fields has another order than a map:
    /// that of `listed`.
    ///
    /// # Errors
    /// As [`structure`](Self::structure).
    pub fn structure_listed(
        &mut self,
        names: &'static [&'static str],
        listed: &'static [&'static str],
        mut field: impl FnMut(usize, &mut Self) -> Result<()>,
    ) -> Result<()> {
        if matches!(
            self.peek(),
            Some(Marker::FixArray(_) | Marker::Array16 | Marker::Array32)
        ) {
            return self.positional(names, listed, field);
        }
        let mut guess = 0;
        for _ in 0..self.map()? {
            let name = self.name()?;
            match place(names, name, guess) {
                Some(at) => {
                    field(at, self).map_err(|error| error.of(names[at]))?;
                    guess = at + 1;
                }
                None => self.skip()?,
            }
        }
        Ok(())
    }

    fn positional(
        &mut self,
        names: &'static [&'static str],
        listed: &'static [&'static str],
        mut field: impl FnMut(usize, &mut Self) -> Result<()>,
    ) -> Result<()> {
        for at in 0..self.list()? {
            let name = listed.get(at);
            let place = name.and_then(|name| names.iter().position(|other| other == name));
            match place {
                Some(at) => field(at, self).map_err(|error| error.of(names[at]))?,
                None => self.skip()?,
            }
        }
        Ok(())
    }

    /// Passes over one value of any kind.
    ///
    /// # Errors
    /// When the bytes end within it, and when it is nested deeper than [`MAX_DEPTH`].
    pub fn skip(&mut self) -> Result<()> {
        let mut open = [0_u64; MAX_DEPTH];
        let mut depth = 0;
        loop {
            let inside = self.step()?;
            if inside > 0 {
                *open.get_mut(depth).ok_or(DecodeError::TooDeep)? = inside;
                depth += 1;
                continue;
            }
            while depth > 0 {
                open[depth - 1] -= 1;
                if open[depth - 1] > 0 {
                    break;
                }
                depth -= 1;
            }
            if depth == 0 {
                return Ok(());
            }
        }
    }

    /// Passes over one value without what is in it, and says how many values are.
    fn step(&mut self) -> Result<u64> {
        let marker = self.marker()?;
        let fixed = match marker {
            Marker::FixMap(len) => return Ok(2 * u64::from(len)),
            Marker::Map16 => return Ok(2 * u64::from(u16::from_be_bytes(self.fixed()?))),
            Marker::Map32 => return Ok(2 * u64::from(u32::from_be_bytes(self.fixed()?))),
            Marker::FixArray(len) => return Ok(len.into()),
            Marker::Array16 => return Ok(u16::from_be_bytes(self.fixed()?).into()),
            Marker::Array32 => return Ok(u32::from_be_bytes(self.fixed()?).into()),
            Marker::U8 | Marker::I8 => 1,
            Marker::U16 | Marker::I16 | Marker::FixExt1 => 2,
            Marker::FixExt2 => 3,
            Marker::U32 | Marker::I32 | Marker::F32 => 4,
            Marker::FixExt4 => 5,
            Marker::U64 | Marker::I64 | Marker::F64 => 8,
            Marker::FixExt8 => 9,
            Marker::FixExt16 => 17,
            Marker::Ext8 => self.number::<1>()? + 1,
            Marker::Ext16 => self.number::<2>()? + 1,
            Marker::Ext32 => self.number::<4>()?.saturating_add(1),
            Marker::Reserved => return Err(unexpected("a value", marker)),
            marker => return self.raw(marker).map(|_| 0),
        };
        self.take(fixed).map(|_| 0)
    }

    fn integer(&mut self, wanted: &'static str) -> Result<i128> {
        Ok(match self.marker()? {
            Marker::FixPos(value) => value.into(),
            Marker::FixNeg(value) => value.into(),
            Marker::Null => 0,
            Marker::U8 => u8::from_be_bytes(self.fixed()?).into(),
            Marker::U16 => u16::from_be_bytes(self.fixed()?).into(),
            Marker::U32 => u32::from_be_bytes(self.fixed()?).into(),
            Marker::U64 => u64::from_be_bytes(self.fixed()?).into(),
            Marker::I8 => i8::from_be_bytes(self.fixed()?).into(),
            Marker::I16 => i16::from_be_bytes(self.fixed()?).into(),
            Marker::I32 => i32::from_be_bytes(self.fixed()?).into(),
            Marker::I64 => i64::from_be_bytes(self.fixed()?).into(),
            found => return Err(unexpected(wanted, found)),
        })
    }

    /// The name of a field, as it is.
    fn name(&mut self) -> Result<&'a [u8]> {
        let marker = self.marker()?;
        self.raw(marker)?
            .ok_or_else(|| unexpected("the name of a field", marker))
    }

    /// What text and bytes hold, and `None` for a marker of anything else.
    fn raw(&mut self, marker: Marker) -> Result<Option<&'a [u8]>> {
        let len = match marker {
            Marker::FixStr(len) => len.into(),
            Marker::Str8 | Marker::Bin8 => self.number::<1>()?,
            Marker::Str16 | Marker::Bin16 => self.number::<2>()?,
            Marker::Str32 | Marker::Bin32 => self.number::<4>()?,
            _ => return Ok(None),
        };
        self.take(len).map(Some)
    }

    fn number<const N: usize>(&mut self) -> Result<usize> {
        let bytes: [u8; N] = self.fixed()?;
        Ok(bytes
            .iter()
            .fold(0, |number, byte| number << 8 | usize::from(*byte)))
    }

    fn fixed<const N: usize>(&mut self) -> Result<[u8; N]> {
        let (bytes, rest) = self
            .rest
            .split_first_chunk()
            .ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(*bytes)
    }

    /// Takes so many bytes, whatever they are.
    ///
    /// # Errors
    /// When there are fewer.
    pub fn take(&mut self, len: usize) -> Result<&'a [u8]> {
        let (bytes, rest) = self
            .rest
            .split_at_checked(len)
            .ok_or(DecodeError::Truncated)?;
        self.rest = rest;
        Ok(bytes)
    }

    fn marker(&mut self) -> Result<Marker> {
        let marker = self.peek().ok_or(DecodeError::Truncated)?;
        self.rest = &self.rest[1..];
        Ok(marker)
    }

    fn peek(&self) -> Option<Marker> {
        self.rest.first().map(|byte| Marker::from_u8(*byte))
    }
}

/// Where a name is in a structure. The real programs send fields in order, so that the guess is
/// right nearly always.
fn place(names: &[&str], name: &[u8], guess: usize) -> Option<usize> {
    if names
        .get(guess)
        .is_some_and(|guessed| guessed.as_bytes() == name)
    {
        return Some(guess);
    }
    names.iter().position(|known| known.as_bytes() == name)
}

/// A number in the width of a field.
pub(super) fn narrow<V, T>(value: V, wanted: &'static str) -> Result<T>
where
    V: Copy + Into<i128>,
    T: TryFrom<V>,
{
    T::try_from(value).map_err(|_| out_of_range(wanted, value.into()))
}

fn out_of_range(wanted: &'static str, value: i128) -> DecodeError {
    DecodeError::OutOfRange {
        wanted,
        value: value.to_string(),
    }
}

fn unexpected(wanted: &'static str, found: Marker) -> DecodeError {
    let found = match found {
        Marker::Null => "nil",
        Marker::True | Marker::False => "a boolean",
        Marker::F32 | Marker::F64 => "a number with a fraction",
        Marker::FixStr(_) | Marker::Str8 | Marker::Str16 | Marker::Str32 => "text",
        Marker::Bin8 | Marker::Bin16 | Marker::Bin32 => "bytes",
        Marker::FixArray(_) | Marker::Array16 | Marker::Array32 => "a list",
        Marker::FixMap(_) | Marker::Map16 | Marker::Map32 => "a map",
        Marker::Reserved => "the byte c1, which means nothing",
        Marker::FixPos(_) | Marker::FixNeg(_) => "a number",
        Marker::U8 | Marker::U16 | Marker::U32 | Marker::U64 => "a number",
        Marker::I8 | Marker::I16 | Marker::I32 | Marker::I64 => "a number",
        _ => "an extension",
    };
    DecodeError::Unexpected { wanted, found }
}
