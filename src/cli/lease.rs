//! `tackroom lease` and `tackroom leases`: standing grants from any terminal, also for a run in another process.

use crate::cli::args_lease::{Lease as Args, LeaseVerb, Leases, Terms as Typed};
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::out;
use crate::cli::pending;
use crate::cli::wire::Wire;
use crate::domain::call::{Call, CallState, Via};
use crate::domain::decide_lease::{at_once, misfit, never};
use crate::domain::hash::Hash;
use crate::domain::ids::{LeaseNo, SessionId};
use crate::domain::lease::Lease;
use crate::domain::lease_pattern::Line;
use crate::domain::lease_terms::Terms;
use crate::domain::lease_trial::{Tried, at_once_words};
use crate::domain::order::{Order, Refusal};
use crate::domain::session::Session;
use crate::domain::text::{plural, reveal_plain};
use crate::domain::time::Micros;
use crate::runtime::lease_trial;
use serde_json::{Value, json};
use std::io::IsTerminal;

/// Shows, grants or revokes a lease.
pub async fn lease(config: &Config, args: &Args) -> Result<Code, Failure> {
    match &args.what {
        LeaseVerb::Show { terms, json } => show(config, terms, *json).await,
        LeaseVerb::Grant { terms, hash, yes } => grant(config, terms, hash.as_deref(), *yes).await,
        LeaseVerb::Revoke { id, lease } => revoke(config, id, lease).await,
    }
}

/// A waiting call and the terms for it.
struct Wanted {
    session: Session,
    call: Call,
    terms: Terms,
}

/// The call and the terms as they are typed; refused where no lease can be given so.
fn wanted(session: &Session, typed: &Typed) -> Result<Wanted, Failure> {
    let id = pending::parse(&typed.call)?;
    let call = session.call(id).ok_or(Refusal::NoCall(id))?;
    if call.state != CallState::Held {
        let state = crate::domain::decide::state_word(call);
        return Err(Refusal::NotHeld { call: id, state }.into());
    }
    let terms = terms(call, typed)?;
    if let Some(why) = never(&session.workspace, call).or_else(|| misfit(&session.workspace, call, &terms)) {
        return Err(Refusal::LeaseMisses(why).into());
    }
    Ok(Wanted { session: session.clone(), call: call.clone(), terms })
}

/// The exact terms, with what was typed in their place.
fn terms(call: &Call, typed: &Typed) -> Result<Terms, Failure> {
    let bad = |why: String| Failure::new(Code::Usage, why, "`tackroom lease --help` has all forms");
    let narrow = call.args().and_then(Terms::narrow);
    let mut terms = narrow.ok_or_else(|| bad("the call's arguments are no object".to_string()))?;
    let set = [("uses", &typed.uses), ("until", &typed.until), ("under", &typed.under)];
    for (name, value) in set.into_iter().filter_map(|(name, value)| Some((name, value.as_ref()?))) {
        terms.set(name, value).map_err(|why| bad(format!("--{name} {value}: {why}")))?;
    }
    for text in &typed.args {
        let line = Line::parse(text).map_err(|why| bad(format!("--arg {text:?}: {why}")))?;
        match terms.pattern.lines.iter_mut().find(|one| one.name == line.name) {
            Some(one) => *one = line,
            None => terms.pattern.lines.push(line),
        }
    }
    Ok(terms)
}

async fn show(config: &Config, typed: &Typed, as_json: bool) -> Result<Code, Failure> {
    let wire = Wire::reading(config)?;
    let id = wire.find(&typed.id).await?;
    let wanted = wanted(wire.hand(Via::Command, "").session(&id).await?, typed)?;
    let tried = tried(&wire, &wanted).await?;
    if as_json {
        out::json(&document(&wanted, &tried, wire.clock.now()).to_string())?;
        return Ok(Code::Done);
    }
    pending::show(&wanted.session, &wanted.call, wire.clock.now())?;
    tell(&wanted, &tried, wire.clock.now())?;
    let hash = wanted.call.hash.unwrap_or(Hash::ZERO);
    out::line(&format!("  → tackroom lease grant {id} {} … --hash {hash}", wanted.call.id))?;
    Ok(Code::Done)
}

