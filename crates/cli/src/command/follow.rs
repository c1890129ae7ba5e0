//! Following something until a signal, one line a change.

use quorate::{Coordinator, Feed};

use crate::config::Config;
use crate::connect;
use crate::exit::Exit;
use crate::failure::{Failure, is_lasting};
use crate::view::View;

/// How it is followed.
pub(crate) struct Follow<O, S> {
    /// Begins.
    pub(crate) open: O,
    /// What is shown of an item, and whether it was the last that is wanted.
    pub(crate) show: S,
}

impl<O, S> Follow<O, S> {
    /// Prints each item until a signal, or until enough was seen. Errors that may pass are told,
    /// and it goes on.
    pub(crate) async fn run<T, V>(self, config: &Config) -> Result<Exit, Failure>
    where
        O: AsyncFnOnce(&Coordinator) -> quorate::Result<Feed<T>>,
        S: FnMut(&T) -> (Option<V>, bool),
        V: View,
    {
        connect::until_signal(config, async |coordinator| {
            self.follow(config, coordinator).await
        })
        .await
    }

    async fn follow<T, V>(
        mut self,
        config: &Config,
        coordinator: &Coordinator,
    ) -> Result<Exit, Failure>
    where
        O: AsyncFnOnce(&Coordinator) -> quorate::Result<Feed<T>>,
        S: FnMut(&T) -> (Option<V>, bool),
        V: View,
    {
        let mut feed = (self.open)(coordinator).await?;
        while let Some(item) = feed.next().await {
            let item = match item {
                Ok(item) => item,
                Err(error) if is_lasting(error.kind()) => return Err(error.into()),
                Err(error) => {
                    config.screen.note(&Failure::from(error).view())?;
                    continue;
                }
            };
            let (view, last) = (self.show)(&item);
            if let Some(view) = view {
                config.screen.show(&view)?;
            }
            if last {
                break;
            }
        }
        Ok(Exit::Success)
    }
}
