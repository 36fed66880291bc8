//! `tackroom diff`: what one session did otherwise than another.

use crate::cli::args_past::Diff;
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::out;
use crate::cli::wire::Wire;
use crate::domain::account::{Account, Asked, Deed, Kept, Line};
use crate::domain::compare::{Comparison, Kind, Pair, Shown};
use crate::domain::compare_change::{Change, Whole, whole};
use crate::domain::compare_words::{decided, heads, line_words};
use crate::domain::text::{self, plural};
use crate::runtime::compare::compare;
use std::io::IsTerminal;

/// Columns where standard output is no terminal, or does not tell.
const COLUMNS: usize = 120;
/// Same lines shown on either side of a difference.
const CONTEXT: usize = 2;

/// Compares two sessions.
pub async fn diff(config: &Config, args: &Diff) -> Result<Code, Failure> {
    let Some(wire) = Wire::existing(config)? else {
        let sentence = format!("there is no session yet in {}", config.paths.data.display());
        return Err(Failure::new(Code::Usage, sentence, "`tackroom demo` makes one in a minute"));
    };
    let (left, right) = (wire.find(&args.left).await?, wire.find(&args.right).await?);
    let compared = compare(&wire.store.log, &left, &right).await?;
    if args.json {
        out::json(&shape(&compared).to_string())?;
        return Ok(Code::Done);
    }
    for line in lines(&compared, columns(config), args.full) {
        out::line(line.trim_end())?;
    }
    Ok(Code::Done)
}

/// The width of the terminal, as its shell tells it.
fn columns(config: &Config) -> usize {
    let told = config.env.get("COLUMNS").and_then(|columns| columns.parse().ok());
    match std::io::stdout().is_terminal() {
        true => told.unwrap_or(COLUMNS).clamp(60, 240),
        false => COLUMNS,
    }
}

fn lines(compared: &Comparison, width: usize, full: bool) -> Vec<String> {
    let half = (width - 16) / 2;
    let mut lines = vec![row("", "left", "right", half)];
    lines.extend(heads(compared).iter().map(|(name, left, right)| row(name, left, right, half)));
    let counts = compared.counts();
    lines.push(String::new());
    lines.push(format!(
        "{} the same, {} changed, {} only left, {} only right; {}",
        plural(counts.same, "line"),
        counts.changed,
        counts.removed,
        counts.added,
        decided(counts.decisions)
    ));
    let Some(first) = compared.first else {
        lines.push("They did the same.".to_string());
        return lines;
    };
    lines.push(parted(&compared.pairs[first]));
    lines.push(String::new());
    for shown in compared.folded(CONTEXT) {
        match shown {
            Shown::Pair(at) => lines.extend(pair_lines(&compared.pairs[at], half, full)),
            Shown::Folded(many) => lines.push(format!("  … {} the same", plural(many, "line"))),
        }
    }
    lines
}

/// Where the sessions part.
fn parted(pair: &Pair) -> String {
    let at = |line: &Option<Line>| line.as_ref().map(|line| format!("{} in step {}", line.no, line.step));
    let (left, right) = (at(&pair.left), at(&pair.right));
    let none = || "nothing".to_string();
    format!("They part at {} (left), {} (right).", left.unwrap_or_else(none), right.unwrap_or_else(none))
}

fn pair_lines(pair: &Pair, half: usize, full: bool) -> Vec<String> {
    let side = |line: &Option<Line>| line.as_ref().map(line_words).unwrap_or_default();
    let no = |line: &Option<Line>| line.as_ref().map_or_else(String::new, |line| line.no.to_string());
    let name = format!("{} {:>5} {:>5}", pair.kind().sign(), no(&pair.left), no(&pair.right));
    let mut lines = vec![row(&name, &side(&pair.left), &side(&pair.right), half)];
    match full && pair.kind() != Kind::Same {
        true => lines.extend(whole(pair).iter().flat_map(whole_lines)),
        false => lines.extend(pair.changes.iter().flat_map(|change| change_lines(change, half))),
    }
    lines
}

/// Both sides of something, whole.
fn whole_lines(whole: &Whole) -> Vec<String> {
    let mut lines = vec![text::clean(&format!("    {}", whole.name)).into_owned()];
    let same = whole.left == whole.right;
    let sides = [(if same { ' ' } else { '-' }, &whole.left), ('+', &whole.right)];
    for (sign, side) in sides.into_iter().take(if same { 1 } else { 2 }) {
        let said = side.iter().flat_map(|side| side.lines());
        lines.extend(said.map(|line| text::clean(&format!("        {sign} {line}")).into_owned()));
    }
    lines
}

