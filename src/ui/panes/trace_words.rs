//! The words of the timeline: a row's name, what its bar's signs mean, and the chosen row in a sentence.

use ratatui::text::Span;

use crate::domain::fault::FaultKind;
use crate::domain::time::{Micros, duration};
use crate::domain::trace::Trace;
use crate::domain::trace_row::{Row, RowState, Time, What};
use crate::ui::app::App;
use crate::ui::glyph::{Glyph, GlyphSet};
use crate::ui::paper::leaf::one_line;
use crate::ui::theme::Role;

/// A row's sign and name, indented by its depth.
pub fn name(app: &App, trace: &Trace, row: &Row, folded: bool) -> Vec<Span<'static>> {
    let look = &app.look;
    let (glyph, role) = sign(trace, row, folded);
    let indent = if look.in_words() { usize::from(row.depth) } else { usize::from(row.depth) * 2 };
    let is_unrun = look.in_words() && row.state == RowState::NotRun;
    let sign = if is_unrun { "not run" } else { glyph.text(look.glyphs) };
    let mut spans = vec![Span::raw(" ".repeat(indent)), Span::styled(sign, look.style(role)), Span::raw(" ")];
    match &row.what {
        What::Run { no, input } => {
            spans.push(Span::styled(format!("{no} "), look.style(Role::Title)));
            spans.push(Span::styled(one_line(input), look.style(Role::Text)));
        }
        What::Step(step) => spans.push(Span::styled(format!("step {step}"), look.style(Role::Text))),
        What::Model { model, attempt, fault } => {
            let again = if *attempt > 1 { format!("attempt {attempt} ") } else { String::new() };
            if let Some(fault) = fault {
                spans.push(Span::styled(fault.words(), look.style(role)));
                spans.push(Span::styled(format!(" {again}{}", one_line(model)), look.style(Role::Muted)));
            } else {
                spans.push(Span::styled(again, look.style(Role::Muted)));
                spans.push(Span::styled(one_line(model), look.style(Role::Text)));
            }
        }
        What::Retry { fault } => {
            spans.push(Span::styled(format!("wait: {}", fault.words()), look.style(Role::Muted)));
        }
        What::Call { call, tool, summary, leased } => {
            spans.push(Span::styled(format!("{call} "), look.style(Role::Muted)));
            spans.push(Span::styled(one_line(tool), look.style(Role::Text)));
            let by = leased.map_or_else(String::new, |lease| format!(" by {lease}"));
            spans.push(Span::styled(by, look.style(Role::Accent)));
            spans.push(Span::styled(format!(" {}", one_line(summary)), look.style(Role::Muted)));
        }
        What::Execution { nth, .. } => {
            let end = match row.state {
                RowState::Interrupted => "cut off: ",
                RowState::Unknown => "outcome unknown: ",
                RowState::Open | RowState::Well | RowState::Badly | RowState::NotRun | RowState::Moment => "",
            };
            spans.push(Span::styled(end, look.style(role)));
            spans.push(Span::styled(format!("execution {nth}"), look.style(Role::Muted)));
        }
        What::Pause => spans.push(Span::styled("paused", look.style(Role::Muted))),
        What::Breakpoint { no, spec, why } => {
            spans.extend(stood(app, format!("{no} {}", one_line(spec)), why));
        }
        What::Held { kind, why } => spans.extend(stood(app, format!("held ({kind})"), why)),
        What::Compaction { words, fault } => {
            spans.push(Span::styled(shorter(words, *fault), look.style(Role::Text)));
        }
        What::Stepping => spans.push(Span::styled("waited to step", look.style(Role::Muted))),
        What::Steer { text } => {
            spans.push(Span::styled(format!("you: {}", one_line(text)), look.style(Role::Text)))
        }
        What::Fork { parent } => {
            let text = format!("forked from {} at {}", parent.session, parent.at);
            spans.push(Span::styled(text, look.style(Role::Text)));
        }
        What::Restore { at } => {
            spans.push(Span::styled(format!("files put back as at {at}"), look.style(Role::Text)));
        }
        What::Takeover { holder } => {
            spans.push(Span::styled(format!("takeover: {}", one_line(holder)), look.style(Role::Wait)));
        }
        What::Foreign { kind } => {
            spans.push(Span::styled(format!("{} (unknown kind)", one_line(kind)), look.style(Role::Muted)));
        }
    }
    spans
}

/// How the conversation was made shorter.
fn shorter(words: &str, fault: Option<FaultKind>) -> String {
    match fault {
        Some(fault) => format!("no summary: {}", fault.words()),
        None if words.is_empty() => "summarises the conversation".to_string(),
        None => format!("shorter: {}", one_line(words)),
    }
}

