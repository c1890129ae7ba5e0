//! Answers of etcd's v3 API, byte for byte as `etcdctl` 3.5 prints them; on a terminal, lists are
//! tables.

pub(crate) mod alarm;
pub(crate) mod auth;
pub(crate) mod done;
pub(crate) mod endpoint;
pub(crate) mod fields;
pub(crate) mod json;
pub(crate) mod key;
pub(crate) mod lease;
pub(crate) mod member;
pub(crate) mod role;
pub(crate) mod size;
pub(crate) mod snapshot;
pub(crate) mod txn;
pub(crate) mod watch;

use crate::args::Output;
use crate::args::etcd::connection::WriteOut;
use crate::failure::Failure;
use crate::view::Screen;
use crate::view::rows::Tabular;
use fields::Fields;

/// How answers are printed.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Printing {
    pub(crate) form: WriteOut,
    /// Whether the form was asked for as `etcdctl` calls it: then it prints what that prints.
    pub(crate) exact: bool,
    /// Whether bytes are written as `\x..`.
    pub(crate) hex: bool,
}

impl Printing {
    /// What `-w` says; else what `-o` says.
    pub(crate) fn new(given: Option<WriteOut>, hex: bool, screen: &Screen) -> Self {
        let by_screen = match screen.output() {
            Output::Text => WriteOut::Simple,
            Output::Extended => WriteOut::Fields,
            Output::Json => WriteOut::Json,
        };
        Self {
            form: given.unwrap_or(by_screen),
            exact: given.is_some(),
            hex,
        }
    }
}

/// What an answer looks like in each form.
pub(crate) trait Answer {
    /// The plain form, bytes as they are.
    fn simple(&self, out: &mut Vec<u8>, hex: bool);

    /// A field a line; `false` if it has no such form.
    fn fields(&self, _: &mut Fields) -> bool {
        false
    }

    /// The JSON, on one line.
    fn json(&self, hex: bool) -> String;

    /// The message as it was sent.
    fn message(&self) -> Option<Vec<u8>> {
        None
    }

    /// The rows, if it is a list of things.
    fn rows(&self) -> Option<Box<dyn Tabular>> {
        None
    }
}

/// Prints an answer.
pub(crate) fn show(
    screen: &Screen,
    printing: Printing,
    answer: &dyn Answer,
) -> Result<(), Failure> {
    let unsupported = |form: &str| {
        let why = format!("{form} not supported as output format");
        Failure::usage(why).with_next("the same command with -w json")
    };
    let mut bytes = Vec::new();
    match printing.form {
        WriteOut::Simple => {
            let people = !printing.exact && screen.stdout_is_terminal();
            match answer.rows().filter(|_| people) {
                Some(rows) => rows.plain(&mut bytes, screen.stdout_style())?,
                None => {
                    answer.simple(&mut bytes, printing.hex);
                    return Ok(print(screen, &bytes)?);
                }
            }
        }
        WriteOut::Fields => {
            let mut fields = Fields::default();
            if !answer.fields(&mut fields) {
                return Err(unsupported("fields"));
            }
            bytes = fields.end().into_bytes();
        }
        WriteOut::Json => {
            bytes = answer.json(printing.hex).into_bytes();
            bytes.push(b'\n');
        }
        WriteOut::Protobuf => bytes = answer.message().ok_or_else(|| unsupported("protobuf"))?,
        WriteOut::Table => {
            let rows = answer.rows().ok_or_else(|| unsupported("table"))?;
            bytes = rows.boxed().into_bytes();
        }
    }
    Ok(screen.raw(&bytes)?)
}

/// Bytes to a pipe, and text that a terminal cannot obey to a terminal.
fn print(screen: &Screen, bytes: &[u8]) -> std::io::Result<()> {
    if !screen.stdout_is_terminal() {
        return screen.raw(bytes);
    }
    let text = String::from_utf8_lossy(bytes);
    screen.raw(screen.stdout_style().clean(&text).as_bytes())
}

/// Bytes as they are, or as `\x..`.
pub(crate) fn bytes(out: &mut Vec<u8>, bytes: &[u8], hex: bool) {
    if !hex {
        out.extend_from_slice(bytes);
        return;
    }
    for byte in bytes {
        out.extend_from_slice(format!("\\x{byte:02x}").as_bytes());
    }
}

/// The same, with an end of line.
pub(crate) fn line(out: &mut Vec<u8>, content: &[u8], hex: bool) {
    bytes(out, content, hex);
    out.push(b'\n');
}

/// A number as a table or list shows it.
pub(crate) fn hex(number: u64) -> String {
    format!("{number:x}")
}
