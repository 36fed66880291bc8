//! mini-SWE-agent: `*.traj.json`, one document: the messages and how it ended. Whether somebody was asked is not recorded.

use crate::adapters::foreign::turn::{silent, thought};
use crate::adapters::foreign::{Put, entry, fields, lines, origin};
use crate::domain::event::RunStatus;
use crate::domain::foreign::{Entry, Origin, Over, Recorded, RecordedTime, Sort, Tool, What};
use crate::domain::message::{Args, AskedCall, Finish};
use crate::domain::money::Money;
use crate::domain::time::Micros;
use serde_json::Value;
use std::path::Path;

/// Reads a document.
pub fn read(path: &Path, put: Put<'_>) -> Result<u64, String> {
    let document = lines::document(path)?;
    let info = document.get("info").unwrap_or(&Value::Null);
    let messages = match &document {
        Value::Array(messages) => messages.as_slice(),
        Value::Object(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {
            fields::list(&document, &["messages"])
        }
    };
    let task = messages.iter().find(|message| fields::text(message, &["role"]) == "user");
    let title = task.and_then(|task| task.get("content")).map(fields::content).unwrap_or_default();
    let at = messages.iter().find_map(stamp).or_else(|| lines::changed(path));
    let absolute = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
    let found = Origin {
        tool: Tool::Mini,
        id: absolute.display().to_string(),
        version: fields::text(info, &["mini_version"]).to_string(),
        source: path.display().to_string(),
        parent: String::new(),
        title,
        workspace: fields::text(info, &["config", "environment", "cwd"]).to_string(),
        at,
    };
    let model = fields::text(info, &["config", "model", "model_name"]).to_string();
    if !origin(put, found) {
        return Ok(0);
    }
    let mut mini = Mini { model, ..Mini::default() };
    for (n, message) in messages.iter().enumerate() {
        mini.message(n, message);
        if !mini.out.drain(..).all(|told| entry(put, told)) {
            return Ok(messages.len() as u64);
        }
    }
    let status = match fields::text(info, &["exit_status"]) {
        "" if mini.submitted && mini.open.is_empty() => "Submitted",
        status => status,
    };
    if !status.is_empty() {
        let (how, words) = match status {
            "Submitted" => (RunStatus::Done, String::new()),
            "LimitsExceeded" => (RunStatus::BudgetStopped, format!("exit status {status}")),
            _ => (RunStatus::Failed, format!("exit status {status}")),
        };
        let what = What::Ended { status: how, words };
        entry(put, Entry { key: "exit".to_string(), at: None, what });
    }
    Ok(messages.len() as u64)
}

fn stamp(message: &Value) -> Option<Micros> {
    let own = || fields::moment(message, &["timestamp"]);
    fields::moment(message, &["extra", "timestamp"]).or_else(own)
}

/// What is being read.
#[derive(Default)]
struct Mini {
    out: Vec<Entry>,
    model: String,
    has_task: bool,
    /// Whether the last command was the one that ends a run.
    submitted: bool,
    /// Calls that wait for a result, the oldest first.
    open: std::collections::VecDeque<(String, Option<Micros>)>,
}

impl Mini {
    fn message(&mut self, n: usize, message: &Value) {
        let (key, at) = (format!("m{n}"), stamp(message));
        let text = message.get("content").map(fields::content).unwrap_or_default();
        let place = n as u64 + 1;
        match fields::text(message, &["role"]) {
            "system" | "developer" => {}
            "assistant" => self.reply(key, at, message, text),
            "tool" | "user" if self.has_task && !self.open.is_empty() => self.over(&key, at, message, text),
            "user" => {
                self.has_task = true;
                let what = What::Task { text, model: self.model.clone() };
                self.out.push(Entry { key, at, what });
            }
            "exit" => self.out.push(fields::odd(
                Sort::Note,
                format!("exit: {text}"),
                place,
                at,
                message.to_string(),
            )),
            role => self.out.push(fields::odd(Sort::Unknown, role, place, at, message.to_string())),
        }
    }

    fn reply(&mut self, key: String, at: Option<Micros>, message: &Value, text: String) {
        let response = fields::at(message, &["extra", "response"]).unwrap_or(&Value::Null);
        let mut reply = silent(match fields::text(response, &["model"]) {
            "" => &self.model,
            model => model,
        });
        let usage = response.get("usage").unwrap_or(&Value::Null);
        reply.usage = fields::usage(usage, ["prompt_tokens", "completion_tokens", "", ""]);
        reply.usage.cached = fields::count(usage, &["prompt_tokens_details", "cached_tokens"]).unwrap_or(0);
        reply.cost = fields::cost(message, &["extra", "cost"]).filter(|cost| cost.nano > Money::default());
        reply.reasoning = thought(fields::text(message, &["reasoning_content"]));
        self.open.clear();
        self.submitted = false;
        for (n, (id, tool, args)) in actions(message, &text).into_iter().enumerate() {
            let wire_id = if id.is_empty() { format!("{key}/{n}") } else { id };
            self.submitted |= matches!(&args, Args::Json(args) if submits(args));
            self.open.push_back((wire_id.clone(), at));
            reply.calls.push(AskedCall { wire_id, tool, args });
        }
        if !reply.calls.is_empty() {
            reply.finish = Finish::Calls;
        }
        reply.text = text;
        self.out.push(Entry { key, at, what: What::Reply(Box::new(reply)) });
    }

    fn over(&mut self, key: &str, at: Option<Micros>, message: &Value, text: String) {
        let named = fields::text(message, &["tool_call_id"]);
        let place = self.open.iter().position(|(id, _)| id == named).unwrap_or(0);
        let Some((wire_id, asked)) = self.open.remove(place) else { return };
        let told = fields::at(message, &["extra", "returncode"]).and_then(Value::as_i64);
        let code = told.or_else(|| {
            let (_, rest) = text.split_once("<returncode>")?;
            rest.split_once("</returncode>")?.0.trim().parse().ok()
        });
        let end = if code.is_none_or(|code| code == 0) { Recorded::Ok } else { Recorded::Error };
        let ms = fields::between(asked, at);
        let time = if ms.is_some() { RecordedTime::WithWaiting } else { RecordedTime::None };
        let what = What::Over(Over { wire_id, end, text, ms, time });
        self.out.push(Entry { key: key.to_string(), at, what });
    }
}

/// Whether a command is the one by which a run says that it is done.
fn submits(args: &Value) -> bool {
    let command = fields::text(args, &["command"]);
    ["COMPLETE_TASK_AND_SUBMIT_FINAL_OUTPUT", "MINI_SWE_AGENT_FINAL_OUTPUT"]
        .iter()
        .any(|word| command.contains(word))
}

/// The calls of a message: as the tool noted them, as the model made them, or as a block of code in its words.
fn actions(message: &Value, text: &str) -> Vec<(String, String, Args)> {
    let calls = fields::list(message, &["tool_calls"]);
    if !calls.is_empty() {
        let of = |call: &Value| {
            let args = fields::args(fields::text(call, &["function", "arguments"]));
            let name = fields::text(call, &["function", "name"]).to_string();
            (fields::text(call, &["id"]).to_string(), name, args)
        };
        return calls.iter().map(of).collect();
    }
    let bash = |command: &str| {
        (String::new(), "bash".to_string(), Args::Json(serde_json::json!({ "command": command })))
    };
    let noted = fields::list(message, &["extra", "actions"]);
    if !noted.is_empty() {
        let command = |action: &Value| match action.as_str() {
            Some(command) => bash(command),
            None => bash(fields::text(action, &["command"])),
        };
        return noted.iter().map(command).collect();
    }
    ["```mswea_bash_command\n", "```bash\n"]
        .iter()
        .find_map(|fence| text.split_once(fence)?.1.split_once("```"))
        .map(|(command, _)| vec![bash(command.trim_end())])
        .unwrap_or_default()
}
