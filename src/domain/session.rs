//! A session as its events tell it; the one `apply`, used by whoever drives it and by whoever watches.
//!
//! `apply` is total: the door is `decide`, so a fact that is in the log has happened. Folding costs the same at
//! event 10 and at event 1,000,000.

use crate::domain::boundary::Reached;
use crate::domain::call::Call;
use crate::domain::context::Context;
use crate::domain::event::{Event, Fact, Limits, Parent};
use crate::domain::event_kinds::Family;
use crate::domain::hash::Hash;
use crate::domain::ids::{BreakNo, CallId, Epoch, EventNo, LeaseNo, NoteNo, SessionId};
use crate::domain::imported::Imported;
use crate::domain::lease::Lease;
use crate::domain::marks::{Marks, title};
use crate::domain::message::{Message, Transcript, Usage};
use crate::domain::money::Spent;
use crate::domain::next::{Hold, holds};
use crate::domain::policy::Mode;
use crate::domain::purse::Purse;
use crate::domain::run::{Run, Turn};
use crate::domain::shelf::Shelf;
use crate::domain::stops::{Passed, PendingNote, Standing};
use crate::domain::time::Micros;
use serde::{Deserialize, Serialize};
use std::collections::{HashSet, VecDeque};

/// A session as folded so far.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Session {
    /// Its id.
    pub id: SessionId,
    /// Its title; empty before it was opened.
    pub title: String,
    /// The agent.
    pub agent: String,
    /// The folder it works in.
    pub workspace: String,
    /// What the agent is told before anything else.
    pub instructions: String,
    /// Where it came from.
    pub parent: Option<Parent>,
    /// When it began.
    pub opened_at: Micros,
    /// When the last event happened.
    pub updated_at: Micros,
    /// The last event.
    pub last: EventNo,
    /// The writer's term.
    pub epoch: Epoch,
    /// The operator's marks.
    pub marks: Marks,
    /// Who took the writer lease last.
    pub holder: String,
    /// When it was first taken; what a fork has of before, its parent did.
    pub taken_at: Option<Micros>,
    /// The last run.
    pub run: Option<Run>,
    /// All calls that are kept; `CallId(n)` has the number n - 1.
    pub calls: Shelf<Call>,
    /// What the operator said for afterwards.
    pub queue: VecDeque<String>,
    /// The messages as the model sees them.
    pub transcript: Transcript,
    /// How large they are.
    pub context: Box<Context>,
    /// Tokens in all.
    pub usage: Usage,
    /// What they cost.
    pub spent: Spent,
    /// What was taken, as it is held against limits.
    pub purse: Purse,
    /// The manifest of the files as they were kept last.
    pub kept: Option<Hash>,
    /// Whether a call that may change files has started since, or they were not put back whole.
    pub changed: bool,
    /// Whether a person gave it its title.
    pub named: bool,
    /// What held the commands of the call that was judged last, by the profile's name; empty before there was one.
    pub sandbox: String,
    /// Facts of kinds that this program does not know.
    pub unknown_facts: u64,
    /// What is known of the tool it was imported from; none for a session of this program.
    pub imported: Option<Imported>,
    /// The breakpoints that stand, oldest first.
    pub breaks: Vec<Standing>,
    /// The last breakpoint ever set.
    pub last_break: BreakNo,
    /// The leases, oldest first; of those that are over, the last.
    pub leases: Vec<Lease>,
    /// The last lease ever given.
    pub last_lease: LeaseNo,
    /// What the operator noted for the next request.
    pub notes: Vec<PendingNote>,
    /// The last note ever written.
    pub last_note: NoteNo,
    #[serde(skip)] // an onlooker's is not asked
    pub(in crate::domain) wire_ids: HashSet<String>,
    pub(in crate::domain) onlooker: bool,
}

impl Session {
    /// A session of which nothing is known yet.
    pub fn new(id: SessionId) -> Session {
        Session {
            id,
            title: String::new(),
            agent: String::new(),
            workspace: String::new(),
            instructions: String::new(),
            parent: None,
            opened_at: Micros(0),
            updated_at: Micros(0),
            last: EventNo(0),
            epoch: Epoch(0),
            marks: Marks::default(),
            holder: String::new(),
            taken_at: None,
            run: None,
            calls: Shelf::default(),
            queue: VecDeque::new(),
            transcript: Transcript::default(),
            context: Box::default(),
            usage: Usage::default(),
            spent: Spent::default(),
            purse: Purse::default(),
            kept: None,
            changed: false,
            named: false,
            sandbox: String::new(),
            unknown_facts: 0,
            imported: None,
            breaks: Vec::new(),
            last_break: BreakNo(0),
            leases: Vec::new(),
            last_lease: LeaseNo(0),
            notes: Vec::new(),
            last_note: NoteNo(0),
            wire_ids: HashSet::new(),
            onlooker: false,
        }
    }

