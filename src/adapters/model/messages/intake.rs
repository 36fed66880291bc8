//! Events of Messages to a reply: whole, or a fault.
//!
//! A stream counts as whole once `message_stop` came; one that ends without it is cut, whatever stood in it. An error event
//! inside a stream is that error, whatever the status said.

use crate::adapters::model::arrival::{Arrival, TEXT_LEN_MAX, too_much};
use crate::adapters::model::calls::Calls;
use crate::adapters::model::classify;
use crate::adapters::model::fields::{self, Ending};
use crate::adapters::model::intake::{Intake, Progress};
use crate::adapters::model::messages::THOUGHTS;
use crate::adapters::model::thoughts::{self, Thought};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::message::{Draft, Finish, Reply};
use crate::domain::time::Micros;
use crate::ports::model::Drafts;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Blocks of one reply at most.
const BLOCKS_MAX: usize = 1_000;

/// A reply as it grows.
pub struct MessagesIntake {
    arrival: Arrival,
    model: String,
    /// What the blocks are, by their index.
    blocks: BTreeMap<u64, Block>,
    thoughts: Vec<Thought>,
    thought: String,
    calls: Calls,
    called: usize,
    finish: Option<Finish>,
    usage: Map<String, Value>,
    begun: bool,
    done: bool,
}

/// A block of a reply.
enum Block {
    Text,
    /// A thought, by its place among them.
    Thought(usize),
    Call,
    /// A kind that this program does not know, or does nothing with.
    Other,
}

impl MessagesIntake {
    /// Nothing so far; `started` is when the request was sent.
    pub fn new(drafts: Drafts, started: Micros) -> MessagesIntake {
        MessagesIntake {
            arrival: Arrival::new(drafts, started),
            model: String::new(),
            blocks: BTreeMap::new(),
            thoughts: Vec::new(),
            thought: String::new(),
            calls: Calls::default(),
            called: 0,
            finish: None,
            usage: Map::new(),
            begun: false,
            done: false,
        }
    }

    fn take_event(&mut self, event: &Value, now: Micros) -> Result<(), Fault> {
        if let Some(fault) = classify::error_in(event) {
            return Err(fault);
        }
        let part = |name: &str| event.get(name).filter(|value| value.is_object());
        let index = event.get("index").and_then(Value::as_u64).unwrap_or(0);
        match event.get("type").and_then(Value::as_str) {
            None => {
                let shown = classify::excerpt(&event.to_string());
                let message = format!("the stream holds what is no event of a message: {shown}");
                return Err(Fault::new(FaultKind::Malformed, message));
            }
            Some("message_start") => {
                self.begun = true;
                part("message").into_iter().for_each(|message| self.take_head(message));
            }
            Some("content_block_start") => {
                if let Some(block) = part("content_block") {
                    self.begin_block(index, block, now)?;
                }
            }
            Some("content_block_delta") => {
                if let Some(delta) = part("delta") {
                    self.grow_block(index, delta, now)?;
                }
            }
            Some("message_delta") => {
                part("usage").into_iter().for_each(|usage| self.take_usage(usage));
                part("delta").map_or(Ok(()), |delta| self.take_finish(delta))?;
            }
            Some("message_stop") => self.done = true,
            Some(_) => {} // `ping`, `content_block_stop`, or an event of a later day
        }
        match self.arrival.text().len() + self.thought.len() > TEXT_LEN_MAX || self.blocks.len() > BLOCKS_MAX
        {
            true => Err(too_much()),
            false => Ok(()),
        }
    }

    fn take_head(&mut self, message: &Value) {
        if let Some(model) = message.get("model").and_then(Value::as_str) {
            self.model = model.chars().take(256).collect();
        }
        message.get("usage").into_iter().for_each(|usage| self.take_usage(usage));
    }

    /// Counts are sums so far: a later one takes the place of an earlier one.
    fn take_usage(&mut self, usage: &Value) {
        let counts = usage.as_object().into_iter().flatten().filter(|(_, count)| count.is_number());
        self.usage.extend(counts.map(|(name, count)| (name.clone(), count.clone())));
    }

    fn take_finish(&mut self, delta: &Value) -> Result<(), Fault> {
        match delta.get("stop_reason").and_then(fields::ending) {
            Some(Ending::Finish(Finish::Other(word))) if word == "model_context_window_exceeded" => {
                self.finish = Some(Finish::Length);
            }
            Some(Ending::Finish(finish)) => self.finish = Some(finish),
            Some(Ending::Broken(word)) => {
                let message = format!("the provider broke the reply off (`stop_reason` is `{word}`)");
                return Err(Fault::new(FaultKind::Overloaded, message));
            }
            None => {}
        }
        Ok(())
    }

