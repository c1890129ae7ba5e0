//! `quorate consul login` and `logout`.

use std::path::Path;

use quorate_consul::Secret;
use quorate_consul::acl::LoginRequest;

use super::Context;
use crate::args::consul::login::{LoginArgs, LogoutArgs};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::{input, sink};

/// More than any proof of who logs in has.
const MAX_BEARER_BYTES: usize = 1 << 20;

/// Makes a token and puts its secret into a file; if that can't be, the token is ended again.
pub(super) async fn login(context: Context<'_>, args: &LoginArgs) -> Result<Exit, Failure> {
    let acl = context.client.acl();
    let bearer = bearer(&args.bearer_token_file)?;
    sink::check(&args.token_sink_file)?;
    let request = args.meta.iter().fold(
        LoginRequest::new(&args.method, bearer),
        |request, (key, value)| request.with_meta(key, value),
    );
    let write = args.write.options();
    let token = acl.login_with(&request, &write).await?;
    let secret = token.secret_id.expose();
    if let Err(failure) = sink::write(&args.token_sink_file, secret.as_bytes()) {
        let own = write.with_token(Secret::new(secret));
        if let Err(error) = acl.logout_with(&own).await {
            tracing::warn!(%error, accessor = token.accessor_id, "the token is left behind");
        }
        return Err(failure);
    }
    Ok(Exit::Success)
}

/// What proves who logs in: the text of a file without the space around it.
fn bearer(path: &Path) -> Result<String, Failure> {
    let bytes = input::file(path, MAX_BEARER_BYTES)?;
    let text = String::from_utf8(bytes)
        .map_err(|_| Failure::usage(format!("{} is no text", path.display())))?;
    match text.trim() {
        "" => Err(Failure::usage(format!("{} is empty", path.display()))),
        text => Ok(text.to_owned()),
    }
}

/// Ends the token that this command works with.
pub(super) async fn logout(context: Context<'_>, args: &LogoutArgs) -> Result<Exit, Failure> {
    let acl = context.client.acl();
    acl.logout_with(&args.write.options()).await?;
    Ok(Exit::Success)
}
