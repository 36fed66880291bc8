//! A model that follows a script: the default without a server or a key, and the double in tests.
//!
//! Which reply is given is told by the conversation (its assistant messages), and which fault by the attempt, so a process that was
//! restarted goes on where the one before stopped. Time comes from the clock.

use crate::adapters::model::body::{Bodies, Body};
use crate::adapters::model::dialect::Dialect;
use crate::adapters::model::growth::Growth;
use crate::adapters::model::openai::Chat;
use crate::adapters::model::script::{Line, Pace, Script, Turn, turns};
use crate::domain::call_fold::without_note;
use crate::domain::fault::Fault;
use crate::domain::hash::Hash;
use crate::domain::message::{
    Args, AskedCall, Draft, Finish, Message, Reasoning, Reply, Timing, Transcript, Usage,
};
use crate::domain::money::Money;
use crate::domain::time::Micros;
use crate::ports::Later;
use crate::ports::clock::Clock;
use crate::ports::model::{Ask, Drafts, Errand, Model, Request};
use serde_json::Value;
use std::sync::{Arc, Mutex, PoisonError};

/// Pieces in which a paced text arrives, at most.
const PIECES_MAX: usize = 120;
/// Bytes that one placeholder may bring in.
const QUOTE_LEN_MAX: usize = 64 << 10;

/// A model that follows a script.
pub struct Scripted {
    turns: Vec<Turn>,
    summaries: Vec<Turn>,
    placeholders: bool,
    skip: usize,
    label: String,
    heard: Mutex<Growth<Heard>>,
    bodies: Bodies<Chat>,
    clock: Arc<dyn Clock>,
}

/// What the conversation tells the script; places are those of messages in the transcript.
#[derive(Clone, Default)]
struct Heard {
    messages: usize,
    assistants: usize,
    results: Vec<usize>,
    round: usize,
    input: Option<usize>,
}

impl Heard {
    fn take(&mut self, message: &Message) {
        match message {
            Message::System { .. } => {}
            Message::User { .. } => self.input = Some(self.messages),
            Message::Assistant { .. } => {
                self.assistants += 1;
                self.round = self.results.len();
            }
            Message::Tool { .. } => self.results.push(self.messages),
        }
        self.messages += 1;
    }
}

impl Scripted {
    /// A model that follows `script` from the beginning of a conversation.
    pub fn new(script: Script, clock: Arc<dyn Clock>) -> Scripted {
        let (turns, summaries) = (turns(script.cues), turns(script.summaries));
        let label = "scripted model (offline)".to_string();
        Scripted {
            turns,
            summaries,
            placeholders: script.placeholders,
            skip: 0,
            label,
            heard: Mutex::default(),
            bodies: Bodies::default(),
            clock,
        }
    }

    /// The same where the conversation already held so many assistant messages when the script began, as in a fork.
    pub fn starting_after(mut self, assistants: usize) -> Scripted {
        self.skip = assistants;
        self
    }

    /// The same under another name for the screen.
    pub fn labelled(mut self, label: impl Into<String>) -> Scripted {
        self.label = label.into();
        self
    }

    /// What it says of a conversation that it is to summarise, where its script does not tell.
    fn summary(ask: &Ask) -> Line {
        let bytes: usize = ask.messages.iter().map(|message| words(message).len()).sum();
        let text =
            format!("(The scripted model was given {bytes} bytes to summarise; it has no words of its own.)");
        Line { text, ..Line::default() }
    }

    fn over(&self) -> Line {
        let replies = self.turns.iter().filter(|(_, line)| line.is_some()).count();
        let text = format!(
            "The script is over: its {replies} replies are given. This is the scripted model, which needs no server and no key; \
             `tackroom doctor` shows which models are at hand."
        );
        Line { text, ..Line::default() }
    }
}

