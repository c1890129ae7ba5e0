//! Reading answers, and noticing when none come.

use std::sync::Arc;

use quorate_net::transport::Stream;
use quorate_wire::msgpack::Encode;
use quorate_wire::serf::{Command, Stop};
use tokio::io::{AsyncReadExt as _, ReadHalf};
use tokio::sync::mpsc;
use tokio::time::timeout;

use super::LinkLimits;
use super::end::LinkEnd;
use super::inbound::Inbound;
use super::outbound::Outgoing;
use super::slots::Slots;

/// How much room is made for a read.
const CHUNK: usize = 16 * 1024;

/// Reads until the connection ends, and never waits for whoever reads a stream.
pub(crate) async fn run(
    reader: ReadHalf<Stream>,
    slots: Arc<Slots>,
    outgoing: mpsc::WeakSender<Outgoing>,
    limits: LinkLimits,
) {
    slots
        .until_over(read(reader, &slots, outgoing, limits))
        .await;
}

async fn read(
    mut reader: ReadHalf<Stream>,
    slots: &Slots,
    outgoing: mpsc::WeakSender<Outgoing>,
    limits: LinkLimits,
) {
    let mut inbound = Inbound::new(limits.object_bytes);
    let mut asked = false;
    loop {
        inbound.make_room(CHUNK);
        match timeout(limits.keep_alive, reader.read_buf(&mut inbound.buffer)).await {
            Ok(Ok(0)) => return slots.end(LinkEnd::Eof),
            Ok(Ok(_)) => {
                asked = false;
                if let Err(error) = deliver(&mut inbound, slots) {
                    return slots.end(error);
                }
            }
            Ok(Err(error)) => return slots.end(LinkEnd::from(&error)),
            Err(_) if asked => return slots.end(LinkEnd::Silent(2 * limits.keep_alive)),
            Err(_) => asked = ask(slots, &outgoing),
        }
    }
}

fn deliver(inbound: &mut Inbound, slots: &Slots) -> Result<(), LinkEnd> {
    while let Some(frame) = inbound.next(|header| slots.has_body(header))? {
        slots.deliver(frame);
    }
    Ok(())
}

/// Asks for a sign of life if somebody depends on it. An agent does one command after the other, so
/// that it is not asked while an answer is due: the clock of that call ends it.
fn ask(slots: &Slots, outgoing: &mpsc::WeakSender<Outgoing>) -> bool {
    if slots.has_waiter() || slots.is_empty() {
        return false;
    }
    let ping = Outgoing::new(
        Command::Stop,
        super::UNHEARD,
        &Stop {
            seq: super::UNHEARD,
        }
        .to_msgpack(),
    );
    outgoing
        .upgrade()
        .is_some_and(|outgoing| outgoing.try_send(ping).is_ok())
}
