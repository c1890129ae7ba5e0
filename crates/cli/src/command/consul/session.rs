//! `quorate consul session`.

use quorate_consul::{Session, SessionBehavior, SessionRequest};

use super::{Context, missing};
use crate::args::consul::session::{Behavior, CreateArgs, SessionVerb};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::object::Object;
use crate::view::rows::{Column, Rows};

const COLUMNS: &[Column<Session>] = &[
    Column::new("ID", |session| session.id.clone()),
    Column::new("NAME", |session| session.name.clone()),
    Column::new("NODE", |session| session.node.clone()),
    Column::new("TTL", |session| session.ttl_text.clone()),
    Column::new("BEHAVIOR", |session| session.behavior.to_string()),
];

pub(super) async fn run(context: Context<'_>, verb: SessionVerb) -> Result<Exit, Failure> {
    let (sessions, screen) = (context.client.session(), &context.config.screen);
    match verb {
        SessionVerb::Create(args) => {
            let id = sessions
                .create_with(&request(&args), &args.write.options())
                .await?;
            screen.show(&Object::new("ID", id))?;
        }
        SessionVerb::Destroy(args) => {
            sessions
                .destroy_with(&args.id, &args.write.options())
                .await?;
        }
        SessionVerb::Renew(args) => {
            let renewed = sessions.renew_with(&args.id, &args.write.options()).await?;
            let session = renewed.ok_or_else(|| missing("session", &args.id))?;
            screen.show(&Object::of(session))?;
        }
        SessionVerb::Info(args) => {
            let found = sessions.info_with(&args.id, &args.read.options()).await?;
            let session = found.value.ok_or_else(|| missing("session", &args.id))?;
            screen.show(&Object::of(session))?;
        }
        SessionVerb::List(args) => {
            let options = args.read.options();
            let found = match &args.node {
                Some(node) => sessions.node_with(node, &options).await?,
                None => sessions.list_with(&options).await?,
            };
            screen.show(&Rows::new(found.value, COLUMNS))?;
        }
    }
    Ok(Exit::Success)
}

fn request(args: &CreateArgs) -> SessionRequest {
    let mut request = SessionRequest::new().with_behavior(match args.behavior {
        Behavior::Release => SessionBehavior::Release,
        Behavior::Delete => SessionBehavior::Delete,
    });
    if let Some(name) = &args.name {
        request = request.with_name(name);
    }
    if let Some(node) = &args.node {
        request = request.with_node(node);
    }
    if let Some(ttl) = args.ttl {
        request = request.with_ttl(ttl);
    }
    if let Some(delay) = args.lock_delay {
        request = request.with_lock_delay(delay);
    }
    if args.no_checks {
        request = request.without_checks();
    }
    request
}
