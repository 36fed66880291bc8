//! Another tool's records as events of an imported session.
//!
//! What was taken before is known by its marks, so that a source that is read again, or has grown, adds only what is new:
//! a message that was written again under the same name adds the words and calls it did not have. Times are the tool's
//! own; one that lies before the event before it is told as that moment, so that the log never goes back.

use crate::domain::call::Output;
use crate::domain::event::{EndReason, Event, Fact, RunStatus};
use crate::domain::foreign::{Entry, Mark, Origin, Over, Sort, What, call_mark, words_mark};
use crate::domain::hash::Hash;
use crate::domain::ids::{CallId, EventNo, RunNo};
use crate::domain::imported::is_answer;
use crate::domain::message::{Args, AskedCall, Reply};
use crate::domain::time::Micros;
use std::collections::{HashMap, HashSet};

/// A text longer than this, in bytes, is cut; an output goes whole into a blob instead.
pub const TEXT_MAX: usize = 512 * 1024;
/// The calls of one reply that stand in one event, in bytes of stored arguments; those beyond go into another.
const CALLS_BYTES_MAX: usize = 4 * 1024 * 1024;
/// A byte of text takes at most so many in JSON.
const ESCAPED_MAX: usize = 6;

const ROOT: EventNo = EventNo(1);

/// A task under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Task {
    no: RunNo,
    span: EventNo,
    /// Whether the last word was an answer.
    answered: bool,
    ended: bool,
}

/// What is known of an imported session by whoever adds to it.
#[derive(Clone, Debug, Default)]
pub struct Import {
    no: EventNo,
    at: Micros,
    run: Option<Task>,
    calls: u32,
    open: HashMap<String, CallId>,
    model: String,
    messages: u64,
    marks: HashSet<Mark>,
    fresh: Vec<Mark>,
}

impl Import {
    /// Whether the session has a first event.
    pub fn is_open(&self) -> bool {
        self.no > EventNo(0)
    }

    /// Takes in an event of the log.
    pub fn apply(&mut self, event: &Event) {
        self.no = event.no;
        self.at = event.at;
        if let Fact::RunImported { model, .. } = &event.fact {
            self.model.clone_from(model);
            self.open.clear();
            self.messages += 1;
            self.run = Some(Task { no: event.run, span: event.no, answered: false, ended: false });
        } else if let Fact::ModelReplied { reply, calls } = &event.fact {
            self.calls = calls.last().map_or(self.calls, |call| call.0);
            let ids = reply.calls.iter().zip(calls).map(|(asked, id)| (asked.wire_id.clone(), *id));
            self.open.extend(ids);
            self.messages += 1;
            if !reply.model.is_empty() {
                self.model.clone_from(&reply.model);
            }
            if let Some(run) = &mut self.run {
                run.answered = is_answer(&reply.finish, !calls.is_empty());
            }
        } else if let Fact::CallRecorded { call, .. } = &event.fact {
            self.open.retain(|_, open| open != call);
            self.messages += 1;
        } else if let Fact::RunEnded { .. } = &event.fact {
            if let Some(run) = &mut self.run {
                run.ended = true;
            }
        } else if let Fact::ImportTaken { marks, .. } = &event.fact {
            self.marks.extend(read_marks(marks));
        }
    }

    /// The first events of a session.
    pub fn open(&mut self, origin: &Origin, title: &str, program: &str) -> Vec<Event> {
        let at = origin.at.unwrap_or_default();
        let text = |text: &str| cut(text.to_string());
        let opened = Fact::SessionOpened {
            title: text(title),
            agent: origin.tool.word().to_string(),
            workspace: text(&origin.workspace),
            instructions: String::new(),
            parent: None,
            program: program.to_string(),
        };
        let imported = Fact::SessionImported {
            tool: origin.tool.word().to_string(),
            version: text(&origin.version),
            id: text(&origin.id),
            source: text(&origin.source),
            parent: text(&origin.parent),
        };
        vec![self.place(Some(at), opened), self.place(Some(at), imported)]
    }

    /// Whether the entry was taken before, as it is now.
    pub fn knows(&self, entry: &Entry) -> bool {
        let known = |mark: Mark| self.marks.contains(&mark);
        match &entry.what {
            What::Reply(reply) => {
                known(words_mark(&entry.key, reply))
                    && reply.calls.iter().all(|asked| known(call_mark(&entry.key, asked)))
            }
            What::Task { .. } | What::Over(_) | What::Ended { .. } | What::Odd { .. } => known(entry.mark()),
        }
    }

