//! `quorate etcd2 member`.

use super::Context;
use crate::args::etcd2::member::{AddArgs, MemberVerb};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::etcd2::member::{AddedView, COLUMNS, MemberView, line};
use crate::view::etcd2::names::Names;
use crate::view::said::Said;

pub(super) async fn run(context: Context<'_>, verb: MemberVerb) -> Result<Exit, Failure> {
    let (members, screen) = (context.client.members(), &context.config.screen);
    match verb {
        MemberVerb::List => {
            let (all, leader) = (members.list().await?, members.leader().await?);
            let leader = leader.map(|leader| leader.id);
            let view = |member: quorate_etcd::v2::Member| MemberView {
                is_leader: leader.as_ref() == Some(&member.id),
                member,
            };
            let views = all.into_iter().map(view).collect();
            screen.show(&Names::new(views, COLUMNS, line))?;
        }
        MemberVerb::Leader => {
            let none = || Failure::new(Exit::NotFound, "no member leads at the moment");
            let member = members.leader().await?.ok_or_else(none)?;
            let is_leader = true;
            let view = MemberView { member, is_leader };
            screen.show(&Names::new(vec![view], COLUMNS, line))?;
        }
        MemberVerb::Add(args) => screen.show(&add(context, &args).await?)?,
        MemberVerb::Remove(args) => {
            members.remove(&args.id).await?;
            let text = format!("Removed member {} from cluster", args.id);
            screen.show(&id(&args.id, text))?;
        }
        MemberVerb::Update(args) => {
            members.update(&args.id, urls(&args.peer_urls)).await?;
            let text = format!("Updated member with ID {} in cluster", args.id);
            screen.show(&id(&args.id, text))?;
        }
    }
    Ok(Exit::Success)
}

fn id(id: &str, text: String) -> Said<serde_json::Value> {
    Said::new(serde_json::json!({"id": id}), text)
}

async fn add(context: Context<'_>, args: &AddArgs) -> Result<AddedView, Failure> {
    let members = context.client.members();
    let member = members.add(urls(&args.peer_urls)).await?;
    let all = members.list().await.map_err(|error| {
        let what = format!(
            "member {} was added, but the others are not known",
            member.id
        );
        Failure::from(error).context(what)
    })?;
    let mut initial_cluster = Vec::new();
    for one in &all {
        let name = match one.id == member.id {
            true => &args.name,
            false => &one.name,
        };
        let pair = |url: &String| format!("{name}={url}");
        initial_cluster.extend(one.peer_urls.iter().map(pair));
    }
    Ok(AddedView {
        name: args.name.clone(),
        member,
        initial_cluster,
    })
}

fn urls(list: &str) -> impl Iterator<Item = &str> {
    list.split(',').map(str::trim)
}
