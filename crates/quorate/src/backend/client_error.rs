//! How the errors of the native clients become errors of this layer.

/// Writes the conversions of a module's `native::Error`, by its functions `kind` and `detail`. The
/// text names the method of the coordinator that gives the native client.
macro_rules! client_error {
    ($client:literal) => {
        /// The same error in the words of this layer, for calls to
        #[doc = concat!("[`", $client, "`](crate::Coordinator::", $client, "):")]
        /// kind, outcome, advice, operation and target stay, and the client's own error is the
        /// source, which [`native`](crate::Error::native) gives back.
        impl From<native::Error> for crate::Error {
            fn from(error: native::Error) -> Self {
                let operation = error.operation().to_owned();
                convert(error, operation, None)
            }
        }

        /// The error of `operation` on `url`, with the client's own as its source.
        pub(in crate::backend) fn from_native(
            error: native::Error,
            operation: impl Into<String>,
            url: &str,
        ) -> crate::Error {
            convert(error, operation.into(), Some(url))
        }

        fn convert(error: native::Error, operation: String, url: Option<&str>) -> crate::Error {
            use crate::backend::etcd2::error::{advice, outcome};
            let converted = crate::Error::new(kind(error.kind()), operation, detail(&error))
                .with_outcome(outcome(error.outcome()))
                .with_advice(advice(error.advice()));
            let converted = match error.peer().or(url) {
                Some(target) => converted.with_target(target),
                None => converted,
            };
            converted.with_source(error)
        }
    };
}

pub(in crate::backend) use client_error;
