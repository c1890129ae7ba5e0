//! What all guards have in common.

/// Writes the methods of a guard around a `tenure` that say until when it may be relied on:
/// `held!(LockGuard, "the lock", is_held, run_while_held)`.
macro_rules! held {
    ($guard:ident, $what:literal, $is_held:ident, $run:ident) => {
        impl $guard {
            #[doc = concat!("Whether ", $what, " may be relied on at this moment, by the local clock and all that is known.")]
            #[must_use]
            pub fn $is_held(&self) -> bool {
                self.tenure.lease.is_valid()
            }

            #[doc = concat!("When ", $what, " counts as lost unless it is renewed before. Renewals move it.")]
            #[must_use]
            pub fn valid_until(&self) -> tokio::time::Instant {
                self.tenure.lease.valid_until()
            }

            #[doc = concat!("A handle on the validity of ", $what, ": it can be cloned and sent, and does not hold it.")]
            #[must_use]
            pub fn lease(&self) -> crate::lease::Lease {
                self.tenure.lease.clone()
            }

            #[doc = concat!("Resolves when ", $what, " can't be relied on any more, and says why.")]
            ///
            /// # Cancel safety
            /// Safe: dropping it only stops the waiting.
            pub fn lost(
                &self,
            ) -> impl Future<Output = crate::lease::LostReason> + Send + 'static + use<> {
                self.tenure.lease.lost()
            }

            #[doc = concat!("Runs `work`, and drops it when ", $what, " is lost. `work` gets no turn after")]
            /// [`valid_until`](Self::valid_until).
            ///
            /// # Errors
            #[doc = concat!("Why ", $what, " was lost.")]
            ///
            /// # Cancel safety
            /// That of `work`. It is still held afterwards.
            pub async fn $run<F: Future>(
                &self,
                work: F,
            ) -> Result<F::Output, crate::lease::LostReason> {
                self.tenure.lease.run_while_valid(work).await
            }
        }
    };
}

pub(crate) use held;
