//! Holds answered from any terminal, also for a run in another process: `approve`, `edit`, `reject`, `respond`, `settle`, `cancel`.

use crate::cli::args::One;
use crate::cli::args_answer::{Approve, Call, Edit, Reject, Respond, Settle};
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::out;
use crate::cli::pending;
use crate::cli::wire::{self, Wire};
use crate::domain::call::{CallState, Via};
use crate::domain::hash::Hash;
use crate::domain::ids::{CallId, SessionId};
use crate::domain::order::{Order, Refusal};
use crate::domain::session::Session;
use crate::domain::tally;
use crate::runtime::ledger::RecordFault;
use std::io::{IsTerminal, Read};

/// A call that is answered.
struct At {
    wire: Wire,
    id: SessionId,
    call: CallId,
    /// What the arguments of an edit are checked against is that of this folder.
    workspace: String,
}

impl At {
    async fn find(config: &Config, args: &Call) -> Result<At, Failure> {
        let wire = Wire::required(config)?;
        let id = wire.find(&args.id).await?;
        let call = pending::parse(&args.call)?;
        let workspace = wire.hand(Via::Command, "").session(&id).await?.workspace.clone();
        Ok(At { wire, id, call, workspace })
    }
}

/// What an answer is bound to.
enum Bound {
    /// What was shown.
    Seen(Hash),
    /// Nothing was shown: the hash that was given, else what stands there.
    Given(Option<String>),
}

/// Approves a call exactly as it stands, once all of it was seen.
pub async fn approve(config: &Config, args: &Approve) -> Result<Code, Failure> {
    let at = At::find(config, &args.call).await?;
    let bound = match args.call.hash.is_none() && !args.yes {
        true => Bound::Seen(seen(&at).await?),
        false => Bound::Given(args.call.hash.clone()),
    };
    answer(&at, bound, |call, hash| Ok(Order::Approve { call, hash })).await
}

/// Shows a waiting call whole and asks; the hash of what was shown. Where nothing waits, that of nothing: the door says
/// why, and refuses what may wait by then.
async fn seen(at: &At) -> Result<Hash, Failure> {
    let At { wire, id, call: wanted, .. } = at;
    let mut reader = wire.hand(Via::Command, "");
    let session = reader.session(id).await?;
    let Some(call) = session.call(*wanted).filter(|call| call.state == CallState::Held) else {
        return Ok(Hash::ZERO);
    };
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(Failure::new(
            Code::Usage,
            format!(
                "nobody has seen {wanted} of {id}: without a terminal an approval needs the hash of what was seen"
            ),
            format!(
                "`tackroom pending {id} {wanted}` shows all of it with its hash, for --hash; --yes approves it unseen"
            ),
        ));
    }
    pending::show(session, call, wire.clock.now())?;
    out::progress("approve exactly this? type y and Enter; anything else leaves it as it is");
    let mut word = String::new();
    std::io::stdin().read_line(&mut word)?;
    match word.trim() {
        "y" | "yes" => Ok(call.hash.unwrap_or(Hash::ZERO)),
        _ => Err(Failure::new(
            Code::Failed,
            format!("{wanted} of {id} was not approved: nothing was decided"),
            format!("it waits; `tackroom reject {id} {wanted} --reason …` refuses it"),
        )),
    }
}

/// Approves a call with other arguments.
pub async fn edit(config: &Config, args: &Edit) -> Result<Code, Failure> {
    let mut text = args.args.clone();
    if text == "-" {
        text.clear();
        std::io::stdin().read_to_string(&mut text)?;
    }
    let new = serde_json::from_str(&text).map_err(|error| {
        Failure::new(
            Code::Usage,
            format!("the arguments are not JSON: {error}"),
            "give the whole object, such as '{\"path\":\"a.txt\"}'",
        )
    })?;
    word(config, &args.call, |call, hash| Ok(Order::ApproveEdited { call, hash, args: new })).await
}

/// Rejects a call.
pub async fn reject(config: &Config, args: &Reject) -> Result<Code, Failure> {
    word(config, &args.call, |call, _| Ok(Order::Reject { call, reason: args.reason.clone() })).await
}

/// Answers in the tool's place.
pub async fn respond(config: &Config, args: &Respond) -> Result<Code, Failure> {
    word(config, &args.call, |call, _| Ok(Order::Respond { call, text: args.text.clone() })).await
}

/// Settles an unknown outcome.
pub async fn settle(config: &Config, args: &Settle) -> Result<Code, Failure> {
    word(config, &args.call, |call, _| {
        Ok(Order::Settle { call, how: args.how.into(), note: args.note.clone() })
    })
    .await
}

