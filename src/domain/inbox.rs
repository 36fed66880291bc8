//! Every hold of every session as a list, oldest first, told by the session rows alone; and what became of an answer.

use crate::domain::hash::Hash;
use crate::domain::ids::{CallId, SessionId};
use crate::domain::order::{Order, Refusal};
use crate::domain::session::{Session, place};
use crate::domain::tally::Row;
use crate::domain::time::Micros;
use crate::domain::waits::{Stood, Waits};
use std::collections::HashSet;

/// Which hold: the call that waits; or the session, where it stands at a breakpoint or nobody drives it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct HoldId {
    /// The session.
    pub session: SessionId,
    /// The call; none where the session itself waits.
    pub call: Option<CallId>,
}

/// One hold as the list shows it.
#[derive(Clone, Debug, PartialEq)]
pub struct Held {
    /// Which it is.
    pub id: HoldId,
    /// What it waits for.
    pub waits: Waits,
    /// The session's title.
    pub title: String,
    /// The agent.
    pub agent: String,
    /// The tool; empty before a model turn, and where the row does not tell.
    pub tool: String,
    /// What it will touch, in lines, the first of them; why it stands, at a breakpoint.
    pub touches: Vec<String>,
    /// How many lines more there are.
    pub more: usize,
    /// The action, as the policy bound it; none where the row does not tell.
    pub hash: Option<Hash>,
    /// Whether the call can destroy what was there.
    pub destroys: bool,
    /// Since when.
    pub since: Micros,
    /// Events of the session: whoever has read fewer has to look again.
    pub events: u64,
}

/// One answer to one hold.
#[derive(Clone, Debug, PartialEq)]
pub struct Answer {
    /// The hold.
    pub id: HoldId,
    /// The word.
    pub order: Order,
}

/// What became of an answer.
#[derive(Clone, Debug, PartialEq)]
pub enum Answered {
    /// It is in the log.
    Done,
    /// The door refused it: it changed since it was shown, or somebody else was quicker.
    Refused(Refusal),
    /// It could not be written; a sentence.
    Failed(String),
}

impl Answered {
    /// In words.
    pub fn words(&self) -> String {
        match self {
            Answered::Done => "done".to_string(),
            Answered::Refused(Refusal::Changed(_)) => {
                "refused: it changed since it was shown; look again".to_string()
            }
            Answered::Refused(Refusal::NotHeld { state, .. } | Refusal::NotUnknown { state, .. }) => {
                format!("not needed any more: somebody was quicker, it is {state}")
            }
            Answered::Refused(why @ (Refusal::NoRun | Refusal::RunOver(_) | Refusal::Cancelling)) => {
                format!("not needed any more: {why}")
            }
            Answered::Refused(why) => format!("refused: {why}"),
            Answered::Failed(why) => format!("failed: {why}; it still waits"),
        }
    }
}

/// The holds of these sessions, the longest waiting first. `left` are sessions that should be driven, and nobody does.
pub fn holds(rows: &[Row], left: &[Row]) -> Vec<Held> {
    let mut all: Vec<Held> = rows.iter().filter(|row| !row.waits.cancelled).flat_map(of).collect();
    all.extend(left.iter().map(|row| about(row, None, Waits::Driver)));
    all.sort_by(|a, b| a.since.cmp(&b.since).then_with(|| a.id.cmp(&b.id)));
    all
}

/// What every hold of a session tells.
fn about(row: &Row, call: Option<CallId>, waits: Waits) -> Held {
    Held {
        id: HoldId { session: row.id.clone(), call },
        waits,
        title: row.title.clone(),
        agent: row.agent.clone(),
        tool: String::new(),
        touches: Vec::new(),
        more: 0,
        hash: None,
        destroys: false,
        since: row.updated,
        events: row.events,
    }
}

fn of(row: &Row) -> Vec<Held> {
    let call = |(id, why): (&CallId, &String)| {
        let waits = if why == "unknown" { Waits::Unknown } else { Waits::Approval };
        let held = about(row, Some(*id), waits);
        let Some(asked) = row.waits.calls.get(id) else { return held };
        Held {
            tool: asked.tool.clone(),
            touches: asked.touches.clone(),
            more: asked.more,
            hash: asked.hash,
            destroys: asked.destroys,
            since: asked.since,
            ..held
        }
    };
    let mut held: Vec<Held> = row.holds.iter().map(call).collect();
    if row.stopped {
        let waits = row.waits.stop.as_ref().map_or(Waits::Breakpoint, Stood::waits);
        let stood = about(row, None, waits);
        let tool = |id| row.waits.calls.get(&id).map(|asked| asked.tool.clone());
        held.push(match &row.waits.stop {
            None => stood,
            Some(stop) => Held {
                tool: stop.call.and_then(tool).unwrap_or_default(),
                touches: vec![stop.why.clone()],
                since: stop.at,
                ..stood
            },
        });
    }
    held
}

impl Session {
    /// As much of the session as a decision about what is open needs: its calls that are over are not in it, nor is what
    /// only the next reply is held against. What is not in it is not copied first.
    pub fn gist(&self) -> Session {
        let open: Vec<usize> =
            self.live().into_iter().flat_map(|run| &run.open_calls).map(|id| place(*id)).collect();
        Session {
            id: self.id.clone(),
            title: self.title.clone(),
            agent: self.agent.clone(),
            workspace: self.workspace.clone(),
            instructions: self.instructions.clone(),
            parent: self.parent.clone(),
            opened_at: self.opened_at,
            updated_at: self.updated_at,
            last: self.last,
            epoch: self.epoch,
            marks: self.marks.clone(),
            holder: self.holder.clone(),
            taken_at: self.taken_at,
            run: self.run.clone(),
            calls: self.calls.only(|number| open.contains(&number)),
            queue: self.queue.clone(),
            transcript: self.transcript.clone(),
            context: self.context.clone(),
            usage: self.usage,
            spent: self.spent,
            purse: self.purse,
            kept: self.kept,
            changed: self.changed,
            named: self.named,
            sandbox: self.sandbox.clone(),
            unknown_facts: self.unknown_facts,
            imported: self.imported.clone(),
            breaks: self.breaks.clone(),
            last_break: self.last_break,
            leases: self.leases.clone(),
            last_lease: self.last_lease,
            notes: self.notes.clone(),
            last_note: self.last_note,
            wire_ids: HashSet::new(),
            onlooker: self.onlooker,
        }
    }
}
