//! The task that hears what happens in the cluster.

use std::sync::Arc;

use quorate_gossip::event::{Event, MemberChange, MemberEvent};
use quorate_gossip::{Ending, EventStream};

use super::Front;
use super::event::Told;
use crate::log::LogLevel;

/// Passes on what happens until the agent ends, or the membership does.
pub(crate) async fn listen(front: Arc<Front>, mut events: EventStream) {
    let mut stop = front.spawner.cancelled();
    loop {
        let next = tokio::select! {
            () = &mut stop => return,
            next = events.next() => next,
        };
        match next {
            Some(Ok(event)) => {
                front.heard(&event);
                if let Event::User(event) = &event {
                    front.agent.hear(event).await;
                }
            }
            Some(Err(missed)) => {
                let said = format!("Too slow for what happens: {missed}");
                front.say(LogLevel::Warn, "agent", &said);
            }
            None => break,
        }
    }
    if front.gossip.ended().await == Ending::NameLost {
        // As Serf's agent does it: two of the same name would be taken for each other.
        let said = "Most members know somebody else by this name: ending";
        front.say(LogLevel::Error, "agent", said);
        front.agent.leave();
    }
}

impl Front {
    fn heard(&self, event: &Event) {
        self.note(event);
        if let Some(told) = Told::new(event) {
            for handler in self.handlers.load().iter() {
                handler.tell(event, &told, self);
            }
            self.subscribers.tell(&told, &self.log);
        }
    }

    /// Says it in the log, in Serf's words.
    fn note(&self, event: &Event) {
        let name = match event {
            Event::Members(event) => {
                self.note_members(event);
                event.change.as_str().to_owned()
            }
            Event::User(event) => format!("user-event: {}", event.name),
            Event::Query(event) => format!("query: {}", event.name),
            _ => return,
        };
        let said = format!("Received event: {name}");
        self.say(LogLevel::Info, "agent", &said);
    }

    fn note_members(&self, event: &MemberEvent) {
        let what = match event.change {
            MemberChange::Join => "EventMemberJoin",
            MemberChange::Leave => "EventMemberLeave",
            MemberChange::Failed => "EventMemberFailed",
            MemberChange::Update => "EventMemberUpdate",
            MemberChange::Reap => "EventMemberReap",
            _ => return,
        };
        for member in &event.members {
            let said = match event.change {
                MemberChange::Update | MemberChange::Reap => format!("{what}: {}", member.name),
                _ => format!("{what}: {} {}", member.name, member.address.ip()),
            };
            self.say(LogLevel::Info, "serf", &said);
        }
    }
}
