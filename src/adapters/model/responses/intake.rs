//! Events of Responses to a reply: whole, or a fault.
//!
//! A stream counts as whole once `response.completed` or `response.incomplete` came; one that ends without is cut, whatever stood
//! in it.

use crate::adapters::model::arrival::{Arrival, TEXT_LEN_MAX, too_much};
use crate::adapters::model::calls::Calls;
use crate::adapters::model::classify;
use crate::adapters::model::fields;
use crate::adapters::model::intake::{Intake, Progress};
use crate::adapters::model::responses::THOUGHTS;
use crate::adapters::model::thoughts::{self, Thought};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::message::{Draft, Finish, Reply, Usage};
use crate::domain::time::Micros;
use crate::ports::model::Drafts;
use serde_json::{Value, json};
use std::collections::BTreeSet;

/// Items of one reply at most.
const ITEMS_MAX: usize = 1_000;

/// A reply as it grows.
pub struct ResponsesIntake {
    arrival: Arrival,
    model: String,
    thoughts: Vec<Thought>,
    thought: String,
    calls: Calls,
    called: usize,
    /// The items of which parts came already, by their place.
    grown: BTreeSet<u64>,
    /// The calls that began, and those whose arguments came.
    begun: BTreeSet<u64>,
    argued: BTreeSet<u64>,
    /// The items that are over.
    over: BTreeSet<u64>,
    refused: bool,
    finish: Option<Finish>,
    usage: Usage,
    done: bool,
}

impl ResponsesIntake {
    /// Nothing so far; `started` is when the request was sent.
    pub fn new(drafts: Drafts, started: Micros) -> ResponsesIntake {
        ResponsesIntake {
            arrival: Arrival::new(drafts, started),
            model: String::new(),
            thoughts: Vec::new(),
            thought: String::new(),
            calls: Calls::default(),
            called: 0,
            grown: BTreeSet::new(),
            begun: BTreeSet::new(),
            argued: BTreeSet::new(),
            over: BTreeSet::new(),
            refused: false,
            finish: None,
            usage: Usage::default(),
            done: false,
        }
    }

    fn take_event(&mut self, event: &Value, now: Micros) -> Result<(), Fault> {
        if let Some(fault) = classify::error_in(event) {
            return Err(fault);
        }
        let part = |name: &str| event.get(name).filter(|value| value.is_object());
        let index = event.get("output_index").and_then(Value::as_u64).unwrap_or(0);
        let delta = event.get("delta").and_then(Value::as_str).unwrap_or_default();
        let Some(kind) = event.get("type").and_then(Value::as_str) else {
            let shown = classify::excerpt(&event.to_string());
            let message = format!("the stream holds what is no event of a response: {shown}");
            return Err(Fault::new(FaultKind::Malformed, message));
        };
        match kind {
            "response.output_text.delta" | "response.refusal.delta" => {
                self.refused |= kind == "response.refusal.delta";
                self.grown.insert(index);
                self.arrival.say(now, delta);
            }
            "response.reasoning_summary_text.delta" | "response.reasoning_text.delta" => {
                self.grown.insert(index);
                self.think(now, delta);
            }
            "response.reasoning_summary_part.added" if !self.thought.is_empty() => self.think(now, "\n\n"),
            "response.function_call_arguments.delta" => {
                self.argued.insert(index);
                self.take_call(&json!({ "index": index, "arguments": delta }), now)?;
            }
            "response.output_item.added" => {
                if let Some(item) = part("item") {
                    self.begin_item(index, item, now)?;
                }
            }
            "response.output_item.done" => {
                if let Some(item) = part("item") {
                    self.end_item(index, item, now)?;
                }
            }
            "response.completed" | "response.incomplete" | "response.failed" => {
                if let Some(response) = part("response") {
                    self.take_response(response, now)?;
                }
            }
            "response.created" => part("response").into_iter().for_each(|response| self.take_model(response)),
            _ => {} // parts that are told again whole, or an event of a later day
        }
        match self.arrival.text().len() + self.thought.len() > TEXT_LEN_MAX || self.over.len() > ITEMS_MAX {
            true => Err(too_much()),
            false => Ok(()),
        }
    }

    fn take_model(&mut self, response: &Value) {
        if let Some(model) = response.get("model").and_then(Value::as_str) {
            self.model = model.chars().take(256).collect();
        }
    }

    /// The end: how it stands, what it took, and any item that was not told before.
    fn take_response(&mut self, response: &Value, now: Micros) -> Result<(), Fault> {
        if let Some(fault) = classify::error_in(response) {
            return Err(fault);
        }
        self.take_model(response);
        for (index, item) in (0..).zip(response.get("output").and_then(Value::as_array).into_iter().flatten())
        {
            if !self.over.contains(&index) {
                self.end_item(index, item, now)?;
            }
        }
        self.usage = fields::usage(response).unwrap_or_default();
        let why = response.pointer("/incomplete_details/reason").and_then(Value::as_str);
        self.finish = match (response.get("status").and_then(Value::as_str), why) {
            (Some("failed" | "cancelled"), _) => {
                let message = "the provider broke the reply off and gave no reason";
                return Err(Fault::new(FaultKind::Overloaded, message));
            }
            (_, Some("max_output_tokens")) => Some(Finish::Length),
            (_, Some("content_filter")) => Some(Finish::Filtered),
            (_, Some(other)) => Some(Finish::Other(other.chars().take(64).collect())),
            (Some("incomplete"), None) => Some(Finish::Length),
            (_, None) => None,
        };
        self.done = true;
        Ok(())
    }

