use std::collections::HashMap;
use std::time::Duration;

use super::Auth;
use super::access::Caller;
use crate::engine::Time;
use crate::engine::etcd3::refusal::Refusal;

/// How long a token is good that nobody shows, as on a server with etcd's own settings.
const IDLE: Duration = Duration::from_secs(300);
/// How many tokens there are at most; beyond, the oldest go first.
const MAX_TOKENS: usize = 100_000;
/// So few tokens that it does not matter how many of them are over.
const FEW: usize = 1024;

/// What a user shows instead of a password.
pub type Token = Box<str>;

/// The tokens that were given out. They are not stored: a restart forgets them, as etcd does.
#[derive(Clone, Debug, Default)]
pub struct Tokens {
    issued: HashMap<Token, Issued>,
    /// When there are so many, those that are over are looked for.
    full_at: usize,
}

/// Whom a token was given to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Issued {
    /// The user.
    pub user: Box<str>,
    /// The change of users at which the password was compared.
    pub revision: i64,
    /// When the token is over, if nobody shows it.
    pub expires: Time,
}

impl Tokens {
    /// Remembers a token that is given to `user`, whose password fitted at `revision` of the
    /// users.
    pub fn issue(&mut self, token: Token, user: &str, revision: i64, now: Time) {
        self.make_room(now);
        let issued = Issued {
            user: user.into(),
            revision,
            expires: now.after(IDLE),
        };
        self.issued.insert(token, issued);
    }

    /// Who shows `token`; it is good for its whole time again. A token is worth nothing once its
    /// user is gone or has another password, and when users did not count in between.
    ///
    /// # Errors
    /// [`Refusal::InvalidAuthToken`] where it is worth nothing.
    pub fn caller(&mut self, token: &str, auth: &Auth, now: Time) -> Result<Caller, Refusal> {
        let issued = self.issued.get_mut(token);
        let issued = issued.filter(|issued| issued.expires > now);
        let issued = issued.ok_or(Refusal::InvalidAuthToken)?;
        let since = auth.user(&issued.user).map(|user| user.since);
        let good = since.is_some_and(|since| since <= issued.revision);
        if !good || issued.revision < auth.flags.enabled_at {
            return Err(Refusal::InvalidAuthToken);
        }
        issued.expires = now.after(IDLE);
        Ok(Caller::User(issued.user.clone()))
    }

    /// Makes room: tokens that are over go, and when that is not enough, an eighth of the others,
    /// those that are over next.
    fn make_room(&mut self, now: Time) {
        if self.issued.len() < self.full_at.max(FEW) {
            return;
        }
        self.issued.retain(|_, issued| issued.expires > now);
        if self.issued.len() >= MAX_TOKENS {
            let expires = self.issued.values().map(|issued| issued.expires);
            let mut expires: Vec<Time> = expires.collect();
            let (_, next, _) = expires.select_nth_unstable(MAX_TOKENS / 8);
            let next = *next;
            self.issued.retain(|_, issued| issued.expires > next);
        }
        self.full_at = (2 * self.issued.len()).min(MAX_TOKENS);
    }
}
