//! What the worker reports becomes facts, or is refused: the other half of the door.

use crate::domain::call::{Call, CallState, Outcome, Output, Preview};
use crate::domain::checks::checking;
use crate::domain::compaction::SummaryAsked;
use crate::domain::compaction_plan::Plan;
use crate::domain::context_due::guard;
use crate::domain::decide::{Kit, again};
use crate::domain::event::{BadCall, Fact, Lapse};
use crate::domain::fault::{Fault, FaultKind};
use crate::domain::hash::Hash;
use crate::domain::ids::{CallId, NoteNo};
use crate::domain::judged::Judged;
use crate::domain::message::{Args, Finish, Reply};
use crate::domain::narrow::narrowed;
use crate::domain::next::{Step, gated, next, stands};
use crate::domain::order::Refusal;
use crate::domain::outcome_ask::{after_fault, attempt, weighed};
use crate::domain::outcome_compact as compact;
use crate::domain::policy::Word;
use crate::domain::purse::Ahead;
use crate::domain::reins::told;
use crate::domain::route::Route;
use crate::domain::run::Turn;
use crate::domain::session::Session;
use crate::domain::stops::{Facing, due};

/// What came of keeping the files.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Keeping {
    /// They are kept.
    Kept {
        /// The manifest.
        manifest: Hash,
        /// Files in it.
        files: u64,
        /// Their bytes.
        bytes: u64,
        /// What is named in it and not kept.
        left_out: u64,
    },
    /// They could not be kept.
    Missed {
        /// Why, in a sentence.
        why: String,
    },
}

/// What the worker learned or is about to do.
#[derive(Clone, Debug, PartialEq)]
pub enum Report {
    /// It took the writer lease.
    Taken {
        /// Its name.
        holder: String,
    },
    /// A queued message is to begin a run.
    QueueTaken,
    /// The model is about to be asked.
    Asking {
        /// The model.
        model: String,
        /// The hash of the request as it will be sent.
        request: Hash,
        /// What it has around its messages, as kept content.
        frame: Option<Hash>,
        /// The operator's notes in it.
        notes: Vec<NoteNo>,
        /// The way it takes.
        route: Option<Route>,
        /// What is set aside for it; to be told where something is limited.
        ahead: Option<Ahead>,
    },
    /// The conversation is made shorter without a model, or cannot be.
    Compacting(Plan),
    /// A model is about to be asked for a summary; which attempt that is, is told here.
    Summarising(Box<SummaryAsked>),
    /// A check is to be run before the end.
    Checking,
    /// The next step is behind breakpoints.
    Stopping,
    /// The model answered.
    Replied(Reply),
    /// The request failed.
    Failed(Fault),
    /// The policy spoke.
    Judged(Judged),
    /// The policy spoke, and the worker stands ready: an allowed call starts in the same commit where nothing is between.
    JudgedReady(Judged),
    /// A cleared call is about to run.
    Starting {
        /// The call.
        call: CallId,
        /// The policy's version now.
        policy: String,
        /// What the operator would be shown now; none where nobody was asked.
        preview: Option<Preview>,
    },
    /// A call is over.
    Finished {
        /// The call.
        call: CallId,
        /// How.
        outcome: Outcome,
        /// What it gave back.
        output: Output,
        /// How long it ran.
        ms: u64,
    },
    /// The files were kept, or could not be.
    Kept(Keeping),
    /// The call's tool is not there any more.
    Gone {
        /// The call.
        call: CallId,
    },
    /// The run is to end.
    Finish,
}

