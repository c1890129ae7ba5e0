//! `quorate consul intention`.

use quorate_consul::{Intention, IntentionRequest, IntentionSide, QueryOptions, WriteOptions};

use super::{Context, document, missing};
use crate::args::consul::intention::{
    CheckIntentionArgs, CreateIntentionArgs, IntentionVerb, MatchArgs,
};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::object::Object;
use crate::view::rows::{Column, Rows};
use crate::view::said::Said;

const COLUMNS: &[Column<Intention>] = &[
    Column::new("SOURCE", |it| it.source_name.clone()),
    Column::new("DESTINATION", |it| it.destination_name.clone()),
    Column::new("ACTION", |it| it.action.as_str().to_owned()),
    Column::new("PRECEDENCE", |it| it.precedence.to_string()),
    Column::new("ID", |it| it.id.clone()),
];

const IDS: &[Column<String>] = &[Column::new("ID", |id| id.clone())];

pub(super) async fn run(context: Context<'_>, verb: IntentionVerb) -> Result<Exit, Failure> {
    let (intentions, screen) = (context.client.intentions(), &context.config.screen);
    match verb {
        IntentionVerb::Create(args) => create(context, &args).await?,
        IntentionVerb::List(read) => {
            let found = intentions.list_with(&read.options()).await?;
            screen.show(&Rows::new(found.value, COLUMNS))?;
        }
        IntentionVerb::Get(args) => {
            let found = find(context, &args.words, &args.read.options()).await?;
            screen.show(&Object::of(found))?;
        }
        IntentionVerb::Match(args) => {
            let found = matching(context, &args).await?;
            screen.show(&Rows::new(found, COLUMNS))?;
        }
        IntentionVerb::Check(args) => return check(context, &args).await,
        IntentionVerb::Delete(args) => {
            let options = args.write.options();
            let read = reading(&options);
            let found = find(context, &args.words, &read).await?;
            intentions.delete_with(&found.id, &options).await?;
        }
    }
    Ok(Exit::Success)
}

/// Reads where is written.
fn reading(options: &WriteOptions) -> QueryOptions {
    QueryOptions::from(options.clone())
}

async fn create(context: Context<'_>, args: &CreateIntentionArgs) -> Result<(), Failure> {
    let (intentions, options) = (context.client.intentions(), args.write.options());
    let mut ids = Vec::new();
    for request in requests(args)? {
        let there = match args.replace {
            true => exact(context, &request, &reading(&options)).await?,
            false => None,
        };
        ids.push(match there {
            Some(there) => {
                intentions
                    .update_with(&there.id, &request, &options)
                    .await?;
                there.id
            }
            None => intentions.create_with(&request, &options).await?,
        });
    }
    context.config.screen.show(&Rows::plain(ids, IDS))?;
    Ok(())
}

/// What is to be created; all of it is read before any of it is.
fn requests(args: &CreateIntentionArgs) -> Result<Vec<IntentionRequest>, Failure> {
    if args.file {
        let read = |path: std::path::PathBuf| document::json(&path).and_then(of_file);
        return args.files().map(read).collect();
    }
    let [source, destination] = args.words.as_slice() else {
        let why = "a source and a destination are needed, or --file and files";
        return Err(Failure::usage(why));
    };
    let mut request = match args.deny {
        true => IntentionRequest::deny(source, destination),
        false => IntentionRequest::allow(source, destination),
    };
    for (key, value) in &args.meta {
        request = request.with_meta(key, value);
    }
    if let Some(text) = &args.description {
        request = request.with_description(text);
    }
    Ok(vec![request])
}

fn of_file(read: Intention) -> Result<IntentionRequest, Failure> {
    if let Some(field) = read.extra.keys().next() {
        let why = format!("an intention has no field `{field}`");
        return Err(Failure::usage(why));
    }
    let mut request = IntentionRequest::allow(read.source_name, read.destination_name);
    request.action = read.action;
    request.description = read.description;
    request.meta = read.meta;
    Ok(request)
}

/// The intention for the same two services.
async fn exact(
    context: Context<'_>,
    request: &IntentionRequest,
    options: &QueryOptions,
) -> Result<Option<Intention>, Failure> {
    let listed = context.client.intentions().list_with(options).await?.value;
    Ok(listed.into_iter().find(|it| {
        it.source_name == request.source_name && it.destination_name == request.destination_name
    }))
}

/// The intention that one or two words name.
async fn find(
    context: Context<'_>,
    words: &[String],
    options: &QueryOptions,
) -> Result<Intention, Failure> {
    let found = match words {
        [id] => context.client.intentions().get_with(id, options).await?,
        [source, destination] => {
            let wanted = IntentionRequest::allow(source, destination);
            exact(context, &wanted, options).await?
        }
        _ => None,
    };
    found.ok_or_else(|| missing("intention", &words.join(" => ")))
}

async fn matching(context: Context<'_>, args: &MatchArgs) -> Result<Vec<Intention>, Failure> {
    let side = match args.source {
        true => IntentionSide::Source,
        false => IntentionSide::Destination,
    };
    let (intentions, options) = (context.client.intentions(), args.read.options());
    let found = intentions
        .matching_with(side, [&args.name], &options)
        .await?;
    Ok(found.of(&args.name).to_vec())
}

async fn check(context: Context<'_>, args: &CheckIntentionArgs) -> Result<Exit, Failure> {
    let (intentions, options) = (context.client.intentions(), args.read.options());
    let (source, destination) = (&args.source, &args.destination);
    let allowed = intentions.check_with(source, destination, &options).await?;
    let (text, exit) = match allowed {
        true => ("Allowed", Exit::Success),
        false => ("Denied", Exit::Failure),
    };
    let answer = serde_json::json!({"Allowed": allowed});
    context.config.screen.show(&Said::new(answer, text))?;
    Ok(exit)
}
