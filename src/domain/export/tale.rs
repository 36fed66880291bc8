//! Events as a tale: tasks, turns of the model with their calls, what people said, ends. Each piece is told once it is
//! over, in order; what is kept meanwhile is the turn under way.

use crate::domain::about::about;
use crate::domain::call::Outcome;
use crate::domain::checks::{check_words, end_words};
use crate::domain::compaction::Compacted;
use crate::domain::event::{Event, Fact};
use crate::domain::export::deed::Deed;
use crate::domain::fault::Fault;
use crate::domain::ids::{CallId, EventNo};
use crate::domain::message::{Reply, Usage};
use crate::domain::money::Spent;
use crate::domain::tally::ended;
use crate::domain::time::Micros;
use std::collections::BTreeMap;

/// A turn of the model and the calls it asked for.
#[derive(Clone, Debug, PartialEq)]
pub struct Turn {
    /// What it answered; its calls are in `deeds`.
    pub reply: Reply,
    /// Milliseconds from the request to the answer.
    pub model_ms: u64,
    /// Its calls.
    pub deeds: Vec<Deed>,
}

/// What a piece tells.
#[derive(Clone, Debug, PartialEq)]
pub enum Saying {
    /// A task was given: its words, the model.
    Task(String, String),
    /// A person said something: who, and what.
    Said(String, String),
    /// A turn of the model.
    Turn(Box<Turn>),
    /// Something happened: a sentence.
    Note(String),
    /// A task was over: its status and why.
    Ended(&'static str, String),
}

/// A piece of the tale.
#[derive(Clone, Debug, PartialEq)]
pub struct Piece {
    /// The event that began it.
    pub no: EventNo,
    /// When.
    pub at: Micros,
    /// What it tells.
    pub saying: Saying,
}

/// What a session took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sum {
    /// Tokens.
    pub usage: Usage,
    /// What they cost.
    pub spent: Spent,
    /// Turns of the model.
    pub turns: u64,
    /// Calls.
    pub calls: u64,
    /// Milliseconds for which the model answered.
    pub model_ms: u64,
    /// Milliseconds for which calls ran.
    pub running_ms: u64,
    /// Milliseconds for which calls waited for a person.
    pub waiting_ms: u64,
}

/// Takes events in and tells pieces.
#[derive(Debug, Default)]
pub struct Tale {
    turn: Option<(EventNo, Micros, Turn)>,
    after: Vec<Piece>,
    asked: Option<Micros>,
    imported: bool,
    checks: BTreeMap<CallId, String>,
    sum: Sum,
}

impl Tale {
    /// Takes in an event; answers what is over with it.
    pub fn apply(&mut self, event: &Event) -> Vec<Piece> {
        let fact = &event.fact;
        let mut told = Vec::new();
        if let Fact::ModelReplied { reply, calls } = fact {
            // Another tool may go on while calls are open.
            told.extend(self.close());
            self.replied(event, reply, calls);
        } else if let Fact::CheckAsked { call, name, .. } = fact {
            self.checks.insert(*call, name.clone());
            self.after.extend(self.saying(event).map(|saying| Piece { no: event.no, at: event.at, saying }));
        } else if let Some(name) = fact.call().and_then(|id| self.checks.get(&id)) {
            let saying = checked(name, fact);
            self.after.extend(saying.map(|saying| Piece { no: event.no, at: event.at, saying }));
        } else if let Some(id) = fact.call() {
            let turn = self.turn.as_mut().map(|(_, _, turn)| turn);
            if let Some(deed) = turn.and_then(|turn| turn.deeds.iter_mut().find(|deed| deed.call == id)) {
                deed.apply(fact, event.at);
            }
        } else if let Fact::RunStarted { .. } | Fact::RunImported { .. } | Fact::RunEnded { .. } = fact {
            told.extend(self.close());
            self.after.extend(self.saying(event).map(|saying| Piece { no: event.no, at: event.at, saying }));
        } else {
            self.after.extend(self.saying(event).map(|saying| Piece { no: event.no, at: event.at, saying }));
        }
        if let Fact::ModelAsked { .. } = fact {
            self.asked = Some(event.at);
        } else if let Fact::ContextCompacted(done) = fact {
            if let Some(summed) = done.summed() {
                self.sum.usage = self.sum.usage.plus(summed.usage);
                self.sum.spent = self.sum.spent.plus(summed.spent());
                self.sum.model_ms += summed.ms;
            }
        } else if let Fact::ModelFailed { fault, .. } | Fact::CompactFailed { fault, .. } = fact {
            self.sum.spent = self.sum.spent.plus(fault.kind.spent());
        } else if let Fact::SessionImported { .. } = fact {
            self.imported = true;
        }
        let over =
            self.turn.as_ref().is_none_or(|(_, _, turn)| turn.deeds.iter().all(|d| d.close().is_some()));
        if over {
            told.extend(self.close());
        }
        told
    }

