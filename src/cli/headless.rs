//! A session driven without a screen: progress on standard error and the answer on standard output, or there every event as a
//! line of JSON.

use crate::cli::args::{Drive, OnHold};
use crate::cli::events;
use crate::cli::exit::{Code, Failure};
use crate::cli::holds::{failed, hold_line, rein_hint};
use crate::cli::out;
use crate::cli::wire::Wire;
use crate::domain::about::about;
use crate::domain::call::Via;
use crate::domain::commit::Commit;
use crate::domain::event::Fact;
use crate::domain::hash::Hash;
use crate::domain::ids::SessionId;
use crate::domain::next::Hold;
use crate::domain::order::{Order, Refusal};
use crate::domain::policy::Mode;
use crate::domain::run::Run;
use crate::domain::session::Session;
use crate::domain::stops::Stop;
use crate::domain::text;
use crate::domain::tool_spec::Effect;
use crate::ports::log::{Follow, TailItem};
use crate::runtime::agent::{self, Agent, Parked};
use crate::runtime::hand::Hand;
use crate::runtime::heed::heeded;
use crate::runtime::ledger::RecordFault;
use crate::runtime::pages::pages;
use std::sync::Arc;
use tokio_util::sync::CancellationToken;

/// Drives a session to its end or to what the operator's flag says, and tells what happens after commit number `from`.
pub async fn drive(wire: &Wire, id: &SessionId, how: &Drive, from: u64) -> Result<Code, Failure> {
    let quit = CancellationToken::new();
    let signals = tokio::spawn(quit_on_signal(quit.clone()));
    let before = match from {
        0 => Session::onlooker(id.clone()),
        _ => wire.hand(Via::Flag, "").session(id).await?.gist(),
    };
    let waits = how.on_hold == OnHold::Wait;
    let mut told = Told {
        json: how.json,
        seq: from,
        waits,
        session: before,
        holds: Vec::new(),
        answer: None,
        blind: false,
    };
    let mut tail = wire.store.log.tail(Follow::One(id.clone(), told.seq));
    let work = work(wire, id, how.on_hold, &quit);
    tokio::pin!(work);
    let mut deaf = None;
    let result = loop {
        tokio::select! {
            result = &mut work => break result,
            item = tail.next(), if deaf.is_none() => {
                deaf = told.item(item).err();
                // Nobody hears any more: the run parks, so that nothing is cut off in its middle.
                if deaf.is_some() {
                    quit.cancel();
                }
            }
        }
    };
    signals.abort();
    if deaf.is_none() {
        deaf = told.rest(wire, id).await.err();
    }
    let (code, session) = result?;
    closing(&session, code);
    if deaf.is_none() && code == Code::Done {
        deaf = told.answered().err();
    }
    match deaf {
        Some(failure) if !failure.is_quiet() => Err(failure),
        Some(_) | None => Ok(code),
    }
}

async fn quit_on_signal(quit: CancellationToken) {
    let _ = crate::cli::signal::asked().await;
    quit.cancel();
}

/// The loop of drives and answers by flag.
async fn work(
    wire: &Wire,
    id: &SessionId,
    on_hold: OnHold,
    quit: &CancellationToken,
) -> Result<(Code, Session), Failure> {
    let mut plugs = wire.plugs();
    let tell = |sentence: String, hint: String| {
        out::error(&format!("{sentence}\nhint:  {hint}"));
        true
    };
    plugs.outfit = heeded(plugs.outfit, Arc::new(tell));
    let mut agent = Agent::take(plugs, id, quit.clone()).await?;
    let mut hand = wire.hand(Via::Flag, ""); // a flag edits nothing
    let mut reins = Reins::of(agent.session());
    let waits = if on_hold == OnHold::Wait { agent::OnHold::Wait } else { agent::OnHold::Leave };
    loop {
        let parked = agent.drive(waits).await?;
        let session = agent.session();
        let code = match parked {
            Parked::Quit => Code::Interrupted,
            Parked::Idle => Code::of(session.status()),
            Parked::Held if on_hold == OnHold::Stop || reins.taken(session) => held_code(session),
            Parked::Held => match answer(&mut hand, session, on_hold).await? {
                true => continue,
                false => held_code(session),
            },
        };
        return Ok((code, session.clone()));
    }
}

/// The code of a run that is left as it waits: a limit has its own.
fn held_code(session: &Session) -> Code {
    match session.live().and_then(Run::held_by_budget) {
        Some(_) => Code::Budget,
        None => Code::Held,
    }
}

