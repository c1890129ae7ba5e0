//! From parameters to a value that may be used.

use std::error::Error as StdError;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};

use serde::de::DeserializeOwned;

use super::{ConfigError, Parameters};

/// Why a validation refuses a value: anything that can be shown.
pub type Invalid = Box<dyn StdError + Send + Sync>;

/// Says whether a value may become the current one.
///
/// Every closure `Fn(&T) -> Result<(), E>` is one, where `E` is an error or a text.
pub trait Validate<T>: Send + Sync + 'static {
    /// Says whether `new` may follow `current`, which is `None` for the first value.
    ///
    /// # Errors
    /// Why not. The message goes to logs and to whoever made the change: put no secret into it.
    fn validate(&self, new: &T, current: Option<&T>) -> Result<(), Invalid>;
}

impl<T, F, E> Validate<T> for F
where
    F: Fn(&T) -> Result<(), E> + Send + Sync + 'static,
    E: Into<Invalid>,
{
    fn validate(&self, new: &T, _current: Option<&T>) -> Result<(), Invalid> {
        self(new).map_err(Into::into)
    }
}

/// All validations of a configuration.
pub(super) struct Checks<T>(Vec<Box<dyn Validate<T>>>);

impl<T> Default for Checks<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<T: 'static> Checks<T> {
    pub(super) fn add(&mut self, check: impl Validate<T>) {
        self.0.push(Box::new(check));
    }

    fn validate(&self, new: &T, current: Option<&T>) -> Result<(), Invalid> {
        self.0
            .iter()
            .try_for_each(|check| check.validate(new, current))
    }
}

impl<T: DeserializeOwned + 'static> Checks<T> {
    /// The value that the parameters give, if it may follow `current`. That the program's code
    /// panics is a refusal and no more: the configuration goes on to be followed.
    pub(super) fn value(
        &self,
        parameters: &Parameters,
        current: Option<&T>,
    ) -> Result<T, ConfigError> {
        let decode = AssertUnwindSafe(|| parameters.decode());
        let value = catch_unwind(decode).map_err(|_| ConfigError::Panicked("decoding"))??;
        let validate = AssertUnwindSafe(|| self.validate(&value, current));
        catch_unwind(validate)
            .map_err(|_| ConfigError::Panicked("the validation"))?
            .map_err(ConfigError::Invalid)?;
        Ok(value)
    }
}

impl<T> fmt::Debug for Checks<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Checks").field(&self.0.len()).finish()
    }
}
