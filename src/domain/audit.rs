//! Who decided what, when, on which arguments, by which rule, after how long, and what came of it: a session's calls as an
//! auditor reads them, and what the decisions of many sessions tell of the people who made them.

use crate::domain::about::about;
use crate::domain::call::{By, Ended};
use crate::domain::event::{Event, Fact, Settling};
use crate::domain::hash::Hash;
use crate::domain::held::given_words;
use crate::domain::ids::{CallId, EventNo};
use crate::domain::lease::Leased;
use crate::domain::message::Args;
use crate::domain::policy::{Verdict, Word};
use crate::domain::time::Micros;
use serde_json::Value;
use std::collections::BTreeMap;

/// A decision given so many milliseconds after it could be looked at is taken for one that nobody looked at.
pub const GLANCE_MS: u64 = 2_000;

/// What a person decided.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Choice {
    /// It may run as shown.
    Approved,
    /// It may run with other arguments.
    Edited,
    /// It does not run.
    Rejected,
    /// The person answered in the tool's place.
    Answered,
    /// What became of it is settled.
    Settled,
}

impl Choice {
    /// A word for tables.
    pub fn word(self) -> &'static str {
        match self {
            Choice::Approved => "approved",
            Choice::Edited => "edited",
            Choice::Rejected => "rejected",
            Choice::Answered => "answered",
            Choice::Settled => "settled",
        }
    }
}

/// One decision of a person.
#[derive(Clone, Debug, PartialEq)]
pub struct Decision {
    /// What.
    pub choice: Choice,
    /// Who, and by what means.
    pub by: By,
    /// The event.
    pub no: EventNo,
    /// When.
    pub at: Micros,
    /// Milliseconds since it was asked for.
    pub waited_ms: u64,
    /// Milliseconds for which it can have been looked at: since it was asked for, or since the last decision in the session
    /// before it, whichever is later.
    pub look_ms: u64,
    /// The reason, the answer or the note; may be empty.
    pub words: String,
}

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub struct Entry {
    /// The call.
    pub call: CallId,
    /// The tool, as the model named it.
    pub tool: String,
    /// When the model asked for it, and where.
    pub at: Micros,
    /// The event.
    pub no: EventNo,
    /// The arguments as asked for.
    pub asked: Args,
    /// The arguments as a person changed them.
    pub edited: Option<Value>,
    /// The last verdict and the action's hash.
    pub verdict: Option<(Verdict, Hash)>,
    /// Whether a person was asked.
    pub held: bool,
    /// What people decided, in order.
    pub decisions: Vec<Decision>,
    /// The leases that were used for it.
    pub leased: Vec<Leased>,
    /// Whether it started.
    pub started: bool,
    /// How it was over; none where it is not.
    pub outcome: Option<String>,
    /// Milliseconds for which it ran.
    pub ran_ms: Option<u64>,
    since: Micros,
}

/// A limit or a loop that held a task, or a person's answer to it.
#[derive(Clone, Debug, PartialEq)]
pub struct Rein {
    /// The event.
    pub no: EventNo,
    /// When.
    pub at: Micros,
    /// What it says.
    pub words: String,
}

impl Rein {
    fn of(event: &Event) -> Option<Rein> {
        let words = if let Fact::RunHeld { why } = &event.fact {
            format!("held ({}): {}", why.word(), why.sentence())
        } else if let Fact::BudgetExtended { scope, unit, to, by } = &event.fact {
            given_words(*scope, *unit, *to, by)
        } else {
            return None;
        };
        Some(Rein { no: event.no, at: event.at, words })
    }
}

impl Entry {
    /// Started without anybody's word, by a rule alone.
    pub fn by_rule(&self) -> bool {
        self.started && self.decisions.is_empty() && self.leased.is_empty()
    }
}

/// A lease, given or taken back.
#[derive(Clone, Debug, PartialEq)]
pub struct Granted {
    /// The event.
    pub no: EventNo,
    /// When.
    pub at: Micros,
    /// Who.
    pub by: By,
    /// What, in a line.
    pub words: String,
}

/// A session as it is audited.
#[derive(Clone, Debug, Default)]
pub struct Audit {
    /// Its title.
    pub title: String,
    /// The folder it worked in.
    pub workspace: String,
    /// The tool it was imported from; that recorded no decisions.
    pub imported: Option<String>,
    /// Tasks that were begun.
    pub tasks: u64,
    /// Its calls, in order.
    pub entries: Vec<Entry>,
    /// What held it as a whole, and what a person gave it, in order.
    pub reins: Vec<Rein>,
    /// What was granted and taken back, in order.
    pub grants: Vec<Granted>,
    places: BTreeMap<CallId, usize>,
    last: Option<Micros>,
}

