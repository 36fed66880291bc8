//! The bytes of a streamed reply, wherever they come from and however they are cut, to the reply.

use crate::adapters::model::intake::{Intake, Progress};
use crate::adapters::model::sse::{SseEvent, SseParser, SseTooLong};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::message::Reply;
use crate::domain::time::Micros;

/// Bytes of one line or event of a stream at most.
const EVENT_LEN_MAX: usize = 16 << 20;

/// Reads one stream.
pub struct StreamReader<I> {
    parser: SseParser,
    events: Vec<SseEvent>,
    intake: I,
}

impl<I: Intake> StreamReader<I> {
    /// A reader that adds to `intake`.
    pub fn new(intake: I) -> StreamReader<I> {
        StreamReader { parser: SseParser::new(EVENT_LEN_MAX), events: Vec::new(), intake }
    }

    /// Takes in bytes as they came; how far the reply is then. An error inside the stream is that error.
    pub fn push(&mut self, bytes: &[u8], now: Micros) -> Result<Progress, Fault> {
        let pushed = self.parser.push(bytes, &mut self.events);
        for event in self.events.drain(..) {
            self.intake.take_data(&event.name, &event.data, now)?;
        }
        pushed.map_err(too_long)?;
        Ok(self.intake.progress())
    }

    /// The bytes are over: the reply, if it is whole.
    pub fn end(mut self, now: Micros) -> Result<Reply, Fault> {
        self.parser.finish(&mut self.events).map_err(too_long)?;
        for event in self.events.drain(..) {
            match self.intake.take_data(&event.name, &event.data, now) {
                Err(fault) if fault.kind != FaultKind::Malformed => return Err(fault),
                Ok(()) | Err(_) => {} // half an event: whether the reply is whole without it, `finish` tells
            }
        }
        self.intake.finish(now, &format!("the stream ended without {}", I::ENDS))
    }
}

fn too_long(error: SseTooLong) -> Fault {
    Fault::new(FaultKind::Malformed, format!("an event of the stream is longer than {} bytes", error.max))
}
