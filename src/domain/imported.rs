//! How a session that another tool recorded is folded: it stands where its record stands, and nothing in it waits for anybody.

use crate::domain::call::{CallState, Ended};
use crate::domain::event::{Event, Fact, Limits};
use crate::domain::foreign::{Recorded, Sort};
use crate::domain::message::{Finish, Message, Reply, WireCall};
use crate::domain::policy::Mode;
use crate::domain::run::{Run, Status, Turn};
use crate::domain::session::Session;
use crate::domain::time::Micros;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// What is known of the tool a session was imported from.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Imported {
    /// The tool.
    pub tool: String,
    /// Its version; empty where it did not tell.
    pub version: String,
    /// Its own name for the session.
    pub id: String,
    /// The file.
    pub source: String,
    /// The session it was forked from or spawned by, in the tool's words; empty where none.
    pub parent: String,
    /// Records of kinds that this program does not know.
    pub unknown: u64,
    /// Records that cannot be read.
    pub damaged: u64,
    /// When the source was read last.
    pub read: Micros,
}

impl Session {
    /// Where an imported session stands that has no recorded end: done where the last word was an answer.
    pub(in crate::domain) fn imported_status(&self) -> Status {
        match &self.run {
            None => Status::Idle,
            Some(run) if answered(run) => Status::Done,
            Some(_) => Status::Unfinished,
        }
    }

    /// Takes in a fact that only an importer says; in any other session it changes nothing.
    pub(in crate::domain) fn apply_imported(&mut self, event: &Event) {
        if let Fact::SessionImported { tool, version, id, source, parent } = &event.fact {
            let (tool, version, id) = (tool.clone(), version.clone(), id.clone());
            let (source, parent) = (source.clone(), parent.clone());
            self.imported =
                Some(Imported { tool, version, id, source, parent, read: event.at, ..Imported::default() });
        }
        let Some(imported) = &mut self.imported else { return };
        if let Fact::ForeignRecord { sort, .. } = &event.fact {
            match sort {
                Sort::Unknown => imported.unknown += 1,
                Sort::Damaged => imported.damaged += 1,
                Sort::Note => {}
            }
        } else if let Fact::ImportTaken { read, .. } = &event.fact {
            imported.read = *read;
        } else if let Fact::RunImported { input, model } = &event.fact {
            self.leave_open_calls();
            // How that tool was told to ask is not recorded: nothing here is driven by these two.
            self.begin(event, input, Mode::Auto, Limits::default(), model);
        } else if let Fact::CallRecorded { .. } = &event.fact {
            self.recorded(event);
            self.close_reply();
        }
    }

    fn recorded(&mut self, event: &Event) {
        let Fact::CallRecorded { call, end, output, ms, time } = &event.fact else { return };
        let Some(call) = self.call_mut(*call).filter(|call| call.state == CallState::Unrecorded) else {
            return;
        };
        call.since = event.at;
        call.span = event.no;
        call.output = Some(output.clone());
        call.ran_ms = *ms;
        call.recorded_time = Some(*time);
        let text = output.for_model();
        let said = match end {
            Recorded::Ok => text,
            Recorded::Error => format!("error: {text}"),
            Recorded::Stopped => format!("error: this call was stopped; it may have done a part.\n{text}"),
            Recorded::Refused => format!("error: this call was refused; it was not run.\n{text}"),
        };
        call.end(Ended::Recorded(*end), said);
    }

    /// The task is over for calls whose end is not recorded: the conversation still needs a result of each.
    pub(in crate::domain) fn leave_open_calls(&mut self) {
        let Some(run) = &mut self.run else { return };
        for id in std::mem::take(&mut run.open_calls) {
            let Some(call) = self.call(id) else { continue };
            let text =
                call.result.clone().unwrap_or_else(|| "error: no result of this call is recorded.".into());
            let message = Message::Tool { wire_id: call.wire_id.clone(), tool: call.tool.clone(), text };
            self.say(message);
        }
    }

    /// A reply that goes on while calls of it are open joins the message it belongs to; false where there is none.
    pub(in crate::domain) fn say_on(&mut self, reply: &Reply, wire: &[WireCall]) -> bool {
        let Some(last) = Arc::make_mut(&mut self.transcript).last_mut() else { return false };
        let Message::Assistant { text, calls, .. } = Arc::make_mut(last) else { return false };
        if !text.is_empty() && !reply.text.is_empty() {
            text.push('\n');
        }
        text.push_str(&reply.text);
        calls.extend_from_slice(wire);
        true
    }
}

/// Whether a reply is an answer: with it, a task that has no recorded end is taken as done.
pub fn is_answer(finish: &Finish, called: bool) -> bool {
    !called && *finish == Finish::Stop
}

/// Whether the last word of a run was an answer.
fn answered(run: &Run) -> bool {
    match &run.turn {
        Turn::Replied { finish, called, .. } => is_answer(finish, *called),
        Turn::Ready | Turn::Asked { .. } | Turn::Failed { .. } => false,
    }
}