async fn tried(wire: &Wire, wanted: &Wanted) -> Result<Tried, Failure> {
    let asked = lease_trial::asked(&wire.store, &wanted.session.workspace, &wanted.call.tool).await?;
    Ok(Tried::of(&wanted.terms, &asked, (&wanted.session.id, wanted.call.id)))
}

/// What would be granted, and what it would have allowed.
fn tell(wanted: &Wanted, tried: &Tried, now: Micros) -> Result<(), Failure> {
    let Wanted { call, terms, .. } = wanted;
    let uses = plural(u64::from(terms.uses), "further call");
    out::line(&format!("  a lease for {uses} of {}, where", reveal_plain(&call.tool)))?;
    for line in terms.to_string().lines() {
        out::line(&format!("    │ {}", reveal_plain(line)))?;
    }
    out::line(&format!("  {}", tried.sentence()))?;
    let at_once = at_once(&wanted.session, call, terms, now);
    if let Some(words) = at_once_words(&at_once) {
        out::line(&format!("  {words}"))?;
    }
    for one in &tried.against {
        let text = format!("{} {} {}: {}", one.session, one.call, one.decided.word(), one.summary);
        out::line(&out::row(&format!("    ! {}", reveal_plain(&text).replace('\n', " "))))?;
    }
    Ok(())
}

fn document(wanted: &Wanted, tried: &Tried, now: Micros) -> Value {
    let at_once = at_once(&wanted.session, &wanted.call, &wanted.terms, now);
    let against: Vec<Value> = tried
        .against
        .iter()
        .map(|one| {
            json!({ "session": one.session, "call": one.call.to_string(), "decided": one.decided.word(), "summary": one.summary })
        })
        .collect();
    json!({
        "version": 1, "session": wanted.session.id, "call": wanted.call.id.to_string(), "tool": wanted.call.tool,
        "hash": wanted.call.hash.map(|hash| hash.to_string()), "terms": wanted.terms.to_string(),
        "tried": {
            "sessions": tried.sessions, "unread": tried.unread, "calls": tried.calls, "approved": tried.approved,
            "edited": tried.edited, "rejected": tried.rejected, "waiting": tried.waiting, "open": tried.open,
            "against": against,
        },
        "at_once": at_once.iter().map(ToString::to_string).collect::<Vec<_>>(),
    })
}

async fn grant(config: &Config, typed: &Typed, hash: Option<&str>, yes: bool) -> Result<Code, Failure> {
    let wire = Wire::required(config)?;
    let id = wire.find(&typed.id).await?;
    let workspace = wire.hand(Via::Command, "").session(&id).await?.workspace.clone();
    let mut hand = wire.hand(Via::Command, &workspace);
    let wanted = wanted(hand.session(&id).await?, typed)?;
    let now = wanted.call.hash.unwrap_or(Hash::ZERO);
    let call = wanted.call.id;
    match hash {
        Some(text) => {
            let given = Hash::parse(text).ok_or_else(|| {
                let hint = "`tackroom lease show ID CALL` prints it";
                Failure::new(Code::Usage, "--hash wants 64 hexadecimal digits", hint)
            })?;
            if given != now {
                return Err(Refusal::Changed(call).into());
            }
        }
        None if yes => {}
        None => confirm(&wire, &id, &wanted).await?,
    }
    let before = hand.session(&id).await?.last_lease;
    let order = Order::Grant { call, hash: now, terms: wanted.terms };
    let session = hand.order(&id, &order).await?;
    let at = wire.clock.now();
    let given = session.leases.iter().filter(|lease| lease.no > before);
    let lines: Vec<String> = given.map(|lease| line(session, lease, at)).collect();
    out::line(&out::safe(&format!("approved {id} {call}, and granted")))?;
    lines.iter().try_for_each(|line| out::line(&out::safe(line)))?;
    if !wire.store.work.taken(&id)? {
        out::line(&format!("nobody drives this session now; `tackroom resume {id}` goes on with it"))?;
    }
    Ok(Code::Done)
}