impl Audit {
    /// Takes in the next event.
    pub fn apply(&mut self, event: &Event) {
        let fact = &event.fact;
        self.reins.extend(Rein::of(event));
        if let Fact::SessionOpened { title, workspace, .. } = fact {
            (self.title, self.workspace) = (title.clone(), workspace.clone());
        } else if let Fact::SessionRenamed { title, .. } = fact {
            self.title.clone_from(title);
        } else if let Fact::SessionForked { .. } = fact {
            self.forked();
        } else if let Fact::SessionImported { tool, .. } = fact {
            self.imported = Some(tool.clone());
        } else if let Fact::RunStarted { .. } | Fact::RunImported { .. } = fact {
            self.tasks += 1;
        } else if let Fact::ModelReplied { .. } | Fact::CheckAsked { .. } = fact {
            for (call, asked) in fact.asks() {
                self.places.insert(call, self.entries.len());
                self.entries.push(Entry {
                    call,
                    tool: asked.tool.clone(),
                    at: event.at,
                    no: event.no,
                    asked: asked.args.clone(),
                    edited: None,
                    verdict: None,
                    held: false,
                    decisions: Vec::new(),
                    leased: Vec::new(),
                    started: false,
                    outcome: None,
                    ran_ms: None,
                    since: event.at,
                });
            }
        } else if let Fact::LeaseGranted { by, .. } | Fact::LeaseRevoked { by, .. } = fact {
            let (by, words) = (by.clone(), about(fact));
            self.grants.push(Granted { no: event.no, at: event.at, by, words });
        } else if let Some(place) = fact.call().and_then(|call| self.places.get(&call)) {
            let last = self.last;
            if let Some(entry) = self.entries.get_mut(*place)
                && entry.apply(event, last)
            {
                self.last = Some(event.at);
            }
        }
    }
}

impl Audit {
    /// What stands before is the parent's, and is counted there; only what was open goes on here.
    fn forked(&mut self) {
        self.entries.retain(|entry| entry.outcome.is_none() && !entry.started && entry.decisions.is_empty());
        self.places = self.entries.iter().enumerate().map(|(place, entry)| (entry.call, place)).collect();
        (self.tasks, self.last) = (0, None);
    }
}

impl Entry {
    /// Whether it was edited by then and nothing was decided since: an edit that is denied leaves the call waiting.
    fn edited_at(&self, at: Micros) -> bool {
        self.decisions.last().is_some_and(|last| last.choice == Choice::Edited && last.at == at)
    }

    /// Takes in a fact about it; whether that was a person's decision.
    fn apply(&mut self, event: &Event, last: Option<Micros>) -> bool {
        let fact = &event.fact;
        if let Fact::CallJudged { verdict, hash, .. } = fact {
            self.verdict = Some((verdict.clone(), *hash));
            if verdict.word == Word::Ask && self.decisions.is_empty() {
                (self.held, self.since) = (true, event.at);
            } else if verdict.word == Word::Deny && !self.edited_at(event.at) {
                self.outcome = Some("denied".to_string());
            }
        } else if let Fact::CallEdited { args, by, .. } = fact {
            self.edited = Some(args.clone());
            return self.decided((Choice::Edited, by, ""), event, last);
        } else if let Fact::CallApproved { by, .. } = fact {
            // An edit is approved with the same word.
            let edited = self.edited_at(event.at);
            return !edited && self.decided((Choice::Approved, by, ""), event, last);
        } else if let Fact::LeaseUsed { lease, by, nth, of, .. } = fact {
            // Nobody was asked: the lease answered.
            self.held = !self.decisions.is_empty();
            self.leased.push(Leased { lease: *lease, by: by.clone(), nth: *nth, of: *of });
        } else if let Fact::CallRejected { by, reason, .. } = fact {
            self.outcome = Some("rejected".to_string());
            return self.decided((Choice::Rejected, by, reason), event, last);
        } else if let Fact::CallAnswered { by, text, .. } = fact {
            self.outcome = Some("answered".to_string());
            return self.decided((Choice::Answered, by, text), event, last);
        } else if let Fact::CallSettled { how, by, note, .. } = fact {
            let word = match how {
                Settling::Happened => "settled: happened",
                Settling::Again => "settled: run again",
                Settling::Abandon => "settled: given up",
            };
            self.outcome = Some(word.to_string());
            return self.decided((Choice::Settled, by, note), event, last);
        } else if let Fact::CallStarted { .. } = fact {
            self.started = true;
            self.outcome = None;
        } else if let Fact::CallEnded { outcome, ms, .. } = fact {
            (self.outcome, self.ran_ms) = (Some(Ended::word(&Ended::Ran(*outcome)).to_string()), Some(*ms));
        } else if let Fact::CallUnknown { .. } = fact {
            (self.outcome, self.since, self.held) = (Some("unknown".to_string()), event.at, true);
        } else if let Fact::CallRefused { .. } = fact {
            self.outcome = Some("refused".to_string());
        } else if let Fact::CallDropped { .. } = fact {
            self.outcome = Some("dropped".to_string());
        } else if let Fact::CallRecorded { end, ms, .. } = fact {
            (self.outcome, self.ran_ms) = (Some(end.word().to_string()), *ms);
        } else if let Fact::CallLapsed { .. } = fact {
            (self.held, self.since) = (true, event.at);
        }
        false
    }

