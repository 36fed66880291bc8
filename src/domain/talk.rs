//! Events as a conversation: what was said, asked, called and decided, in the order in which it is read.
//!
//! Items are only ever added at the end and keep their key; an item that changes counts up its version, so that a screen
//! may keep what it has laid out. Where a call stands is the session's to tell; a card holds what the session does not.

use crate::domain::about::context_words;
use crate::domain::card::{Card, Decision};
use crate::domain::checks::card_words;
use crate::domain::digest;
use crate::domain::event::{EndReason, Event, Fact, Parent, RunStatus};
use crate::domain::foreign::Sort;
use crate::domain::held::{given_words, near_words};
use crate::domain::ids::{CallId, EventNo, NoteNo};
use crate::domain::message::{Reply, Usage};
use crate::domain::money::Spent;
use crate::domain::policy::Mode;
use crate::domain::shelf::Shelf;
use crate::domain::time::Micros;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, VecDeque};

pub use crate::domain::talk_item::{Answer, End, Fate, Item, Said, Tone};

/// What is being summed up of the run under way.
#[derive(Clone, Copy, Debug, Default, Serialize, Deserialize)]
struct Sum {
    from: Micros,
    steps: u32,
    usage: Usage,
    spent: Spent,
    /// Of a run that a fork took over: since when it is summed up here. What was before is its parent's.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    since: Option<Micros>,
    /// Whether nobody has taken it up since.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    lies: bool,
}

/// A session's conversation.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub struct Talk {
    items: Shelf<Item>,
    cards: BTreeMap<CallId, usize>,
    queued: VecDeque<usize>,
    noted: Vec<(NoteNo, usize)>,
    sum: Sum,
    version: u64,
    imported: bool,
    holder: String,
}

impl Talk {
    /// The entries that are kept, oldest first; an entry's key is its number.
    pub fn items(&self) -> &Shelf<Item> {
        &self.items
    }

    /// Counts up with every change.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The key of a call's entry.
    pub fn key_of(&self, call: CallId) -> Option<usize> {
        self.cards.get(&call).copied()
    }

    /// The card of a call.
    pub fn card(&self, call: CallId) -> Option<&Card> {
        match &self.items.get(self.key_of(call)?)?.said {
            Said::Call(card) => Some(card),
            Said::Opened { .. }
            | Said::Task { .. }
            | Said::Queued { .. }
            | Said::Steer { .. }
            | Said::Noted { .. }
            | Said::Answer(_)
            | Said::Fault { .. }
            | Said::End(_)
            | Said::Note { .. }
            | Said::Shorter { .. }
            | Said::Foreign { .. } => None,
        }
    }