    fn begin_block(&mut self, index: u64, block: &Value, now: Micros) -> Result<(), Fault> {
        let text = |name: &str| block.get(name).and_then(Value::as_str).unwrap_or_default();
        let made = match text("type") {
            "text" => {
                self.arrival.say(now, text("text"));
                Block::Text
            }
            "thinking" | "redacted_thinking" => {
                if !self.thought.is_empty() && !text("thinking").is_empty() {
                    self.think(now, "\n\n");
                }
                self.think(now, text("thinking"));
                let (said, calls) = (self.arrival.text().len(), self.called);
                self.thoughts.push(Thought { block: block.clone(), text: said, calls });
                Block::Thought(self.thoughts.len() - 1)
            }
            "tool_use" => {
                self.called += 1;
                self.take_call(json!({ "index": index, "id": text("id"), "name": text("name") }), now)?;
                // A whole input at once, as some servers send it; Anthropic begins with an empty one.
                if let Some(input) = block.get("input").filter(|input| **input != json!({})) {
                    self.take_call(json!({ "index": index, "arguments": input }), now)?;
                }
                Block::Call
            }
            _ => Block::Other,
        };
        self.blocks.insert(index, made);
        Ok(())
    }

    fn grow_block(&mut self, index: u64, delta: &Value, now: Micros) -> Result<(), Fault> {
        let text = |name: &str| delta.get(name).and_then(Value::as_str).unwrap_or_default();
        match self.blocks.get(&index) {
            Some(Block::Text) => self.arrival.say(now, text("text")),
            Some(Block::Call) => {
                self.take_call(json!({ "index": index, "arguments": text("partial_json") }), now)?;
            }
            Some(Block::Thought(place)) => {
                let (place, new) = (*place, text("thinking").to_string());
                if let Some(Value::Object(block)) =
                    self.thoughts.get_mut(place).map(|thought| &mut thought.block)
                {
                    for name in ["thinking", "signature", "data"] {
                        let piece = delta.get(name).and_then(Value::as_str).filter(|piece| !piece.is_empty());
                        let Some(piece) = piece else { continue };
                        let before = block.get(name).and_then(Value::as_str).unwrap_or_default();
                        let joined = format!("{before}{piece}");
                        block.insert(name.to_string(), Value::String(joined));
                    }
                }
                let is_next = place > 0 && !self.thought.is_empty();
                let begins = self.thoughts[place].block.get("thinking").and_then(Value::as_str) == Some(&new);
                if is_next && begins && !new.is_empty() {
                    self.think(now, "\n\n");
                }
                self.think(now, &new);
            }
            Some(Block::Other) | None => {}
        }
        Ok(())
    }

    fn think(&mut self, now: Micros, text: &str) {
        self.thought.push_str(text);
        self.arrival.think(now, text);
    }

    fn take_call(&mut self, entry: Value, now: Micros) -> Result<(), Fault> {
        if let Some(touched) = self.calls.take(&entry, false).map_err(|_| too_much())? {
            let (index, tool, bytes) = (touched.at, touched.tool, touched.bytes);
            self.arrival.show(now, Draft::Call { index, tool, bytes });
        }
        Ok(())
    }
}

impl Intake for MessagesIntake {
    const ENDS: &'static str = "`message_stop`";
    const CALLED: &'static str = "message";

    fn is_reply(body: &Value) -> bool {
        body.get("content").is_some_and(Value::is_array)
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
                format!("the stream holds what is no event of a message: {}", classify::excerpt(data)),
            )),
        }
    }

    fn take_whole(&mut self, body: &Value, now: Micros) -> Result<(), Fault> {
        (self.begun, self.done) = (true, true);
        self.take_head(body);
        for (index, block) in (0..).zip(body.get("content").and_then(Value::as_array).into_iter().flatten()) {
            self.begin_block(index, block, now)?;
        }
        self.take_finish(body)
    }

    fn progress(&self) -> Progress {
        if self.done { Progress::Done } else { Progress::Open }
    }

    fn finish(self, now: Micros, why: &str) -> Result<Reply, Fault> {
        if !self.done {
            return Err(Fault::new(FaultKind::Cut, format!("the reply ended before it was whole: {why}")));
        }
        if !self.begun {
            return Err(Fault::new(FaultKind::Malformed, "the answer holds no reply (no `message_start`)"));
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
        let (text, timing) = self.arrival.finish(now);
        let usage = fields::usage(&json!({ "usage": self.usage })).unwrap_or_default();
        Ok(Reply {
            model: self.model,
            text,
            reasoning: thoughts::kept(THOUGHTS, self.thought, &self.thoughts),
            calls: self.calls.finish().0,
            finish,
            usage,
            cost: None,
            timing,
        })
    }
}
