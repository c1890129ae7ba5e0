//! Switches as Go's programs take them: `--prefix`, `--prefix=true` and `--prefix=false`.

use std::any::TypeId;

use clap::builder::ValueParser;
use clap::{Arg, ArgAction, Command};

/// Makes every switch below a command take a value, too.
pub(crate) fn everywhere(command: Command) -> Command {
    command.mut_args(as_in_go).mut_subcommands(everywhere)
}

/// Makes a switch take a value, too; what is no switch stays.
pub(crate) fn as_in_go(arg: Arg) -> Arg {
    let arg = match arg.get_action() {
        ArgAction::SetTrue => arg.action(ArgAction::Set).default_value("false"),
        ArgAction::Set if arg.get_value_parser().type_id() == TypeId::of::<bool>() => arg,
        _ => return arg,
    };
    arg.num_args(0..=1)
        .require_equals(true)
        .default_missing_value("true")
        .hide_default_value(true)
        .hide_possible_values(true)
        .value_parser(ValueParser::from(truth))
        .value_name("BOOL")
}

/// What Go takes for true and false.
fn truth(text: &str) -> Result<bool, String> {
    match text {
        "1" | "t" | "T" | "true" | "TRUE" | "True" => Ok(true),
        "0" | "f" | "F" | "false" | "FALSE" | "False" => Ok(false),
        _ => Err("is neither true nor false".into()),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;

    use crate::args::etcd::Verb;
    use crate::args::{Cli, Command};

    #[test]
    fn a_switch_may_say_what_it_is() {
        let prefix = |line: &str| {
            let cli = Cli::try_parse_from(line.split(' ')).ok()?;
            let Command::Etcd(etcd) = cli.command else {
                return None;
            };
            let Verb::Get(get) = etcd.verb else {
                return None;
            };
            Some((get.range.prefix, etcd.connection.hex))
        };
        assert_eq!(prefix("quorate etcd get a"), Some((false, false)));
        assert_eq!(prefix("quorate etcd get --prefix a"), Some((true, false)));
        assert_eq!(
            prefix("quorate etcd get --prefix=true --hex=1 a"),
            Some((true, true))
        );
        assert_eq!(
            prefix("quorate etcd get --prefix=f a"),
            Some((false, false))
        );
        assert_eq!(prefix("quorate etcd get --prefix=maybe a"), None);
    }
}
