//! `quorate serf monitor`.

use quorate_serf::{Change, Error, LogItem, LogLevel};

use super::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::failure::serf::is_lasting;
use crate::signals::{self, Signals};
use crate::view::serf::monitor::ToldView;

/// Prints lines and events until a signal, or a failure for good. Others are told, and it goes on.
pub(super) async fn run(context: Context<'_>, level: LogLevel) -> Result<Exit, Failure> {
    let mut signals = Signals::listen(&Signals::END)?;
    let mut events = context.client.stream(&[]).await?;
    let mut log = context.client.monitor(level).await?;
    loop {
        tokio::select! {
            line = log.next() => match line {
                Some(line) => told(context, line, line_view)?,
                None => return Ok(Exit::Success),
            },
            event = events.next() => match event {
                Some(event) => told(context, event, event_view)?,
                None => return Ok(Exit::Success),
            },
            signal = signals.next() => return Ok(Exit::Signal(signals::number(signal))),
        }
    }
}

fn told<T>(
    context: Context<'_>,
    item: Result<T, Error>,
    view: fn(&T) -> Option<ToldView>,
) -> Result<(), Failure> {
    match item {
        Ok(item) => {
            if let Some(view) = view(&item) {
                context.config.screen.show(&view)?;
            }
            Ok(())
        }
        Err(error) if is_lasting(&error) => Err(error.into()),
        Err(error) => Ok(context.config.screen.note(&Failure::from(error).view())?),
    }
}

fn line_view(item: &LogItem) -> Option<ToldView> {
    match item {
        LogItem::Line(line) => Some(ToldView::line(line)),
        LogItem::Missed(count) => Some(ToldView::Missed { count: *count }),
        _ => None,
    }
}

fn event_view(change: &Change) -> Option<ToldView> {
    match change {
        Change::Event(event) => ToldView::event(event),
        Change::Missed(count) => Some(ToldView::Missed { count: *count }),
        Change::Resumed => Some(ToldView::Resumed),
        _ => None,
    }
}