    /// What is left, and what it all took.
    pub fn finish(mut self) -> (Vec<Piece>, Sum) {
        let rest = self.close();
        (rest, self.sum)
    }

    fn replied(&mut self, event: &Event, reply: &Reply, calls: &[crate::domain::ids::CallId]) {
        let asked = self.asked.take().unwrap_or(event.at);
        let model_ms = event.at.ms_since(asked);
        let deeds = calls.iter().zip(&reply.calls).map(|(id, asked)| Deed::new(*id, asked.clone(), event.at));
        let deeds: Vec<Deed> = deeds.collect();
        self.sum.usage = self.sum.usage.plus(reply.usage);
        self.sum.spent = self.sum.spent.plus(reply.spent());
        self.sum.turns += 1;
        self.sum.calls += deeds.len() as u64;
        self.sum.model_ms += model_ms;
        self.turn = Some((event.no, event.at, Turn { reply: reply.clone(), model_ms, deeds }));
    }

    /// The turn under way as it stands, and what was said since.
    fn close(&mut self) -> Vec<Piece> {
        let mut told = Vec::new();
        if let Some((no, at, mut turn)) = self.turn.take() {
            for deed in &mut turn.deeds {
                deed.left(self.imported);
                self.sum.running_ms += deed.running_ms;
                self.sum.waiting_ms += deed.waiting_ms;
            }
            told.push(Piece { no, at, saying: Saying::Turn(Box::new(turn)) });
        }
        told.append(&mut self.after);
        told
    }

