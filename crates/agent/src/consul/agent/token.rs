//! The tokens that the agent uses itself: `PUT /v1/agent/token/:name`.

use std::sync::Arc;

use arc_swap::ArcSwap;
use http::StatusCode;
use quorate_net::Secret;
use quorate_wire::consul::SecretText;
use rpds::HashTrieMapSync;

use crate::config::AclConfig;
use crate::consul::acl::{decode_failed, off};
use crate::consul::body::{Body, BodyError};
use crate::consul::decode::{DecodeError, Json, Kind, Place, text_of};
use crate::consul::permit::require;
use crate::consul::reply::{Refused, Reply};
use crate::consul::request::{Answer, Request};
use crate::engine::consul::{AclCommand, Command, State};

/// The longest body that is read.
const MAX_BODY_BYTES: usize = 64 * 1024;

const DEFAULT: &str = "default";
const AGENT: &str = "agent";
const AGENT_MASTER: &str = "agent_master";
const REPLICATION: &str = "replication";

/// The tokens that the agent uses itself.
#[derive(Debug)]
pub(crate) struct AgentTokens {
    tokens: ArcSwap<HashTrieMapSync<&'static str, SecretText>>,
}

impl AgentTokens {
    /// Those of the configuration, and over them those that were to be remembered.
    pub(crate) fn new(config: &AclConfig, state: &State) -> Self {
        let configured = [
            (DEFAULT, &config.default_token),
            (AGENT, &config.agent_token),
            (AGENT_MASTER, &config.agent_master_token),
        ];
        let mut tokens = HashTrieMapSync::default();
        for (name, token) in configured {
            if let Some(token) = token {
                tokens.insert_mut(name, Secret::expose(token).into());
            }
        }
        if config.enable_token_persistence {
            for (name, token) in state.agent_tokens() {
                if let Some(name) = name_of(name) {
                    tokens.insert_mut(name, token.clone());
                }
            }
        }
        Self {
            tokens: ArcSwap::from_pointee(tokens),
        }
    }

    fn get(&self, name: &str) -> SecretText {
        self.tokens.load().get(name).cloned().unwrap_or_default()
    }

    /// What requests without a token use; empty for the anonymous token.
    pub(crate) fn default_token(&self) -> SecretText {
        self.get(DEFAULT)
    }

    pub(crate) fn is_agent_master(&self, secret: &SecretText) -> bool {
        let master = self.get(AGENT_MASTER);
        !master.is_empty() && master == *secret
    }

    fn set(&self, name: &'static str, secret: &SecretText) {
        self.tokens.rcu(|tokens| {
            let mut tokens = HashTrieMapSync::clone(tokens);
            tokens.insert_mut(name, secret.clone());
            tokens
        });
    }
}

/// The name of today for one of the names of an agent's token.
fn name_of(name: &str) -> Option<&'static str> {
    Some(match name {
        "default" | "acl_token" => DEFAULT,
        "agent" | "acl_agent_token" => AGENT,
        "agent_master" | "acl_agent_master_token" => AGENT_MASTER,
        "replication" | "acl_replication_token" => REPLICATION,
        _ => return None,
    })
}

/// `PUT /v1/agent/token/:name`.
pub(super) fn update(request: Request<'_>, body: Body) -> Result<Answer, Refused> {
    if request.front.acl.is_none() {
        return Err(off().into());
    }
    require(request.permit()?.agent_write(&request.front.node.name))?;
    let (front, name) = (Arc::clone(request.front), request.text_name());
    Ok(Answer::later(async move {
        let secret = match body.collect(MAX_BODY_BYTES).await {
            Ok(body) => decode(&body, front.strict),
            Err(BodyError::TooLarge) => Err("the body is too large".to_owned()),
            Err(BodyError::Broken) => Err("unexpected EOF".to_owned()),
        };
        let secret = match secret {
            Ok(secret) => secret,
            Err(problem) => return decode_failed("Request", &problem),
        };
        let Some(known) = name_of(&name) else {
            let text = format!("Token {} is unknown", crate::quote::quote(&name));
            return Reply::text(StatusCode::NOT_FOUND, text);
        };
        let Some(acl) = &front.acl else {
            return off();
        };
        if acl.persistent {
            let command = AclCommand::SetAgentToken(known.to_owned(), secret.clone());
            if let Err(refused) = front.submit(Command::Acl(command)).await {
                return *refused;
            }
        }
        acl.own.set(known, &secret);
        Reply::empty(StatusCode::OK)
    }))
}

fn decode(body: &[u8], strict: bool) -> Result<SecretText, String> {
    let place = |field, type_name| Place { field, type_name };
    let read = || {
        let text = text_of(body)?;
        let object = Json::parse(&text)?;
        if !matches!(object.kind(), Kind::Object | Kind::Null) {
            return Err(object.mismatch(place("", "api.AgentToken")));
        }
        let mut token = String::new();
        for (name, value) in object.fields() {
            if name.eq_ignore_ascii_case("token") {
                let text = value.text(place("AgentToken.Token", "string"))?;
                token = text.unwrap_or(token);
            } else if strict {
                return Err(DecodeError::unknown_field(&name));
            }
        }
        Ok(SecretText::from(token))
    };
    read().map_err(|error: DecodeError| error.to_string())
}
