//! The service Auth: users, roles, and tokens.

use std::sync::Arc;

use quorate_etcd_proto::authpb;
use quorate_etcd_proto::etcdserverpb as pb;
use quorate_etcd_proto::etcdserverpb::auth_server;
use quorate_etcd_proto::tonic::metadata::MetadataMap;
use quorate_etcd_proto::tonic::{self, Request, Response, Status};
use quorate_wire::consul::SecretText;
use ring::rand::{SecureRandom, SystemRandom};

use super::front::{Front, wrong_reply};
use super::status::refused;
use crate::engine::etcd3::{
    AuthCommand, KeyRange, NewUser, Op, Permission, PermissionKind, Refusal, Reply, State, Token,
    User,
};

/// The service.
pub(super) struct Auth(pub(super) Arc<Front>);

impl Auth {
    async fn change(
        &self,
        metadata: &MetadataMap,
        command: AuthCommand,
    ) -> Result<Option<pb::ResponseHeader>, Status> {
        let caller = self.0.caller(metadata)?;
        match self.0.submit(caller, Op::Auth(Box::new(command))).await? {
            Reply::Done(revision) => Ok(Some(self.0.header(revision))),
            _ => Err(wrong_reply()),
        }
    }

    /// The hash of a password; an empty one never fits. Who may not change users does not make
    /// the agent work for it.
    async fn hash(
        &self,
        metadata: &MetadataMap,
        password: String,
    ) -> Result<Option<SecretText>, Status> {
        let caller = self.0.caller(metadata)?;
        self.0.may_manage(&caller).map_err(refused)?;
        if password.is_empty() {
            return Ok(None);
        }
        let hash = self
            .0
            .agent
            .passwords
            .hash(SecretText::from(password))
            .await;
        hash.map(Some).ok_or_else(no_random)
    }

    /// The user whose password it is, and how often users had changed when it was compared.
    async fn log_in(&self, name: &str, password: &str) -> Result<i64, Status> {
        let (user, revision) = self.0.with_state(|state| {
            let auth = state.auth();
            if !auth.is_enabled() {
                return Err(refused(Refusal::AuthNotEnabled));
            }
            Ok((auth.user(name).cloned(), auth.revision()))
        })?;
        let user = user.ok_or_else(|| refused(Refusal::AuthFailed))?;
        if user.no_password {
            return Err(refused(Refusal::NoPasswordUser));
        }
        let User { hash, .. } = User::clone(&user);
        let hash = hash.ok_or_else(|| refused(Refusal::AuthFailed))?;
        if !self.0.agent.passwords.fits(hash, password).await {
            return Err(refused(Refusal::AuthFailed));
        }
        Ok(revision)
    }
}

fn no_random() -> Status {
    Status::internal("the system gives no random numbers")
}

/// A token that nobody can guess.
fn new_token() -> Result<Token, Status> {
    let mut bytes = [0u8; 16];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| no_random())?;
    let token: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    Ok(token.into())
}

/// What a request asks for, and who it comes from.
fn split<T>(request: Request<T>) -> (MetadataMap, T) {
    let (metadata, _, asked) = request.into_parts();
    (metadata, asked)
}

#[tonic::async_trait]
impl auth_server::Auth for Auth {
    async fn auth_enable(
        &self,
        request: Request<pb::AuthEnableRequest>,
    ) -> Result<Response<pb::AuthEnableResponse>, Status> {
        let header = self.change(request.metadata(), AuthCommand::Enable).await?;
        Ok(Response::new(pb::AuthEnableResponse { header }))
    }

    async fn auth_disable(
        &self,
        request: Request<pb::AuthDisableRequest>,
    ) -> Result<Response<pb::AuthDisableResponse>, Status> {
        let header = self
            .change(request.metadata(), AuthCommand::Disable)
            .await?;
        Ok(Response::new(pb::AuthDisableResponse { header }))
    }