    /// Takes in one event; costs the same however long the conversation is.
    pub fn apply(&mut self, event: &Event) {
        self.version += 1;
        self.items.at(event.no);
        match &event.fact {
            Fact::SessionOpened { agent, workspace, parent, .. } => {
                let (agent, workspace) = (agent.clone(), workspace.clone());
                self.add(event, Said::Opened { agent, workspace, forked: parent.is_some() });
            }
            Fact::SessionRenamed { .. } | Fact::SessionMarked { .. } => self.named(event),
            Fact::SessionForked { parent, workspace, model, .. } => {
                self.fork(event, parent, workspace, model.as_ref());
            }
            Fact::WorkspaceMissed { .. } | Fact::RestoreStarted { .. } | Fact::RestoreEnded { .. } => {
                self.files(event);
            }
            Fact::WriterTaken { holder, epoch } => self.taken(event, holder, epoch.0),
            Fact::RunStarted { input, mode, model, .. } => self.begin(event, input, *mode, model),
            Fact::RunImported { input, model } => self.begin(event, input, Mode::Auto, model),
            Fact::SessionImported { tool, version, id, source, .. } => {
                self.imported = true;
                self.note(event, Tone::Quiet, origin(tool, version, id, source));
            }
            Fact::ForeignRecord { sort, label, place, .. } => self.foreign(event, *sort, label, *place),
            Fact::RunPaused { .. }
            | Fact::RunReleased { .. }
            | Fact::InterruptAsked { .. }
            | Fact::CancelAsked { .. }
            | Fact::ModeSet { .. } => self.driven(event),
            Fact::RunEnded { status, why } => self.end(event, *status, why),
            Fact::ModelReplied { reply, calls } => self.reply(event, reply, calls),
            Fact::CheckAsked { .. } => self.check(event),
            Fact::ModelFailed { fault, attempt, then } => {
                let (fault, attempt, then) = (fault.clone(), *attempt, *then);
                self.add(event, Said::Fault { fault, attempt, then });
            }
            Fact::OperatorSaid { text, .. } => self.queue(event, text),
            Fact::OperatorSteered { text, by } => {
                self.add(event, Said::Steer { text: text.clone(), by: by.clone() });
            }
            Fact::BreakpointSet { .. } | Fact::BreakpointRemoved { .. } | Fact::BreakpointHit { .. } => {
                self.breakpoint(event);
            }
            Fact::RunHeld { .. } | Fact::LoopSeen { .. } => self.reined(event),
            Fact::BudgetNeared { .. } | Fact::BudgetExtended { .. } => self.reined(event),
            Fact::CompactAsked(_) | Fact::ContextCompacted(_) => self.shorter(event),
            Fact::CompactOrdered { .. } | Fact::CompactionUndone { .. } => self.shorter(event),
            Fact::CompactFailed { .. } => self.shorter(event),
            Fact::LeaseGranted { .. } | Fact::LeaseRevoked { .. } => self.leased(event),
            Fact::NoteAdded { .. } => self.noted(event),
            Fact::NoteRemoved { no, .. } => self.settle_note(*no, Fate::TakenBack),
            Fact::ModelAsked { notes, .. } => notes.iter().for_each(|no| self.settle_note(*no, Fate::Sent)),
            Fact::Unknown { kind, .. } => self.add(event, Said::Foreign { kind: kind.clone() }),
            Fact::StepAllowed { .. } | Fact::ImportTaken { .. } | Fact::WorkspaceKept { .. } => {}
            Fact::CallRefused { call, .. }
            | Fact::CallJudged { call, .. }
            | Fact::CallEdited { call, .. }
            | Fact::CallApproved { call, .. }
            | Fact::LeaseUsed { call, .. }
            | Fact::CallRejected { call, .. }
            | Fact::CallAnswered { call, .. }
            | Fact::CallLapsed { call, .. }
            | Fact::CallStarted { call, .. }
            | Fact::CallEnded { call, .. }
            | Fact::CallInterrupted { call }
            | Fact::CallUnknown { call }
            | Fact::CallSettled { call, .. }
            | Fact::CallRecorded { call, .. }
            | Fact::CallDropped { call } => self.called(*call, event),
        }
    }

    fn queue(&mut self, event: &Event, text: &str) {
        self.queued.push_back(self.items.len());
        self.add(event, Said::Queued { text: text.to_string(), taken: false });
    }

    /// The same process again, for a further task, takes over from nobody.
    fn taken(&mut self, event: &Event, holder: &str, term: u64) {
        if term > 1 && self.holder != holder {
            self.note(event, Tone::Alarm, format!("taken over by {holder} (term {term})"));
        }
        self.holder = holder.to_string();
        if std::mem::take(&mut self.sum.lies) {
            self.sum.since = Some(event.at);
        }
    }

    /// How the operator named or marked the session.
    fn named(&mut self, event: &Event) {
        if let Fact::SessionRenamed { title, .. } = &event.fact {
            self.note(event, Tone::Quiet, format!("renamed to “{title}”"));
        } else if let Fact::SessionMarked { mark, .. } = &event.fact {
            let tag = mark.tag().map(|tag| format!(" #{tag}")).unwrap_or_default();
            self.note(event, Tone::Quiet, format!("{}{tag}", mark.done()));
        }
    }

    fn noted(&mut self, event: &Event) {
        let Fact::NoteAdded { no, text, by } = &event.fact else { return };
        self.noted.push((*no, self.items.len()));
        self.add(event, Said::Noted { no: *no, text: text.clone(), by: by.clone(), fate: Fate::Waits });
    }

    /// How the operator drove the run.
    fn driven(&mut self, event: &Event) {
        if let Fact::RunPaused { by } = &event.fact {
            self.note(event, Tone::Pause, format!("paused by {by}"));
        } else if let Fact::RunReleased { by } = &event.fact {
            self.note(event, Tone::Quiet, format!("released by {by}"));
        } else if let Fact::InterruptAsked { by } = &event.fact {
            self.note(event, Tone::Pause, format!("interrupted by {by}"));
        } else if let Fact::CancelAsked { by } = &event.fact {
            self.note(event, Tone::Pause, format!("cancel asked by {by}"));
        } else if let Fact::ModeSet { mode, by } = &event.fact {
            self.note(event, Tone::Quiet, format!("mode {} set by {by}", mode.name()));
        }
    }

