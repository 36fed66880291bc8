//! Deltas to a reply: whole, or a fault.
//!
//! A stream counts as whole once a `finish_reason` or `[DONE]` came; one that ends without either is cut: its
//! calls never run and its text is no answer. An error object inside a stream or body is that error, whatever the status said.

use crate::adapters::model::arrival::{Arrival, TEXT_LEN_MAX, too_much};
use crate::adapters::model::calls::Calls;
use crate::adapters::model::classify;
use crate::adapters::model::fields::{self, Ending, Piece};
use crate::adapters::model::intake::{Intake, Progress};
use crate::adapters::model::thought::Thought;
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::message::{Draft, Finish, Reply, Usage};
use crate::domain::price::{Cost, Origin};
use crate::domain::time::Micros;
use crate::ports::model::Drafts;
use serde_json::Value;

/// A reply as it grows.
pub struct Assembler {
    arrival: Arrival,
    model: String,
    thought: Thought,
    calls: Calls,
    finish: Option<Finish>,
    usage: Usage,
    cost: Option<Cost>,
    said: bool,
    done: bool,
}

impl Assembler {
    /// Nothing so far; `started` is when the request was sent.
    pub fn new(drafts: Drafts, started: Micros) -> Assembler {
        Assembler {
            arrival: Arrival::new(drafts, started),
            model: String::new(),
            thought: Thought::default(),
            calls: Calls::default(),
            finish: None,
            usage: Usage::default(),
            cost: None,
            said: false,
            done: false,
        }
    }

    /// A chunk of a stream, or a whole body.
    fn take_body(&mut self, body: &Value, whole: bool, now: Micros) -> Result<(), Fault> {
        if let Some(fault) = classify::error_in(body) {
            return Err(fault);
        }
        if let Some(model) = body.get("model").and_then(Value::as_str).filter(|_| self.model.is_empty()) {
            self.model = model.chars().take(256).collect();
        }
        if let Some(usage) = fields::usage(body) {
            self.usage = usage;
        }
        if let Some(nano) = fields::charged(body) {
            self.cost = Some(Cost { nano, by: Origin::Server });
        }
        for choice in body.get("choices").and_then(Value::as_array).into_iter().flatten() {
            if choice.get("index").and_then(Value::as_u64).unwrap_or(0) == 0 {
                self.take_choice(choice, whole, now)?;
            }
        }
        Ok(())
    }

    fn take_choice(&mut self, choice: &Value, whole: bool, now: Micros) -> Result<(), Fault> {
        if let Some(fault) = classify::error_in(choice) {
            return Err(fault);
        }
        let part = |name: &str| choice.get(name).filter(|value| value.is_object());
        let (delta, whole) = match part("delta") {
            Some(delta) => (Some(delta), whole),
            None => (part("message"), true),
        };
        if let Some(delta) = delta {
            self.said = true;
            self.take_delta(delta, whole, now)?;
        }
        match choice.get("finish_reason").and_then(fields::ending) {
            Some(Ending::Finish(finish)) => {
                self.said = true;
                self.finish = Some(finish);
            }
            Some(Ending::Broken(word)) => {
                let message = format!("the provider broke the reply off (`finish_reason` is `{word}`)");
                return Err(Fault::new(FaultKind::Overloaded, message));
            }
            None => {}
        }
        Ok(())
    }

    fn take_delta(&mut self, delta: &Value, whole: bool, now: Micros) -> Result<(), Fault> {
        let new = self.thought.take(delta);
        self.arrival.think(now, &new);
        for field in ["content", "refusal"] {
            for piece in delta.get(field).map(fields::content).unwrap_or_default() {
                match piece {
                    Piece::Thought(text) => {
                        self.thought.say(&text);
                        self.arrival.think(now, &text);
                    }
                    Piece::Text(text) => self.arrival.say(now, &text),
                }
            }
        }
        for entry in delta.get("tool_calls").and_then(Value::as_array).into_iter().flatten() {
            self.take_call(entry, whole, now)?;
        }
        // The legacy single call; some servers send it beside `tool_calls`, where it says the same.
        if let Some(legacy) = delta.get("function_call").filter(|value| value.is_object())
            && delta.get("tool_calls").is_none_or(Value::is_null)
        {
            self.take_call(legacy, whole, now)?;
        }
        if self.arrival.text().len() + self.thought.size() > TEXT_LEN_MAX {
            return Err(too_much());
        }
        Ok(())
    }

    fn take_call(&mut self, entry: &Value, whole: bool, now: Micros) -> Result<(), Fault> {
        if let Some(touched) = self.calls.take(entry, whole).map_err(|_| too_much())? {
            self.arrival
                .show(now, Draft::Call { index: touched.at, tool: touched.tool, bytes: touched.bytes });
        }
        Ok(())
    }
}

impl Intake for Assembler {
    const ENDS: &'static str = "`finish_reason` and `[DONE]`";
    const CALLED: &'static str = "chat completion";

    fn is_reply(body: &Value) -> bool {
        body.get("choices").is_some()
    }

    fn progress(&self) -> Progress {
        match (&self.finish, self.done) {
            (_, true) => Progress::Done,
            (Some(_), false) => Progress::Finished,
            (None, false) => Progress::Open,
        }
    }

    fn take_data(&mut self, name: &str, data: &str, now: Micros) -> Result<(), Fault> {
        let data = data.trim();
        if self.done || data.is_empty() {
            return Ok(());
        }
        if data == "[DONE]" {
            self.done = true;
            return Ok(());
        }
        let parsed = serde_json::from_str::<Value>(data);
        match parsed {
            Ok(chunk) if name == "error" => Err(classify::in_stream(&chunk)),
            Ok(chunk) if chunk.is_object() => self.take_body(&chunk, false, now),
            Ok(_) | Err(_) if name == "error" => Err(classify::in_stream(&Value::String(data.to_string()))),
            Ok(_) | Err(_) => Err(Fault::new(
                FaultKind::Malformed,
                format!("the stream holds what is no chat completion chunk: {}", classify::excerpt(data)),
            )),
        }
    }

    fn take_whole(&mut self, body: &Value, now: Micros) -> Result<(), Fault> {
        self.done = true; // JSON that parses to its end is whole, `finish_reason` or not
        self.take_body(body, true, now)
    }

    fn finish(self, now: Micros, why: &str) -> Result<Reply, Fault> {
        if self.finish.is_none() && !self.done {
            return Err(Fault::new(FaultKind::Cut, format!("the reply ended before it was whole: {why}")));
        }
        if !self.said {
            return Err(Fault::new(FaultKind::Malformed, "the answer holds no reply (`choices` is empty)"));
        }
        let called = !self.calls.is_empty();
        let finish = match self.finish {
            None | Some(Finish::Stop) if called => Finish::Calls,
            None => Finish::Stop,
            Some(Finish::Calls) if !called => {
                let message = "the model said that it calls tools, and no call came";
                return Err(Fault::new(FaultKind::Malformed, message));
            }
            Some(known) => known,
        };
        let (calls, extras) = self.calls.finish();
        let (text, timing) = self.arrival.finish(now);
        Ok(Reply {
            model: self.model,
            text,
            reasoning: self.thought.finish(extras),
            calls,
            finish,
            usage: self.usage,
            cost: self.cost,
            timing,
        })
    }
}