    async fn auth_status(
        &self,
        request: Request<pb::AuthStatusRequest>,
    ) -> Result<Response<pb::AuthStatusResponse>, Status> {
        let caller = self.0.caller(request.metadata())?;
        self.0.may_manage(&caller).map_err(refused)?;
        let snapshot = self.0.snapshot();
        let state = snapshot.etcd3();
        Ok(Response::new(pb::AuthStatusResponse {
            header: Some(self.0.header(state.revision())),
            enabled: state.auth().is_enabled(),
            auth_revision: u64::try_from(state.auth().revision()).unwrap_or(0),
        }))
    }

    async fn authenticate(
        &self,
        request: Request<pb::AuthenticateRequest>,
    ) -> Result<Response<pb::AuthenticateResponse>, Status> {
        let asked = request.into_inner();
        let revision = self.log_in(&asked.name, &asked.password).await?;
        let token = new_token()?;
        let now = self.0.agent.writer.now();
        let mut tokens = self.0.tokens();
        tokens.issue(token.clone(), &asked.name, revision, now);
        drop(tokens);
        Ok(Response::new(pb::AuthenticateResponse {
            header: Some(self.0.header_now()),
            token: token.into(),
        }))
    }

    async fn user_add(
        &self,
        request: Request<pb::AuthUserAddRequest>,
    ) -> Result<Response<pb::AuthUserAddResponse>, Status> {
        let (metadata, asked) = split(request);
        let no_password = asked.options.is_some_and(|options| options.no_password);
        let password = if no_password {
            String::new()
        } else {
            asked.password
        };
        let hash = self.hash(&metadata, password).await?;
        let user = NewUser {
            name: asked.name,
            hash,
            no_password,
        };
        let header = self.change(&metadata, AuthCommand::AddUser(user)).await?;
        Ok(Response::new(pb::AuthUserAddResponse { header }))
    }

    async fn user_get(
        &self,
        request: Request<pb::AuthUserGetRequest>,
    ) -> Result<Response<pb::AuthUserGetResponse>, Status> {
        let caller = self.0.caller(request.metadata())?;
        let name = &request.get_ref().name;
        let snapshot = self.0.snapshot();
        let state = snapshot.etcd3();
        let auth = state.auth();
        auth.may_see_user(&caller, name).map_err(refused)?;
        let user = auth
            .user(name)
            .ok_or_else(|| refused(Refusal::UserNotFound))?;
        Ok(Response::new(pb::AuthUserGetResponse {
            header: Some(self.0.header(state.revision())),
            roles: user.roles.clone(),
        }))
    }

    async fn user_list(
        &self,
        request: Request<pb::AuthUserListRequest>,
    ) -> Result<Response<pb::AuthUserListResponse>, Status> {
        let caller = self.0.caller(request.metadata())?;
        self.0.may_manage(&caller).map_err(refused)?;
        let users = |state: &State| state.auth().user_names().map(str::to_owned).collect();
        Ok(Response::new(pb::AuthUserListResponse {
            header: Some(self.0.header_now()),
            users: self.0.with_state(users),
        }))
    }

    async fn user_delete(
        &self,
        request: Request<pb::AuthUserDeleteRequest>,
    ) -> Result<Response<pb::AuthUserDeleteResponse>, Status> {
        let (metadata, asked) = split(request);
        let command = AuthCommand::DeleteUser(asked.name);
        let header = self.change(&metadata, command).await?;
        Ok(Response::new(pb::AuthUserDeleteResponse { header }))
    }

    async fn user_change_password(
        &self,
        request: Request<pb::AuthUserChangePasswordRequest>,
    ) -> Result<Response<pb::AuthUserChangePasswordResponse>, Status> {
        let (metadata, asked) = split(request);
        let hash = self.hash(&metadata, asked.password).await?;
        let name = asked.name;
        let command = AuthCommand::ChangePassword { name, hash };
        let header = self.change(&metadata, command).await?;
        Ok(Response::new(pb::AuthUserChangePasswordResponse { header }))
    }

    async fn user_grant_role(
        &self,
        request: Request<pb::AuthUserGrantRoleRequest>,
    ) -> Result<Response<pb::AuthUserGrantRoleResponse>, Status> {
        let (metadata, asked) = split(request);
        let command = AuthCommand::GrantRole {
            user: asked.user,
            role: asked.role,
        };
        let header = self.change(&metadata, command).await?;
        Ok(Response::new(pb::AuthUserGrantRoleResponse { header }))
    }

