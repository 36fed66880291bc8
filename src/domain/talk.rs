//! Events as a conversation: what was said, asked, called and decided, in the order in which it is read.
//!
//! Items are only ever added at the end and keep their key; an item that changes counts up its version, so that a screen
//! may keep what it has laid out. Where a call stands is the session's to tell; a card holds what the session does not.

use crate::domain::call::By;
use crate::domain::card::Card;
use crate::domain::event::{EndReason, Event, Fact, Parent, RunStatus};
use crate::domain::fault::Fault;
use crate::domain::ids::{CallId, EventNo, RunNo};
use crate::domain::message::{Finish, Reply, Usage};
use crate::domain::policy::Mode;
use crate::domain::retry::AfterFault;
use crate::domain::time::Micros;
use std::collections::VecDeque;

/// One entry of the conversation.
#[derive(Clone, Debug, PartialEq)]
pub struct Item {
    /// Its place among the items: never changes.
    pub key: usize,
    /// Counts up whenever it is to be drawn anew.
    pub version: u32,
    /// The event that made it.
    pub no: EventNo,
    /// When.
    pub at: Micros,
    /// What it says.
    pub said: Said,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq)]
pub enum Said {
    /// The session began.
    Opened {
        /// The agent.
        agent: String,
        /// The folder.
        workspace: String,
        /// Whether it was forked or delegated.
        forked: bool,
    },
    /// A task was given.
    Task {
        /// The run that works on it.
        run: RunNo,
        /// The text.
        text: String,
        /// The model that is to be asked.
        model: String,
        /// How much waits for a person.
        mode: Mode,
    },
    /// A message to be taken up when the run ends.
    Queued {
        /// The text.
        text: String,
        /// Whether a run has begun with it since.
        taken: bool,
    },
    /// A message to the working agent.
    Steer {
        /// The text.
        text: String,
        /// Who.
        by: By,
    },
    /// The model spoke.
    Answer(Answer),
    /// The model called a tool.
    Call(Card),
    /// A request to the model failed.
    Fault {
        /// How.
        fault: Fault,
        /// Which attempt.
        attempt: u32,
        /// What follows.
        then: AfterFault,
    },
    /// The run is over.
    End(End),
    /// Something about the session or the run, in a sentence.
    Note {
        /// How it is meant.
        tone: Tone,
        /// The sentence.
        text: String,
    },
    /// A fact of a kind that this program does not know.
    Foreign {
        /// The kind's name.
        kind: String,
    },
}

/// How a note is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Tone {
    /// To be read past.
    Quiet,
    /// The run stands still for it.
    Pause,
    /// Something went wrong before it.
    Alarm,
}

/// The words of the model.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The text, possibly empty.
    pub text: String,
    /// What it thought; empty where it did not tell.
    pub reasoning: String,
    /// The model, as it named itself.
    pub model: String,
    /// Tokens.
    pub usage: Usage,
    /// Milliseconds from the request to the end.
    pub ms: u64,
    /// Why it stopped.
    pub finish: Finish,
}

/// The end of a run.
#[derive(Clone, Debug, PartialEq)]
pub struct End {
    /// The run.
    pub run: RunNo,
    /// How.
    pub status: RunStatus,
    /// Why.
    pub why: EndReason,
    /// Milliseconds from its beginning.
    pub ms: u64,
    /// Model turns that were answered.
    pub steps: u32,
    /// Tokens.
    pub usage: Usage,
}

/// What is being summed up of the run under way.
#[derive(Clone, Copy, Debug, Default)]
struct Sum {
    from: Micros,
    steps: u32,
    usage: Usage,
}

/// A session's conversation.
#[derive(Clone, Debug, Default)]
pub struct Talk {
    items: Vec<Item>,
    cards: Vec<usize>,
    queued: VecDeque<usize>,
    sum: Sum,
    version: u64,
}

impl Talk {
    /// All entries, oldest first; an entry's key is its place.
    pub fn items(&self) -> &[Item] {
        &self.items
    }

    /// Counts up with every change.
    pub fn version(&self) -> u64 {
        self.version
    }

    /// The key of a call's entry.
    pub fn key_of(&self, call: CallId) -> Option<usize> {
        self.cards.get((call.0 as usize).checked_sub(1)?).copied()
    }

    /// The card of a call.
    pub fn card(&self, call: CallId) -> Option<&Card> {
        match &self.items.get(self.key_of(call)?)?.said {
            Said::Call(card) => Some(card),
            Said::Opened { .. }
            | Said::Task { .. }
            | Said::Queued { .. }
            | Said::Steer { .. }
            | Said::Answer(_)
            | Said::Fault { .. }
            | Said::End(_)
            | Said::Note { .. }
            | Said::Foreign { .. } => None,
        }
    }