/// The facts that a worker's report makes.
pub fn report(session: &Session, report: &Report, kit: &Kit<'_>) -> Result<Vec<Fact>, Refusal> {
    if let Some(imported) = &session.imported {
        return Err(Refusal::Imported(imported.tool.clone()));
    }
    match report {
        Report::Taken { holder } => Ok(taken(session, holder, kit)),
        Report::QueueTaken => match (&session.run, session.queue.front(), session.live()) {
            (Some(run), Some(text), None) => Ok(vec![again(run, text.clone())]),
            _ => Err(Refusal::Stray("nothing is queued")),
        },
        Report::Stopping => stopping(session),
        Report::Checking => checking(session),
        Report::Compacting(plan) => compact::planned(session, plan, kit),
        Report::Summarising(asked) => compact::asking(session, asked, kit),
        Report::Asking { notes, .. } if *notes != session.note_numbers() => {
            Err(Refusal::Stray("the notes are others than those of the request"))
        }
        Report::Asking { model, request, frame, notes, route, ahead } => {
            let asking = Fact::ModelAsked {
                model: model.clone(),
                attempt: attempt(session, kit)?,
                messages: session.context.messages + notes.len() as u64,
                request: *request,
                frame: *frame,
                notes: notes.clone(),
                route: route.clone(),
                ahead: *ahead,
            };
            weighed(session, asking)
        }
        Report::Replied(reply) => compact::summarised(session, reply, kit)
            .unwrap_or_else(|| asked(session).map(|_| replied(session, reply, kit))),
        Report::Failed(fault) => compact::failed(session, fault, kit).unwrap_or_else(|| {
            let attempt = asked(session)?;
            let then = after_fault(session, fault, attempt, kit);
            Ok(vec![Fact::ModelFailed { fault: fault.clone(), attempt, then }])
        }),
        Report::Judged(judged) => judge(session, judged, kit),
        Report::JudgedReady(judged) => {
            let mut facts = judge(session, judged, kit)?;
            facts.extend(started_at_once(session, &facts));
            Ok(facts)
        }
        Report::Starting { call, policy, preview } => starting(session, *call, policy, preview.as_ref(), kit),
        Report::Finished { call, outcome, output, ms } => match session.call(*call).map(|call| &call.state) {
            Some(CallState::Started) => {
                Ok(vec![Fact::CallEnded { call: *call, outcome: *outcome, output: output.clone(), ms: *ms }])
            }
            _ => Err(Refusal::Stray("the call is not running")),
        },
        Report::Kept(keeping) => Ok(kept(session, keeping)),
        Report::Gone { call } => gone(session, *call, kit),
        Report::Finish => finish(session),
    }
}

/// Files that are as they were kept last need no word.
fn kept(session: &Session, keeping: &Keeping) -> Vec<Fact> {
    match keeping {
        Keeping::Kept { manifest, .. } if session.kept == Some(*manifest) && !session.changed => Vec::new(),
        Keeping::Kept { manifest, files, bytes, left_out } => vec![Fact::WorkspaceKept {
            manifest: *manifest,
            files: *files,
            bytes: *bytes,
            left_out: *left_out,
        }],
        Keeping::Missed { why } => vec![Fact::WorkspaceMissed { why: why.clone() }],
    }
}

/// The tool is not there, or the arguments are none: a fork may begin before the call was refused for it.
fn gone(session: &Session, id: CallId, kit: &Kit<'_>) -> Result<Vec<Fact>, Refusal> {
    let known = || BadCall::UnknownTool { known: kit.tools.names() };
    match session.call(id) {
        Some(call)
            if matches!(
                call.state,
                CallState::Proposed | CallState::Cleared { .. } | CallState::Interrupted
            ) =>
        {
            let why = misfit(session, call, kit).unwrap_or_else(known);
            Ok(vec![Fact::CallRefused { call: id, why }])
        }
        Some(_) | None => Err(Refusal::Stray("the call is not waiting to run")),
    }
}

/// What keeps a call, as the model asked for it, from being judged.
fn misfit(session: &Session, call: &Call, kit: &Kit<'_>) -> Option<BadCall> {
    let Some(Turn::Replied { finish, .. }) = session.live().map(|run| &run.turn) else { return None };
    bad_call(&call.tool, &call.proposed, finish, kit)
}

