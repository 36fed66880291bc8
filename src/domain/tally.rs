//! Events as one session row: what a list shows of a session, kept up in the same transaction as its events.

use crate::domain::budget::is_default;
use crate::domain::call::{Call, CallState, Preview};
use crate::domain::consent::{Consent, Ruling};
use crate::domain::event::{Event, Fact, Parent, RunStatus};
use crate::domain::ids::{CallId, SessionId};
use crate::domain::imported::is_answer;
use crate::domain::listing::Tab;
use crate::domain::marks::{Marks, title};
use crate::domain::message::Usage;
use crate::domain::money::Spent;
use crate::domain::policy::Mode;
use crate::domain::purse::DayPurse;
use crate::domain::run::{Run, Turn};
use crate::domain::session::Session;
use crate::domain::stops::Hit;
use crate::domain::time::Micros;
use crate::domain::tool_spec::Touch;
use crate::domain::waits::{WaitBook, Waits};
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// Names of tools kept of one session, and the length of each, at most: a model can make up any.
const TOOLS_MAX: usize = 48;
const TOOL_BYTES_MAX: usize = 64;

/// One line of the sessions list.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Row {
    /// The session.
    pub id: SessionId,
    /// Its title.
    pub title: String,
    /// The agent.
    pub agent: String,
    /// The folder.
    pub workspace: String,
    /// The model of the last run.
    pub model: String,
    /// Where it stands: `idle`, `running`, `held`, `paused`, `stepping`, `done`, `failed`, `cancelled`, `budget-stopped`.
    pub status: String,
    /// When it began.
    pub opened: Micros,
    /// When something last happened in it; a mark does not count.
    pub updated: Micros,
    /// Events in all.
    pub events: u64,
    /// Runs in all.
    pub runs: u32,
    /// Model turns that were answered.
    pub steps: u64,
    /// Tool calls asked for.
    pub calls: u64,
    /// Tokens.
    pub usage: Usage,
    /// What they cost; none in a row of a program that did not count it.
    #[serde(default)]
    pub spent: Option<Spent>,
    /// What waits for a person: the call and why (`approval` or `unknown`).
    pub holds: BTreeMap<CallId, String>,
    /// The operator's marks.
    #[serde(default)]
    pub marks: Marks,
    /// The tools that were asked for.
    #[serde(default)]
    pub tools: BTreeSet<String>,
    /// What it took on its last day.
    #[serde(default, skip_serializing_if = "is_default")]
    pub day: DayPurse,
    /// What it was forked from or delegated by.
    #[serde(default)]
    pub parent: Option<Parent>,
    /// Whether it stands at a breakpoint.
    #[serde(default)]
    pub stopped: bool,
    #[serde(default)]
    paused: bool,
    #[serde(default)]
    stepping: bool,
    #[serde(default)]
    consents: BTreeMap<CallId, Consent>,
    /// Whether another tool recorded it.
    #[serde(default)]
    pub imported: bool,
    /// What is known of the calls that wait, and of where it stands.
    #[serde(default, skip_serializing_if = "WaitBook::is_empty")]
    pub waits: WaitBook,
    /// Whether it is a fork that nobody has taken up yet.
    #[serde(default)]
    pub untaken: bool,
}

impl Row {
    /// The row of a session of which nothing is known yet.
    pub fn new(id: SessionId) -> Row {
        Row {
            id,
            title: String::new(),
            agent: String::new(),
            workspace: String::new(),
            model: String::new(),
            status: "idle".to_string(),
            opened: Micros(0),
            updated: Micros(0),
            events: 0,
            runs: 0,
            steps: 0,
            calls: 0,
            usage: Usage::default(),
            spent: Some(Spent::default()),
            holds: BTreeMap::new(),
            marks: Marks::default(),
            tools: BTreeSet::new(),
            day: DayPurse::default(),
            parent: None,
            stopped: false,
            paused: false,
            stepping: false,
            consents: BTreeMap::new(),
            imported: false,
            waits: WaitBook::default(),
            untaken: false,
        }
    }

    /// Whether it is a fork that was never driven, and something is left to do in it.
    pub fn is_unstarted(&self) -> bool {
        self.untaken && self.status == "running"
    }

    /// Whether its last task is over, or there is nothing in it that could go on.
    pub fn is_over(&self) -> bool {
        matches!(self.status.as_str(), "done" | "failed" | "cancelled" | "budget-stopped" | "unfinished")
    }

    /// How many things wait for a person.
    pub fn waiting(&self) -> usize {
        self.holds.len() + usize::from(self.stopped)
    }

    /// The statuses of a session that is at work, or would be if somebody drove it.
    pub const AT_WORK: [&str; 4] = ["running", "held", "paused", "stepping"];

    /// Whether a run is under way that may go on here.
    pub fn at_work(&self) -> bool {
        !self.imported && Row::AT_WORK.contains(&self.status.as_str())
    }

