//! Answers that come one by one.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use futures_core::Stream;
use quorate_etcd_proto::tonic::Status;

/// Where answers come from.
pub(super) trait Source: Send + Sized + 'static {
    /// What is answered.
    type Answer: Send;

    /// The next answer; nothing at the end.
    fn next(&mut self) -> impl Future<Output = Option<Result<Self::Answer, Status>>> + Send;
}

type Step<S> = (Option<Result<<S as Source>::Answer, Status>>, S);

/// The answers of a [`Source`]. The first that is wrong is the last.
pub(super) struct Answers<S: Source>(Option<Pin<Box<dyn Future<Output = Step<S>> + Send>>>);

impl<S: Source> Answers<S> {
    pub(super) fn of(source: S) -> Self {
        Self(Some(Box::pin(step(source))))
    }
}

async fn step<S: Source>(mut source: S) -> Step<S> {
    let answer = source.next().await;
    (answer, source)
}

impl<S: Source> Stream for Answers<S> {
    type Item = Result<S::Answer, Status>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let Some(coming) = &mut self.0 else {
            return Poll::Ready(None);
        };
        let (answer, source) = ready!(coming.as_mut().poll(cx));
        let goes_on = matches!(answer, Some(Ok(_)));
        self.0 = goes_on.then(|| Box::pin(step(source)) as _);
        Poll::Ready(answer)
    }
}
