//! `quorate config get`.

use quorate::Coordinator;
use quorate::config::Origin;

use crate::args::config::GetArgs;
use crate::config::Config;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::view::parameter::{ParameterView, ParametersView};

/// Prints all parameters, or one.
pub(crate) async fn run(
    config: &Config,
    coordinator: &Coordinator,
    args: &GetArgs,
) -> Result<Exit, Failure> {
    let store = args.place.store(coordinator)?;
    let parameters = store.read().await?;
    let path = &args.place.path;
    let Some(name) = &args.parameter else {
        if parameters.is_empty() {
            return Err(missing(format!("there are no parameters below {path}")));
        }
        if let Some(format) = args.as_document {
            let origin = Origin::Key {
                url: coordinator.url().to_owned(),
                key: store.path().to_owned(),
            };
            let format = quorate::config::Format::from(format);
            let text = format.render(&parameters.to_json()?, &origin)?;
            config.screen.raw(text.as_bytes())?;
        } else {
            config.screen.show(&ParametersView::new(&parameters))?;
        }
        return Ok(Exit::Success);
    };
    let Some(parameter) = parameters.get(name) else {
        return Err(
            missing(format!("there is no parameter {name} below {path}"))
                .with_next(format!("quorate config get {path}")),
        );
    };
    config.screen.show(&ParameterView::new(name, parameter))?;
    Ok(Exit::Success)
}

fn missing(message: String) -> Failure {
    Failure::new(Exit::NotFound, message)
}