    fn breakpoint(&mut self, event: &Event) {
        if let Fact::BreakpointSet { no, spec, by } = &event.fact {
            self.note(event, Tone::Quiet, format!("breakpoint {no} set by {by}: {spec}"));
        } else if let Fact::BreakpointRemoved { no, by } = &event.fact {
            self.note(event, Tone::Quiet, format!("breakpoint {no} removed by {by}"));
        } else if let Fact::BreakpointHit { no, spec, why, .. } = &event.fact {
            let text = format!("stopped at breakpoint {no} ({spec}): {}", why.sentence());
            self.note(event, Tone::Pause, text);
        }
    }

    /// What holds the run, or will.
    fn reined(&mut self, event: &Event) {
        if let Fact::RunHeld { why } = &event.fact {
            self.note(event, Tone::Pause, format!("held ({}): {}", why.word(), why.sentence()));
        } else if let Fact::BudgetNeared { near } = &event.fact {
            self.note(event, Tone::Alarm, near_words(near));
        } else if let Fact::BudgetExtended { scope, unit, to, by } = &event.fact {
            self.note(event, Tone::Quiet, given_words(*scope, *unit, *to, by));
        } else if let Fact::LoopSeen { seen } = &event.fact {
            self.note(event, Tone::Alarm, format!("it goes in circles: {}", seen.sentence()));
        }
    }

    /// What makes the conversation shorter.
    fn shorter(&mut self, event: &Event) {
        let words = context_words(&event.fact);
        if let Fact::ContextCompacted(done) = &event.fact {
            if let Some(summed) = done.summed() {
                self.sum.usage = self.sum.usage.plus(summed.usage);
                self.sum.spent = self.sum.spent.plus(summed.spent());
            }
            let summary = done.digest().map(digest::words).unwrap_or_default();
            self.add(event, Said::Shorter { text: done.sentence(), summary });
        } else if let Fact::CompactFailed { .. } = &event.fact {
            self.note(event, Tone::Alarm, words);
        } else if let Fact::CompactOrdered { .. } | Fact::CompactionUndone { .. } = &event.fact {
            self.note(event, Tone::Quiet, words);
        }
    }

    /// A lease, given or taken back.
    fn leased(&mut self, event: &Event) {
        self.note(event, Tone::Quiet, crate::domain::about::about(&event.fact));
    }

    /// What became of the files.
    fn files(&mut self, event: &Event) {
        if let Fact::WorkspaceMissed { why } = &event.fact {
            self.note(event, Tone::Alarm, format!("the files were not kept: {why}"));
        } else if let Fact::RestoreStarted { at, by, .. } = &event.fact {
            self.note(event, Tone::Quiet, format!("files put back as they were at {at}, by {by}"));
        } else if let Fact::RestoreEnded { failed, .. } = &event.fact
            && *failed > 0
        {
            self.note(event, Tone::Alarm, format!("{failed} files could not be put back"));
        }
    }

    /// Calls that are not over are judged again.
    fn fork(&mut self, event: &Event, parent: &Parent, workspace: &str, model: Option<&String>) {
        let other = model.map(|model| format!(", with the model {model}")).unwrap_or_default();
        let (session, at) = (&parent.session, parent.at);
        self.note(event, Tone::Quiet, format!("forked from {session} at {at}, in {workspace}{other}"));
        self.sum = Sum { from: self.sum.from, since: Some(event.at), lies: true, ..Sum::default() };
        for key in self.cards.values() {
            let Some(item) = self.items.get_mut(*key) else { continue };
            if let Said::Call(card) = &mut item.said
                && !card.watch.over()
            {
                card.apply(event);
                item.version += 1;
            }
        }
    }

    /// Lets go of entries that are over and were not touched after the event `before`.
    pub fn forget(&mut self, before: EventNo) {
        let held = |item: &Item| matches!(&item.said, Said::Call(card) if !card.watch.over());
        let open: Vec<usize> = self
            .items
            .iter()
            .filter(|item| held(item) && item.at >= self.sum.from)
            .map(|item| item.key)
            .chain(self.queued.iter().copied())
            .collect();
        self.items.forget(before, |key| open.contains(&key));
        self.cards.retain(|_, key| self.items.get(*key).is_some());
    }