impl Model for Scripted {
    fn prepare(&self, ask: Ask) -> Result<Box<dyn Request>, Fault> {
        let heard = {
            let mut growth = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
            let fresh = Heard::default;
            let kept = growth.carry(&ask.session, &ask.messages, |_| true, fresh, Heard::take);
            kept.clone()
        };
        let of = |turns: &'_ [Turn], at: u64| turns.get(usize::try_from(at).unwrap_or(usize::MAX)).cloned();
        let told = match ask.errand {
            Errand::Turn { gone } => {
                of(&self.turns, (heard.assistants as u64 + gone).saturating_sub(self.skip as u64))
            }
            Errand::Summary { nth } => {
                let (faults, line) = of(&self.summaries, u64::from(nth)).unwrap_or_default();
                Some((faults, Some(line.unwrap_or_else(|| Scripted::summary(&ask)))))
            }
        };
        let (faults, line) = match &told {
            Some((faults, line)) => (faults.as_slice(), line.clone()),
            None => (&[][..], None),
        };
        // Nothing is sent; what is kept of the request is what a server would have been sent.
        let Body { hash, frame, bytes } = self.bodies.write(&ask, Dialect::default());
        let fault = faults.get((ask.attempt.max(1) - 1) as usize).cloned();
        let mut line = line.unwrap_or_else(|| self.over());
        if self.placeholders && fault.is_none() {
            let quotes = Quotes { heard: &heard, messages: &ask.messages };
            line.text = quotes.fill(quotes.choose(&line));
            for call in &mut line.calls {
                if let Args::Json(args) = &mut call.args {
                    quotes.fill_value(args);
                }
            }
        }
        let clock = Arc::clone(&self.clock);
        let size = bytes.len() as u64;
        drop(bytes); // held, the next body would be a copy
        Ok(Box::new(Prepared { hash, frame, size, model: ask.model, fault, line, clock }))
    }

    fn label(&self) -> String {
        self.label.clone()
    }
}

struct Prepared {
    hash: Hash,
    frame: Arc<[u8]>,
    size: u64,
    model: String,
    fault: Option<Fault>,
    line: Line,
    clock: Arc<dyn Clock>,
}

impl Request for Prepared {
    fn hash(&self) -> Hash {
        self.hash
    }

    fn frame(&self) -> Option<Arc<[u8]>> {
        Some(Arc::clone(&self.frame))
    }

    fn size(&self) -> u64 {
        self.size
    }

    fn cost(&self, _: Usage) -> Option<Money> {
        None
    }

    fn send(self: Box<Self>, drafts: Drafts) -> Later<'static, Result<Reply, Fault>> {
        Box::pin(async move {
            match self.fault.clone() {
                Some(fault) => Err(fault),
                None => Ok(self.play(drafts).await),
            }
        })
    }
}

impl Prepared {
    async fn play(self, drafts: Drafts) -> Reply {
        let started = self.clock.now();
        let Line { text, instead: _, reasoning, calls, finish, usage, pace } = self.line;
        let mut timing = Timing::default();
        let mut begun = None;
        let thought = reasoning.filter(|thought| !thought.is_empty());
        if let Some(thought) = &thought {
            let pace = if let Pace::CharsPerS(_) = &pace { pace.clone() } else { Pace::AtOnce };
            for (at, piece) in pieces(thought, &pace, started) {
                wait(&*self.clock, at).await;
                begun.get_or_insert(self.clock.now());
                drafts(Draft::Reasoning(piece));
            }
        }
        let from = if let Pace::Recorded(_) = &pace { started } else { self.clock.now() };
        let mut chars = 0;
        for (at, piece) in pieces(&text, &pace, from) {
            wait(&*self.clock, at).await;
            let now = self.clock.now();
            begun.get_or_insert(now);
            chars += piece.chars().count() as u64;
            timing.pace.push((now.ms_since(started), chars));
            drafts(Draft::Text(piece));
        }
        for (index, call) in calls.iter().enumerate() {
            let bytes = match &call.args {
                Args::Json(value) => value.to_string().len(),
                Args::Broken(text) => text.len(),
            };
            drafts(Draft::Call { index, tool: call.tool.clone(), bytes });
        }
        let now = self.clock.now();
        timing.first_ms = begun.unwrap_or(now).ms_since(started);
        timing.total_ms = now.ms_since(started);
        let reasoning = thought.map(|text| Reasoning { text, field: String::new(), details: None });
        whole(self.model, text, reasoning, calls, finish, usage, timing)
    }
}

fn whole(
    model: String,
    text: String,
    reasoning: Option<Reasoning>,
    calls: Vec<AskedCall>,
    finish: Option<Finish>,
    usage: Usage,
    timing: Timing,
) -> Reply {
    let told = if calls.is_empty() { Finish::Stop } else { Finish::Calls };
    Reply { model, text, reasoning, calls, finish: finish.unwrap_or(told), usage, cost: None, timing }
}

async fn wait(clock: &dyn Clock, at: Option<Micros>) {
    if let Some(at) = at
        && clock.now() < at
    {
        clock.sleep_until(at).await;
    }
}