/// How the run stood when the flag was given: a word of a person that came later, to pause, to step or to be asked, is
/// not for the flag to answer.
struct Reins {
    paused: bool,
    mode: Option<Mode>,
}

impl Reins {
    fn of(session: &Session) -> Reins {
        let run = session.live();
        Reins { paused: run.is_some_and(|run| run.paused.is_some()), mode: run.map(|run| run.mode) }
    }

    /// Whether a person has stepped in since. What stood there at the beginning is the flag's to answer, once.
    fn taken(&mut self, session: &Session) -> bool {
        let now = Reins::of(session);
        let paused = now.paused && !std::mem::take(&mut self.paused);
        let stricter = now.mode != self.mode && now.mode.is_some_and(|mode| mode != Mode::Auto);
        paused || stricter
    }
}

/// Answers every hold as the flag says; false where the flag has no answer.
async fn answer(hand: &mut Hand, session: &Session, on_hold: OnHold) -> Result<bool, Failure> {
    let mut answered = false;
    if session.stop().is_some() {
        return Ok(false); // a breakpoint is set for a person to look
    }
    for hold in session.holds() {
        let Some(order) = by_flag(session, hold, on_hold) else { continue };
        match hand.order(&session.id, &order).await {
            // Somebody else was quicker: that is an answer too.
            Ok(_) | Err(RecordFault::Refused(Refusal::NotHeld { .. } | Refusal::NotUnknown { .. })) => {
                answered = true
            }
            Err(fault) => return Err(fault.into()),
        }
    }
    Ok(answered)
}

/// What the flag says to a hold. An unknown outcome is never approved by a flag: only a person can know.
fn by_flag(session: &Session, hold: Hold, on_hold: OnHold) -> Option<Order> {
    match (hold, on_hold) {
        (Hold::Approval(call), OnHold::Approve) => {
            let hash = session.call(call).and_then(|call| call.hash).unwrap_or(Hash::ZERO);
            Some(Order::Approve { call, hash })
        }
        (Hold::Approval(call), OnHold::Reject) => Some(Order::Reject {
            call,
            reason: "no operator is watching this run (--on-hold reject)".to_string(),
        }),
        (Hold::Unknown(call), OnHold::Reject) => Some(Order::Settle {
            call,
            how: crate::domain::event::Settling::Abandon,
            note: "no operator is watching this run (--on-hold reject)".to_string(),
        }),
        (Hold::Step, OnHold::Approve) => Some(Order::Step),
        (Hold::Paused, OnHold::Approve) => Some(Order::Resume),
        (
            Hold::Approval(_)
            | Hold::Unknown(_)
            | Hold::Step
            | Hold::Paused
            | Hold::Breakpoint(_)
            | Hold::Rein,
            _,
        ) => None,
    }
}

/// What has been told.
struct Told {
    json: bool,
    seq: u64,
    waits: bool,
    session: Session,
    holds: Vec<Hold>,
    answer: Option<String>,
    /// Whether it was told that a mark of a cost does not see all.
    blind: bool,
}

impl Told {
    fn item(&mut self, item: TailItem) -> Result<(), Failure> {
        match item {
            TailItem::Commit(commit) => self.commit(&commit),
            TailItem::CaughtUp => Ok(()),
            TailItem::Interrupted(fault) => Err(fault.into()),
        }
    }

    fn commit(&mut self, commit: &Commit) -> Result<(), Failure> {
        if commit.seq <= self.seq {
            return Ok(());
        }
        self.seq = commit.seq;
        if self.json {
            events::print(commit, true)?;
        }
        let folds = self.waits || !self.json;
        for sealed in &commit.events {
            let event = &sealed.event;
            if folds && event.no > self.session.last {
                self.session.apply(event);
            }
            if let Fact::ModelReplied { reply, calls } = &event.fact {
                self.answer = calls.is_empty().then(|| reply.text.clone());
            }
            let line = if self.json { None } else { progress(&self.session, &event.fact) };
            if let Some(line) = line {
                out::progress(&out::safe(&text::first_line(&line, 160)));
            }
        }
        if self.waits {
            self.waiting();
        }
        if !self.blind
            && let Some(told) = self.session.breaks.iter().find_map(|one| one.blind(self.session.live()))
        {
            self.blind = true;
            out::progress(&format!("note: a breakpoint at a cost stands. {told}"));
        }
        if folds {
            self.session.let_go(); // only what is open is told
        }
        Ok(())
    }

