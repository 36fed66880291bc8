//! The calls of a stored session as they were judged: what a policy of today is held against.

use crate::domain::call::{CallState, Preview, Via};
use crate::domain::checks::check_words;
use crate::domain::event::{Event, Fact};
use crate::domain::ids::{CallId, EventNo, SessionId};
use crate::domain::lease_covers::{Deed, Lands};
use crate::domain::policy::{Mode, Verdict};
use crate::domain::session::Session;
use crate::domain::tool_spec::{Effect, Touch};
use serde_json::Value;

/// What a person made of a judged call.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Decided {
    /// Nobody was asked, or nobody has answered.
    Nobody,
    /// Approved by a person.
    Approved,
    /// Approved by a flag of a headless run.
    ByFlag,
    /// Approved by a lease that a person had given.
    ByLease,
    /// Its arguments were changed; it was judged again after that.
    Edited,
    /// Rejected.
    Rejected,
    /// Answered in the tool's place.
    Answered,
}

impl Decided {
    /// The word shown.
    pub fn word(self) -> &'static str {
        match self {
            Decided::Nobody => "-",
            Decided::Approved => "approved",
            Decided::ByFlag => "approved by flag",
            Decided::ByLease => "approved by lease",
            Decided::Edited => "edited",
            Decided::Rejected => "rejected",
            Decided::Answered => "answered",
        }
    }
}

/// What is needed to judge a call again.
#[derive(Clone, Debug, PartialEq)]
pub struct Action {
    /// The arguments, as they were judged.
    pub args: Value,
    /// What running it does, as the tool said then.
    pub effect: Effect,
    /// What it would have touched.
    pub touches: Vec<Touch>,
    /// The folder of the session then.
    pub workspace: String,
    /// The agent.
    pub agent: String,
    /// How much of the run waited for a person.
    pub mode: Mode,
    /// What held its programs, by the profile's name; `none` where that is not recorded.
    pub sandbox: String,
}

/// One call as it was judged, or recorded.
#[derive(Clone, Debug, PartialEq)]
pub struct Past {
    /// The event that says so.
    pub no: EventNo,
    /// The call.
    pub call: CallId,
    /// The tool.
    pub tool: String,
    /// The check that it was, where the harness made it.
    pub check: Option<String>,
    /// What was to be done; else why nobody can tell any more.
    pub action: Result<Action, &'static str>,
    /// The verdict then; none where none is recorded.
    pub verdict: Option<Verdict>,
    /// What a person made of it.
    pub decided: Decided,
    /// Whether it waits for a person now.
    pub waits: bool,
    /// Whether it could destroy what was there.
    pub destroys: bool,
    /// The file in which its change would have landed, as the preview told; or that it would have failed.
    pub lands: Landed,
}

/// Where a past call's change would have landed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum Landed {
    /// It was not told.
    #[default]
    Untold,
    /// In this file.
    In(String),
    /// Nowhere: it would have failed.
    Fails,
}

impl Landed {
    fn of(preview: &Preview) -> Landed {
        match Lands::of(preview) {
            Lands::Untold => Landed::Untold,
            Lands::In(path) => Landed::In(path.to_string()),
            Lands::Fails => Landed::Fails,
        }
    }

    fn as_lands(&self) -> Lands<'_> {
        match self {
            Landed::Untold => Lands::Untold,
            Landed::In(path) => Lands::In(path),
            Landed::Fails => Lands::Fails,
        }
    }
}

impl Past {
    /// The tool, or the check by its name.
    pub fn title(&self) -> String {
        self.check.as_deref().map_or_else(|| self.tool.clone(), check_words)
    }

    /// The call as a lease looks at it; none where nobody can tell what was to be done.
    pub fn deed(&self) -> Option<Deed<'_>> {
        let action = self.action.as_ref().ok()?;
        let lands = self.lands.as_lands();
        let (args, touches, workspace) = (&action.args, action.touches.as_slice(), action.workspace.as_str());
        Some(Deed { args, touches, lands, destroys: self.destroys, workspace })
    }
}

