//! A reply that is written in several records: gathered until something else is recorded.

use crate::domain::foreign::{Entry, What};
use crate::domain::message::{Args, AskedCall, Finish, Reasoning, Reply, Usage};
use crate::domain::time::Micros;
use std::collections::HashMap;

/// Calls whose beginning is remembered at most; older ones lose only how long they took.
const CALLS_MAX: usize = 10_000;

/// What is being gathered, and when calls were asked for.
#[derive(Default)]
pub struct Turn {
    reply: Option<(String, Option<Micros>, Reply)>,
    asked: HashMap<String, Option<Micros>>,
}

/// A reply in which nothing is said yet.
pub fn silent(model: &str) -> Reply {
    Reply {
        model: model.to_string(),
        text: String::new(),
        reasoning: None,
        calls: Vec::new(),
        finish: Finish::Stop,
        usage: Usage::default(),
        cost: None,
        timing: crate::domain::message::Timing::default(),
    }
}

/// What a model thought, as text alone.
pub fn thought(text: &str) -> Option<Reasoning> {
    (!text.trim().is_empty()).then(|| Reasoning { text: text.to_string(), ..Reasoning::default() })
}

impl Turn {
    /// The reply under way; begins one of this name where there is none.
    pub fn open(&mut self, key: impl FnOnce() -> String, at: Option<Micros>, model: &str) -> &mut Reply {
        let (_, last, reply) = self.reply.get_or_insert_with(|| (key(), at, silent(model)));
        *last = at.or(*last);
        reply
    }

    /// The reply under way, if there is one.
    pub fn current(&mut self) -> Option<&mut Reply> {
        self.reply.as_mut().map(|(_, _, reply)| reply)
    }

    /// The name of the reply under way.
    pub fn key(&self) -> Option<&str> {
        self.reply.as_ref().map(|(key, _, _)| key.as_str())
    }

    /// A call in the reply under way.
    pub fn call(&mut self, wire_id: &str, tool: &str, args: Args, at: Option<Micros>) {
        if self.asked.len() >= CALLS_MAX {
            self.asked.clear();
        }
        self.asked.insert(wire_id.to_string(), at);
        if let Some(reply) = self.current() {
            reply.calls.push(AskedCall { wire_id: wire_id.to_string(), tool: tool.to_string(), args });
            reply.finish = Finish::Calls;
        }
    }

    /// When a call was asked for.
    pub fn asked_at(&self, wire_id: &str) -> Option<Micros> {
        self.asked.get(wire_id).copied().flatten()
    }

    /// What was gathered.
    pub fn take(&mut self) -> Option<Entry> {
        let (key, at, reply) = self.reply.take()?;
        Some(Entry { key, at, what: What::Reply(Box::new(reply)) })
    }
}

/// Adds a text to what was said before it.
pub fn add(said: &mut String, text: &str) {
    if !said.is_empty() && !text.is_empty() {
        said.push_str("\n\n");
    }
    said.push_str(text);
}
