//! The settings of autopilot, as Go reads them.

use quorate_wire::consul::GoDuration;
use quorate_wire::consul::duration::ParseDurationError;
use quorate_wire::consul::operator::AutopilotConfig;

use crate::consul::decode::{DecodeError, Json, Kind, Place};
use crate::consul::object::{Field, Object};
use crate::consul::session_create::whole_nanos;
use crate::quote::{in_gos_words, quote};

const CONFIG: Object = Object {
    place: Place {
        field: "",
        type_name: "api.AutopilotConfiguration",
    },
    path: "AutopilotConfiguration.",
    fields: &[
        "CleanupDeadServers",
        "LastContactThreshold",
        "MaxTrailingLogs",
        "MinQuorum",
        "ServerStabilizationTime",
        "RedundancyZoneTag",
        "DisableUpgradeMigration",
        "UpgradeVersionTag",
        "CreateIndex",
        "ModifyIndex",
    ],
    strict: true,
};

/// Reads all settings; those that are left out become zero.
pub(super) fn decode(value: Json<'_>) -> Result<AutopilotConfig, DecodeError> {
    let mut config = AutopilotConfig::default();
    config.cleanup_dead_servers = false;
    config.last_contact_threshold = GoDuration::ZERO;
    config.max_trailing_logs = 0;
    config.server_stabilization_time = GoDuration::ZERO;
    CONFIG.each(value, |name, field| match name {
        "cleanupdeadservers" => field.flag(&mut config.cleanup_dead_servers),
        "lastcontactthreshold" => duration(field, &mut config.last_contact_threshold),
        "maxtrailinglogs" => number(field, "uint64", &mut config.max_trailing_logs),
        "minquorum" => number(field, "uint", &mut config.min_quorum),
        "serverstabilizationtime" => duration(field, &mut config.server_stabilization_time),
        "redundancyzonetag" => field.text(&mut config.redundancy_zone_tag),
        "disableupgrademigration" => field.flag(&mut config.disable_upgrade_migration),
        "upgradeversiontag" => field.text(&mut config.upgrade_version_tag),
        _ => field.index(),
    })?;
    Ok(config)
}

fn number(field: Field<'_>, type_name: &'static str, into: &mut u64) -> Result<(), DecodeError> {
    *into = field.value.u64(field.place(type_name))?.unwrap_or(*into);
    Ok(())
}

/// A text with units, or a number of nanoseconds. Go reads it by a function of its own, whose
/// first error ends everything.
fn duration(field: Field<'_>, into: &mut GoDuration) -> Result<(), DecodeError> {
    let value = field.value;
    *into = match value.kind() {
        Kind::Null => return Ok(()),
        Kind::String => {
            let parsed: Result<GoDuration, ParseDurationError> = value.string().parse();
            parsed.map_err(|error| DecodeError::new(in_gos_words(&error)).ending())?
        }
        Kind::Number => GoDuration::from_nanos(whole_nanos(value.f64().unwrap_or_default())),
        Kind::Bool | Kind::Array | Kind::Object => {
            let text = quote(value.raw());
            let error = format!("strconv.ParseFloat: parsing {text}: invalid syntax");
            return Err(DecodeError::new(error).ending());
        }
    };
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn decoded(text: &str) -> Result<AutopilotConfig, String> {
        let json = Json::parse(text).map_err(|error| error.to_string())?;
        decode(json).map_err(|error| error.to_string())
    }

    // What Consul 1.8.7 answered to the same bodies.
    #[test]
    fn what_is_wrong_is_told_in_gos_words() {
        let field = "Go struct field AutopilotConfiguration.";
        for (body, error) in [
            (
                "[]",
                "json: cannot unmarshal array into Go value of type api.AutopilotConfiguration"
                    .to_owned(),
            ),
            (
                r#"{"CleanupDeadServers":1}"#,
                format!(
                    "json: cannot unmarshal number into {field}CleanupDeadServers of type bool"
                ),
            ),
            (
                r#"{"MinQuorum":-1}"#,
                format!("json: cannot unmarshal number -1 into {field}MinQuorum of type uint"),
            ),
            (
                r#"{"LastContactThreshold":"5"}"#,
                r#"time: missing unit in duration "5""#.to_owned(),
            ),
            (
                r#"{"LastContactThreshold":true}"#,
                r#"strconv.ParseFloat: parsing "true": invalid syntax"#.to_owned(),
            ),
            (
                r#"{"Bogus":1}"#,
                r#"json: unknown field "Bogus""#.to_owned(),
            ),
        ] {
            assert_eq!(decoded(body), Err(error), "{body}");
        }
    }

    #[test]
    fn what_is_left_out_is_zero() {
        for body in ["{}", "null", r#"{"LastContactThreshold":null}"#] {
            let config = decoded(body).unwrap();
            assert!(!config.cleanup_dead_servers, "{body}");
            assert_eq!(config.last_contact_threshold, GoDuration::ZERO);
            assert_eq!(config.server_stabilization_time, GoDuration::ZERO);
            assert_eq!((config.max_trailing_logs, config.min_quorum), (0, 0));
        }
        let config = decoded(r#"{"minquorum":4,"LastContactThreshold":1.5}"#).unwrap();
        assert_eq!(config.min_quorum, 4);
        assert_eq!(config.last_contact_threshold.nanos(), 1);
    }
}
