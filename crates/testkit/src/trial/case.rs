//! One row of the table.

use futures_util::future::BoxFuture;

use super::Subject;

/// The function of a case.
pub type Run<T> = for<'a> fn(&'a Subject<T>) -> BoxFuture<'a, anyhow::Result<()>>;

/// A named check that every able target has to pass.
#[derive(Debug)]
pub struct Case<T> {
    name: &'static str,
    pub(super) needs: &'static [&'static str],
    pub(super) run: Run<T>,
}

impl<T> Case<T> {
    /// A case; [`cases!`](crate::cases) is shorter. `needs` names what a target must be
    /// [able](super::Target::able) to do.
    pub const fn new(name: &'static str, needs: &'static [&'static str], run: Run<T>) -> Self {
        Self { name, needs, run }
    }

    /// Whether a target must be able to do this.
    pub fn needs(&self, ability: &str) -> bool {
        self.needs.contains(&ability)
    }

    /// The name, without the blanks that `stringify!` may leave in a path.
    pub fn name(&self) -> String {
        self.name.replace(' ', "")
    }
}

// Derived, these would ask the same of T.
impl<T> Clone for Case<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for Case<T> {}

/// A table of [`Case`]s from async functions: the type of the target, then each function, by its name
/// or its path, with what it needs, if anything.
///
/// ```
/// use quorate_testkit::cases;
/// use quorate_testkit::trial::{Case, Subject};
///
/// async fn works(_: &Subject<u8>) -> anyhow::Result<()> { Ok(()) }
/// async fn locks(_: &Subject<u8>) -> anyhow::Result<()> { Ok(()) }
///
/// let table: [Case<u8>; 2] = cases![u8; works, locks needs ["locks"]];
/// ```
#[macro_export]
macro_rules! cases {
    ($target:ty; $($($run:ident)::+ $(needs [$($need:expr),* $(,)?])?),* $(,)?) => {
        [$($crate::trial::Case::<$target>::new(
            stringify!($($run)::+),
            &[$($($need),*)?],
            |subject| ::std::boxed::Box::pin($($run)::+(subject)),
        )),*]
    };
}
