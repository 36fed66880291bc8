//! The conversation in blocks: roles alternate, results stand first in the message after their calls, nothing is empty.
//!
//! A message that was followed by another never changes. The last person's message that was followed by another is held back
//! from what is settled, for its mark of the cache is only there while it is the last but one.

use crate::adapters::model::form::Turns;
use crate::adapters::model::messages::THOUGHTS;
use crate::adapters::model::messages::dialect::MessagesDialect;
use crate::adapters::model::thoughts;
use crate::adapters::model::turns::{Answer, NO_BEGINNING, NO_RESULT, answers, join, late, note};
use crate::adapters::model::wire;
use crate::domain::hash::Hash;
use crate::domain::message::{Message, Reasoning, WireCall};

const MARK: &[u8] = b",\"cache_control\":{\"type\":\"ephemeral\"}";
/// What follows the place of a mark in a message: the ends of its last block, of its list and of itself.
const BEHIND_MARK: usize = b"}]}".len();
const GO_ON: &str = "Go on.";

/// What is written of a conversation, and what is still open.
#[derive(Clone)]
pub struct MessagesTurns {
    dialect: MessagesDialect,
    written: usize,
    system: String,
    /// What is closed and not settled: the last person's message that was followed, and what followed it.
    lag: Vec<u8>,
    /// Where in it that message may be marked.
    mark: Option<usize>,
    open: Open,
}

#[derive(Clone)]
enum Open {
    /// Nothing; only instructions so far.
    Nothing,
    /// A person's message to which more may come: results, then words.
    User(Vec<Answer>, Vec<String>),
    /// The model's words without calls, to which more may come.
    Assistant(String, Option<Reasoning>),
}

impl Turns for MessagesTurns {
    fn push(&mut self, message: &Message, out: &mut Vec<u8>) {
        match message {
            Message::System { text } if matches!(self.open, Open::Nothing) => join(&mut self.system, text),
            Message::System { text } => self.push_user(note(text), out),
            Message::User { text } => self.push_user(text.clone(), out),
            Message::Assistant { text, reasoning, calls } => {
                self.push_assistant(text, reasoning.as_ref(), calls, out);
            }
            Message::Tool { wire_id, tool, text } => self.push_result(wire_id, tool, text, out),
        }
    }

    fn put_end(&self, out: &mut Vec<u8>) {
        let mut rest = self.clone();
        if matches!(rest.open, Open::Assistant(..)) {
            rest.push_user(GO_ON.to_string(), out); // a reply is asked for, not the rest of one
        }
        let lag = std::mem::take(&mut rest.lag);
        match rest.mark.filter(|_| self.dialect.cache) {
            Some(at) => {
                let (before, behind) = lag.split_at(at);
                out.extend([before, MARK, behind].concat());
            }
            None => out.extend(lag),
        }
        if let Open::User(answers, words) = &rest.open {
            let last = user(answers, words);
            let (before, behind) = last.split_at(last.len() - BEHIND_MARK);
            if rest.written > 0 {
                out.push(b',');
            }
            let mark = if self.dialect.cache { MARK } else { b"" };
            out.extend([before, mark, behind].concat());
        }
        out.push(b']');
        if !self.system.is_empty() {
            out.extend_from_slice(b",\"system\":[{\"type\":\"text\",\"text\":");
            wire::put_text(out, &self.system);
            out.extend_from_slice(if self.dialect.cache { MARK } else { b"" });
            out.extend_from_slice(b"}]");
        }
        out.push(b'}');
    }
}

impl MessagesTurns {
    /// Nothing so far.
    pub fn new(dialect: MessagesDialect) -> MessagesTurns {
        let (system, lag) = (String::new(), Vec::new());
        MessagesTurns { dialect, written: 0, system, lag, mark: None, open: Open::Nothing }
    }

    fn push_user(&mut self, text: String, out: &mut Vec<u8>) {
        if let Open::User(_, words) = &mut self.open {
            return words.push(text);
        }
        self.close(out);
        self.open = Open::User(Vec::new(), vec![text]);
    }

    fn push_result(&mut self, id: &str, tool: &str, text: &str, out: &mut Vec<u8>) {
        if let Open::User(answers, words) = &mut self.open
            && words.is_empty()
            && let Some(answer) = answers.iter_mut().find(|answer| answer.id == id && answer.result.is_none())
        {
            answer.result = Some(text.to_string());
            return;
        }
        self.push_user(late(tool, text), out);
    }