/// A text in pieces, each with the moment it arrives; `None` is at once.
fn pieces(text: &str, pace: &Pace, from: Micros) -> Vec<(Option<Micros>, String)> {
    let chars: Vec<char> = text.chars().collect();
    let piece = |start: usize, end: usize| chars[start..end].iter().collect::<String>();
    if chars.is_empty() {
        return Vec::new();
    }
    match pace {
        Pace::AtOnce | Pace::CharsPerS(0) => vec![(None, text.to_string())],
        Pace::CharsPerS(rate) => {
            let step = (*rate as usize / 30).max(chars.len().div_ceil(PIECES_MAX)).max(1);
            let at = |end: usize| from.plus_ms(end as u64 * 1000 / u64::from(*rate));
            let starts = (0..chars.len()).step_by(step);
            starts
                .map(|start| (start, (start + step).min(chars.len())))
                .map(|(start, end)| (Some(at(end)), piece(start, end)))
                .collect()
        }
        Pace::Recorded(points) => {
            let mut all = Vec::new();
            let mut start = 0;
            for (ms, so_far) in points {
                let end = usize::try_from(*so_far).unwrap_or(usize::MAX).clamp(start, chars.len());
                if end > start {
                    all.push((Some(from.plus_ms(*ms)), piece(start, end)));
                    start = end;
                }
            }
            if start < chars.len() {
                all.push((None, piece(start, chars.len())));
            }
            all
        }
    }
}

/// What placeholders stand for.
struct Quotes<'a> {
    heard: &'a Heard,
    messages: &'a Transcript,
}

impl Quotes<'_> {
    /// The text that fits the last result.
    fn choose<'a>(&self, line: &'a Line) -> &'a str {
        let result = self.heard.results.last().map(|at| self.words(*at)).unwrap_or_default();
        let begins = |with: &str| result.starts_with(with) || without_note(&result).starts_with(with);
        line.instead.iter().find(|one| begins(&one.result)).map_or(&line.text, |one| &one.text)
    }

    fn fill_value(&self, value: &mut Value) {
        match value {
            Value::String(text) => *text = self.fill(text),
            Value::Array(list) => list.iter_mut().for_each(|item| self.fill_value(item)),
            Value::Object(map) => map.values_mut().for_each(|item| self.fill_value(item)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }

    fn fill(&self, text: &str) -> String {
        let mut out = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("{{") {
            out.push_str(before);
            match after.split_once("}}").and_then(|(name, tail)| Some((self.quote(name.trim())?, tail))) {
                Some((quote, tail)) => {
                    out.push_str(quote.get(..quote.floor_char_boundary(QUOTE_LEN_MAX)).unwrap_or_default());
                    rest = tail;
                }
                None => {
                    out.push_str("{{");
                    rest = after;
                }
            }
        }
        out + rest
    }

    /// What a placeholder stands for; `None` where it is none.
    fn quote(&self, name: &str) -> Option<String> {
        let nothing = || "(no result)".to_string();
        match name {
            "input" => Some(self.heard.input.map_or_else(String::new, |at| self.words(at))),
            "last_result" => Some(self.heard.results.last().map_or_else(nothing, |at| self.words(*at))),
            "outcome" => {
                let last = self.heard.results.last().map(|at| self.words(*at));
                Some(last.map_or_else(nothing, |text| without_note(&text).to_string()))
            }
            "results" => {
                let round = &self.heard.results[self.heard.round..];
                let all: Vec<String> = round.iter().map(|at| self.words(*at)).collect();
                Some(if all.is_empty() { nothing() } else { all.join("\n\n") })
            }
            _ => {
                let (number, lines) = match name.strip_prefix("result:")?.split_once(':') {
                    Some((number, lines)) => (number, Some(lines)),
                    None => (name.strip_prefix("result:")?, None),
                };
                let number: usize = number.parse().ok().filter(|number| *number > 0)?;
                let Some(text) = self.heard.results.get(number - 1).map(|at| self.words(*at)) else {
                    return Some(nothing());
                };
                let Some((from, to)) = lines.map(|lines| lines.split_once('-').unwrap_or((lines, lines)))
                else {
                    return Some(text);
                };
                let (from, to): (usize, usize) = (from.parse().ok()?, to.parse().ok()?);
                let wanted = text.lines().skip(from.saturating_sub(1)).take((to + 1).saturating_sub(from));
                Some(wanted.collect::<Vec<_>>().join("\n"))
            }
        }
    }

    fn words(&self, at: usize) -> String {
        self.messages.get(at).map(|message| words(message).to_string()).unwrap_or_default()
    }
}

fn words(message: &Message) -> &str {
    match message {
        Message::System { text }
        | Message::User { text }
        | Message::Tool { text, .. }
        | Message::Assistant { text, .. } => text,
    }
}