    fn add(&mut self, event: &Event, said: Said) {
        self.items.push(Item { key: self.items.len(), version: 0, no: event.no, at: event.at, said });
    }

    fn note(&mut self, event: &Event, tone: Tone, text: String) {
        self.add(event, Said::Note { tone, text });
    }

    /// A record of another tool that is no event here; one that is known is told in its words.
    fn foreign(&mut self, event: &Event, sort: Sort, label: &str, place: u64) {
        let (tone, text) = match sort {
            Sort::Note => (Tone::Quiet, label.to_string()),
            Sort::Unknown => {
                (Tone::Quiet, format!("record {place} is of a kind not known here ({label}); it is kept"))
            }
            Sort::Damaged => (Tone::Alarm, format!("record {place} cannot be read: {label}")),
        };
        self.note(event, tone, text);
    }

    fn settle_note(&mut self, sent: NoteNo, becomes: Fate) {
        let Some(at) = self.noted.iter().position(|(no, _)| *no == sent) else { return };
        let (_, key) = self.noted.swap_remove(at);
        let Some(item) = self.items.get_mut(key) else { return };
        if let Said::Noted { fate, .. } = &mut item.said {
            *fate = becomes;
            item.version += 1;
        }
    }

    fn begin(&mut self, event: &Event, input: &str, mode: Mode, model: &str) {
        self.sum = Sum { from: event.at, ..Sum::default() };
        if let Some(item) = self.queued.front().and_then(|key| self.items.get_mut(*key))
            && let Said::Queued { text, taken } = &mut item.said
            && text == input
        {
            *taken = true;
            item.version += 1;
            self.queued.pop_front();
        }
        let (text, model) = (input.to_string(), model.to_string());
        self.add(event, Said::Task { run: event.run, text, model, mode });
    }

    fn end(&mut self, event: &Event, status: RunStatus, why: &EndReason) {
        let Sum { from, steps, usage, spent, since, .. } = self.sum;
        let (ms, forked) = (event.at.ms_since(since.unwrap_or(from)), since.is_some());
        let (run, why) = (event.run, why.clone());
        self.add(event, Said::End(End { run, status, why, ms, steps, usage, spent, forked }));
    }

    fn reply(&mut self, event: &Event, reply: &Reply, ids: &[CallId]) {
        self.sum.steps += 1;
        self.sum.usage = self.sum.usage.plus(reply.usage);
        self.sum.spent = self.sum.spent.plus(reply.spent());
        let reasoning = reply.reasoning.as_ref().map(|thought| thought.text.clone()).unwrap_or_default();
        if !reply.text.trim().is_empty() || !reasoning.trim().is_empty() || ids.is_empty() {
            self.add(
                event,
                Said::Answer(Answer {
                    text: reply.text.clone(),
                    reasoning,
                    model: reply.model.clone(),
                    usage: reply.usage,
                    cost: reply.cost.clone(),
                    ms: reply.timing.total_ms,
                    finish: reply.finish.clone(),
                }),
            );
        }
        for (id, asked) in ids.iter().zip(&reply.calls) {
            self.cards.insert(*id, self.items.len());
            let mut card = Card::asked(*id, asked);
            card.decision = self.imported.then_some(Decision::NotRecorded);
            self.add(event, Said::Call(card));
        }
    }

    /// A call that the harness makes: told by the check's name.
    fn check(&mut self, event: &Event) {
        let Fact::CheckAsked { call, name, asked, .. } = &event.fact else { return };
        self.cards.insert(*call, self.items.len());
        let (tool, summary) = card_words(name, &asked.args);
        let card = Card { tool, summary, ..Card::asked(*call, asked) };
        self.add(event, Said::Call(card));
    }

    fn called(&mut self, call: CallId, event: &Event) {
        let Some(item) = self.key_of(call).and_then(|key| self.items.get_mut(key)) else { return };
        let Said::Call(card) = &mut item.said else { return };
        card.apply(event);
        item.version += 1;
    }
}

/// Where an imported session comes from, and what its record does not tell.
fn origin(tool: &str, version: &str, id: &str, source: &str) -> String {
    let version = if version.is_empty() { String::new() } else { format!(" {version}") };
    format!(
        "imported from {tool}{version}, its session {id} ({source}); who allowed a call is not recorded there"
    )
}
