//! `quorate etcd member`.

use quorate_etcd::v3::raw;
use quorate_etcd::v3::raw::proto::etcdserverpb as pb;

use super::Context;
use crate::args::etcd::member::{AddArgs, MemberVerb};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::etcd::member::{AddedView, ChangedView};

pub(super) async fn run(context: Context<'_>, verb: MemberVerb) -> Result<Exit, Failure> {
    let raw = context.client.raw();
    match verb {
        MemberVerb::List => {
            let request = pb::MemberListRequest { linearizable: true };
            context.show(&raw.send(&raw::MEMBER_LIST, &request).await?)
        }
        MemberVerb::Add(args) => add(context, args).await,
        MemberVerb::Remove(args) => {
            let request = pb::MemberRemoveRequest { id: args.id };
            let response = raw.send(&raw::MEMBER_REMOVE, &request).await?;
            let (header, members) = (response.header, response.members);
            changed(context, "removed from", args.id, header, members)
        }
        MemberVerb::Update(args) => {
            let request = pb::MemberUpdateRequest {
                id: args.id,
                peer_ur_ls: args.peer_urls,
            };
            let response = raw.send(&raw::MEMBER_UPDATE, &request).await?;
            let (header, members) = (response.header, response.members);
            changed(context, "updated in", args.id, header, members)
        }
        MemberVerb::Promote(args) => {
            let request = pb::MemberPromoteRequest { id: args.id };
            let response = raw.send(&raw::MEMBER_PROMOTE, &request).await?;
            let (header, members) = (response.header, response.members);
            changed(context, "promoted in", args.id, header, members)
        }
    }
}

async fn add(context: Context<'_>, args: AddArgs) -> Result<Exit, Failure> {
    let peer_urls = args.peer_urls.join(",");
    let request = pb::MemberAddRequest {
        peer_ur_ls: args.peer_urls,
        is_learner: args.learner,
    };
    let response = context
        .client
        .raw()
        .send(&raw::MEMBER_ADD, &request)
        .await?;
    context.show(&AddedView {
        response,
        name: args.name,
        peer_urls,
    })
}

fn changed(
    context: Context<'_>,
    done: &'static str,
    id: u64,
    header: Option<pb::ResponseHeader>,
    members: Vec<pb::Member>,
) -> Result<Exit, Failure> {
    context.show(&ChangedView {
        done,
        id,
        header,
        members,
    })
}