/// The breakpoints that are hit before the next step.
fn stopping(session: &Session) -> Result<Vec<Fact>, Refusal> {
    let (Step::Stop(id), Some(run)) = (next(session), session.live()) else {
        return Err(Refusal::Stray("no breakpoint is next"));
    };
    let facing = id.and_then(|id| session.call(id)).map(Facing::of);
    let fact = |hit: crate::domain::stops::Hit| Fact::BreakpointHit {
        no: hit.no,
        spec: hit.spec,
        call: id,
        why: hit.why,
    };
    let long = || guard(session, run).map(|why| Fact::RunHeld { why });
    let circles = if id.is_none() { told(run).or_else(long) } else { None };
    Ok(circles.into_iter().chain(due(session, run, facing).into_iter().map(fact)).collect())
}

/// The attempt under way.
fn asked(session: &Session) -> Result<u32, Refusal> {
    match session.live().map(|run| &run.turn) {
        Some(Turn::Asked { attempt, .. }) => Ok(*attempt),
        _ => Err(Refusal::Stray("the model was not asked")),
    }
}

fn interrupted() -> Fault {
    Fault::new(FaultKind::Interrupted, "the process that asked stopped before the answer came")
}

/// A takeover closes what the process before left open: each start has one end, also after a crash.
fn taken(session: &Session, holder: &str, kit: &Kit<'_>) -> Vec<Fact> {
    let mut facts = vec![Fact::WriterTaken { holder: holder.to_string(), epoch: session.epoch.after() }];
    if let Some(Turn::Asked { attempt, .. }) = session.live().map(|run| &run.turn) {
        let fault = interrupted();
        let then = kit.retry.after(&fault, *attempt, kit.luck);
        facts.push(Fact::ModelFailed { fault, attempt: *attempt, then });
    } else if let Some(Ok(ended)) = compact::failed(session, &interrupted(), kit) {
        facts.extend(ended);
    }
    for call in session.open_calls().filter(|call| call.in_flight()) {
        facts.push(match call.effect.repeatable() {
            true => Fact::CallInterrupted { call: call.id },
            false => Fact::CallUnknown { call: call.id },
        });
    }
    facts
}

/// A reply, and at once the end of each of its calls that cannot even be judged.
fn replied(session: &Session, reply: &Reply, kit: &Kit<'_>) -> Vec<Fact> {
    let first = u32::try_from(session.calls_asked()).unwrap_or(u32::MAX - 1) + 1;
    let ids: Vec<CallId> = (first..).map(CallId).take(reply.calls.len()).collect();
    let mut facts = vec![Fact::ModelReplied { reply: reply.clone(), calls: ids.clone() }];
    for (id, asked) in ids.iter().zip(&reply.calls) {
        if let Some(why) = bad_call(&asked.tool, &asked.args, &reply.finish, kit) {
            facts.push(Fact::CallRefused { call: *id, why });
        }
    }
    facts
}

/// What keeps a call from being judged.
fn bad_call(tool: &str, args: &Args, finish: &Finish, kit: &Kit<'_>) -> Option<BadCall> {
    if matches!(finish, Finish::Length | Finish::Filtered) {
        return Some(BadCall::Truncated);
    }
    let Some(spec) = kit.tools.get(tool) else {
        return Some(BadCall::UnknownTool { known: kit.tools.names() });
    };
    match args {
        Args::Broken(raw) => {
            let why = serde_json::from_str::<serde_json::Value>(raw).err();
            Some(BadCall::NotJson {
                why: why.map_or_else(|| "no object".to_string(), |error| error.to_string()),
            })
        }
        Args::Json(value) => spec
            .schema
            .check(value)
            .into_iter()
            .next()
            .map(|fault| BadCall::Schema { path: fault.path, why: fault.why }),
    }
}