fn change_lines(change: &Change, half: usize) -> Vec<String> {
    let name = format!("    {}", change.name());
    if change.left.is_none() && change.right.is_none() {
        return vec![text::clean(&name).into_owned()];
    }
    let side = |side: &Option<String>| side.clone().unwrap_or_else(|| "(nothing)".to_string());
    let (left, right) = (side(&change.left), side(&change.right));
    let parts = [format!("        - {left}"), format!("        + {right}")];
    let mut lines = vec![text::clean(&name).into_owned()];
    lines.extend(parts.iter().map(|part| text::truncate(&text::clean(part), half * 2 + 16)));
    lines
}

/// A name and two columns of the same width, cleaned.
fn row(name: &str, left: &str, right: &str, half: usize) -> String {
    let cell = |source: &str, columns: usize| {
        let cut = text::truncate(&text::clean(source), columns.saturating_sub(1));
        let room = columns.saturating_sub(text::width(&cut));
        cut + &" ".repeat(room)
    };
    format!("{}{}{}", cell(name, 16), cell(left, half), cell(right, half))
}

fn shape(compared: &Comparison) -> serde_json::Value {
    let counts = compared.counts();
    let pairs: Vec<serde_json::Value> = compared.pairs.iter().map(pair_shape).collect();
    serde_json::json!({
        "version": 1, "left": side_shape(&compared.left), "right": side_shape(&compared.right),
        "same": counts.same, "changed": counts.changed, "only_left": counts.removed, "only_right": counts.added,
        "decisions_differ": counts.decisions, "parts_at": compared.first, "lines": pairs,
    })
}

fn side_shape(side: &Account) -> serde_json::Value {
    serde_json::json!({
        "session": side.id, "title": side.title, "model": side.model, "status": side.status.word(),
        "events": side.events, "runs": side.runs, "steps": side.steps, "calls": side.calls, "faults": side.faults,
        "usage": side.usage, "cost": out::cost(side.spent), "sandboxes": side.sandboxes,
        "ms": {
            "working": side.time.working / 1_000, "waiting": side.time.waiting / 1_000,
            "between": side.time.between / 1_000, "idle": side.time.idle / 1_000,
        },
    })
}

fn pair_shape(pair: &Pair) -> serde_json::Value {
    let changes: Vec<serde_json::Value> = pair
        .changes
        .iter()
        .map(|change| {
            serde_json::json!({
                "what": change.what, "place": change.place().trim(), "left": change.left, "right": change.right,
            })
        })
        .collect();
    let kind = match pair.kind() {
        Kind::Same => "same",
        Kind::Changed => "changed",
        Kind::Removed => "only-left",
        Kind::Added => "only-right",
    };
    let side = |line: &Option<Line>| line.as_ref().map(line_shape);
    serde_json::json!({ "kind": kind, "left": side(&pair.left), "right": side(&pair.right), "changes": changes })
}

fn line_shape(line: &Line) -> serde_json::Value {
    let kept = |kept: &Kept| serde_json::json!({ "text": kept.text, "bytes": kept.size });
    let (deed, what) = match &line.deed {
        Deed::Task(text) => ("task", kept(text)),
        Deed::Said(text) => ("said", kept(text)),
        Deed::Steered(text) => ("steered", kept(text)),
        Deed::Ended(status, why) => ("ended", serde_json::json!({ "status": status, "why": why })),
        Deed::Called(asked) => ("call", call_shape(asked)),
    };
    serde_json::json!({ "event": line.no.0, "step": line.step, "deed": deed, "what": what })
}

fn call_shape(asked: &Asked) -> serde_json::Value {
    let kept = |kept: &Kept| serde_json::json!({ "text": kept.text, "bytes": kept.size });
    serde_json::json!({
        "call": asked.call.to_string(), "tool": asked.tool, "args": kept(&asked.args),
        "edited": asked.edited.as_ref().map(kept), "decision": asked.decision, "because": asked.because, "by": asked.by,
        "sandbox": asked.sandbox, "outcome": asked.outcome, "output": asked.output.as_ref().map(kept), "ms": asked.ran_ms,
    })
}