    fn begin_item(&mut self, index: u64, item: &Value, now: Micros) -> Result<(), Fault> {
        let text = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
        if text("type") == "function_call" && self.begun.insert(index) {
            self.called += 1;
            let entry = json!({ "index": index, "id": text("call_id"), "name": text("name") });
            self.take_call(&entry, now)?;
        }
        Ok(())
    }

    /// An item is over: what of it did not come in parts is taken now.
    fn end_item(&mut self, index: u64, item: &Value, now: Micros) -> Result<(), Fault> {
        if !self.over.insert(index) {
            return Ok(());
        }
        let in_parts = self.grown.contains(&index);
        let list = |name: &str| item.get(name).and_then(Value::as_array).into_iter().flatten();
        match item.get("type").and_then(Value::as_str) {
            Some("message") if !in_parts => {
                for part in list("content") {
                    let refusal = part.get("refusal").and_then(Value::as_str);
                    self.refused |= refusal.is_some();
                    let text = refusal.or_else(|| part.get("text").and_then(Value::as_str));
                    self.arrival.say(now, text.unwrap_or_default());
                }
            }
            Some("function_call") => {
                self.begin_item(index, item, now)?;
                let args = item.get("arguments").and_then(Value::as_str).filter(|args| !args.is_empty());
                if let Some(args) = args.filter(|_| self.argued.insert(index)) {
                    self.take_call(&json!({ "index": index, "arguments": args }), now)?;
                }
            }
            Some("reasoning") => {
                if !in_parts {
                    for part in list("summary").chain(list("content")) {
                        self.think(now, part.get("text").and_then(Value::as_str).unwrap_or_default());
                    }
                }
                let (text, calls) = (self.arrival.text().len(), self.called);
                let mut block = item.clone();
                if let Value::Object(map) = &mut block {
                    map.remove("status"); // is told, and not taken back
                }
                self.thoughts.push(Thought { block, text, calls });
            }
            Some(_) | None => {}
        }
        Ok(())
    }

    fn think(&mut self, now: Micros, text: &str) {
        self.thought.push_str(text);
        self.arrival.think(now, text);
    }

    fn take_call(&mut self, entry: &Value, now: Micros) -> Result<(), Fault> {
        if let Some(touched) = self.calls.take(entry, false).map_err(|_| too_much())? {
            let (index, tool, bytes) = (touched.at, touched.tool, touched.bytes);
            self.arrival.show(now, Draft::Call { index, tool, bytes });
        }
        Ok(())
    }
}

impl Intake for ResponsesIntake {
    const ENDS: &'static str = "`response.completed`";
    const CALLED: &'static str = "response";

    fn is_reply(body: &Value) -> bool {
        body.get("output").is_some_and(Value::is_array)
    }

    fn take_data(&mut self, name: &str, data: &str, now: Micros) -> Result<(), Fault> {
        let data = data.trim();
        if self.done || data.is_empty() || data == "[DONE]" {
            return Ok(());
        }
        match serde_json::from_str::<Value>(data) {
            Ok(event) if name == "error" => Err(classify::in_stream(&event)),
            Ok(event) if event.is_object() => self.take_event(&event, now),
            Ok(_) | Err(_) if name == "error" => Err(classify::in_stream(&Value::String(data.to_string()))),
            Ok(_) | Err(_) => Err(Fault::new(
                FaultKind::Malformed,
                format!("the stream holds what is no event of a response: {}", classify::excerpt(data)),
            )),
        }
    }

    fn take_whole(&mut self, body: &Value, now: Micros) -> Result<(), Fault> {
        self.take_response(body, now)
    }

    fn progress(&self) -> Progress {
        if self.done { Progress::Done } else { Progress::Open }
    }

    fn finish(self, now: Micros, why: &str) -> Result<Reply, Fault> {
        if !self.done {
            return Err(Fault::new(FaultKind::Cut, format!("the reply ended before it was whole: {why}")));
        }
        let finish = match self.finish {
            Some(known) => known,
            None if !self.calls.is_empty() => Finish::Calls,
            None if self.refused => Finish::Filtered,
            None => Finish::Stop,
        };
        let (text, timing) = self.arrival.finish(now);
        Ok(Reply {
            model: self.model,
            text,
            reasoning: thoughts::kept(THOUGHTS, self.thought, &self.thoughts),
            calls: self.calls.finish().0,
            finish,
            usage: self.usage,
            cost: None,
            timing,
        })
    }
}
