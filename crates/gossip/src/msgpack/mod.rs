//! The msgpack dialect of gossip: texts and bytes are both written as *raw* of the old
//! specification, maps have their keys sorted; read is whatever either specification allows.

mod error;
mod field;

pub use error::DecodeError;
pub use field::Field;
pub use quorate_wire::msgpack::{Reader, Splitter, Writer};

/// A map with fixed keys, as Go writes a struct.
pub trait Body: Default {
    /// Writes the map.
    fn write(&self, out: &mut Writer);

    /// Reads the value of `key` into this body; `false` means that the key is not known.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] when the value is of another type.
    fn read_field(&mut self, key: &str, from: &mut Reader<'_>) -> Result<bool, DecodeError>;

    /// Reads a map; keys that are not known are passed over, missing ones stay at their default.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] for anything that is no such map.
    fn read(from: &mut Reader<'_>) -> Result<Self, DecodeError> {
        let mut body = Self::default();
        for _ in 0..from.map()? {
            let key = from.utf8()?;
            if !body.read_field(key, from)? {
                from.skip()?;
            }
        }
        Ok(body)
    }

    /// Reads one map that starts `bytes`; what follows it is ignored.
    ///
    /// # Errors
    ///
    /// [`DecodeError`] for anything that is no such map.
    fn decode(bytes: &[u8]) -> Result<Self, DecodeError> {
        Self::read(&mut Reader::new(bytes))
    }

    /// The byte `kind` and the map.
    fn encode(&self, kind: u8) -> Vec<u8> {
        let mut out = Writer::old(&[kind]);
        self.write(&mut out);
        out.into_bytes()
    }
}

/// Declares structs that are [`Body`]: fields in the order of their keys, `[omitempty]` for those
/// that are left out when empty.
macro_rules! bodies {
    ($($(#[$meta:meta])* $vis:vis $name:ident {
        $($(#[$field_meta:meta])* $field:ident: $ty:ty = $key:literal $([$omit:ident])?,)*
    })*) => {$(
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq)]
        $vis struct $name {
            $($(#[$field_meta])* pub $field: $ty,)*
        }

        impl $crate::msgpack::Body for $name {
            fn write(&self, out: &mut $crate::msgpack::Writer) {
                let fields = [$($crate::msgpack::bodies!(@present self, $field $($omit)?),)*];
                out.map(fields.iter().filter(|present| **present).count());
                $(if $crate::msgpack::bodies!(@present self, $field $($omit)?) {
                    out.text($key);
                    $crate::msgpack::Field::put(&self.$field, out);
                })*
            }

            fn read_field(
                &mut self,
                key: &str,
                from: &mut $crate::msgpack::Reader<'_>,
            ) -> Result<bool, $crate::msgpack::DecodeError> {
                match key {
                    $($key => self.$field = $crate::msgpack::Field::take(from)?,)*
                    _ => return Ok(false),
                }
                Ok(true)
            }
        }

        impl $crate::msgpack::Field for $name {
            fn put(&self, out: &mut $crate::msgpack::Writer) {
                $crate::msgpack::Body::write(self, out);
            }

            fn take(
                from: &mut $crate::msgpack::Reader<'_>,
            ) -> Result<Self, $crate::msgpack::DecodeError> {
                $crate::msgpack::Body::read(from)
            }
        }
    )*};
    (@present $self:ident, $field:ident omitempty) => {
        !$crate::msgpack::Field::is_empty(&$self.$field)
    };
    (@present $self:ident, $field:ident) => { true };
}
pub(crate) use bodies;
