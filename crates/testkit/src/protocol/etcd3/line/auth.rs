//! Users and roles as lines.

use anyhow::bail;
use quorate_etcd_proto::authpb::permission::Type;
use quorate_etcd_proto::authpb::{Permission, UserAddOptions};
use quorate_etcd_proto::etcdserverpb as pb;

use super::names::Names;
use super::tell::at;
use super::words::Words;
use super::{World, refusal};

/// A list, told.
fn list(names: &mut Names, what: &[String], header: Option<&pb::ResponseHeader>) -> String {
    format!("[{}]{}", what.join(", "), at(names, header, false))
}

fn done(names: &mut Names, header: Option<&pb::ResponseHeader>) -> String {
    format!("done{}", at(names, header, false))
}

macro_rules! send {
    ($world:ident.$call:ident($request:expr), $tell:expr) => {{
        let request = $world.request($request);
        let answer = $world.channel.auth().$call(request).await;
        $world.told(answer, $tell)
    }};
    ($world:ident.$call:ident($request:expr)) => {
        send!($world.$call($request), |names, answer| done(
            names,
            answer.header.as_ref()
        ))
    };
}

impl World {
    /// `as NAME PASSWORD`, `as nobody`, `as token TEXT`, `auth enable`, `user …`, `role …`.
    pub(crate) async fn ask_auth(
        &mut self,
        verb: &str,
        words: &mut Words<'_>,
    ) -> anyhow::Result<String> {
        match verb {
            "as" => self.become_user(words).await,
            "auth" => self.ask_switch(words.next()?).await,
            "user" => self.ask_user(words).await,
            _ => self.ask_role(words).await,
        }
    }

    async fn become_user(&mut self, words: &mut Words<'_>) -> anyhow::Result<String> {
        let name = words.text()?;
        match name.as_str() {
            "nobody" => self.token = None,
            "token" => self.token = Some(words.text()?),
            _ => {
                let password = words.text()?;
                let request = pb::AuthenticateRequest { name, password };
                match self.channel.auth().authenticate(request).await {
                    Ok(answer) => self.token = Some(answer.into_inner().token),
                    Err(status) => return Ok(refusal(&status)),
                }
            }
        }
        Ok("done".to_owned())
    }

    async fn ask_switch(&mut self, what: &str) -> anyhow::Result<String> {
        Ok(match what {
            "enable" => send!(self.auth_enable(pb::AuthEnableRequest {})),
            "disable" => send!(self.auth_disable(pb::AuthDisableRequest {})),
            "status" => send!(
                self.auth_status(pb::AuthStatusRequest {}),
                |names, answer| {
                    let enabled = if answer.enabled { "on" } else { "off" };
                    let told = format!("{enabled} {}", answer.auth_revision);
                    told + &at(names, answer.header.as_ref(), false)
                }
            ),
            other => bail!("what is {other}?"),
        })
    }

    /// `add NAME PASSWORD`, `add NAME nothing`, `get NAME`, `list`, `del NAME`, `passwd NAME PASSWORD`,
    /// `grant NAME ROLE`, `revoke NAME ROLE`.
    async fn ask_user(&mut self, words: &mut Words<'_>) -> anyhow::Result<String> {
        let verb = words.next()?;
        let name = if verb == "list" {
            String::new()
        } else {
            words.text()?
        };
        Ok(match verb {
            "add" => {
                let no_password = words.takes("nothing");
                let password = if no_password {
                    String::new()
                } else {
                    words.text()?
                };
                send!(self.user_add(pb::AuthUserAddRequest {
                    name,
                    password,
                    options: Some(UserAddOptions { no_password }),
                    hashed_password: String::new(),
                }))
            }
            "get" => send!(
                self.user_get(pb::AuthUserGetRequest { name }),
                |names, answer| list(names, &answer.roles, answer.header.as_ref())
            ),
            "list" => send!(
                self.user_list(pb::AuthUserListRequest {}),
                |names, answer| list(names, &answer.users, answer.header.as_ref())
            ),
            "del" => send!(self.user_delete(pb::AuthUserDeleteRequest { name })),
            "passwd" => {
                let password = words.text()?;
                send!(
                    self.user_change_password(pb::AuthUserChangePasswordRequest {
                        name,
                        password,
                        hashed_password: String::new(),
                    })
                )
            }
            "grant" => {
                let role = words.text()?;
                send!(self.user_grant_role(pb::AuthUserGrantRoleRequest { user: name, role }))
            }
            "revoke" => {
                let role = words.text()?;
                send!(self.user_revoke_role(pb::AuthUserRevokeRoleRequest { name, role }))
            }
            other => bail!("what is {other}?"),
        })
    }

    /// `add NAME`, `get NAME`, `list`, `del NAME`, `grant NAME read|write|both RANGE`,
    /// `revoke NAME RANGE`.
    async fn ask_role(&mut self, words: &mut Words<'_>) -> anyhow::Result<String> {
        let verb = words.next()?;
        let name = if verb == "list" {
            String::new()
        } else {
            words.text()?
        };
        Ok(match verb {
            "add" => send!(self.role_add(pb::AuthRoleAddRequest { name })),
            "get" => send!(
                self.role_get(pb::AuthRoleGetRequest { role: name }),
                |names, answer| {
                    let rights: Vec<_> = answer
                        .perm
                        .iter()
                        .map(|right| permission(names, right))
                        .collect();
                    list(names, &rights, answer.header.as_ref())
                }
            ),
            "list" => send!(
                self.role_list(pb::AuthRoleListRequest {}),
                |names, answer| list(names, &answer.roles, answer.header.as_ref())
            ),
            "del" => send!(self.role_delete(pb::AuthRoleDeleteRequest { role: name })),
            "grant" => {
                let perm_type = match words.next()? {
                    "read" => Type::Read.into(),
                    "write" => Type::Write.into(),
                    "both" => Type::Readwrite.into(),
                    number => number.parse()?,
                };
                let perm = if words.takes("nothing") {
                    None
                } else {
                    let (key, range_end) = words.range()?;
                    Some(Permission {
                        perm_type,
                        key,
                        range_end,
                    })
                };
                send!(self.role_grant_permission(pb::AuthRoleGrantPermissionRequest { name, perm }))
            }
            "revoke" => {
                let (key, range_end) = words.range()?;
                send!(
                    self.role_revoke_permission(pb::AuthRoleRevokePermissionRequest {
                        role: name,
                        key,
                        range_end,
                    })
                )
            }
            other => bail!("what is {other}?"),
        })
    }
}

fn permission(names: &Names, right: &Permission) -> String {
    let what = match right.perm_type() {
        Type::Read => "read",
        Type::Write => "write",
        Type::Readwrite => "both",
    };
    let (key, end) = (names.tell_key(&right.key), names.tell_key(&right.range_end));
    if end.is_empty() {
        format!("{what} {key}")
    } else {
        format!("{what} {key}..{end}")
    }
}
