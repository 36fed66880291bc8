//! A session as a trajectory: the Agent Trajectory Interchange Format, version 1.4.
//!
//! A task and a person's words are steps of the user, a turn with its calls and what came of them is one of the agent,
//! whatever else happened one of the system. What that format has no field for stands in `extra`.

use crate::domain::export::deed::Deed;
use crate::domain::export::form::{About, Form};
use crate::domain::export::tale::{Piece, Saying, Sum, Turn};
use crate::domain::message::{Args, wire_args};
use crate::domain::money::Money;
use serde_json::{Value, json};

/// Writes a trajectory.
#[derive(Debug, Default)]
pub struct Atif {
    steps: u64,
}

impl Form for Atif {
    fn begin(&mut self, about: &About) -> String {
        let (name, version) = match about.program.split_once(' ') {
            Some((name, version)) => (name, version),
            None => ("tackroom", about.program.as_str()),
        };
        let agent = json!({
            "name": name, "version": version, "model_name": about.model,
            "extra": { "agent": about.agent, "workspace": about.workspace, "title": about.title, "status": about.status },
        });
        format!(
            "{{\"schema_version\":\"ATIF-v1.4\",\"session_id\":{},\"agent\":{agent},\"steps\":[\n",
            json!(about.id)
        )
    }

    fn piece(&mut self, piece: &Piece) -> String {
        self.steps += 1;
        let mut step = json!({ "step_id": self.steps, "timestamp": piece.at.rfc3339() });
        let more = match &piece.saying {
            Saying::Task(input, _) => json!({ "source": "user", "message": input }),
            Saying::Said(who, words) => {
                json!({ "source": "user", "message": words, "extra": { "by": who } })
            }
            Saying::Note(words) => json!({ "source": "system", "message": words }),
            Saying::Ended(status, why) => {
                json!({ "source": "system", "message": format!("{status}: {why}") })
            }
            Saying::Turn(turn) => told(turn),
        };
        if let (Value::Object(step), Value::Object(more)) = (&mut step, more) {
            step.extend(more);
        }
        let comma = if self.steps > 1 { "," } else { "" };
        format!("{comma}{step}\n")
    }

    fn end(&mut self, sum: &Sum) -> String {
        let mut metrics = json!({
            "total_prompt_tokens": sum.usage.input, "total_completion_tokens": sum.usage.output,
            "total_cached_tokens": sum.usage.cached, "total_steps": self.steps,
            "extra": { "model_ms": sum.model_ms, "running_ms": sum.running_ms, "waiting_ms": sum.waiting_ms },
        });
        // A total that leaves something out would be no total.
        if sum.spent.priced > 0 && sum.spent.is_whole() {
            metrics["total_cost_usd"] = dollars(sum.spent.known);
        } else {
            metrics["extra"]["cost"] = json!(sum.spent.words());
        }
        format!("],\"final_metrics\":{metrics}}}\n")
    }
}

/// An amount as a number of dollars, to the last digit.
fn dollars(amount: Money) -> Value {
    serde_json::from_str(&amount.exact()).unwrap_or(Value::Null) // invariant: an exact amount is a number
}

fn told(turn: &Turn) -> Value {
    let reply = &turn.reply;
    let mut step = json!({ "source": "agent", "message": reply.text });
    let mut put = |name: &str, value: Value| {
        if let Value::Object(step) = &mut step {
            step.insert(name.to_string(), value);
        }
    };
    if !reply.model.is_empty() {
        put("model_name", json!(reply.model));
    }
    if let Some(thought) = reply.reasoning.as_ref().filter(|thought| !thought.text.is_empty()) {
        put("reasoning_content", json!(thought.text));
    }
    if !turn.deeds.is_empty() {
        put("tool_calls", turn.deeds.iter().map(call).collect());
        let over = turn.deeds.iter().filter(|deed| deed.output.is_some() || deed.close().is_some());
        put("observation", json!({ "results": over.map(result).collect::<Vec<Value>>() }));
        put("extra", json!({ "calls": turn.deeds.iter().map(extra).collect::<Vec<Value>>() }));
    }
    let usage = reply.usage;
    let mut metrics = json!({ "prompt_tokens": usage.input, "completion_tokens": usage.output,
        "cached_tokens": usage.cached, "extra": { "reasoning_tokens": usage.reasoning, "ms": turn.model_ms } });
    if let Some(cost) = &reply.cost {
        metrics["cost_usd"] = dollars(cost.nano);
        metrics["extra"]["price"] = json!(cost.by.words());
    }
    put("metrics", metrics);
    step
}

/// The arguments that ran; an object always, as the format wants it.
fn call(deed: &Deed) -> Value {
    let args = deed.edited.clone().map_or_else(|| deed.asked.args.clone(), Args::Json);
    let args: Value = serde_json::from_str(&wire_args(&args)).unwrap_or_else(|_| json!({}));
    json!({ "tool_call_id": deed.call.to_string(), "function_name": deed.asked.tool, "arguments": args })
}

fn result(deed: &Deed) -> Value {
    let content = deed.output.as_ref().map_or_else(|| deed.answer.clone(), |output| output.for_model());
    json!({ "source_call_id": deed.call.to_string(), "content": content })
}

fn extra(deed: &Deed) -> Value {
    let proposed = deed.edited.as_ref().map(|_| wire_args(&deed.asked.args));
    json!({ "tool_call_id": deed.call.to_string(), "outcome": deed.outcome, "decisions": deed.words,
        "proposed": proposed, "waiting_ms": deed.waiting_ms, "running_ms": deed.running_ms })
}
