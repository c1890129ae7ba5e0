//! `quorate serf members`, `join`, `leave`, `force-leave` and `tags`.

use quorate_serf::{ForceLeaveOptions, JoinOptions, MemberFilter, MemberStatus, TagChanges};
use serde_json::json;

use super::Context;
use crate::args::serf::member::{ForceLeaveArgs, JoinArgs, MembersArgs, TagsArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::serf::member::MembersView;
use crate::view::serf::show;

pub(super) async fn list(context: Context<'_>, args: MembersArgs) -> Result<Exit, Failure> {
    let mut filter = MemberFilter {
        name: args.name,
        status: args.status,
        tags: args.tag.into_iter().collect(),
    };
    if let Some(role) = args.role {
        filter.tags.insert("role".to_owned(), role);
    }
    let members = match filter == MemberFilter::default() {
        true => context.client.members().await?,
        false => context.client.members_filtered(&filter).await?,
    };
    let view = MembersView::new(members, args.detailed);
    show(&context.config.screen, args.format.format, &view)?;
    Ok(Exit::Success)
}

pub(super) async fn join(context: Context<'_>, args: &JoinArgs) -> Result<Exit, Failure> {
    let options = JoinOptions::default().with_replay(args.replay);
    let joined = context.client.join_with(&args.addresses, options).await?;
    let thing = json!({"joined": joined, "addresses": args.addresses.len()});
    let text = format!("Successfully joined cluster by contacting {joined} nodes.");
    context.say(thing, text)
}

pub(super) async fn leave(context: Context<'_>) -> Result<Exit, Failure> {
    context.client.leave().await?;
    context.say(json!({"left": true}), "Graceful leave complete")
}

/// A real agent accepts every name, and stands still when one that is alive is to be pruned: so the
/// member is looked at before.
pub(super) async fn force_leave(
    context: Context<'_>,
    args: &ForceLeaveArgs,
) -> Result<Exit, Failure> {
    let name = &args.name;
    let Some(member) = context.client.member(name).await? else {
        let missing = Failure::new(Exit::NotFound, format!("there is no member {name}"));
        return Err(missing.with_next("quorate serf members"));
    };
    if args.prune && member.status == MemberStatus::Alive {
        let alive = Failure::new(Exit::Conflict, format!("{name} is alive"));
        return Err(alive.with_next("quorate serf leave on that member's agent"));
    }
    let options = ForceLeaveOptions::default().with_prune(args.prune);
    context.client.force_leave_with(name, options).await?;
    let before = member.status.as_str();
    if context.config.screen.is_json() {
        let thing = json!({"name": name, "status_before": before, "pruned": args.prune});
        return context.say(thing, "");
    }
    Ok(Exit::Success)
}

pub(super) async fn tags(context: Context<'_>, args: TagsArgs) -> Result<Exit, Failure> {
    let thing = json!({"set": args.set.len(), "deleted": args.delete.len()});
    let changes = args
        .delete
        .into_iter()
        .fold(TagChanges::new(), TagChanges::remove);
    let changes = args
        .set
        .into_iter()
        .fold(changes, |changes, (name, value)| changes.set(name, value));
    context.client.set_tags(&changes).await?;
    context.say(thing, "Successfully updated agent tags")
}
