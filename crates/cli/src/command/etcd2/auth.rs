//! `quorate etcd2 auth`.

use serde_json::json;

use super::Context;
use crate::args::etcd2::auth::AuthVerb;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::said::Said;

/// The role of everybody, which etcd makes with every right.
const GUEST: &str = "guest";

pub(super) async fn run(context: Context<'_>, verb: AuthVerb) -> Result<Exit, Failure> {
    let (auth, screen) = (context.client.auth(), &context.config.screen);
    match verb {
        AuthVerb::Enable => {
            auth.enable().await.map_err(|error| {
                let next =
                    "quorate etcd2 user add root, if there is none; quorate etcd2 auth status";
                Failure::from(error).or_next(|| next.into())
            })?;
            screen.show(&enabled(true))?;
            let open = json!({"warning": "guest"});
            let text = format!(
                "whoever has no name has the role {GUEST}, which may do everything: \
                 quorate etcd2 -u root role remove {GUEST}"
            );
            if !screen.is_json() {
                screen.note(&Said::new(open, text))?;
            }
        }
        AuthVerb::Disable => {
            auth.disable().await?;
            screen.show(&enabled(false))?;
        }
        AuthVerb::Status => screen.show(&enabled(auth.is_enabled().await?))?,
    }
    Ok(Exit::Success)
}

fn enabled(enabled: bool) -> Said<serde_json::Value> {
    let text = match enabled {
        true => "Authentication Enabled",
        false => "Authentication Disabled",
    };
    Said::new(json!({"enabled": enabled}), text)
}