/// Where a run stands before its next step, and why.
fn stood(app: &App, at: String, why: &str) -> [Span<'static>; 2] {
    let why = format!(": {}", one_line(why));
    [Span::styled(at, app.look.style(Role::Wait)), Span::styled(why, app.look.style(Role::Muted))]
}

/// The sign before a name: what the row is while all is well, else how it stands.
fn sign(trace: &Trace, row: &Row, folded: bool) -> (Glyph, Role) {
    let open = |glyph| match row.parts.last().filter(|part| part.to.is_none()).map(|part| part.time) {
        Some(Time::Person) => (Glyph::Held, Role::Wait),
        Some(Time::Work) => (Glyph::Running, Role::Accent),
        Some(Time::Model | Time::Judging | Time::Idle | Time::Untold) | None => (glyph, Role::Accent),
    };
    let by_state = |glyph: Glyph, well: Glyph| match row.state {
        RowState::Open => open(glyph),
        RowState::Well | RowState::Moment => (well, Role::Ok),
        RowState::Badly => (Glyph::Failed, Role::Fault),
        RowState::NotRun => (Glyph::Cancelled, Role::Wait),
        RowState::Interrupted => (Glyph::Retry, Role::Wait),
        RowState::Unknown => (Glyph::Unknown, Role::Risk),
    };
    let is_last_run = row.run == trace.order().last().and_then(|key| trace.row(*key)?.run);
    match &row.what {
        What::Run { .. } if folded => (Glyph::Folded, Role::Accent),
        What::Run { .. } if row.state == RowState::Open && is_last_run => (Glyph::Running, Role::Accent),
        What::Run { .. } => by_state(Glyph::Running, Glyph::Done),
        What::Step(_) if folded => (Glyph::Folded, Role::Muted),
        What::Step(_) => (Glyph::Unfolded, Role::Muted),
        What::Model { .. } if matches!(row.state, RowState::Open | RowState::Well) => {
            (Glyph::Model, Role::BarModel)
        }
        What::Model { .. } | What::Call { .. } | What::Execution { .. } => by_state(Glyph::Call, Glyph::Done),
        What::Compaction { .. } => by_state(Glyph::Model, Glyph::Folded),
        What::Retry { .. } => (Glyph::Retry, Role::Wait),
        What::Breakpoint { .. } | What::Held { .. } => (Glyph::Breakpoint, Role::Wait),
        What::Pause | What::Stepping => (Glyph::Paused, Role::Wait),
        What::Steer { .. } => (Glyph::Quote, Role::Accent),
        What::Fork { .. } | What::Restore { .. } => (Glyph::Retry, Role::Accent),
        What::Takeover { .. } => (Glyph::Fault, Role::Wait),
        What::Foreign { .. } => (Glyph::Unknown, Role::Muted),
    }
}

/// What the signs of a bar mean.
pub fn legend(app: &App, width: u16) -> Vec<Span<'static>> {
    let look = &app.look;
    let (model, work, wait, idle) = match look.glyphs {
        GlyphSet::Signs => ("█", "█", "┄", "─"),
        GlyphSet::Words => ("#", "=", ".", "-"),
    };
    let muted = look.style(Role::Muted);
    let entry = |sign: &'static str, role, word: &'static str| {
        [Span::styled(sign.repeat(2), look.style(role)), Span::styled(format!(" {word}  "), muted)]
    };
    let shortened = app.playback.is_some().then(|| {
        let sign = look.sign("»", ">");
        [Span::styled(sign, look.style(Role::Wait)), Span::styled(" wait shortened", muted)]
    });
    [
        entry(model, Role::BarModel, "model"),
        entry(work, Role::BarCall, "tool"),
        entry(wait, Role::BarWait, if width < 52 { "person" } else { "waits for a person" }),
        entry(idle, Role::Border, "idle"),
    ]
    .into_iter()
    .flatten()
    .chain(shortened.into_iter().flatten())
    .collect()
}

/// A row in a sentence: its event, what its time went into.
pub fn detail(app: &App, row: &Row, now: Micros) -> Vec<Span<'static>> {
    let muted = app.look.style(Role::Muted);
    let mut spent = row.spent;
    if let Some(part) = row.parts.last().filter(|part| part.to.is_none()) {
        spent.add(part.time, (now.0 - part.from.0).max(0));
    }
    let mut words = Vec::new();
    let spent = [
        (spent.model, "model"),
        (spent.work, "tools"),
        (spent.person, "waited"),
        (spent.untold, "tools and waiting"),
    ];
    for (micros, what) in spent {
        if micros > 0 {
            words.push(format!("{what} {}", duration(u64::try_from(micros / 1_000).unwrap_or(0))));
        }
    }
    words.push(format!("{} {} UTC", row.no, row.start.clock()));
    vec![Span::styled(words.join(app.look.sign(" · ", ", ")), muted)]
}