    /// The events of an entry that was not taken before. `body` is what an ended call or an odd record holds, bounded.
    pub fn take(&mut self, entry: Entry, body: Output) -> Vec<Event> {
        if self.knows(&entry) {
            return Vec::new();
        }
        let mark = entry.mark();
        let events = match entry.what {
            What::Task { text, model } => self.task(entry.at, cut(text), model),
            What::Reply(reply) => return self.reply(&entry.key, entry.at, *reply),
            What::Over(over) => self.over(entry.at, &over, body),
            What::Ended { status, words } => self.ended(entry.at, status, words),
            What::Odd { sort, label, place, .. } => {
                vec![self.place(entry.at, Fact::ForeignRecord { sort, label: cut(label), place, raw: body })]
            }
        };
        self.note(mark);
        events
    }

    /// What was taken since the last of these; nothing where that is nothing.
    pub fn close(&mut self, read: Micros, records: u64) -> Option<Event> {
        if self.fresh.is_empty() {
            return None;
        }
        let marks = write_marks(&std::mem::take(&mut self.fresh));
        Some(self.place(None, Fact::ImportTaken { read, records, marks }))
    }

    fn note(&mut self, mark: Mark) {
        if self.marks.insert(mark) {
            self.fresh.push(mark);
        }
    }

    /// A task; the one before it is over with it.
    fn task(&mut self, at: Option<Micros>, input: String, model: String) -> Vec<Event> {
        let mut events = self.leave(at);
        let model = if model.is_empty() { self.model.clone() } else { model };
        events.push(self.place(at, Fact::RunImported { input, model }));
        events
    }

    /// The end of a task of which the record tells none.
    fn leave(&mut self, at: Option<Micros>) -> Vec<Event> {
        let Some(run) = self.run.filter(|run| !run.ended) else { return Vec::new() };
        let (status, why) = match run.answered {
            true => (RunStatus::Done, EndReason::Answered),
            false => {
                (RunStatus::Failed, EndReason::Recorded { words: "no end of this task is recorded".into() })
            }
        };
        vec![self.place(at, Fact::RunEnded { status, why })]
    }

    fn ended(&mut self, at: Option<Micros>, status: RunStatus, words: String) -> Vec<Event> {
        if self.run.is_none_or(|run| run.ended) {
            return Vec::new();
        }
        let why = match (words.is_empty(), status) {
            (true, RunStatus::Done) => EndReason::Answered,
            (true, _) => EndReason::Recorded { words: "the record says no more than that".into() },
            (false, _) => EndReason::Recorded { words: cut(words) },
        };
        vec![self.place(at, Fact::RunEnded { status, why })]
    }

    /// A task to hold what comes, where the record has none: it begins in the middle, or goes on after an end.
    fn hold(&mut self, at: Option<Micros>) -> Vec<Event> {
        if self.run.is_some_and(|run| !run.ended) {
            return Vec::new();
        }
        let input = "(no task is recorded here)".to_string();
        self.task(at, input, String::new())
    }

    /// The words and calls of a reply that were not taken before, as a request and its answer.
    fn reply(&mut self, key: &str, at: Option<Micros>, mut reply: Reply) -> Vec<Event> {
        let mut events = self.hold(at);
        let (words, seen) = (words_mark(key, &reply), Mark::of(&[key, "seen"]));
        if self.marks.contains(&words) {
            reply.text.clear();
            reply.reasoning = None;
        }
        if self.marks.contains(&seen) {
            reply.counted(); // when it was first seen
        }
        let marks: Vec<Mark> = reply.calls.iter().map(|asked| call_mark(key, asked)).collect();
        let calls: Vec<AskedCall> = std::mem::take(&mut reply.calls);
        let mut calls: Vec<AskedCall> = calls
            .into_iter()
            .zip(&marks)
            .filter(|(_, mark)| !self.marks.contains(mark))
            .map(|(asked, _)| bounded(asked))
            .collect();
        reply.text = cut(reply.text);
        reply.model = cut(reply.model);
        if let Some(thought) = &mut reply.reasoning {
            thought.text = cut(std::mem::take(&mut thought.text));
            thought.details = None; // a provider's signature is of no use outside of that tool
        }
        loop {
            let rest = calls.split_off(fitting(&calls));
            let part = Reply { calls, ..reply.clone() };
            events.extend(self.asked_and_replied(at, part));
            if rest.is_empty() {
                break;
            }
            calls = rest;
            reply = Reply { text: String::new(), reasoning: None, ..reply };
            reply.counted();
        }
        for mark in [words, seen].into_iter().chain(marks) {
            self.note(mark);
        }
        events
    }

