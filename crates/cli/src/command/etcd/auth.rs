//! `quorate etcd auth`.

use quorate_etcd::v3::raw;
use quorate_etcd::v3::raw::proto::etcdserverpb as pb;

use super::Context;
use crate::args::etcd::auth::AuthVerb;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::etcd::done::Done;

pub(super) async fn run(context: Context<'_>, verb: AuthVerb) -> Result<Exit, Failure> {
    let raw = context.client.raw();
    match verb {
        AuthVerb::Enable => {
            let request = pb::AuthEnableRequest {};
            let response = raw.send(&raw::AUTH_ENABLE, &request).await?;
            let text = "Authentication Enabled";
            context.say(text, &Done::new(text, response.header))
        }
        AuthVerb::Disable => {
            let request = pb::AuthDisableRequest {};
            let response = raw.send(&raw::AUTH_DISABLE, &request).await?;
            let text = "Authentication Disabled";
            context.say(text, &Done::new(text, response.header))
        }
        AuthVerb::Status => {
            let request = pb::AuthStatusRequest {};
            context.show(&raw.send(&raw::AUTH_STATUS, &request).await?)
        }
    }
}