    /// Takes in one event; costs the same however long the conversation is.
    pub fn apply(&mut self, event: &Event) {
        self.version += 1;
        match &event.fact {
            Fact::SessionOpened { agent, workspace, parent, .. } => {
                let (agent, workspace) = (agent.clone(), workspace.clone());
                self.add(event, Said::Opened { agent, workspace, forked: parent.is_some() });
            }
            Fact::SessionRenamed { title, .. } => {
                self.note(event, Tone::Quiet, format!("renamed to “{title}”"))
            }
            Fact::SessionForked { parent, workspace, model, .. } => {
                self.fork(event, parent, workspace, model.as_ref());
            }
            Fact::WorkspaceMissed { .. } | Fact::RestoreStarted { .. } | Fact::RestoreEnded { .. } => {
                self.files(event);
            }
            Fact::SessionMarked { mark, .. } => {
                let tag = mark.tag().map(|tag| format!(" #{tag}")).unwrap_or_default();
                self.note(event, Tone::Quiet, format!("{}{tag}", mark.done()));
            }
            Fact::WriterTaken { holder, epoch } if epoch.0 > 1 => {
                self.note(event, Tone::Alarm, format!("taken over by {holder} (term {})", epoch.0));
            }
            Fact::RunStarted { input, mode, model, .. } => self.begin(event, input, *mode, model),
            Fact::RunPaused { by } => self.note(event, Tone::Pause, format!("paused by {by}")),
            Fact::RunReleased { by } => self.note(event, Tone::Quiet, format!("released by {by}")),
            Fact::InterruptAsked { by } => self.note(event, Tone::Pause, format!("interrupted by {by}")),
            Fact::CancelAsked { by } => self.note(event, Tone::Pause, format!("cancel asked by {by}")),
            Fact::ModeSet { mode, by } => {
                self.note(event, Tone::Quiet, format!("mode {} set by {by}", mode.name()));
            }
            Fact::RunEnded { status, why } => self.end(event, *status, why),
            Fact::ModelReplied { reply, calls } => self.reply(event, reply, calls),
            Fact::ModelFailed { fault, attempt, then } => {
                let (fault, attempt, then) = (fault.clone(), *attempt, *then);
                self.add(event, Said::Fault { fault, attempt, then });
            }
            Fact::OperatorSaid { text, .. } => {
                self.queued.push_back(self.items.len());
                self.add(event, Said::Queued { text: text.clone(), taken: false });
            }
            Fact::OperatorSteered { text, by } => {
                self.add(event, Said::Steer { text: text.clone(), by: by.clone() });
            }
            Fact::Unknown { kind, .. } => self.add(event, Said::Foreign { kind: kind.clone() }),
            Fact::WriterTaken { .. }
            | Fact::StepAllowed { .. }
            | Fact::ModelAsked { .. }
            | Fact::WorkspaceKept { .. } => {}
            Fact::CallRefused { call, .. }
            | Fact::CallJudged { call, .. }
            | Fact::CallEdited { call, .. }
            | Fact::CallApproved { call, .. }
            | Fact::CallRejected { call, .. }
            | Fact::CallAnswered { call, .. }
            | Fact::CallLapsed { call, .. }
            | Fact::CallStarted { call, .. }
            | Fact::CallEnded { call, .. }
            | Fact::CallInterrupted { call }
            | Fact::CallUnknown { call }
            | Fact::CallSettled { call, .. }
            | Fact::CallDropped { call } => self.called(*call, event),
        }
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
        for key in &self.cards {
            let Some(item) = self.items.get_mut(*key) else { continue };
            if let Said::Call(card) = &mut item.said
                && !card.watch.over()
            {
                card.apply(event);
                item.version += 1;
            }
        }
    }

    fn add(&mut self, event: &Event, said: Said) {
        self.items.push(Item { key: self.items.len(), version: 0, no: event.no, at: event.at, said });
    }

    fn note(&mut self, event: &Event, tone: Tone, text: String) {
        self.add(event, Said::Note { tone, text });
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
        let Sum { from, steps, usage } = self.sum;
        let ms = event.at.ms_since(from);
        self.add(event, Said::End(End { run: event.run, status, why: why.clone(), ms, steps, usage }));
    }

    fn reply(&mut self, event: &Event, reply: &Reply, ids: &[CallId]) {
        self.sum.steps += 1;
        self.sum.usage = self.sum.usage.plus(reply.usage);
        let reasoning = reply.reasoning.as_ref().map(|thought| thought.text.clone()).unwrap_or_default();
        if !reply.text.trim().is_empty() || !reasoning.trim().is_empty() || ids.is_empty() {
            self.add(
                event,
                Said::Answer(Answer {
                    text: reply.text.clone(),
                    reasoning,
                    model: reply.model.clone(),
                    usage: reply.usage,
                    ms: reply.timing.total_ms,
                    finish: reply.finish.clone(),
                }),
            );
        }
        for (id, asked) in ids.iter().zip(&reply.calls) {
            self.cards.push(self.items.len());
            self.add(event, Said::Call(Card::asked(*id, asked)));
        }
    }

    fn called(&mut self, call: CallId, event: &Event) {
        let Some(item) = self.key_of(call).and_then(|key| self.items.get_mut(key)) else { return };
        let Said::Call(card) = &mut item.said else { return };
        card.apply(event);
        item.version += 1;
    }
}