    fn push_assistant(
        &mut self,
        text: &str,
        reasoning: Option<&Reasoning>,
        calls: &[WireCall],
        out: &mut Vec<u8>,
    ) {
        if text.trim().is_empty() && calls.is_empty() {
            return; // refused, and says nothing
        }
        let (mut text, mut reasoning) = (text.to_string(), reasoning.cloned());
        match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Assistant(mut before, thought) => {
                join(&mut before, &text);
                (text, reasoning) = (before, thought);
            }
            Open::Nothing => {
                self.open = Open::User(Vec::new(), vec![NO_BEGINNING.to_string()]);
                self.close(out);
            }
            open @ Open::User(..) => {
                self.open = open;
                self.close(out);
            }
        }
        if calls.is_empty() {
            self.open = Open::Assistant(text, reasoning);
            return;
        }
        let answers = answers(calls, id);
        let pairs: Vec<_> = answers.iter().map(|answer| answer.wire_id.clone()).zip(calls).collect();
        self.put_assistant(&text, reasoning.as_ref(), &pairs);
        self.open = Open::User(answers, Vec::new());
    }

    /// Closes what is open; what was held back until now is settled where another person's message takes its place.
    fn close(&mut self, out: &mut Vec<u8>) {
        match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Nothing => {}
            Open::User(answers, words) => {
                out.append(&mut self.lag);
                self.comma();
                self.lag.extend(user(&answers, &words));
                self.mark = Some(self.lag.len() - BEHIND_MARK);
            }
            Open::Assistant(text, reasoning) => self.put_assistant(&text, reasoning.as_ref(), &[]),
        }
    }

    fn put_assistant(&mut self, text: &str, reasoning: Option<&Reasoning>, calls: &[(String, &WireCall)]) {
        self.comma();
        let thoughts = thoughts::of(THOUGHTS, reasoning.filter(|_| self.dialect.echo));
        self.lag.extend_from_slice(b"{\"role\":\"assistant\",\"content\":[");
        let mut blocks = Blocks { out: &mut self.lag, count: 0 };
        let (mut said, mut called) = (0, 0);
        for thought in &thoughts {
            let upto = text.floor_char_boundary(thought.text).max(said);
            blocks.text(&text[said..upto]);
            let calls_upto = thought.calls.clamp(called, calls.len());
            blocks.calls(&calls[called..calls_upto]);
            blocks.begin();
            wire::put(blocks.out, &thought.block);
            (said, called) = (upto, calls_upto);
        }
        blocks.text(&text[said..]);
        blocks.calls(&calls[called..]);
        self.lag.extend_from_slice(b"]}");
    }

    fn comma(&mut self) {
        if self.written > 0 {
            self.lag.push(b',');
        }
        self.written += 1;
    }
}

/// A person's message: the results of calls, then words.
fn user(answers: &[Answer], words: &[String]) -> Vec<u8> {
    let mut out = b"{\"role\":\"user\",\"content\":[".to_vec();
    let mut blocks = Blocks { out: &mut out, count: 0 };
    for answer in answers {
        let text = answer.result.as_deref().unwrap_or(NO_RESULT);
        blocks.begin();
        blocks.out.extend_from_slice(b"{\"type\":\"tool_result\",\"tool_use_id\":");
        wire::put_text(blocks.out, &answer.wire_id);
        blocks.out.extend_from_slice(b",\"content\":");
        wire::put_text(blocks.out, if text.trim().is_empty() { "(no output)" } else { text });
        blocks.out.push(b'}');
    }
    for text in words {
        blocks.text(if text.trim().is_empty() { "(empty)" } else { text });
    }
    out.extend_from_slice(b"]}");
    out
}

/// The blocks of one message.
struct Blocks<'a> {
    out: &'a mut Vec<u8>,
    count: usize,
}

impl Blocks<'_> {
    fn begin(&mut self) {
        if self.count > 0 {
            self.out.push(b',');
        }
        self.count += 1;
    }

    /// Words; blank ones are refused.
    fn text(&mut self, text: &str) {
        if text.trim().is_empty() {
            return;
        }
        self.begin();
        self.out.extend_from_slice(b"{\"type\":\"text\",\"text\":");
        wire::put_text(self.out, text);
        self.out.push(b'}');
    }

    fn calls(&mut self, calls: &[(String, &WireCall)]) {
        for (id, call) in calls {
            self.begin();
            self.out.extend_from_slice(b"{\"type\":\"tool_use\",\"id\":");
            wire::put_text(self.out, id);
            self.out.extend_from_slice(b",\"name\":");
            wire::put_text(self.out, &wire::name(&call.tool));
            self.out.extend_from_slice(b",\"input\":");
            self.out.extend_from_slice(wire::args(&call.args).as_bytes());
            self.out.push(b'}');
        }
    }
}

/// An id as the wire takes it: letters, digits, `_` and `-`; another provider's may hold more.
fn id(id: String) -> String {
    let sane = id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-');
    if sane && id.len() <= 64 { id } else { format!("toolu_{}", Hash::of(id.as_bytes()).short()) }
}