/// A verdict; in ask mode every call that does more than read asks.
fn judge(session: &Session, judged: &Judged, kit: &Kit<'_>) -> Result<Vec<Fact>, Refusal> {
    let call = session.call(judged.call).filter(|call| call.state == CallState::Proposed);
    let (Some(call), Some(run)) = (call, session.live()) else {
        return Err(Refusal::Stray("the call is not to be judged"));
    };
    let Some((spec, args)) = kit.tools.get(&call.tool).zip(call.args()) else {
        return Err(Refusal::Stray("the call has no tool or arguments"));
    };
    // A call is refused with its reply; only a fork can begin between the two.
    if session.parent.is_some()
        && !call.opened
        && let Some(why) = misfit(session, call, kit)
    {
        return Ok(vec![Fact::CallRefused { call: call.id, why }]);
    }
    let verdict = narrowed(session, run, (call, spec.effect), judged);
    let hash = call.bound(args, &session.workspace, &verdict.policy, &judged.preview);
    let fact = Fact::CallJudged {
        call: call.id,
        verdict,
        hash,
        effect: spec.effect,
        destroys: spec.destroys,
        touches: judged.touches.clone(),
        preview: judged.preview.clone(),
        sandbox: judged.sandbox.clone(),
    };
    Ok(session.answered(call, fact, kit.now))
}

/// The start of a call that `facts` allow, where `next` would run it right after them: no other call is open, and nothing
/// makes the run wait.
fn started_at_once(session: &Session, facts: &[Fact]) -> Option<Fact> {
    let [Fact::CallJudged { call, verdict, hash, effect, .. }] = facts else { return None };
    let run = session.live()?;
    let judged = session.call(*call)?;
    let facing = Facing { effect: *effect, ..Facing::of(judged) };
    let alone = session.open_calls().all(|open| open.id == *call || open.ended());
    let unseen = judged.approval.is_none(); // what a person saw is looked at once more before it runs
    let goes_on = run.cancel.is_none() && !stands(run) && !gated(run);
    let free = alone && unseen && goes_on && due(session, run, Some(facing)).is_empty();
    (free && verdict.word == Word::Allow).then(|| Fact::CallStarted {
        call: *call,
        hash: *hash,
        key: key(session, *call),
    })
}

/// What an idempotent target knows a call by.
fn key(session: &Session, call: CallId) -> String {
    format!("{}-{call}", session.id)
}

/// The last look before a call runs: what was approved is what runs, or it is asked again.
fn starting(
    session: &Session,
    id: CallId,
    policy: &str,
    preview: Option<&Preview>,
    kit: &Kit<'_>,
) -> Result<Vec<Fact>, Refusal> {
    if next(session) != Step::RunCall(id) {
        return Err(Refusal::Stray("the call is not to be run"));
    }
    let Some((call, args)) = session.call(id).and_then(|call| Some((call, call.args()?))) else {
        return Err(Refusal::NoCall(id));
    };
    let hash = call.bound(args, &session.workspace, policy, &call.preview);
    if let Some(why) = lapse(call, hash, preview, kit).or_else(|| session.lost_lease(call, preview, kit.now))
    {
        return Ok(vec![Fact::CallLapsed { call: id, why }]);
    }
    Ok(vec![Fact::CallStarted { call: id, hash, key: key(session, id) }])
}

fn lapse(call: &Call, hash: Hash, preview: Option<&Preview>, kit: &Kit<'_>) -> Option<Lapse> {
    if call.hash != Some(hash) {
        return Some(Lapse::Changed);
    }
    let approval = call.approval.as_ref()?;
    if call.starts == 0 && approval.expires < kit.now {
        return Some(Lapse::Expired);
    }
    preview.is_some_and(|now| call.starts == 0 && *now != call.preview).then_some(Lapse::TargetChanged)
}

/// The end of a run: a call that never started is dropped, so that each has its one result.
fn finish(session: &Session) -> Result<Vec<Fact>, Refusal> {
    let Step::Finish(status, why) = next(session) else {
        return Err(Refusal::Stray("the run is not at its end"));
    };
    let open = session.open_calls().filter(|call| !call.ended());
    let mut facts: Vec<Fact> = open.map(|call| Fact::CallDropped { call: call.id }).collect();
    facts.push(Fact::RunEnded { status, why });
    Ok(facts)
}
