//! `tackroom replay`: a stored session played again, on the same screen, as text, or as a recording; nothing runs, nothing is asked.

use crate::cli::args::Replay;
use crate::cli::cast::{self, Shot};
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::open::{self, First};
use crate::cli::out;
use crate::cli::signal;
use crate::cli::wire::Wire;
use crate::domain::about::about;
use crate::domain::event::{Event, Fact};
use crate::domain::ids::{CallId, SessionId};
use crate::domain::message::{Args, Reply};
use crate::domain::pace::Gap;
use crate::domain::text;
use crate::domain::time::{Micros, duration};
use crate::runtime::pages::pages;
use crate::ui::playback::{Playback, SPEED_1, SPEEDS};

/// Columns of the time and the kind before a text.
const INDENT: usize = 22;
/// Characters shown of what is no message: an output, arguments.
const BRIEF: usize = 160;

/// Plays a stored session from its beginning or from an event.
pub async fn replay(config: &Config, args: &Replay) -> Result<Code, Failure> {
    let speed = args.speed.as_deref().map(speed).transpose()?;
    // Without a screen nothing can be written: the store is opened for reading alone.
    let shows = !args.headless && args.cast.is_none();
    let wire = match Wire::existing(config)? {
        Some(wire) if !shows => wire,
        Some(_) | None => Wire::required(config)?,
    };
    let id = wire.find(&args.id).await?;
    let events = wire.store.log.head(&id).await?.event.0;
    if let Some(at) = args.at.filter(|at| *at > events) {
        let sentence = format!("session {id} has no event {at}: it has {events}");
        return Err(Failure::new(Code::Usage, sentence, "`tackroom events ID` lists them"));
    }
    if args.headless {
        return tell(&wire, &id, args.at.unwrap_or(0), speed).await;
    }
    if let Some(file) = &args.cast {
        let size = size(&args.size)?;
        let shot = Shot { file, size, at: args.at, speed: speed.unwrap_or(SPEED_1) };
        return Box::pin(cast::record(config, &wire, &id, &shot)).await;
    }
    let first = First::Replay { id, at: args.at, speed: speed.unwrap_or(SPEED_1) };
    Box::pin(open::screen(config, wire, first)).await
}

fn speed(typed: &str) -> Result<usize, Failure> {
    Playback::speed_of(typed).ok_or_else(|| {
        let known: Vec<&str> = SPEEDS.iter().map(|(label, _)| *label).collect();
        Failure::new(
            Code::Usage,
            format!("there is no speed {typed:?}"),
            format!("there are: {}", known.join(", ")),
        )
    })
}

/// `120x40` as columns and rows.
fn size(typed: &str) -> Result<(u16, u16), Failure> {
    let parts = typed.split_once(['x', '×']).and_then(|(columns, rows)| {
        Some((columns.trim().parse::<u16>().ok()?, rows.trim().parse::<u16>().ok()?))
    });
    let (least, most) = ((40, 12), (500, 200));
    parts
        .filter(|(columns, rows)| (least.0..=most.0).contains(columns) && (least.1..=most.1).contains(rows))
        .ok_or_else(|| {
            let sentence = format!("{typed:?} is no size");
            Failure::new(Code::Usage, sentence, "columns and rows, such as 120x40; from 40x12 to 500x200")
        })
}

/// Prints the run as text: at once, or at a speed with long waits shortened.
async fn tell(wire: &Wire, id: &SessionId, from: u64, speed: Option<usize>) -> Result<Code, Failure> {
    let quarters = speed.and_then(|speed| SPEEDS.get(speed)).map_or(0, |(_, quarters)| *quarters);
    let (mut first, mut before) = (None, None);
    let mut pages = pages(&*wire.store.log, id, 0);
    while let Some(page) = pages.next().await? {
        for sealed in page.iter().flat_map(|commit| &commit.events) {
            let event = &sealed.event;
            let begun = *first.get_or_insert(event.at);
            if event.no.0 >= from {
                if let Some(before) = before.filter(|_| quarters > 0)
                    && !wait(wire, &Gap::new(before, event), quarters).await
                {
                    return Ok(Code::Interrupted);
                }
                lines(event, begun).iter().try_for_each(|line| out::line(&out::safe(line)))?;
            }
            before = Some(event.at);
        }
    }
    Ok(Code::Done)
}

