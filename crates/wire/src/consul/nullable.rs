//! Fields that are `null` or left out while there is nothing in them.

use std::time::Duration;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de};

use super::duration::GoDuration;
pub(crate) use super::null::empty as or_default;

/// Writes a list, or `null` for an empty one.
pub(crate) fn or_null<S: Serializer, T: Serialize>(
    list: &[T],
    serializer: S,
) -> Result<S::Ok, S::Error> {
    if list.is_empty() {
        serializer.serialize_none()
    } else {
        list.serialize(serializer)
    }
}

/// Whether a flag, number or the like is at its default, and left out.
pub(crate) fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

/// A duration in Go's form; without one the field is left out.
pub(crate) mod duration {
    use super::{Deserialize, Deserializer, Duration, GoDuration, Serializer, de};

    #[expect(clippy::ref_option, reason = "serde passes it like this")]
    pub(crate) fn serialize<S: Serializer>(
        duration: &Option<Duration>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        let duration = duration.unwrap_or_default();
        serializer.collect_str(&GoDuration::from(duration))
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Option<Duration>, D::Error> {
        let Some(duration) = Option::<GoDuration>::deserialize(deserializer)? else {
            return Ok(None);
        };
        let Some(duration) = duration.to_duration() else {
            return Err(de::Error::custom(format!("negative duration {duration}")));
        };
        Ok(Some(duration).filter(|duration| !duration.is_zero()))
    }
}
