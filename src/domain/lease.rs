//! Standing grants: what a person allowed ahead, how much of it is left, and when it is over.
//!
//! A lease turns *ask* into a run and nothing else: a deny stays one, and what must always ask never looks at leases. It
//! holds for one tool, under the policy and the walls it was given under, and each use is a fact before the call starts.

use crate::domain::boundary::RULE;
use crate::domain::call::{By, Call, CallState, Preview};
use crate::domain::command_part::bound_to;
use crate::domain::event::{Event, Fact, Lapse};
use crate::domain::hash::Hash;
use crate::domain::ids::{CallId, LeaseNo, RunNo};
use crate::domain::lease_covers::{Deed, Lands};
use crate::domain::lease_pattern::Pattern;
use crate::domain::session::Session;
use crate::domain::time::Micros;
use serde::{Deserialize, Serialize};

/// Leases that are kept, over ones included, and so at most live.
pub const LEASES_MAX: usize = 64;

/// A lease as the events tell it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Lease {
    /// Its number.
    pub no: LeaseNo,
    /// The tool.
    pub tool: String,
    /// What the arguments must be, as printed.
    pub pattern: String,
    /// The folder below which it holds, absolute.
    pub root: String,
    /// How often it may be used.
    pub uses: u32,
    /// How often it was.
    pub used: u32,
    /// Until when; none: as long as its run or session.
    pub until: Option<Micros>,
    /// Whether it outlives its run.
    pub lasting: bool,
    /// The policy, with the walls round a command, that it was given under.
    pub policy: String,
    /// What the scripts were that the call named which was waiting then; none where it named none.
    pub scripts: Option<Hash>,
    /// The run it was given in.
    pub run: RunNo,
    /// The call that was waiting then.
    pub call: CallId,
    /// Who gave it.
    pub by: By,
    /// When.
    pub at: Micros,
    /// Who took it back.
    pub revoked: Option<By>,
}

/// Why a lease is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Over {
    /// It was taken back.
    Revoked,
    /// It was used as often as it may.
    Used,
    /// Its time is past.
    Expired,
    /// Its run is over.
    Run,
}

impl Over {
    /// In a word or two.
    pub fn word(self) -> &'static str {
        match self {
            Over::Revoked => "revoked",
            Over::Used => "used up",
            Over::Expired => "expired",
            Over::Run => "over with its task",
        }
    }
}

/// The lease that cleared a call.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Leased {
    /// Which.
    pub lease: LeaseNo,
    /// Who gave it.
    pub by: By,
    /// Which of its uses this is.
    pub nth: u32,
    /// How many it has.
    pub of: u32,
}

impl Leased {
    /// By whose word, in a few words; the same wherever a use is told.
    pub fn words(&self) -> String {
        format!("by lease {} of {}, use {} of {}", self.lease, self.by, self.nth, self.of)
    }
}

impl Lease {
    /// The lease that a fact grants in the run that is live.
    fn granted(fact: &Fact, run: RunNo, at: Micros) -> Option<Lease> {
        let Fact::LeaseGranted { no, tool, pattern, root, uses, until, lasting, policy, scripts, call, by } =
            fact
        else {
            return None;
        };
        Some(Lease {
            no: *no,
            tool: tool.clone(),
            pattern: pattern.clone(),
            root: root.clone(),
            uses: *uses,
            used: 0,
            until: *until,
            lasting: *lasting,
            policy: policy.clone(),
            scripts: *scripts,
            run,
            call: *call,
            by: by.clone(),
            at,
            revoked: None,
        })
    }

    /// How many uses are left.
    pub fn left(&self) -> u32 {
        self.uses.saturating_sub(self.used)
    }

    /// Why it may not be used any more, at this moment of its session; none where it may.
    pub fn over(&self, session: &Session, now: Micros) -> Option<Over> {
        match self.withdrawn(session, now) {
            None | Some(Over::Expired | Over::Run) if self.left() == 0 => Some(Over::Used),
            over => over,
        }
    }

    /// The same for a use that was counted already: whether it is used up does not matter to that.
    fn withdrawn(&self, session: &Session, now: Micros) -> Option<Over> {
        // A clock that was set back gives no time back.
        let now = now.max(session.updated_at);
        if self.revoked.is_some() {
            Some(Over::Revoked)
        } else if self.until.is_some_and(|until| until <= now) {
            Some(Over::Expired)
        } else if !self.lasting && session.live().is_none_or(|run| run.no != self.run) {
            Some(Over::Run)
        } else {
            None
        }
    }

    /// How much of it is used and until when it holds, in a few words.
    pub fn words(&self) -> String {
        let end = if self.lasting { "the session ends" } else { "the task ends" };
        let until = self.until.map_or_else(String::new, |until| format!(" or {}", until.rfc3339()));
        format!("{} of {} used, until {end}{until}, below {}", self.used, self.uses, self.root)
    }

    /// Whether it covers a call that asks.
    fn covers(&self, call: &Asking<'_>, workspace: &str) -> bool {
        let deed = Deed { workspace, ..call.deed };
        self.tool == call.tool
            && self.policy == call.policy
            && self.scripts == call.scripts
            && Pattern::parse(&self.pattern).is_ok_and(|pattern| pattern.misses(&deed, &self.root).is_none())
    }

    /// One use of it, as a fact.
    fn used_by(&self, call: CallId, hash: Hash) -> Fact {
        Fact::LeaseUsed { lease: self.no, call, hash, nth: self.used + 1, of: self.uses, by: self.by.clone() }
    }
}

