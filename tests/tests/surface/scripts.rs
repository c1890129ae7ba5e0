//! The scripts, in the order in which they run.

use crate::world::Setting;

/// A script, and the servers that it is for.
pub(crate) struct Script {
    pub(crate) name: &'static str,
    pub(crate) setting: Setting,
    pub(crate) text: &'static str,
}

macro_rules! scripts {
    ($($setting:ident: $($name:literal)*;)*) => {
        &[$($(Script {
            name: $name,
            setting: Setting::$setting,
            text: include_str!(concat!("scripts/", $name, ".txt")),
        },)*)*]
    };
}

static SCRIPTS: &[Script] = scripts! {
    Plain: "status" "keys" "catalog" "health" "filter" "agent" "agent_service" "agent_check" "event"
        "coordinate" "query" "config" "intention" "operator" "guarded_off" "random";
    Mesh: "chain" "connect";
    Guarded: "acl" "acl_token" "acl_policy" "acl_role" "acl_method" "acl_legacy" "acl_rules";
};

/// All of them.
pub(crate) fn scripts() -> &'static [Script] {
    SCRIPTS
}