    /// What an event says by itself.
    fn saying(&self, event: &Event) -> Option<Saying> {
        Some(match &event.fact {
            Fact::RunStarted { input, model, .. } | Fact::RunImported { input, model } => {
                Saying::Task(input.clone(), model.clone())
            }
            Fact::OperatorSteered { text, by } | Fact::OperatorSaid { text, by } => {
                Saying::Said(by.to_string(), text.clone())
            }
            Fact::NoteAdded { text, by, .. } => Saying::Said(format!("{by}, a note"), text.clone()),
            Fact::RunEnded { status, why } => Saying::Ended(ended(*status), why.sentence()),
            Fact::ModelFailed { fault, attempt, .. } => failed(fault, *attempt),
            Fact::SessionImported { tool, version, id, source, .. } => {
                Saying::Note(format!("imported from {tool} {version}, session {id} ({source})"))
            }
            Fact::WriterTaken { holder, epoch } if epoch.0 > 1 => {
                Saying::Note(format!("taken up by {holder}"))
            }
            Fact::BreakpointHit { spec, why, .. } => {
                Saying::Note(format!("stopped at breakpoint {spec}: {}", why.sentence()))
            }
            Fact::RunHeld { why } => Saying::Note(format!("held ({}): {}", why.word(), why.sentence())),
            Fact::LoopSeen { seen } => Saying::Note(format!("it goes in circles: {}", seen.sentence())),
            Fact::BudgetNeared { .. } | Fact::BudgetExtended { .. } => Saying::Note(about(&event.fact)),
            Fact::CheckAsked { .. } | Fact::CompactFailed { .. } => Saying::Note(about(&event.fact)),
            Fact::CompactionUndone { .. } => Saying::Note(about(&event.fact)),
            Fact::ContextCompacted(done) => Saying::Note(compacted(done)),
            Fact::CompactOrdered { .. } | Fact::CompactAsked(_) => return None,
            Fact::SessionForked { parent, by, .. } => {
                Saying::Note(format!("forked by {by} from session {} at event {}", parent.session, parent.at))
            }
            Fact::WorkspaceMissed { why } => Saying::Note(format!("the files could not be kept: {why}")),
            Fact::RestoreStarted { .. } | Fact::RestoreEnded { .. } => Saying::Note(restored(&event.fact)),
            Fact::RunPaused { by } => Saying::Note(format!("paused by {by}")),
            Fact::RunReleased { by } => Saying::Note(format!("let go on by {by}")),
            Fact::InterruptAsked { by } => Saying::Note(format!("interrupted by {by}")),
            Fact::CancelAsked { by } => Saying::Note(format!("cancelled by {by}")),
            Fact::ModeSet { mode, by } => Saying::Note(format!("mode {} set by {by}", mode.name())),
            Fact::LeaseGranted { .. } | Fact::LeaseRevoked { .. } => Saying::Note(about(&event.fact)),
            Fact::Unknown { kind, .. } => Saying::Note(format!("an event of an unknown kind: {kind}")),
            Fact::ForeignRecord { label, .. } => Saying::Note(format!("a record of that tool: {label}")),
            Fact::SessionOpened { .. }
            | Fact::WorkspaceKept { .. }
            | Fact::SessionRenamed { .. }
            | Fact::SessionMarked { .. }
            | Fact::WriterTaken { .. }
            | Fact::StepAllowed { .. }
            | Fact::ModelAsked { .. }
            | Fact::ModelReplied { .. }
            | Fact::CallRefused { .. }
            | Fact::CallJudged { .. }
            | Fact::CallEdited { .. }
            | Fact::CallApproved { .. }
            | Fact::LeaseUsed { .. }
            | Fact::CallRejected { .. }
            | Fact::CallAnswered { .. }
            | Fact::CallLapsed { .. }
            | Fact::CallStarted { .. }
            | Fact::CallEnded { .. }
            | Fact::CallInterrupted { .. }
            | Fact::CallUnknown { .. }
            | Fact::CallSettled { .. }
            | Fact::CallDropped { .. }
            | Fact::CallRecorded { .. }
            | Fact::ImportTaken { .. }
            | Fact::BreakpointSet { .. }
            | Fact::BreakpointRemoved { .. }
            | Fact::NoteRemoved { .. } => return None,
        })
    }
}

/// How the conversation was made shorter, with what the model reads in the place of what went.
fn compacted(done: &Compacted) -> String {
    let summary = done.digest().map(|digest| format!("\n\n{}", digest.summary)).unwrap_or_default();
    format!("{} ({}){summary}", done.sentence(), done.cause.words())
}

/// How the files were put back.
fn restored(fact: &Fact) -> String {
    if let Fact::RestoreStarted { at, by, .. } = fact {
        format!("{by} puts the files back as they were at event {at}")
    } else if let Fact::RestoreEnded { changed, failed, .. } = fact {
        format!("{changed} files were put back, {failed} could not be")
    } else {
        String::new()
    }
}

/// What came of a check: where it ran and failed, the model read it.
fn checked(name: &str, fact: &Fact) -> Option<Saying> {
    if let Fact::CallEnded { outcome, output, .. } = fact {
        let words = format!("{}: {}", check_words(name), end_words(*outcome, output));
        return Some(match outcome {
            Outcome::Ok | Outcome::Cancelled => Saying::Note(words),
            Outcome::Error | Outcome::TimedOut | Outcome::Panicked => Saying::Said(words, output.for_model()),
        });
    }
    let is_quiet = matches!(fact, Fact::CallStarted { .. });
    (!is_quiet).then(|| Saying::Note(format!("{}: {} {}", check_words(name), fact.kind(), about(fact))))
}

fn failed(fault: &Fault, attempt: u32) -> Saying {
    Saying::Note(format!("attempt {attempt} failed: {}: {}", fault.kind.words(), fault.message))
}
