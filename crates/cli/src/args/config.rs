//! `quorate config`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::value;

const EXAMPLES: &str = "\
Examples:
  quorate config set myapp HTTP/port=8080 debug=true
  quorate config get myapp
  quorate config edit myapp
  quorate config diff myapp app.json
  quorate config validate myapp --like app.json
  quorate config watch myapp

A configuration is what lies below a path: PATH/CATEGORY/parameter, a key each, its value as text. With
--document FORMAT it is one key that holds a document.
";

/// Everything about configurations.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    pub(crate) command: ConfigCommand,
}

/// The verbs of `quorate config`.
#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Print the parameters, or the value of one
    Get(GetArgs),
    /// Set and remove parameters, all at once or none
    Set(SetArgs),
    /// Print each change of a parameter, until interrupted
    Watch(WatchArgs),
    /// Change the configuration in an editor
    Edit(EditArgs),
    /// Compare the configuration with a file
    Diff(DiffArgs),
    /// Check the configuration, or a file, against an example
    Validate(ValidateArgs),
}

/// Where the configuration is.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// The path that the parameters lie below; with --document the key
    #[arg(value_parser = value::key)]
    pub(crate) path: String,
    /// PATH is a key that holds a document in this format
    #[arg(long, value_name = "FORMAT")]
    pub(crate) document: Option<Format>,
}

/// A format of documents.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// JSON
    Json,
    /// TOML
    Toml,
}

/// `quorate config get`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate config get myapp                          a line for each parameter
  quorate config get myapp HTTP/port                the value alone
  quorate config get myapp --as json > myapp.json   all of it as one document
  quorate config get myapp.json HTTP/port --document json
")]
pub(crate) struct GetArgs {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Only this one: CATEGORY/parameter
    #[arg(value_name = "PARAMETER")]
    pub(crate) parameter: Option<String>,
    /// Print one document in this format
    #[arg(long = "as", value_name = "FORMAT", conflicts_with = "parameter")]
    pub(crate) as_document: Option<Format>,
}

/// `quorate config set`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate config set myapp HTTP/port=8080
  quorate config set myapp HTTP/port=8080 debug=true --remove OLD
  quorate config set myapp --defaults app.json      only what is missing

What was read is written back only if nobody has changed it meanwhile (exit code 4), and all at once
where the backend has transactions. In a document, a value that is JSON stays what it is, unless the
parameter is a text there.
")]
pub(crate) struct SetArgs {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Parameters with their new values
    #[arg(value_name = "PARAMETER=VALUE", value_parser = value::pair,
          required_unless_present_any = ["remove", "defaults"])]
    pub(crate) values: Vec<(String, String)>,
    /// Remove this parameter or category; may be given several times
    #[arg(long, value_name = "PARAMETER")]
    pub(crate) remove: Vec<String>,
    /// Write each parameter of this file that is missing, and none that is there
    #[arg(long, value_name = "FILE", conflicts_with_all = ["values", "remove"])]
    pub(crate) defaults: Option<PathBuf>,
}

/// `quorate config watch`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate config watch myapp
  quorate config watch myapp --once; systemctl reload myapp
  quorate --output json config watch myapp | jq -r .parameter

The lines: `+PARAMETER = VALUE` added, `-PARAMETER = VALUE` removed, `PARAMETER: OLD -> NEW` changed.
What was written in one transaction is told together. Values of parameters whose names say that they
are secret are shown as ***.
")]
pub(crate) struct WatchArgs {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Print what is there first, as if it was added
    #[arg(long)]
    pub(crate) initial: bool,
    /// End after the first change
    #[arg(long)]
    pub(crate) once: bool,
    /// Show secrets too
    #[arg(long)]
    pub(crate) show_secrets: bool,
}

/// `quorate config edit`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate config edit myapp
  quorate config edit myapp --as json
  EDITOR='code --wait' quorate config edit myapp
  quorate config edit myapp.json --document json

Opens $VISUAL, $EDITOR or vi on the configuration as TOML; a document is opened as it is. What is
different afterwards is written, if nobody has changed it meanwhile (exit code 4). If it can't be
written, or can't be read any more, your text is kept in a file, whose name is told.
")]
pub(crate) struct EditArgs {
    #[command(flatten)]
    pub(crate) place: Place,
    /// Edit it in this format
    #[arg(
        long = "as",
        value_name = "FORMAT",
        default_value = "toml",
        conflicts_with = "document"
    )]
    pub(crate) format: Format,
}

/// `quorate config diff`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate config diff myapp app.json
  quorate config diff myapp app.json && echo the same
  quorate config get myapp --as json | quorate --at consul://127.0.0.1:8500 config diff myapp -

Says what would change if the file were written: + would be added, - removed. Values are compared as
text: 80 and \"80\" are the same. Exit code 1 if there is a difference.
")]
pub(crate) struct DiffArgs {
    #[command(flatten)]
    pub(crate) place: Place,
    /// A JSON or TOML file; - is standard input, in JSON
    pub(crate) file: PathBuf,
    /// Show secrets too
    #[arg(long)]
    pub(crate) show_secrets: bool,
}

/// `quorate config validate`.
#[derive(Debug, Args)]
#[command(after_help = "\
Examples:
  quorate config validate myapp                     is it a tree at all?
  quorate config validate myapp --like app.json     and of these types?
  quorate config validate --file new.json --like app.json

The example is a JSON or TOML file with a value of the right type for each parameter: a parameter whose
example is 80 has to be a whole number, 0.5 any number, true a flag, \"x\" any text, null anything. A
list fits if each item fits the first one of the example. A parameter that the example does not have
is wrong, and so is one that is missing, unless you say otherwise. Exit code 1 if something is wrong.
")]
pub(crate) struct ValidateArgs {
    /// The path that the parameters lie below; with --document the key
    #[arg(value_parser = value::key, required_unless_present = "file")]
    pub(crate) path: Option<String>,
    /// PATH is a key that holds a document in this format
    #[arg(long, value_name = "FORMAT", requires = "path")]
    pub(crate) document: Option<Format>,
    /// Check this file instead of a configuration on the backend; - is standard input, in JSON
    #[arg(long, value_name = "FILE", conflicts_with = "path")]
    pub(crate) file: Option<PathBuf>,
    /// The example: a JSON or TOML file
    #[arg(long, value_name = "FILE")]
    pub(crate) like: Option<PathBuf>,
    /// Parameters may be missing
    #[arg(long, requires = "like")]
    pub(crate) partial: bool,
    /// There may be parameters that the example does not have
    #[arg(long, requires = "like")]
    pub(crate) extra: bool,
}