    fn decided(
        &mut self,
        (choice, by, words): (Choice, &By, &str),
        event: &Event,
        last: Option<Micros>,
    ) -> bool {
        let (waited_ms, words) = (event.at.ms_since(self.since), words.to_string());
        let look_ms = last.map_or(waited_ms, |last| waited_ms.min(event.at.ms_since(last)));
        self.held = true;
        self.decisions.push(Decision {
            choice,
            by: by.clone(),
            no: event.no,
            at: event.at,
            waited_ms,
            look_ms,
            words,
        });
        true
    }
}

/// What the decisions of sessions tell.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Figures {
    /// Sessions.
    pub sessions: u64,
    /// Tasks.
    pub tasks: u64,
    /// Calls.
    pub calls: u64,
    /// Calls that ran by a rule alone.
    pub by_rule: u64,
    /// Calls that ran under a lease.
    pub by_lease: u64,
    /// Calls that a rule denied.
    pub denied: u64,
    /// Calls that a person was asked about.
    pub held: u64,
    /// Decisions of people.
    pub decisions: u64,
    /// Of these, approvals as shown.
    pub approved: u64,
    /// Edits.
    pub edited: u64,
    /// Rejections and answers in the tool's place.
    pub refused: u64,
    /// Approvals on the screen or by a command that came within a glance.
    pub glanced: u64,
    /// The longest row of those, one after another.
    pub glanced_row: u64,
    /// Approvals by a flag: nobody was there.
    pub flagged: u64,
    looks: Vec<u64>,
}

impl Figures {
    /// Takes in a session.
    pub fn add(&mut self, audit: &Audit) {
        use crate::domain::call::Via;
        self.sessions += 1;
        self.tasks += audit.tasks;
        let mut decisions: Vec<&Decision> = audit.entries.iter().flat_map(|entry| &entry.decisions).collect();
        decisions.sort_by_key(|decision| decision.no);
        for entry in &audit.entries {
            self.calls += 1;
            self.by_rule += u64::from(entry.by_rule());
            self.by_lease += u64::from(entry.started && !entry.leased.is_empty());
            self.held += u64::from(entry.held);
            self.denied += u64::from(entry.outcome.as_deref() == Some("denied"));
        }
        let mut row = 0;
        for decision in decisions {
            self.decisions += 1;
            match decision.choice {
                Choice::Approved => self.approved += 1,
                Choice::Edited => self.edited += 1,
                Choice::Rejected | Choice::Answered => self.refused += 1,
                Choice::Settled => {}
            }
            if decision.by.via == Via::Flag {
                self.flagged += u64::from(decision.choice == Choice::Approved);
                continue;
            }
            self.looks.push(decision.look_ms);
            let glanced = decision.choice == Choice::Approved && decision.look_ms < GLANCE_MS;
            row = if glanced { row + 1 } else { 0 };
            self.glanced += u64::from(glanced);
            self.glanced_row = self.glanced_row.max(row);
        }
    }

    /// Half of the decisions of people who were there were looked at for less than so many milliseconds.
    pub fn look_median_ms(&self) -> Option<u64> {
        let mut looks = self.looks.clone();
        looks.sort_unstable();
        looks.get(looks.len() / 2).copied()
    }

    /// Whether people seem to approve without reading: most of several approvals within a glance, or several in a row.
    pub fn rubber_stamps(&self) -> bool {
        let there = self.approved.saturating_sub(self.flagged);
        (there >= 5 && self.glanced * 2 > there) || self.glanced_row >= 5
    }
}