    async fn user_revoke_role(
        &self,
        request: Request<pb::AuthUserRevokeRoleRequest>,
    ) -> Result<Response<pb::AuthUserRevokeRoleResponse>, Status> {
        let (metadata, asked) = split(request);
        let command = AuthCommand::RevokeRole {
            user: asked.name,
            role: asked.role,
        };
        let header = self.change(&metadata, command).await?;
        Ok(Response::new(pb::AuthUserRevokeRoleResponse { header }))
    }

    async fn role_add(
        &self,
        request: Request<pb::AuthRoleAddRequest>,
    ) -> Result<Response<pb::AuthRoleAddResponse>, Status> {
        let (metadata, asked) = split(request);
        let command = AuthCommand::AddRole(asked.name);
        let header = self.change(&metadata, command).await?;
        Ok(Response::new(pb::AuthRoleAddResponse { header }))
    }

    async fn role_get(
        &self,
        request: Request<pb::AuthRoleGetRequest>,
    ) -> Result<Response<pb::AuthRoleGetResponse>, Status> {
        let caller = self.0.caller(request.metadata())?;
        let name = &request.get_ref().role;
        let snapshot = self.0.snapshot();
        let state = snapshot.etcd3();
        let auth = state.auth();
        auth.may_see_role(&caller, name).map_err(refused)?;
        let role = auth
            .role(name)
            .ok_or_else(|| refused(Refusal::RoleNotFound))?;
        let perm = role.permissions.iter().map(|permission| {
            let (key, range_end) = permission.range.clone().into_parts();
            authpb::Permission {
                perm_type: permission.kind.number(),
                key,
                range_end,
            }
        });
        Ok(Response::new(pb::AuthRoleGetResponse {
            header: Some(self.0.header(state.revision())),
            perm: perm.collect(),
        }))
    }

    async fn role_list(
        &self,
        request: Request<pb::AuthRoleListRequest>,
    ) -> Result<Response<pb::AuthRoleListResponse>, Status> {
        let caller = self.0.caller(request.metadata())?;
        self.0.may_manage(&caller).map_err(refused)?;
        let roles = |state: &State| state.auth().role_names().map(str::to_owned).collect();
        Ok(Response::new(pb::AuthRoleListResponse {
            header: Some(self.0.header_now()),
            roles: self.0.with_state(roles),
        }))
    }

    async fn role_delete(
        &self,
        request: Request<pb::AuthRoleDeleteRequest>,
    ) -> Result<Response<pb::AuthRoleDeleteResponse>, Status> {
        let (metadata, asked) = split(request);
        let command = AuthCommand::DeleteRole(asked.role);
        let header = self.change(&metadata, command).await?;
        Ok(Response::new(pb::AuthRoleDeleteResponse { header }))
    }

    async fn role_grant_permission(
        &self,
        request: Request<pb::AuthRoleGrantPermissionRequest>,
    ) -> Result<Response<pb::AuthRoleGrantPermissionResponse>, Status> {
        let (metadata, asked) = split(request);
        let permission = asked.perm.map(|permission| Permission {
            kind: PermissionKind::from_number(permission.perm_type),
            range: KeyRange::new(permission.key, permission.range_end),
        });
        let role = asked.name;
        let command = AuthCommand::GrantPermission { role, permission };
        let header = self.change(&metadata, command).await?;
        Ok(Response::new(pb::AuthRoleGrantPermissionResponse {
            header,
        }))
    }

    async fn role_revoke_permission(
        &self,
        request: Request<pb::AuthRoleRevokePermissionRequest>,
    ) -> Result<Response<pb::AuthRoleRevokePermissionResponse>, Status> {
        let (metadata, asked) = split(request);
        let command = AuthCommand::RevokePermission {
            role: asked.role,
            range: KeyRange::new(asked.key, asked.range_end),
        };
        let header = self.change(&metadata, command).await?;
        Ok(Response::new(pb::AuthRoleRevokePermissionResponse {
            header,
        }))
    }
}