    /// The same for who only looks: what the model reads is not kept, and old calls may be let go.
    pub fn onlooker(id: SessionId) -> Session {
        Session { onlooker: true, ..Session::new(id) }
    }

    /// Lets go of calls that are over and were not touched after the event `before`.
    pub fn forget(&mut self, before: EventNo) {
        let open: Vec<usize> =
            self.live().into_iter().flat_map(|run| &run.open_calls).map(|id| place(*id)).collect();
        self.calls.forget(before, |number| open.contains(&number));
    }

    /// Whether its first event was seen.
    pub fn is_open(&self) -> bool {
        self.last > EventNo(0)
    }

    /// The run under way.
    pub fn live(&self) -> Option<&Run> {
        self.run.as_ref().filter(|run| run.ended.is_none())
    }

    /// Whether a run is under way that may go on here: what another tool recorded is finished, told or not.
    pub fn at_work(&self) -> bool {
        self.imported.is_none() && self.live().is_some()
    }

    /// The call of that id.
    pub fn call(&self, id: CallId) -> Option<&Call> {
        self.calls.get(place(id))
    }

    pub(in crate::domain) fn call_mut(&mut self, id: CallId) -> Option<&mut Call> {
        self.calls.get_mut(place(id))
    }

    /// How many calls were asked for so far.
    pub fn calls_asked(&self) -> usize {
        self.calls.len()
    }

    /// Forgets what no later decision needs: the messages and the calls that are over. For who checks a log and shows
    /// nothing of it, so that a long one costs no more than a short one.
    pub fn let_go(&mut self) {
        self.transcript = Transcript::default();
        self.context.places.clear();
        if self.live().is_none_or(|run| run.open_calls.is_empty()) {
            self.calls.forget(EventNo(u64::MAX), |_| false);
            self.wire_ids.clear();
        }
    }

    /// The calls of the last reply while not all of them are over, in order.
    pub fn open_calls(&self) -> impl Iterator<Item = &Call> {
        self.live().into_iter().flat_map(|run| &run.open_calls).filter_map(|id| self.call(*id))
    }

    /// What waits for a person, oldest first.
    pub fn holds(&self) -> Vec<Hold> {
        holds(self)
    }

    /// Takes in one fact.
    pub fn apply(&mut self, event: &Event) {
        self.last = event.no;
        self.calls.at(event.no);
        let before = std::mem::replace(&mut self.updated_at, event.at);
        self.spend(event, before);
        match event.fact.family() {
            Family::Session => self.apply_session(event),
            Family::Files => self.apply_files(&event.fact),
            Family::Import => self.apply_imported(event),
            Family::Run => self.apply_run(event),
            Family::Model => self.apply_model(event),
            Family::Stops => self.apply_stops(event),
            Family::Reins => self.apply_reins(event),
            Family::Context => self.apply_context(event),
            Family::Lease => self.apply_lease(event),
            Family::Call => {
                self.apply_call(event);
                self.close_reply();
            }
            Family::Unknown => self.unknown_facts += 1,
        }
    }

    fn apply_session(&mut self, event: &Event) {
        let fact = &event.fact;
        if let Fact::SessionOpened { title, agent, workspace, instructions, parent, .. } = fact {
            self.opened_at = event.at;
            self.title.clone_from(title);
            self.agent.clone_from(agent);
            self.workspace.clone_from(workspace);
            self.instructions.clone_from(instructions);
            self.parent.clone_from(parent);
            if !instructions.is_empty() {
                self.say(Message::System { text: instructions.clone() });
            }
        } else if let Fact::SessionRenamed { title, asked, .. } = fact {
            (self.title, self.named) = (title.clone(), asked.is_none());
        } else if let Fact::SessionForked { .. } = fact {
            self.fork(event);
        } else if let Fact::SessionMarked { mark, .. } = fact {
            self.marks.apply(mark, event.at);
        } else if let Fact::WriterTaken { holder, epoch } = fact {
            self.taken(holder, *epoch, event.at);
        }
    }

    /// The manifest that lies in the workspace from now on. What is put back lies there once all of it is.
    fn apply_files(&mut self, fact: &Fact) {
        if let Fact::WorkspaceKept { manifest, .. } = fact {
            (self.kept, self.changed) = (Some(*manifest), false);
        } else if let Fact::RestoreStarted { manifest, .. } = fact {
            (self.kept, self.changed) = (Some(*manifest), true);
            self.run.iter_mut().for_each(|run| run.checking.disturbed());
        } else if let Fact::RestoreEnded { failed: 0, .. } = fact {
            self.changed = false;
        }
    }