    /// Takes in one event; costs the same however long the session is.
    pub fn apply(&mut self, event: &Event) {
        self.events = event.no.0;
        let fact = &event.fact;
        if let Fact::SessionMarked { mark, .. } = fact {
            return self.marks.apply(mark, event.at); // it is nothing that happens in it, nor is a title
        } else if let Fact::SessionRenamed { title, .. } = fact {
            return self.title.clone_from(title);
        }
        let before = std::mem::replace(&mut self.updated, event.at);
        self.charge(event, before);
        self.waits.apply(event);
        if let Fact::SessionOpened { title, agent, workspace, parent, .. } = fact {
            self.title.clone_from(title);
            self.agent.clone_from(agent);
            self.workspace.clone_from(workspace);
            self.parent.clone_from(parent);
            self.opened = event.at;
        } else if let Fact::SessionForked { parent, workspace, model, .. } = fact {
            (self.parent, self.opened) = (Some(parent.clone()), event.at);
            self.marks = Marks::default(); // they were the parent's
            self.workspace.clone_from(workspace);
            if let Some(model) = model {
                self.model.clone_from(model);
            }
            self.usage = Usage::default(); // the copies were paid for in the parent
            self.holds.clear(); // every call that is not over is judged again
            self.consents.clear();
            self.untaken = true;
        } else if let Fact::WriterTaken { .. } = fact {
            self.untaken = false;
        } else if let Fact::ModelReplied { reply, calls } = fact {
            self.steps += 1;
            self.calls += calls.len() as u64;
            self.usage = self.usage.plus(reply.usage);
            for call in &reply.calls {
                self.used(&call.tool);
            }
            if self.imported {
                let answered = is_answer(&reply.finish, !calls.is_empty());
                self.status = if answered { "done" } else { "unfinished" }.to_string();
            }
        } else if let Fact::CheckAsked { asked, .. } = fact {
            self.calls += 1;
            self.used(&asked.tool);
        } else if fact.call().is_some() {
            self.apply_call(fact);
        } else {
            self.apply_run(fact);
        }
        self.restate();
    }

    fn used(&mut self, tool: &str) {
        let tool = tool.get(..tool.floor_char_boundary(TOOL_BYTES_MAX)).unwrap_or_default();
        if self.tools.len() < TOOLS_MAX && !self.tools.contains(tool) {
            self.tools.insert(tool.to_string());
        }
    }

    /// Where it is listed.
    pub fn tab(&self) -> Tab {
        match self.status.as_str() {
            _ if self.marks.deleted.is_some() => Tab::Bin,
            _ if self.marks.archived.is_some() => Tab::Archived,
            "held" | "paused" | "stepping" => Tab::NeedsYou,
            "running" if self.untaken => Tab::NeedsYou, // nobody but a person lets it go on
            "running" => Tab::Running,
            "failed" | "cancelled" | "budget-stopped" | "unfinished" => Tab::Failed,
            _ => Tab::Done, // done, or nothing was asked yet
        }
    }

    fn apply_run(&mut self, fact: &Fact) {
        if let Fact::SessionImported { .. } = fact {
            self.imported = true;
        } else if let Fact::RunImported { model, .. } = fact {
            self.runs += 1;
            self.model.clone_from(model);
            self.status = "unfinished".to_string();
        } else if let Fact::RunStarted { input, model, mode, .. } = fact {
            if self.title.is_empty() {
                self.title = title(input);
            }
            self.marks.begun();
            self.runs += 1;
            self.model.clone_from(model);
            self.paused = false;
            self.stopped = false;
            self.stepping = *mode == Mode::Step;
            self.status = "running".to_string();
        } else if let Fact::ModeSet { mode, .. } = fact {
            self.stepping = *mode == Mode::Step;
        } else if let Fact::RunPaused { .. } | Fact::InterruptAsked { .. } = fact {
            self.paused = true;
        } else if let Fact::RunReleased { .. } = fact {
            self.paused = false;
            self.stopped = false;
        } else if let Fact::BreakpointHit { .. } | Fact::RunHeld { .. } = fact {
            self.stopped = true;
        } else if let Fact::RunEnded { status, .. } = fact {
            self.holds.clear();
            self.consents.clear();
            self.stopped = false;
            self.status = ended(*status).to_string();
        }
    }

    /// The holds follow the calls.
    fn apply_call(&mut self, fact: &Fact) {
        let Some(call) = fact.call() else { return };
        let ruling = self.consents.entry(call).or_default().apply(fact);
        let asks = matches!(ruling, Some(Ruling::Held | Ruling::EditDenied));
        if asks {
            self.holds.insert(call, "approval".to_string());
        } else if let Fact::CallUnknown { .. } = fact {
            self.holds.insert(call, "unknown".to_string());
        } else {
            self.holds.remove(&call);
        }
        // Once it starts, or is over, no verdict asks for what was said before.
        let is_open = Consent::outlives(fact);
        if !asks && !is_open && !matches!(ruling, Some(Ruling::Cleared { .. })) {
            self.consents.remove(&call);
        }
    }

