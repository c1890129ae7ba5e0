//! Where the agent differs from etcd on purpose.

use quorate_testkit::server::EtcdVersion;

use crate::run::Setting;
use crate::script::Ask;

/// One difference that is meant.
pub(crate) struct Known {
    /// How `docs/compatibility.md` calls it.
    pub(crate) row: &'static str,
    /// The servers have done different things.
    pub(crate) parts: bool,
    /// Which pairs of servers show it.
    pub(crate) is_seen: fn(Setting) -> bool,
    is: fn(&Ask, &str, &str) -> bool,
}

/// The difference that this one is, if it is meant.
pub(crate) fn known(setting: Setting, ask: &Ask, real: &str, ours: &str) -> Option<&'static Known> {
    let mut known = KNOWN.iter().filter(|it| (it.is_seen)(setting));
    known.find(|it| (it.is)(ask, real, ours))
}

/// A text without lines that say again what the one before has said.
fn told_once(text: &str) -> String {
    let mut lines: Vec<&str> = text.split('\n').collect();
    lines.dedup();
    lines.join("\n")
}

fn is_lenient(setting: Setting) -> bool {
    !setting.strict
}

fn is_3_5(setting: Setting) -> bool {
    setting.version == EtcdVersion::V3_5
}

pub(crate) static KNOWN: &[Known] = &[
    Known {
        row: "a path with `//`, `/./` or `/../`",
        parts: true,
        is_seen: is_lenient,
        is: |_, real, ours| real.starts_with("301\n") && !ours.starts_with("301\n"),
    },
    Known {
        row: "history, asked for what is above a hidden key",
        parts: false,
        is_seen: is_lenient,
        is: |ask, real, ours| {
            ask.line == "hidden Silence" && real.contains("/_hidden") && ours.ends_with("\n\n")
        },
    },
    Known {
        row: "history, asked for `/foobar` when `/foo` was removed",
        parts: false,
        is_seen: is_lenient,
        is: |ask, real, ours| {
            ask.line == "alike Silence"
                && real.contains("\"key\":\"/foo\"")
                && ours.contains("\"key\":\"/foobar\"")
        },
    },
    Known {
        row: "a stream on the very key that is removed",
        parts: false,
        is_seen: is_lenient,
        is: |_, real, ours| real != ours && told_once(real) == told_once(ours),
    },
    Known {
        row: "`stream=true` with a `waitIndex` in the past",
        parts: false,
        is_seen: is_lenient,
        is: |ask, real, ours| ask.line.starts_with("p Lines") && ours.starts_with(real),
    },
    Known {
        row: "`/version` and `/health`",
        parts: false,
        is_seen: is_3_5,
        is: |ask, _, _| matches!(&*ask.target, "/version" | "/health"),
    },
    Known {
        row: "the characters U+0008 and U+000C",
        parts: false,
        is_seen: is_3_5,
        is: |_, real, ours| {
            let long = real.replace("\\b", "\\u0008").replace("\\f", "\\u000c");
            real != ours && long == ours
        },
    },
    Known {
        row: "another time for a directory (`prevExist=true`)",
        parts: true,
        is_seen: is_3_5,
        is: |_, real, _| real.starts_with("500\n") && real.contains(": Not a file ()"),
    },
];