    /// What the run waits for by now, and how to answer it: nothing else would tell, and it would seem to be stuck.
    fn waiting(&mut self) {
        let now = self.session.holds();
        let id = &self.session.id;
        for hold in now.iter().filter(|hold| !self.holds.contains(hold)) {
            out::progress(&out::safe(&hold_line(&self.session, *hold)));
            out::progress(&match hold {
                Hold::Approval(call) => format!(
                    "  → from another terminal: tackroom pending {id} {call}, then approve, edit, reject or respond"
                ),
                Hold::Unknown(call) => {
                    format!("  → from another terminal: tackroom settle {id} {call} happened|again|abandon")
                }
                Hold::Breakpoint(_) => {
                    format!("  → from another terminal: tackroom continue {id}   (or step)")
                }
                Hold::Rein => format!("  → from another terminal: {}", rein_hint(&self.session)),
                Hold::Step | Hold::Paused => format!("  → from another terminal: tackroom --session {id}"),
            });
        }
        self.holds = now;
    }

    /// The answer goes to standard output, whole and alone: for a pipe.
    fn answered(&self) -> Result<(), Failure> {
        match &self.answer {
            Some(text) if !self.json && !text.trim().is_empty() => out::line(&out::safe(text.trim_end())),
            Some(_) | None => Ok(()),
        }
    }

    /// What the tail had not brought when the work ended.
    async fn rest(&mut self, wire: &Wire, id: &SessionId) -> Result<(), Failure> {
        let mut pages = pages(&*wire.store.log, id, self.seq);
        while let Some(page) = pages.next().await? {
            page.iter().try_for_each(|commit| self.commit(commit))?;
        }
        Ok(())
    }
}

/// A fact as a line of progress; most are not worth one.
fn progress(session: &Session, fact: &Fact) -> Option<String> {
    if let Fact::CallStarted { call, .. } = fact {
        let call = session.call(*call).filter(|call| call.effect != Effect::ReadOnly)?;
        let args = call.args().map(ToString::to_string).unwrap_or_default();
        return Some(format!("{:<13} {} {} {args}", fact.kind(), call.id, call.tool));
    }
    let worth = matches!(
        fact,
        Fact::RunStarted { .. }
            | Fact::ModelFailed { .. }
            | Fact::CallRefused { .. }
            | Fact::CallJudged { .. }
            | Fact::CallEdited { .. }
            | Fact::CallApproved { .. }
            | Fact::LeaseGranted { .. }
            | Fact::LeaseUsed { .. }
            | Fact::LeaseRevoked { .. }
            | Fact::CallRejected { .. }
            | Fact::CallAnswered { .. }
            | Fact::CallLapsed { .. }
            | Fact::CallEnded { .. }
            | Fact::CallUnknown { .. }
            | Fact::CallSettled { .. }
            | Fact::RunEnded { .. }
            | Fact::OperatorSteered { .. }
            | Fact::OperatorSaid { .. }
            | Fact::BreakpointSet { .. }
            | Fact::BreakpointRemoved { .. }
            | Fact::BreakpointHit { .. }
            | Fact::RunHeld { .. }
            | Fact::BudgetNeared { .. }
            | Fact::BudgetExtended { .. }
            | Fact::LoopSeen { .. }
            | Fact::ContextCompacted(_)
            | Fact::CompactFailed { .. }
            | Fact::CompactionUndone { .. }
            | Fact::CheckAsked { .. }
            | Fact::NoteAdded { .. }
            | Fact::NoteRemoved { .. }
    );
    let said = matches!(fact, Fact::ModelReplied { reply, .. } if !reply.text.trim().is_empty());
    (worth || said).then(|| format!("{:<13} {}", fact.kind(), about(fact)))
}

/// The last lines: how it stands and what to type next.
fn closing(session: &Session, code: Code) {
    let id = &session.id;
    let waiting: Vec<String> = session.holds().iter().map(|hold| hold_line(session, *hold)).collect();
    out::progress(&format!("session {id} {}", out::stands(session.status())));
    for line in &waiting {
        out::progress(&out::safe(line));
    }
    if let Some((sentence, hint)) = failed(session) {
        out::error(&Failure::new(code, sentence, hint).to_string());
    }
    if session.stop().and_then(Stop::held).is_some() && matches!(code, Code::Held | Code::Budget) {
        out::error(&out::safe(&format!("hint:  {}; then tackroom resume {id}", rein_hint(session))));
    } else if code == Code::Held && session.stop().is_some() {
        out::progress(&format!("go on with: tackroom continue {id} or step {id}, then tackroom resume {id}"));
    } else if code == Code::Held {
        out::progress(&format!("go on with: tackroom resume {id}   (or answer first: tackroom pending)"));
    } else if code == Code::Interrupted && session.live().is_some() {
        out::progress(&format!("go on with: tackroom resume {id}"));
    }
}
