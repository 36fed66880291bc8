//! The conversation as items: every call has its result before anything else follows, nothing is empty.

use crate::adapters::model::form::Turns;
use crate::adapters::model::responses::THOUGHTS;
use crate::adapters::model::thoughts;
use crate::adapters::model::turns::{Answer, NO_RESULT, answers, late, note};
use crate::adapters::model::wire;
use crate::domain::hash::Hash;
use crate::domain::message::{Message, Reasoning, WireCall};

/// Letters of a call's id at most.
const ID_LEN_MAX: usize = 64;

/// What is written of a conversation, and which calls wait for results.
#[derive(Clone)]
pub struct ResponsesTurns {
    echo: bool,
    written: usize,
    begun: bool,
    waiting: Vec<Answer>,
}

impl Turns for ResponsesTurns {
    fn push(&mut self, message: &Message, out: &mut Vec<u8>) {
        match message {
            Message::System { text } if !self.begun => self.words("system", text, out),
            Message::System { text } => self.push_user(&note(text), out),
            Message::User { text } => self.push_user(text, out),
            Message::Assistant { text, reasoning, calls } => {
                self.push_assistant(text, reasoning.as_ref(), calls, out);
            }
            Message::Tool { wire_id, tool, text } => self.push_result(wire_id, tool, text, out),
        }
    }

    fn put_end(&self, out: &mut Vec<u8>) {
        self.clone().close(out);
        out.extend_from_slice(b"]}");
    }
}

impl ResponsesTurns {
    /// Nothing so far.
    pub fn new(echo: bool) -> ResponsesTurns {
        ResponsesTurns { echo, written: 0, begun: false, waiting: Vec::new() }
    }

    fn push_user(&mut self, text: &str, out: &mut Vec<u8>) {
        self.close(out);
        self.begun = true;
        self.words("user", text, out);
    }

    fn push_assistant(
        &mut self,
        text: &str,
        reasoning: Option<&Reasoning>,
        calls: &[WireCall],
        out: &mut Vec<u8>,
    ) {
        if text.trim().is_empty() && calls.is_empty() {
            return; // says nothing
        }
        self.close(out);
        self.begun = true;
        self.waiting = answers(calls, id);
        let (mut said, mut called) = (0, 0);
        for thought in thoughts::of(THOUGHTS, reasoning.filter(|_| self.echo)) {
            let upto = text.floor_char_boundary(thought.text).max(said);
            self.said(&text[said..upto], out);
            let calls_upto = thought.calls.clamp(called, calls.len());
            self.calls(calls, called..calls_upto, out);
            self.comma(out);
            wire::put(out, &thought.block);
            (said, called) = (upto, calls_upto);
        }
        self.said(&text[said..], out);
        self.calls(calls, called..calls.len(), out);
    }

    fn push_result(&mut self, id: &str, tool: &str, text: &str, out: &mut Vec<u8>) {
        match self.waiting.iter().position(|answer| answer.id == id) {
            Some(at) => {
                let answer = self.waiting.remove(at);
                self.result(&answer.wire_id, text, out);
            }
            None => self.push_user(&late(tool, text), out),
        }
    }

    /// Gives every call that still waits a result.
    fn close(&mut self, out: &mut Vec<u8>) {
        for answer in std::mem::take(&mut self.waiting) {
            self.result(&answer.wire_id, NO_RESULT, out);
        }
    }

    fn words(&mut self, role: &str, text: &str, out: &mut Vec<u8>) {
        self.comma(out);
        wire::put_words(out, role, text);
    }

    fn said(&mut self, text: &str, out: &mut Vec<u8>) {
        if !text.trim().is_empty() {
            self.words("assistant", text, out);
        }
    }

    fn calls(&mut self, calls: &[WireCall], which: std::ops::Range<usize>, out: &mut Vec<u8>) {
        for at in which {
            let (Some(call), Some(id)) = (calls.get(at), self.waiting.get(at).map(|own| own.wire_id.clone()))
            else {
                continue;
            };
            self.comma(out);
            out.extend_from_slice(b"{\"type\":\"function_call\",\"call_id\":");
            wire::put_text(out, &id);
            out.extend_from_slice(b",\"name\":");
            wire::put_text(out, &wire::name(&call.tool));
            out.extend_from_slice(b",\"arguments\":");
            wire::put_text(out, &wire::args(&call.args));
            out.push(b'}');
        }
    }

    fn result(&mut self, id: &str, text: &str, out: &mut Vec<u8>) {
        self.comma(out);
        out.extend_from_slice(b"{\"type\":\"function_call_output\",\"call_id\":");
        wire::put_text(out, id);
        out.extend_from_slice(b",\"output\":");
        wire::put_text(out, if text.is_empty() { "(no output)" } else { text });
        out.push(b'}');
    }

    fn comma(&mut self, out: &mut Vec<u8>) {
        if self.written > 0 {
            out.push(b',');
        }
        self.written += 1;
    }
}

/// An id as the wire takes it.
fn id(id: String) -> String {
    if id.len() <= ID_LEN_MAX { id } else { format!("call_{}", Hash::of(id.as_bytes()).short()) }
}