/// Ends a session's task; where nobody drives it, this process writes its end, without a model.
pub async fn cancel(config: &Config, args: &One) -> Result<Code, Failure> {
    let wire = Wire::required(config)?;
    let id = wire.find(&args.id).await?;
    let mut hand = wire.hand(Via::Command, "");
    let told = hand.order(&id, &Order::Cancel).await.map(|_| ());
    let driven = wire.store.work.taken(&id)?;
    match told {
        // It was cancelled before, and nobody is there to end it.
        Err(RecordFault::Refused(Refusal::Cancelling)) if !driven => {}
        told => told?,
    }
    if !driven {
        wire.close(&id).await?;
    }
    out::line(&format!("cancelled {id}"))?;
    Ok(Code::Done)
}

/// One word about one call that need not have been seen.
async fn word(
    config: &Config,
    args: &Call,
    order: impl FnOnce(CallId, Hash) -> Result<Order, Failure>,
) -> Result<Code, Failure> {
    let at = At::find(config, args).await?;
    answer(&at, Bound::Given(args.hash.clone()), order).await
}

/// Gives the word, and says what comes of it next.
async fn answer(
    at: &At,
    bound: Bound,
    order: impl FnOnce(CallId, Hash) -> Result<Order, Failure>,
) -> Result<Code, Failure> {
    let At { wire, id, call, workspace } = at;
    let call = *call;
    let mut hand = wire.hand(Via::Command, workspace);
    let left = tally::left_running(hand.session(id).await?).iter().any(|left| left.call == Some(call));
    // A call whose process is gone ran on with nobody: its outcome is unknown from here on.
    if left && !wire.store.work.taken(id)? {
        wire.close(id).await?;
    }
    let hash = match bound {
        Bound::Seen(hash) => hash,
        Bound::Given(given) => {
            let now = hand.session(id).await?.call(call).and_then(|call| call.hash).unwrap_or(Hash::ZERO);
            let hash = given.map_or(Ok(now), |text| parse(&text))?;
            if hash != now {
                return Err(RecordFault::Refused(Refusal::Changed(call)).into()); // whatever the word is
            }
            hash
        }
    };
    let order = order(call, hash)?;
    let session = hand.order(id, &order).await?;
    let driven = wire.store.work.taken(id)?;
    let said = said(session, id, call, &order, driven);
    out::line(&said)?;
    if !driven {
        out::line(&format!("nobody drives this session now; `tackroom resume {id}` goes on with it"))?;
    }
    Ok(Code::Done)
}

fn parse(hash: &str) -> Result<Hash, Failure> {
    Hash::parse(hash).ok_or_else(|| {
        let hint = "`tackroom pending --json` prints it";
        Failure::new(Code::Usage, "--hash wants 64 hexadecimal digits", hint)
    })
}

fn said(session: &Session, id: &SessionId, call: CallId, order: &Order, driven: bool) -> String {
    let is_judged_again = session.call(call).is_some_and(|call| call.state == CallState::Proposed);
    let word = match order {
        Order::ApproveEdited { .. } if is_judged_again => "edited",
        Order::Approve { .. } | Order::ApproveEdited { .. } | Order::Grant { .. } => "approved",
        Order::Reject { .. } => "rejected",
        Order::Respond { .. } => "answered",
        Order::Settle { .. } => "settled",
        Order::Start(_)
        | Order::Say(_)
        | Order::Steer(_)
        | Order::Pause
        | Order::Resume
        | Order::Interrupt
        | Order::Cancel
        | Order::Step
        | Order::SetMode(_)
        | Order::Rename(_)
        | Order::Title(..)
        | Order::Mark(_)
        | Order::Continue
        | Order::SetBreakpoint(_)
        | Order::RemoveBreakpoint(_)
        | Order::RunUntil(_)
        | Order::Extend(_)
        | Order::Compact
        | Order::UndoCompact
        | Order::Revoke(_)
        | Order::AddNote(_)
        | Order::RemoveNote(_) => "done",
    };
    let left = session
        .open_calls()
        .filter(|call| matches!(call.state, CallState::Held | CallState::Unknown))
        .count();
    let tool = session.call(call).map_or("", |call| call.tool.as_str());
    let more = match left {
        0 => String::new(),
        1 => "; 1 more waits".to_string(),
        left => format!("; {left} more wait"),
    };
    // The word of the policy is not known yet: an edit that it denies waits again.
    let judged = match (word, driven) {
        ("edited", true) => "; the policy judges it now, and it may wait again",
        ("edited", false) => "; the policy judges it when the run goes on, and it may wait again",
        _ => "",
    };
    out::safe(&format!("{word} {id} {call} {tool}{judged}{more}"))
}

/// The operator's name, as it is written beside a decision.
pub fn operator(config: &Config) -> String {
    wire::operator(config)
}