/// Lets the wait before an event pass; false where somebody asked to end.
async fn wait(wire: &Wire, gap: &Gap, quarters: u64) -> bool {
    let ms = gap.played() * 4 / quarters / 1_000;
    let passed = wire.clock.sleep_until(wire.clock.now().plus_ms(ms));
    tokio::select! {
        () = passed => true,
        _ = signal::asked() => false,
    }
}

/// An event as lines of the run's text; what nobody reads in a run has none.
fn lines(event: &Event, begun: Micros) -> Vec<String> {
    let (kind, words) = match &event.fact {
        Fact::RunStarted { input, .. } | Fact::RunImported { input, .. } => ("task", input.clone()),
        Fact::OperatorSaid { text, .. } => ("you, later", text.clone()),
        Fact::OperatorSteered { text, .. } => ("you", text.clone()),
        Fact::NoteAdded { text, .. } => ("note", text.clone()),
        Fact::ModelReplied { reply, calls } => return replied(reply, calls, event, begun),
        Fact::WriterTaken { .. }
        | Fact::ModelAsked { .. }
        | Fact::CompactAsked(_)
        | Fact::CallStarted { .. }
        | Fact::WorkspaceKept { .. } => return Vec::new(),
        Fact::SessionOpened { .. }
        | Fact::SessionRenamed { .. }
        | Fact::SessionForked { .. }
        | Fact::WorkspaceMissed { .. }
        | Fact::RestoreStarted { .. }
        | Fact::RestoreEnded { .. }
        | Fact::RunPaused { .. }
        | Fact::RunReleased { .. }
        | Fact::InterruptAsked { .. }
        | Fact::CancelAsked { .. }
        | Fact::StepAllowed { .. }
        | Fact::ModeSet { .. }
        | Fact::RunEnded { .. }
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
        | Fact::CallInterrupted { .. }
        | Fact::CallUnknown { .. }
        | Fact::CallSettled { .. }
        | Fact::CallDropped { .. }
        | Fact::SessionMarked { .. }
        | Fact::SessionImported { .. }
        | Fact::CallRecorded { .. }
        | Fact::ForeignRecord { .. }
        | Fact::ImportTaken { .. }
        | Fact::BreakpointSet { .. }
        | Fact::BreakpointRemoved { .. }
        | Fact::BreakpointHit { .. }
        | Fact::RunHeld { .. }
        | Fact::BudgetNeared { .. }
        | Fact::BudgetExtended { .. }
        | Fact::LoopSeen { .. }
        | Fact::CompactOrdered { .. }
        | Fact::ContextCompacted(_)
        | Fact::CompactFailed { .. }
        | Fact::CompactionUndone { .. }
        | Fact::CheckAsked { .. }
        | Fact::NoteRemoved { .. }
        | Fact::Unknown { .. } => (kind(&event.fact), text::first_line(&about(&event.fact), BRIEF)),
    };
    said(kind, &words, event, begun)
}

/// A reply, and a line for each of its calls.
fn replied(reply: &Reply, calls: &[CallId], event: &Event, begun: Micros) -> Vec<String> {
    let mut all = said("model", &reply.text, event, begun);
    for (id, call) in calls.iter().zip(&reply.calls) {
        let args = match &call.args {
            Args::Json(value) => value.to_string(),
            Args::Broken(text) => text.clone(),
        };
        let words = text::first_line(&format!("{id} {} {args}", call.tool), BRIEF);
        all.extend(said("call", &words, event, begun));
    }
    all
}

/// A fact's kind in few letters.
fn kind(fact: &Fact) -> &str {
    let kind = fact.kind();
    kind.strip_prefix("Session").or_else(|| kind.strip_prefix("Call")).unwrap_or(kind)
}

/// A text behind its time and kind, further lines below it.
fn said(kind: &str, words: &str, event: &Event, begun: Micros) -> Vec<String> {
    let head = format!("{:>7}  {kind:<12} ", duration(event.at.ms_since(begun)));
    let texts = words.trim_end().lines();
    let line = |(at, text): (usize, &str)| match at {
        0 => format!("{head}{text}"),
        _ => format!("{:INDENT$}{text}", "").trim_end().to_string(),
    };
    texts.enumerate().map(line).collect()
}