    pub(in crate::domain) fn begin(
        &mut self,
        event: &Event,
        input: &str,
        mode: Mode,
        limits: Limits,
        model: &str,
    ) {
        if self.queue.front().is_some_and(|first| first == input) {
            self.queue.pop_front();
        }
        if self.title.is_empty() {
            self.title = title(input);
        }
        self.marks.begun();
        self.say(Message::User { text: input.to_string() });
        self.run = Some(Run {
            no: event.run,
            span: event.no,
            input: input.to_string(),
            mode,
            mode_before_step: if mode == Mode::Step { Mode::Auto } else { mode },
            budget: limits.budget.clone(),
            limits,
            model: model.to_string(),
            base_url: None,
            started_at: event.at,
            ended: None,
            paused: None,
            interrupted: false,
            cancel: None,
            permits: 0,
            turn: Turn::Ready,
            steps: 0,
            usage: Usage::default(),
            spent: Spent::default(),
            open_calls: Vec::new(),
            steers: Vec::new(),
            stop: None,
            passed: Passed::default(),
            reached: Reached::default(),
            purse: Purse::default(),
            compacting: None,
            warned: Vec::new(),
            checking: Box::default(),
            rounds: Box::default(),
        });
    }

    fn apply_run(&mut self, event: &Event) {
        let fact = &event.fact;
        if let Fact::RunStarted { input, mode, limits, model, base_url } = fact {
            self.begin(event, input, *mode, limits.clone(), model);
            self.run.iter_mut().for_each(|run| run.base_url.clone_from(base_url));
        } else if let Fact::OperatorSaid { text, .. } = fact {
            self.queue.push_back(text.clone());
        }
        if let Fact::RunReleased { .. } = fact {
            self.waive_context();
        }
        let Some(run) = &mut self.run else { return };
        if let Fact::RunPaused { by } = fact {
            run.paused = Some(by.clone());
        } else if let Fact::RunReleased { .. } = fact {
            run.paused = None;
            run.interrupted = false;
            run.released();
        } else if let Fact::InterruptAsked { by } = fact {
            run.paused = Some(by.clone());
            run.interrupted = true;
        } else if let Fact::CancelAsked { by } = fact {
            run.cancel = Some(by.clone());
        } else if let Fact::StepAllowed { .. } = fact {
            run.permits += 1;
        } else if let Fact::ModeSet { mode, .. } = fact {
            if *mode == Mode::Step && run.mode != Mode::Step {
                run.mode_before_step = run.mode;
            }
            run.mode = *mode;
            run.permits = 0;
        } else if let Fact::OperatorSteered { text, .. } = fact {
            run.steers.push(text.clone());
            self.take_steers();
        } else if let Fact::RunEnded { status, why } = fact {
            run.ended = Some((*status, why.clone(), event.at));
            if self.imported.is_some() {
                self.leave_open_calls();
            } else {
                run.open_calls.clear();
            }
        }
    }

    fn apply_model(&mut self, event: &Event) {
        if let Fact::ModelAsked { notes, .. } = &event.fact {
            self.take_notes(notes);
        }
        self.measure(&event.fact);
        let Some(run) = &mut self.run else { return };
        run.saw(&event.fact);
        if let Fact::ModelAsked { model, attempt, .. } = &event.fact {
            run.permits = run.permits.saturating_sub(1);
            run.turn = Turn::Asked { model: model.clone(), attempt: *attempt, at: event.at, span: event.no };
        } else if let Fact::ModelFailed { fault, attempt, then } = &event.fact {
            run.turn = Turn::Failed { fault: fault.clone(), attempt: *attempt, then: *then, at: event.at };
            run.spent = run.spent.plus(fault.kind.spent());
            self.spent = self.spent.plus(fault.kind.spent());
            self.take_steers();
        } else if let Fact::ModelReplied { reply, calls } = &event.fact {
            run.steps += 1;
            run.checking.begin(&run.limits.checks);
            run.usage = run.usage.plus(reply.usage);
            run.spent = run.spent.plus(reply.spent());
            run.turn = Turn::Replied {
                finish: reply.finish.clone(),
                empty: reply.text.trim().is_empty() && reply.calls.is_empty(),
                called: !reply.calls.is_empty(),
            };
            let goes_on = self.imported.is_some() && !run.open_calls.is_empty();
            if !goes_on {
                run.open_calls.clear();
            }
            run.open_calls.extend(calls);
            self.usage = self.usage.plus(reply.usage);
            self.spent = self.spent.plus(reply.spent());
            self.take_reply(event, reply, calls, goes_on);
            self.take_steers();
        }
    }
}

/// The number of a call among the calls; there is no call 0.
pub(in crate::domain) fn place(id: CallId) -> usize {
    (id.0 as usize).wrapping_sub(1)
}
