//! What the bodies of several endpoints have in common.

use quorate_wire::consul::acl::Link;
use quorate_wire::consul::{GoDuration, GoTime};

use crate::consul::decode::{DecodeError, Json, Kind, Place};
use crate::consul::object::{Field, Object};
use crate::quote::in_gos_words;

/// Calls `element` with each element of a list, which replaces what is there.
pub(super) fn list<T>(
    field: &Field<'_>,
    type_name: &'static str,
    mut element: impl FnMut(Json<'_>) -> Result<T, DecodeError>,
) -> Result<Vec<T>, DecodeError> {
    match field.value.kind() {
        Kind::Null => Ok(Vec::new()),
        Kind::Array => field
            .value
            .elements()
            .into_iter()
            .map(&mut element)
            .collect(),
        _ => Err(field.value.mismatch(field.place(type_name))),
    }
}

/// A link to a policy or a role. `kind` is what Go calls it, and `path` the field that it is in.
pub(super) fn link(
    value: Json<'_>,
    kind: &'static str,
    place: Place<'static>,
    strict: bool,
) -> Result<Link, DecodeError> {
    let object = Object {
        place,
        path: kind,
        fields: &["ID", "Name"],
        strict,
    };
    let mut link = Link::default();
    object.each(value, |name, field| match name {
        "id" => field.text(&mut link.id),
        "name" => field.text(&mut link.name),
        _ => Ok(()),
    })?;
    Ok(link)
}

/// A text with units, or a number of nanoseconds; anything else counts as 0, as in Consul.
pub(super) fn nanos(value: Json<'_>) -> Result<i64, DecodeError> {
    match value.kind() {
        Kind::String => {
            let parsed = value.string().parse::<GoDuration>();
            let parsed = parsed.map_err(|error| DecodeError::new(in_gos_words(&error)))?;
            Ok(parsed.nanos())
        }
        Kind::Number => Ok(whole(value.f64().unwrap_or_default())),
        _ => Ok(0),
    }
}

/// The whole part, as Go converts it; what does not fit has no meaning.
fn whole(number: f64) -> i64 {
    // Go's conversion of numbers that do not fit is up to the machine: they are refused later on,
    // for being out of any range.
    format!("{:.0}", number.trunc()).parse().unwrap_or(i64::MAX)
}

/// A point in time; `None` for `null`.
pub(super) fn time(value: Json<'_>) -> Result<Option<GoTime>, DecodeError> {
    const LAYOUT: &str = "\"2006-01-02T15:04:05Z07:00\"";
    match value.kind() {
        Kind::Null => Ok(None),
        Kind::String => {
            let text = value.string();
            let parsed = text.parse::<GoTime>();
            parsed.map(Some).map_err(|_| {
                // A year that begins with a digit is read before it is refused.
                let quoted = format!("{text}\"");
                let read = quoted.bytes().next().is_some_and(|it| it.is_ascii_digit());
                let rest = quoted.get(4..).filter(|_| read).unwrap_or(&quoted);
                DecodeError::new(format!(
                    "parsing time \"\"{text}\"\" as \"{LAYOUT}\": cannot parse \"{rest}\" as \"2006\""
                ))
            })
        }
        _ => Err(DecodeError::new(format!(
            "parsing time as \"{LAYOUT}\": it is no text"
        ))),
    }
}
