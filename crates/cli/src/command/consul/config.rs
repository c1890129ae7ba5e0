//! `quorate consul config`.

use quorate_consul::{ConfigEntry, ConfigKind, Method, QueryOptions, RawRequest};
use serde_json::{Map, Value};

use super::{Context, document, missing};
use crate::args::consul::config::{ConfigVerb, WriteConfigArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::rows::{Column, Rows};
use crate::view::watch::StateView;

const NAMES: &[Column<ConfigEntry>] = &[Column::new("NAME", |entry| entry.name().to_owned())];

pub(super) async fn run(context: Context<'_>, verb: ConfigVerb) -> Result<Exit, Failure> {
    let (entries, screen) = (context.client.config_entries(), &context.config.screen);
    match verb {
        ConfigVerb::List(args) => {
            let kind = ConfigKind::from(args.kind.as_str());
            let found = entries.list_with(&kind, &args.read.options()).await?;
            screen.show(&Rows::plain(found.value, NAMES))?;
        }
        ConfigVerb::Read(args) => {
            let kind = ConfigKind::from(args.kind.as_str());
            let options = args.read.options();
            let found = entries.get_with(&kind, &args.name, &options).await?;
            let full_name = format!("{}/{}", args.kind, args.name);
            let entry = found.value;
            let entry = entry.ok_or_else(|| missing("config entry", &full_name))?;
            screen.show(&StateView(&entry))?;
        }
        ConfigVerb::Write(args) => write(context, &args).await?,
        ConfigVerb::Delete(args) => {
            let kind = ConfigKind::from(args.kind.as_str());
            let options = args.write.options();
            entries.delete_with(&kind, &args.name, &options).await?;
        }
    }
    Ok(Exit::Success)
}

/// The server reads what was written, as it stands there: it knows how names may be spelled, and
/// which fields there are.
async fn write(context: Context<'_>, args: &WriteConfigArgs) -> Result<(), Failure> {
    let entry = document::object(&args.file)?;
    let name = format!("{}/{}", field(&entry, "kind")?, field(&entry, "name")?);
    let options = QueryOptions::from(args.write.options());
    let mut request = RawRequest::new(Method::Put, "/v1/config")
        .with_options(options)
        .with_body(Value::Object(entry).to_string());
    request = if args.cas {
        request.with_param("cas", args.modify_index.to_string())
    } else {
        request.idempotent()
    };
    if context
        .client
        .raw()
        .request(request)
        .await?
        .json::<bool>()?
    {
        return Ok(());
    }
    let why = format!(
        "config entry {name} is not as of index {}",
        args.modify_index
    );
    Err(Failure::new(Exit::Conflict, why)
        .with_next("quorate consul config read, to see its ModifyIndex"))
}

/// A text that every entry has, in any spelling of its name.
fn field<'a>(entry: &'a Map<String, Value>, name: &str) -> Result<&'a str, Failure> {
    let mut found = entry
        .iter()
        .filter(|(key, _)| key.eq_ignore_ascii_case(name));
    let text = found.next().and_then(|(_, value)| value.as_str());
    text.filter(|text| !text.is_empty())
        .ok_or_else(|| Failure::usage(format!("the field `{name}` of the entry is missing")))
}