    fn restate(&mut self) {
        if self.runs == 0
            || self.imported
            || matches!(self.status.as_str(), "done" | "failed" | "cancelled" | "budget-stopped")
        {
            return;
        }
        self.status = match (self.waiting() == 0, self.paused, self.stepping) {
            (false, ..) => "held",
            (true, true, _) => "paused",
            (true, false, true) => "stepping",
            (true, false, false) => "running",
        }
        .to_string();
    }
}

/// The word of an ended run.
pub fn ended(status: RunStatus) -> &'static str {
    match status {
        RunStatus::Done => "done",
        RunStatus::Failed => "failed",
        RunStatus::Cancelled => "cancelled",
        RunStatus::BudgetStopped => "budget-stopped",
    }
}

/// A hold as another terminal lists it.
#[derive(Clone, Debug, PartialEq)]
pub struct Pending {
    /// The session.
    pub session: SessionId,
    /// Its title.
    pub title: String,
    /// What it waits for.
    pub waits: Waits,
    /// The call; none at a breakpoint before a model turn.
    pub call: Option<CallId>,
    /// The tool; empty without a call.
    pub tool: String,
    /// The arguments that would run.
    pub args: serde_json::Value,
    /// Why it waits.
    pub why: String,
    /// What it will touch, in lines.
    pub touches: Vec<String>,
    /// What the operator is shown.
    pub preview: Preview,
    /// Since when.
    pub since: Micros,
}

/// Why an unknown outcome waits.
const NOBODY_KNOWS: &str = "It was running when its process stopped: nobody knows whether it happened.";

/// The holds of one session.
pub fn pending(session: &Session) -> Vec<Pending> {
    if session.holds().is_empty() {
        return Vec::new();
    }
    let waiting = |call: &&Call| matches!(call.state, CallState::Held | CallState::Unknown);
    let item = |call: &Call| {
        let unknown = call.state == CallState::Unknown;
        let why = match (unknown, &call.verdict) {
            (true, _) => NOBODY_KNOWS.to_string(),
            (false, Some(verdict)) => format!("{} (rule {})", verdict.why, verdict.rule),
            (false, None) => String::new(),
        };
        let waits = if unknown { Waits::Unknown } else { Waits::Approval };
        Pending { waits, why, since: call.since, ..about(session, Some(call)) }
    };
    let mut items: Vec<Pending> = session.open_calls().filter(waiting).map(item).collect();
    if let Some(stop) = session.stop() {
        let call = stop.call.and_then(|call| session.call(call));
        let why: Vec<String> = stop.hits.iter().map(Hit::line).collect();
        let (waits, why, since) = (stop.waits(), why.join("; and "), stop.at);
        items.push(Pending { waits, why, since, ..about(session, call) });
    }
    items
}

/// The calls that a process left running when it stopped, where only a person can know what became of them. To be asked
/// for only where nobody drives the session.
pub fn left_running(session: &Session) -> Vec<Pending> {
    let own = session.imported.is_none();
    let left = |call: &&Call| own && call.in_flight() && !call.effect.repeatable();
    let unknown = |call: &Call| {
        let (waits, why, since) = (Waits::Unknown, NOBODY_KNOWS.to_string(), call.since);
        Pending { waits, why, since, ..about(session, Some(call)) }
    };
    session.open_calls().filter(left).map(unknown).collect()
}

/// Whether it is a fork that nobody has taken up yet: nothing was interrupted in it.
pub fn is_unstarted(session: &Session) -> bool {
    session.parent.is_some() && session.holder.is_empty() && session.live().is_some()
}

/// Whether a process should be at work: where nobody drives the session, it was interrupted. Another tool's session is
/// nobody's to drive.
pub fn wants_driving(session: &Session) -> bool {
    if session.imported.is_some() || is_unstarted(session) {
        return false;
    }
    let asked = |run: &Run| matches!(run.turn, Turn::Asked { .. });
    session.live().is_some_and(|run| asked(run) || session.holds().is_empty())
        || session.open_calls().any(Call::in_flight)
}

/// What a hold shows of its call.
fn about(session: &Session, call: Option<&Call>) -> Pending {
    Pending {
        session: session.id.clone(),
        title: session.title.clone(),
        waits: Waits::Approval,
        call: call.map(|call| call.id),
        tool: call.map(|call| call.tool.clone()).unwrap_or_default(),
        args: call.and_then(Call::args).cloned().unwrap_or_default(),
        why: String::new(),
        touches: call.iter().flat_map(|call| &call.touches).map(Touch::line).collect(),
        preview: call.map(|call| call.preview.clone()).unwrap_or_default(),
        since: session.updated_at,
    }
}