/// Shows the call, the terms and what they would have allowed, and asks.
async fn confirm(wire: &Wire, id: &SessionId, wanted: &Wanted) -> Result<(), Failure> {
    let call = wanted.call.id;
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Err(Failure::new(
            Code::Usage,
            format!(
                "nobody has seen {call} of {id}: without a terminal a lease needs the hash of what was seen"
            ),
            format!(
                "`tackroom lease show {id} {call}` shows all of it with its hash, for --hash; --yes grants it unseen"
            ),
        ));
    }
    pending::show(&wanted.session, &wanted.call, wire.clock.now())?;
    tell(wanted, &tried(wire, wanted).await?, wire.clock.now())?;
    out::progress("approve this and grant the lease? type y and Enter; anything else leaves it as it is");
    let mut word = String::new();
    std::io::stdin().read_line(&mut word)?;
    match word.trim() {
        "y" | "yes" => Ok(()),
        _ => Err(Failure::new(
            Code::Failed,
            format!("{call} of {id} was not approved and nothing was granted"),
            format!("it waits; `tackroom approve {id} {call}` approves it alone"),
        )),
    }
}

async fn revoke(config: &Config, id: &str, lease: &str) -> Result<Code, Failure> {
    let no = LeaseNo::parse(lease).ok_or_else(|| {
        let hint = "they are named l1, l2, …; `tackroom leases ID` lists them";
        Failure::new(Code::Usage, format!("{lease:?} is no lease"), hint)
    })?;
    let wire = Wire::required(config)?;
    let id = wire.find(id).await?;
    wire.hand(Via::Command, "").order(&id, &Order::Revoke(no)).await?;
    out::line(&format!("revoked {no} of {id}"))?;
    Ok(Code::Done)
}

/// Lists the leases of a session, those that are over included.
pub async fn leases(config: &Config, args: &Leases) -> Result<Code, Failure> {
    let wire = Wire::reading(config)?;
    let id = wire.find(&args.id).await?;
    let session = wire.hand(Via::Command, "").session(&id).await?.clone();
    let now = wire.clock.now();
    if args.json {
        let all: Vec<Value> = session.leases.iter().map(|lease| shape(&session, lease, now)).collect();
        out::json(&json!({ "version": 1, "session": id, "leases": all }).to_string())?;
        return Ok(Code::Done);
    }
    for lease in &session.leases {
        out::line(&out::safe(&line(&session, lease, now)))?;
        for text in lease.pattern.lines() {
            out::line(&format!("      {}", reveal_plain(text)))?;
        }
    }
    if session.leases.is_empty() {
        out::line("no lease was given")?;
    }
    Ok(Code::Done)
}

fn line(session: &Session, lease: &Lease, now: Micros) -> String {
    let stand = lease.over(session, now).map_or("live", |over| over.word());
    format!("{}  {}  {stand}  {}  by {}", lease.no, lease.tool, lease.words(), lease.by)
}

fn shape(session: &Session, lease: &Lease, now: Micros) -> Value {
    json!({
        "no": lease.no.to_string(), "tool": lease.tool, "pattern": lease.pattern.lines().collect::<Vec<_>>(),
        "root": lease.root, "uses": lease.uses, "used": lease.used, "left": lease.left(),
        "until": lease.until.map(Micros::rfc3339), "lasting": lease.lasting, "policy": lease.policy,
        "call": lease.call.to_string(), "by": lease.by.name, "via": lease.by.via, "at": lease.at.rfc3339(),
        "over": lease.over(session, now).map(|over| over.word()),
        "revoked_by": lease.revoked.as_ref().map(|by| by.name.as_str()),
    })
}