/// Reads a session's judged calls.
pub struct Reader {
    session: Session,
    rows: Vec<Past>,
}

impl Reader {
    /// At the beginning of a session.
    pub fn new(id: SessionId) -> Reader {
        Reader { session: Session::new(id), rows: Vec::new() }
    }

    /// Takes in an event.
    pub fn apply(&mut self, event: &Event) {
        self.session.apply(event);
        let from = |via: Via| if via == Via::Flag { Decided::ByFlag } else { Decided::Approved };
        if let Fact::SessionForked { .. } = &event.fact {
            self.rows.clear(); // what stands before is the parent's, and is counted there
        } else if let Fact::CallJudged {
            call, verdict, effect, touches, destroys, preview, sandbox, ..
        } = &event.fact
        {
            let row = self.judged(event.no, *call, verdict, (*effect, touches, sandbox));
            let lands = Landed::of(preview);
            self.rows.push(Past { destroys: *destroys, lands, ..row });
        } else if let Fact::CallRecorded { call, .. } = &event.fact {
            let action = Err("another tool ran it: what it would touch is not recorded");
            let (no, call, tool) = (event.no, *call, self.tool(*call));
            let (verdict, decided, destroys, lands) = (None, Decided::Nobody, false, Landed::Untold);
            let (check, waits) = (None, false);
            self.rows.push(Past { no, call, tool, check, action, verdict, decided, waits, destroys, lands });
        } else if let Fact::CallApproved { call, by, .. } = &event.fact {
            self.decide(*call, from(by.via));
        } else if let Fact::LeaseUsed { call, .. } = &event.fact {
            self.decide(*call, Decided::ByLease);
        } else if let Fact::CallEdited { call, .. } = &event.fact {
            self.decide(*call, Decided::Edited);
        } else if let Fact::CallRejected { call, .. } = &event.fact {
            self.decide(*call, Decided::Rejected);
        } else if let Fact::CallAnswered { call, .. } = &event.fact {
            self.decide(*call, Decided::Answered);
        }
    }

    /// The calls, in the order in which they were judged.
    pub fn finish(mut self) -> Vec<Past> {
        for call in self.session.open_calls().filter(|call| call.state == CallState::Held) {
            // It may have been shown more than once: the last showing is what waits.
            if let Some(row) = self.rows.iter_mut().rev().find(|row| row.call == call.id) {
                row.waits = true;
            }
        }
        self.rows
    }

    fn tool(&self, call: CallId) -> String {
        self.session.call(call).map(|call| call.tool.clone()).unwrap_or_default()
    }

    fn judged(
        &self,
        no: EventNo,
        id: CallId,
        verdict: &Verdict,
        (effect, touches, sandbox): (Effect, &[Touch], &str),
    ) -> Past {
        let args = self.session.call(id).and_then(|call| call.args().cloned());
        let action = match args {
            None => Err("its arguments are not recorded"),
            // A call that changes something and names nothing may be one of an old log, which did not keep that.
            Some(_) if touches.is_empty() && effect != Effect::ReadOnly => {
                Err("what it would touch is not recorded")
            }
            Some(args) => Ok(Action {
                args,
                effect,
                touches: touches.to_vec(),
                workspace: self.session.workspace.clone(),
                agent: self.session.agent.clone(),
                mode: self.session.run.as_ref().map_or(Mode::Auto, |run| run.mode),
                sandbox: if sandbox.is_empty() { "none" } else { sandbox }.to_string(),
            }),
        };
        let (tool, verdict) = (self.tool(id), Some(verdict.clone()));
        let (decided, destroys, lands) = (Decided::Nobody, false, Landed::Untold);
        let check = self.session.call(id).and_then(|call| call.check.clone());
        Past { no, call: id, tool, check, action, verdict, decided, waits: false, destroys, lands }
    }

    /// The last showing of the call is what was decided on.
    fn decide(&mut self, call: CallId, decided: Decided) {
        if let Some(row) = self.rows.iter_mut().rev().find(|row| row.call == call) {
            row.decided = decided;
        }
    }
}