/// A call that asks, with what the policy said of it.
#[derive(Clone, Copy, Debug)]
struct Asking<'a> {
    tool: &'a str,
    policy: &'a str,
    scripts: Option<Hash>,
    deed: Deed<'a>,
}

/// What the scripts are that a command names, as they are shown; none where it names none.
pub(in crate::domain) fn scripts_of(preview: &Preview) -> Option<Hash> {
    let scripts = preview.scripts();
    (!scripts.is_empty()).then(|| bound_to(Hash::ZERO, scripts))
}

/// Whether nobody has said a word about a call yet: what a person has looked at is theirs to decide.
fn untouched(call: &Call) -> bool {
    !call.carried && call.edited.is_none() && call.approval.is_none() && call.lapses == 0 && call.starts == 0
}

impl Session {
    /// The lease of that number, as long as it is kept.
    pub fn lease(&self, no: LeaseNo) -> Option<&Lease> {
        self.leases.iter().find(|lease| lease.no == no)
    }

    /// The leases that may still be used.
    pub fn live_leases(&self, now: Micros) -> impl Iterator<Item = &Lease> {
        self.leases.iter().filter(move |lease| lease.over(self, now).is_none())
    }

    /// A verdict, with the use of a lease where it asks and one covers it.
    pub(in crate::domain) fn answered(&self, call: &Call, judged: Fact, now: Micros) -> Vec<Fact> {
        let used = self.leased(call, &judged, now);
        [judged].into_iter().chain(used).collect()
    }

    fn leased(&self, call: &Call, judged: &Fact, now: Micros) -> Option<Fact> {
        use crate::domain::policy::Word;
        let Fact::CallJudged { verdict, hash, destroys, touches, preview, .. } = judged else { return None };
        // A boundary is of the task: no lease reaches beyond it. A rule may want a person each time.
        let is_apart = verdict.rule == RULE || verdict.person.is_some();
        if verdict.word != Word::Ask || is_apart || !untouched(call) {
            return None;
        }
        let (lands, destroys, workspace) = (Lands::of(preview), *destroys, self.workspace.as_str());
        let deed = Deed { args: call.args()?, touches, lands, destroys, workspace };
        let scripts = scripts_of(preview);
        let asking = Asking { tool: &call.tool, policy: &verdict.policy, scripts, deed };
        let lease = self.live_leases(now).find(|lease| lease.covers(&asking, workspace))?;
        Some(lease.used_by(call.id, *hash))
    }

    /// The uses that a lease has at once: calls that wait now and are covered, besides the one it was given for.
    pub(in crate::domain) fn at_once(&self, granted: &Fact, now: Micros) -> Vec<Fact> {
        let run = self.live().map_or(RunNo(0), |run| run.no);
        let Some(mut lease) = Lease::granted(granted, run, now) else { return Vec::new() };
        let mut facts = Vec::new();
        let inside = |call: &Call| {
            call.verdict.as_ref().is_none_or(|verdict| verdict.rule != RULE && verdict.person.is_none())
        };
        let waits = |call: &&Call| {
            call.state == CallState::Held && call.id != lease.call && untouched(call) && inside(call)
        };
        for call in self.open_calls().filter(waits).collect::<Vec<_>>() {
            let (Some(verdict), Some(hash)) = (&call.verdict, call.hash) else { continue };
            let Some(deed) = Deed::of(call, &self.workspace) else { continue };
            let scripts = scripts_of(&call.preview);
            let asking = Asking { tool: &call.tool, policy: &verdict.policy, scripts, deed };
            if lease.left() > 0 && lease.covers(&asking, &self.workspace) {
                facts.push(lease.used_by(call.id, hash));
                lease.used += 1;
            }
        }
        facts
    }

    /// Why a call that a lease cleared asks a person after all: the lease was revoked, its time is past, or the change would
    /// land in another file, or another script run, than when it was judged. The calls before it may have laid a link.
    pub(in crate::domain) fn lost_lease(
        &self,
        call: &Call,
        preview: Option<&Preview>,
        now: Micros,
    ) -> Option<Lapse> {
        let lease = self.lease(call.leased.as_ref().filter(|_| call.starts == 0)?.lease);
        if lease.is_none_or(|lease| lease.withdrawn(self, now).is_some()) {
            return Some(Lapse::LeaseOver);
        }
        let now = preview.unwrap_or(&Preview::None);
        let same = Lands::of(now) == Lands::of(&call.preview) && scripts_of(now) == scripts_of(&call.preview);
        (!same).then_some(Lapse::TargetChanged)
    }

    /// Takes in a fact about leases.
    pub(in crate::domain) fn apply_lease(&mut self, event: &Event) {
        let run = self.live().map_or(RunNo(0), |run| run.no);
        if let Fact::LeaseRevoked { lease, by } = &event.fact {
            if let Some(known) = self.leases.iter_mut().find(|known| known.no == *lease) {
                known.revoked = Some(by.clone());
            }
        } else if let Some(lease) = Lease::granted(&event.fact, run, event.at) {
            self.last_lease = lease.no;
            let over = self.leases.iter().position(|known| known.over(self, event.at).is_some());
            if let Some(oldest) = over.filter(|_| self.leases.len() >= LEASES_MAX) {
                self.leases.remove(oldest);
            }
            self.leases.push(lease);
        }
    }

    /// Counts a use.
    pub(in crate::domain) fn count_lease(&mut self, fact: &Fact) {
        if let Fact::LeaseUsed { lease, .. } = fact
            && let Some(known) = self.leases.iter_mut().find(|known| known.no == *lease)
        {
            known.used += 1;
        }
    }
}