    /// When the model was asked is not recorded: it is told as the moment of what was recorded before the answer.
    fn asked_and_replied(&mut self, at: Option<Micros>, reply: Reply) -> [Event; 2] {
        let model = if reply.model.is_empty() { self.model.clone() } else { reply.model.clone() };
        let ids = (self.calls + 1..).map(CallId).take(reply.calls.len()).collect();
        let asked = self.place(
            None,
            Fact::ModelAsked {
                model,
                attempt: 1,
                messages: self.messages,
                request: Hash::ZERO,
                frame: None,
                notes: Vec::new(),
                route: None,
                ahead: None,
            },
        );
        let mut reply = reply;
        reply.timing.total_ms = at.unwrap_or(self.at).ms_since(self.at);
        [asked, self.place(at, Fact::ModelReplied { reply, calls: ids })]
    }

    fn over(&mut self, at: Option<Micros>, over: &Over, output: Output) -> Vec<Event> {
        let Some(call) = self.open.get(&over.wire_id).copied() else {
            let label = format!("the end of a call that is not recorded ({})", over.wire_id);
            let fact = Fact::ForeignRecord { sort: Sort::Note, label: cut(label), place: 0, raw: output };
            return vec![self.place(at, fact)];
        };
        let fact = Fact::CallRecorded { call, end: over.end, output, ms: over.ms, time: over.time };
        let mut events = self.hold(at);
        events.push(self.place(at, fact));
        events
    }

    /// The next event; a fact about a call opens a span of its own in the task under way.
    fn place(&mut self, at: Option<Micros>, fact: Fact) -> Event {
        let no = self.no.after();
        let at = at.unwrap_or(self.at).max(self.at);
        let (run, run_span) = self.run.map_or((RunNo(0), ROOT), |run| (run.no, run.span));
        let (run, span, parent) = if let Fact::RunImported { .. } = fact {
            (run.after(), no, ROOT)
        } else if let Fact::RunEnded { .. } = fact {
            (run, run_span, ROOT)
        } else if let Fact::ModelAsked { .. } | Fact::CallRecorded { .. } = fact {
            (run, no, run_span)
        } else if let Fact::ModelReplied { .. } = fact {
            (run, self.no, run_span) // its request is the event before it
        } else {
            (RunNo(0), ROOT, EventNo(0))
        };
        let event = Event { no, at, run, span, parent, fact };
        self.apply(&event);
        event
    }
}

/// A call whose arguments and names are not too long to keep.
fn bounded(asked: AskedCall) -> AskedCall {
    let args = match asked.args {
        Args::Json(value) => {
            let text = value.to_string();
            if text.len() > TEXT_MAX { Args::Broken(cut(text)) } else { Args::Json(value) }
        }
        Args::Broken(text) => Args::Broken(cut(text)),
    };
    AskedCall { wire_id: cut(asked.wire_id), tool: cut(asked.tool), args }
}

/// How many calls fit into one event; at least one.
fn fitting(calls: &[AskedCall]) -> usize {
    let mut bytes = 0;
    let fits = |asked: &&AskedCall| {
        bytes += match &asked.args {
            Args::Json(value) => value.to_string().len(),
            Args::Broken(text) => text.len() * ESCAPED_MAX,
        };
        bytes <= CALLS_BYTES_MAX
    };
    calls.iter().take_while(fits).count().max(1).min(calls.len())
}

/// A text that is not too long to keep; what is left out is said.
fn cut(text: String) -> String {
    if text.len() <= TEXT_MAX {
        return text;
    }
    let (head, rest) = text.split_at(text.floor_char_boundary(TEXT_MAX));
    format!("{head}\n[… {} bytes were left out when this was imported …]", rest.len())
}

fn write_marks(marks: &[Mark]) -> String {
    marks.iter().map(|mark| format!("{:016x}", mark.0)).collect()
}

fn read_marks(text: &str) -> impl Iterator<Item = Mark> + '_ {
    let digits = |at: usize| text.get(at..at + 16).and_then(|part| u64::from_str_radix(part, 16).ok());
    (0..text.len()).step_by(16).filter_map(digits).map(Mark)
}
