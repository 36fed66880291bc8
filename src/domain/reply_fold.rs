//! How a reply, the ends of its calls and what the operator writes join the messages that the model reads.

use crate::domain::call::{Call, CallState};
use crate::domain::event::Event;
use crate::domain::ids::{CallId, EventNo};
use crate::domain::message::{Message, Reply, WireCall, wire_args};
use crate::domain::run::Turn;
use crate::domain::session::{Session, place};
use std::sync::Arc;

impl Session {
    /// Puts a reply into the transcript and its calls among the calls.
    pub(in crate::domain) fn take_reply(
        &mut self,
        event: &Event,
        reply: &Reply,
        ids: &[CallId],
        goes_on: bool,
    ) {
        let mut wire = Vec::with_capacity(reply.calls.len());
        for (id, asked) in ids.iter().zip(&reply.calls) {
            let mut wire_id = asked.wire_id.clone();
            if wire_id.is_empty() || (!self.onlooker && !self.wire_ids.insert(wire_id.clone())) {
                wire_id = format!("call_{}", id.0);
                if !self.onlooker {
                    self.wire_ids.insert(wire_id.clone());
                }
            }
            wire.push(WireCall {
                wire_id: wire_id.clone(),
                tool: asked.tool.clone(),
                args: wire_args(&asked.args),
            });
            let mut call = Call::asked(*id, wire_id, asked, event);
            if self.imported.is_some() {
                call.state = CallState::Unrecorded;
            }
            self.calls.push(call);
        }
        if goes_on && self.say_on(reply, &wire) {
            return;
        }
        if reply.text.is_empty() && wire.is_empty() && reply.reasoning.is_none() {
            return; // an empty assistant message is refused by strict servers
        }
        self.say(Message::Assistant {
            text: reply.text.clone(),
            reasoning: reply.reasoning.clone(),
            calls: wire,
        });
    }

    /// Once every call of the reply is over, their results join the transcript in the order of the calls.
    pub(in crate::domain) fn close_reply(&mut self) {
        let Some(run) = &mut self.run else { return };
        let all_over = |id: &CallId| self.calls.get(place(*id)).is_some_and(Call::ended);
        if run.open_calls.is_empty() || !run.open_calls.iter().all(all_over) {
            return;
        }
        run.passed.forget_calls();
        let over = std::mem::take(&mut run.open_calls);
        if let [id] = over[..]
            && self.calls.get(place(id)).is_some_and(|call| call.check.is_some())
        {
            self.close_check(id);
            return self.take_steers();
        }
        run.turn = Turn::Ready;
        self.round(&over);
        for id in over {
            let Some(call) = self.call(id) else { continue };
            let text = call.result.clone().unwrap_or_default();
            let message = Message::Tool { wire_id: call.wire_id.clone(), tool: call.tool.clone(), text };
            let told = call.last;
            self.say_of(Arc::new(message), told);
        }
        self.take_steers();
    }

    /// What the operator wrote joins the transcript where a person's message may stand: not between a call and its result,
    /// not while the model is being asked.
    pub(in crate::domain) fn take_steers(&mut self) {
        let Some(run) = &mut self.run else { return };
        if !run.open_calls.is_empty() || matches!(run.turn, Turn::Asked { .. }) || run.steers.is_empty() {
            return;
        }
        if matches!(run.turn, Turn::Replied { .. }) {
            run.turn = Turn::Ready; // the answer was not the last word
        }
        for text in std::mem::take(&mut run.steers) {
            self.say(Message::User { text });
        }
    }

    pub(in crate::domain) fn say(&mut self, message: Message) {
        let told = self.last;
        self.say_of(Arc::new(message), told);
    }

    /// The same for what another event told.
    pub(in crate::domain) fn say_of(&mut self, message: Arc<Message>, told: EventNo) {
        self.context.said(&message);
        if self.onlooker {
            return;
        }
        self.context.places.push(told);
        Arc::make_mut(&mut self.transcript).push(message);
    }
}
