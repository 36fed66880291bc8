//! The conversation as a server wants it: system first, turns that alternate, each call followed by exactly its results.
//!
//! Messages go in one at a time; what can no longer change is written at once, the rest stays open. What a
//! strict server would refuse is mended without losing a word: messages of a person in a row become one, a call without
//! a result gets one that says so, and a result without its call becomes a person's message.

use crate::adapters::model::dialect::Dialect;
use crate::adapters::model::form::Turns;
use crate::adapters::model::wire;
use crate::domain::message::{Message, Reasoning, WireCall};

/// Stands for a result that never came.
pub const NO_RESULT: &str = "(no result: this call was not carried to its end)";
/// Stands for a person's words before the model's first ones.
pub const NO_BEGINNING: &str = "(the beginning of this conversation is not shown)";
const BRIDGE: &str = "I have read the results.";

/// What is written of a conversation, and what is still open.
#[derive(Clone, Debug)]
pub struct ChatTurns {
    dialect: Dialect,
    written: usize,
    begun: bool,
    open: Open,
}

#[derive(Clone, Debug)]
enum Open {
    /// Nothing; the next message may be any.
    Nothing,
    /// Instructions to which more may come.
    System(String),
    /// A person's words to which more may come.
    User(String),
    /// The model's words without calls, to which more may come.
    Assistant(String, Option<Reasoning>),
    /// Calls that wait for results: id as it came, id as written, tool, result.
    Answers(Vec<Answer>),
    /// Results were written.
    Answered,
}

/// A call that waits for its result.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The call's id as it came.
    pub id: String,
    /// The same as it is written.
    pub wire_id: String,
    /// The tool.
    pub tool: String,
    /// The result, once it came.
    pub result: Option<String>,
}

/// What stands behind the messages.
const END: &[u8] = b"]}";

impl Turns for ChatTurns {
    fn push(&mut self, message: &Message, out: &mut Vec<u8>) {
        match message {
            Message::System { text } => self.push_system(text, out),
            Message::User { text } => self.push_user(text, out),
            Message::Assistant { text, reasoning, calls } => {
                self.push_assistant(text, reasoning.as_ref(), calls, out)
            }
            Message::Tool { wire_id, tool, text } => self.push_result(wire_id, tool, text, out),
        }
    }

    fn put_end(&self, out: &mut Vec<u8>) {
        self.clone().close(out);
        out.extend_from_slice(END);
    }
}

impl ChatTurns {
    /// Nothing so far.
    pub fn new(dialect: Dialect) -> ChatTurns {
        ChatTurns { dialect, written: 0, begun: false, open: Open::Nothing }
    }

    fn push_system(&mut self, text: &str, out: &mut Vec<u8>) {
        match &mut self.open {
            Open::System(before) => join(before, text),
            Open::Nothing if !self.begun && self.written == 0 => self.open = Open::System(text.to_string()),
            Open::Nothing | Open::User(_) | Open::Assistant(..) | Open::Answers(_) | Open::Answered => {
                self.push_user(&note(text), out);
            }
        }
    }

    fn push_user(&mut self, text: &str, out: &mut Vec<u8>) {
        if let Open::User(before) = &mut self.open {
            return join(before, text);
        }
        self.close(out);
        if self.dialect.bridge && matches!(self.open, Open::Answered) {
            self.comma(out);
            wire::put_words(out, "assistant", BRIDGE);
        }
        self.begun = true;
        self.open = Open::User(text.to_string());
    }

    fn push_assistant(
        &mut self,
        text: &str,
        reasoning: Option<&Reasoning>,
        calls: &[WireCall],
        out: &mut Vec<u8>,
    ) {
        if text.trim().is_empty() && calls.is_empty() {
            return; // refused by strict servers, and says nothing
        }
        let mut text = text.to_string();
        if let Open::Assistant(before, _) = &mut self.open {
            join(before, &text);
            text = std::mem::take(before);
            self.open = Open::Nothing;
        }
        self.close(out);
        if !self.begun {
            self.comma(out);
            wire::put_words(out, "user", NO_BEGINNING);
            self.begun = true;
        }
        if calls.is_empty() {
            self.open = Open::Assistant(text, reasoning.cloned());
            return;
        }
        let short = self.dialect.short_ids;
        let answers = answers(calls, |id| if short { wire::short_id(&id) } else { id });
        let pairs: Vec<_> = answers.iter().map(|answer| answer.wire_id.clone()).zip(calls).collect();
        self.comma(out);
        wire::put_assistant(out, &text, reasoning.filter(|_| self.dialect.echo), &pairs);
        self.open = Open::Answers(answers);
    }

    fn push_result(&mut self, id: &str, tool: &str, text: &str, out: &mut Vec<u8>) {
        if let Open::Answers(answers) = &mut self.open
            && let Some(answer) = answers.iter_mut().find(|answer| answer.id == id && answer.result.is_none())
        {
            answer.result = Some(text.to_string());
            if answers.iter().all(|answer| answer.result.is_some()) {
                self.close(out);
            }
            return;
        }
        self.push_user(&late(tool, text), out);
    }

    fn close(&mut self, out: &mut Vec<u8>) {
        match std::mem::replace(&mut self.open, Open::Nothing) {
            Open::Nothing => {}
            Open::Answered => self.open = Open::Answered,
            Open::System(text) => {
                self.comma(out);
                wire::put_words(out, "system", &text);
            }
            Open::User(text) => {
                self.comma(out);
                wire::put_words(out, "user", &text);
            }
            Open::Assistant(text, reasoning) => {
                self.comma(out);
                wire::put_assistant(out, &text, reasoning.as_ref().filter(|_| self.dialect.echo), &[]);
            }
            Open::Answers(answers) => {
                for answer in answers {
                    self.comma(out);
                    let text = answer.result.as_deref().unwrap_or(NO_RESULT);
                    wire::put_result(out, &answer.wire_id, &answer.tool, text);
                }
                self.open = Open::Answered;
            }
        }
    }

    fn comma(&mut self, out: &mut Vec<u8>) {
        if self.written > 0 {
            out.push(b',');
        }
        self.written += 1;
    }
}

/// The results that calls wait for; no two of one message share an id on the wire, where `written` says how ids are written.
pub fn answers(calls: &[WireCall], written: impl Fn(String) -> String) -> Vec<Answer> {
    let mut answers: Vec<Answer> = Vec::with_capacity(calls.len());
    for (place, call) in calls.iter().enumerate() {
        let id = call.wire_id.clone();
        let mut unique = if id.is_empty() { format!("call_{place}") } else { id.clone() };
        while answers.iter().any(|other| other.id == unique || other.wire_id == unique) {
            unique.push_str("_again");
        }
        answers.push(Answer { id, wire_id: written(unique), tool: call.tool.clone(), result: None });
    }
    answers
}

/// Instructions that come in the middle of a conversation, as a person's words.
pub fn note(text: &str) -> String {
    format!("Note from the harness:\n{text}")
}

/// A result that answers no call of the message before, as a person's words.
pub fn late(tool: &str, text: &str) -> String {
    format!("Late result of the tool `{}`:\n{text}", wire::name(tool))
}

/// Adds words after others, with an empty line between.
pub fn join(before: &mut String, text: &str) {
    if !before.is_empty() && !text.is_empty() {
        before.push_str("\n\n");
    }
    before.push_str(text);
}
