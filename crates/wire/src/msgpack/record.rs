//! Structures, each written down once: its fields in the order of the wire, with their names there.

/// Declares a structure that is a map on the wire. The fields are written in the order in which they
/// stand; the real programs sort them by name. They read them from a list too, in the order in which
/// their code declares them: `listed as`, where it is another.
macro_rules! record {
    (
        $(#[$about:meta])*
        pub struct $record:ident {
            $($(#[$doc:meta])* $field:ident: $kind:ty = $name:literal,)*
        }
        $(listed as [$($listed:literal),*])?
    ) => {
        $(#[$about])*
        pub struct $record {
            $($(#[$doc])* pub $field: $kind,)*
        }

        impl $record {
            /// The names of its fields on the wire, in their order there.
            pub const FIELDS: &'static [&'static str] = &[$($name),*];
        }

        impl $crate::msgpack::Encode for $record {
            fn encode(&self, writer: &mut $crate::msgpack::Writer) {
                writer.map(Self::FIELDS.len());
                $(
                    writer.text($name);
                    $crate::msgpack::Encode::encode(&self.$field, writer);
                )*
            }
        }

        impl $crate::msgpack::Decode for $record {
            fn decode(
                reader: &mut $crate::msgpack::Reader<'_>,
            ) -> Result<Self, $crate::msgpack::DecodeError> {
                let mut record = Self::default();
                let listed: &'static [&'static str] = &[$($($listed),*)?];
                let listed = if listed.is_empty() { Self::FIELDS } else { listed };
                reader.structure_listed(Self::FIELDS, listed, |at, reader| {
                    let mut place = 0;
                    $(
                        if at == place {
                            record.$field = $crate::msgpack::Decode::decode(reader)?;
                            return Ok(());
                        }
                        place += 1;
                    )*
                    let _ = place;
                    Ok(())
                })?;
                Ok(record)
            }
        }
    };
}

pub(crate) use record;
