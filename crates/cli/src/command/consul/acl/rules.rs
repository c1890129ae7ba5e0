//! `quorate consul acl translate-rules` and `set-agent-token`.

use quorate_consul::acl::Acl;
use quorate_consul::{AgentToken, QueryOptions, Secret};

use super::{MAX_TEXT, which};
use crate::args::consul::acl::rules::{AgentTokenArgs, TranslateArgs, Which};
use crate::command::consul::Context;
use crate::failure::Failure;
use crate::input;

/// What names an old token.
pub(super) enum Named {
    /// Its accessor id, or the beginning of it.
    Accessor(String),
    /// Its secret.
    Secret(Secret),
}

/// Reads what names an old token.
pub(super) fn named(text: &str, is_secret: bool) -> Result<Named, Failure> {
    let text = input::text(text, MAX_TEXT)?;
    Ok(match is_secret {
        true => Named::Secret(Secret::new(text.trim())),
        false => Named::Accessor(text.trim().to_owned()),
    })
}

/// The rules of an old token in the words of today.
pub(super) async fn of_token(
    acl: &Acl,
    token: &Named,
    options: &QueryOptions,
) -> Result<String, Failure> {
    let accessor = match token {
        Named::Accessor(prefix) => which::token(acl, prefix, options).await?,
        Named::Secret(secret) => {
            let own = options.clone().with_token(secret.clone());
            let found = acl.tokens().read_self_with(&own).await?.value;
            // Not by its accessor, which a server gives an old token only after a while.
            if found.rules.is_empty() {
                return Err(Failure::usage("the token is no old one: it has no rules"));
            }
            return Ok(acl.translate_rules_with(&found.rules, options).await?);
        }
    };
    Ok(acl.translate_token_rules_with(&accessor, options).await?)
}

pub(super) async fn translate(context: Context<'_>, args: &TranslateArgs) -> Result<(), Failure> {
    let (acl, options) = (context.client.acl(), args.read.options());
    let translated = if args.token_accessor || args.token_secret {
        let token = named(&args.translate, args.token_secret)?;
        of_token(&acl, &token, &options).await?
    } else {
        let rules = input::text(&args.translate, MAX_TEXT)?;
        acl.translate_rules_with(&rules, &options).await?
    };
    let end = if translated.ends_with('\n') { "" } else { "\n" };
    Ok(context
        .config
        .screen
        .raw(format!("{translated}{end}").as_bytes())?)
}

pub(super) async fn set_agent_token(
    context: Context<'_>,
    args: &AgentTokenArgs,
) -> Result<(), Failure> {
    let which = match args.which {
        Which::Default => AgentToken::Default,
        Which::Agent => AgentToken::Agent,
        Which::Master => AgentToken::AgentMaster,
        Which::Replication => AgentToken::Replication,
    };
    let secret = Secret::new(input::text(&args.secret, MAX_TEXT)?.trim());
    let agent = context.client.agent();
    let write = args.write.options();
    Ok(agent.update_token_with(which, &secret, &write).await?)
}
