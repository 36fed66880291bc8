//! Two sessions compared: what each is, and their lines side by side where there is room, else one over the other.
//!
//! ```text
//!            left                          right
//! outcome    done                          failed
//! 9 lines the same, 2 changed, 0 only left, 1 only right
//! ──────────────────────────────────────────────────────────
//! ~ c7 write_file (approved, done) …       c7 write_file (rejected) …
//!     decision
//!   approved                               rejected: not today
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use crate::domain::account;
use crate::domain::compare::{Comparison, Kind, Pair, Shown};
use crate::domain::compare_change::{Change, Whole, whole};
use crate::domain::compare_words::{decided, heads, line_words};
use crate::domain::text::{self, plural};
use crate::ui::app::App;
use crate::ui::glyph::Glyph;
use crate::ui::panes::ink;
use crate::ui::paper::leaf::prose;
use crate::ui::parts::Compared;
use crate::ui::theme::Role;
use crate::ui::widgets::diff;

/// From this width on the sides stand side by side.
const SIDE_BY_SIDE: u16 = 96;
/// Lower areas show the heads that differ.
const ROWS_FOR_ALL: u16 = 32;
/// Still lower ones show what matters most of the heads.
const ROWS_FOR_HEADS: u16 = 20;
/// Columns of the names of the heads.
const NAME: usize = 10;
/// The heads that are always shown.
const ALWAYS: [&str; 2] = ["title", "outcome"];
/// Columns of the sign before a line.
const SIGN: usize = 2;
/// Before what is shown whole.
const INDENT: &str = "    ";

/// Draws the heads and the lines in view.
pub fn draw(app: &App, asked: &Compared, area: Rect, buf: &mut Buffer) {
    if let Some((sentence, hint)) = &asked.fault {
        return not_compared(app, sentence, hint, area, buf);
    }
    let Some(result) = &asked.result else {
        let words = "Reading the two sessions…";
        buf.set_stringn(area.x, area.y, words, usize::from(area.width), app.look.style(Role::Muted));
        return;
    };
    ink::lines(&head_lines(app, result, area), area, buf);
    let body = body(asked, area, app.look.accessible);
    let (mut lines, mut item, mut marked) = (Vec::new(), asked.top.0, None);
    while lines.len() < asked.top.1 + usize::from(body.height) {
        let Some(shown) = asked.shown.get(item) else { break };
        if item == asked.chosen {
            marked = Some(lines.len().saturating_sub(asked.top.1)); // its first line that is in view
        }
        lines.extend(item_lines(app, asked, result, *shown, area));
        item += 1;
    }
    ink::lines(lines.iter().skip(asked.top.1), body, buf);
    if let Some(row) = marked.and_then(|at| body.rows().nth(at)) {
        let style = app.look.style(Role::Accent).add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
        buf.set_style(row, style);
        buf.set_stringn(row.x + 1, row.y, Glyph::Selected.text(app.look.glyphs), 1, style);
    }
}

/// Why there is no comparison, whole, and what to do about it.
fn not_compared(app: &App, sentence: &str, hint: &str, area: Rect, buf: &mut Buffer) {
    let mut lines = Vec::new();
    for (words, role) in [(sentence, Role::Fault), (hint, Role::Muted)] {
        let shown = text::clean(words);
        let rows = text::wrap(&shown, usize::from(area.width));
        let row = |range: std::ops::Range<usize>| shown.get(range).unwrap_or_default().to_string();
        lines
            .extend(rows.into_iter().map(|range| Line::from(Span::styled(row(range), app.look.style(role)))));
    }
    ink::lines(&lines, area, buf);
}

/// Where the lines go: below the heads.
pub fn body(asked: &Compared, area: Rect, accessible: bool) -> Rect {
    let rows = asked.result.as_ref().map_or(0, |result| head_rows(result, area, accessible));
    ink::below(area, rows)
}

/// How many lines an item has.
pub fn height(asked: &Compared, shown: Shown, area: Rect) -> usize {
    let pair = match (&asked.result, shown) {
        (Some(_), Shown::Pair(at)) if asked.whole.contains_key(&at) => {
            return asked.whole.get(&at).map_or(1, Vec::len);
        }
        (Some(result), Shown::Pair(at)) => result.pairs.get(at),
        (Some(_) | None, _) => None,
    };
    let stacked = usize::from(!beside(area));
    pair.map_or(1, |pair| match pair.kind() {
        Kind::Same | Kind::Removed | Kind::Added => 1,
        Kind::Changed => {
            1 + stacked + pair.changes.iter().map(|change| change_rows(change, area)).sum::<usize>()
        }
    })
}

fn beside(area: Rect) -> bool {
    area.width >= SIDE_BY_SIDE
}

fn change_rows(change: &Change, area: Rect) -> usize {
    match (&change.left, &change.right) {
        (None, None) => 1,
        (Some(_), None) | (None, Some(_)) | (Some(_), Some(_)) => {
            if beside(area) {
                2
            } else {
                3
            }
        }
    }
}

/// The heads below that of the sessions: all where there is room, else those that differ, else what matters most.
fn heads_shown(result: &Comparison, area: Rect) -> Vec<(&'static str, String, String)> {
    let matters = |name: &str, differs: bool| match area.height {
        ROWS_FOR_ALL.. => true,
        ROWS_FOR_HEADS.. => differs || ALWAYS.contains(&name),
        _ => ALWAYS.contains(&name) || (differs && name == "sandbox"),
    };
    let mut shown = heads(result);
    shown.retain(|(name, left, right)| *name != "session" && matters(name, left != right));
    shown
}

/// The rows of the heads: their names, those shown, the counts, a rule.
fn head_rows(result: &Comparison, area: Rect, accessible: bool) -> u16 {
    let shown = u16::try_from(heads_shown(result, area).len()).unwrap_or(0);
    let rule = u16::from(!accessible);
    (1 + shown + 1 + rule).min(area.height * 3 / 5)
}

fn head_lines(app: &App, result: &Comparison, area: Rect) -> Vec<Line<'static>> {
    let look = &app.look;
    let width = usize::from(area.width);
    let rows = usize::from(head_rows(result, area, look.accessible));
    let half = width.saturating_sub(NAME) / 2;
    let row = |name: &str, left: &str, right: &str, role: Role| {
        Line::from(vec![
            Span::styled(cell(name, NAME), look.style(Role::Muted)),
            Span::styled(cell(left, half), look.style(role)),
            Span::styled(cell(right, half), look.style(role)),
        ])
    };
    let named = heads(result).into_iter().find(|head| head.0 == "session");
    let mut lines: Vec<Line<'static>> =
        named.into_iter().map(|(name, left, right)| row(name, &left, &right, Role::Title)).collect();
    for (name, left, right) in heads_shown(result, area) {
        let role = if left == right { Role::Muted } else { Role::Text };
        lines.push(row(name, &left, &right, role));
    }
    let counts = result.counts();
    let words = format!(
        "{} the same, {} changed, {} only left, {} only right; {}",
        plural(counts.same, "line"),
        counts.changed,
        counts.removed,
        counts.added,
        decided(counts.decisions)
    );
    let words = if result.first.is_some() { words } else { format!("They did the same: {words}") };
    let tail = 1 + usize::from(!look.accessible);
    lines.truncate(rows.saturating_sub(tail));
    lines.push(Line::from(Span::styled(text::truncate(&words, width), look.style(Role::Accent))));
    if !look.accessible {
        let rule = Glyph::Rule.text(look.glyphs).repeat(width);
        lines.push(Line::from(Span::styled(rule, look.style(Role::Border))));
    }
    lines
}

/// A cleaned text in so many columns, one of them blank.
fn cell(source: &str, columns: usize) -> String {
    let cut = text::truncate(&text::clean(source), columns.saturating_sub(1));
    let room = columns.saturating_sub(text::width(&cut));
    cut + &" ".repeat(room)
}

fn item_lines(
    app: &App,
    asked: &Compared,
    result: &Comparison,
    shown: Shown,
    area: Rect,
) -> Vec<Line<'static>> {
    let muted = app.look.style(Role::Muted);
    match shown {
        Shown::Pair(at) if asked.whole.contains_key(&at) => asked.whole.get(&at).cloned().unwrap_or_default(),
        Shown::Folded(many) => {
            vec![Line::from(Span::styled(format!("  … {} the same", plural(many, "line")), muted))]
        }
        Shown::Pair(at) => result.pairs.get(at).map(|pair| pair_lines(app, pair, area)).unwrap_or_default(),
    }
}

fn pair_lines(app: &App, pair: &Pair, area: Rect) -> Vec<Line<'static>> {
    let mut lines = deeds(app, pair, area);
    for change in &pair.changes {
        let name = text::clean(&format!("    {}", change.name())).into_owned();
        let name = text::truncate(&name, usize::from(area.width));
        lines.push(Line::from(Span::styled(name, app.look.style(Role::Muted))));
        if change.left.is_none() && change.right.is_none() {
            continue;
        }
        let side = |side: &Option<String>| format!("  {}", side.as_deref().unwrap_or("(nothing)"));
        let (left, right) = (side(&change.left), side(&change.right));
        let (gone, new) = (Role::DiffRemove, Role::DiffAdd);
        if beside(area) {
            lines.push(two(
                app,
                "  ",
                (&format!("- {}", left.trim_start()), gone),
                (&format!("+ {}", right.trim_start()), new),
                area,
            ));
        } else {
            lines.extend([
                one(app, ' ', &format!("  -{left}"), gone, area),
                one(app, ' ', &format!("  +{right}"), new, area),
            ]);
        }
    }
    lines
}

/// What each side did, in a line.
fn deeds(app: &App, pair: &Pair, area: Rect) -> Vec<Line<'static>> {
    let words = |line: &Option<account::Line>| line.as_ref().map(line_words).unwrap_or_default();
    let (left, right) = (words(&pair.left), words(&pair.right));
    let kind = pair.kind();
    let role = match kind {
        Kind::Same => Role::Muted,
        Kind::Changed => Role::Accent,
        Kind::Removed => Role::DiffRemove,
        Kind::Added => Role::DiffAdd,
    };
    if beside(area) {
        return vec![two(app, &format!("{} ", kind.sign()), (&left, role), (&right, role), area)];
    }
    match kind {
        Kind::Same | Kind::Removed => vec![one(app, kind.sign(), &left, role, area)],
        Kind::Added => vec![one(app, kind.sign(), &right, role, area)],
        Kind::Changed => vec![one(app, '~', &left, role, area), one(app, ' ', &right, role, area)],
    }
}

/// A pair with all that is kept of it: what changed as a difference, what stands alone or is the same as it is.
pub fn whole_lines(app: &App, result: &Comparison, at: usize, area: Rect) -> Vec<Line<'static>> {
    let Some(pair) = result.pairs.get(at) else { return Vec::new() };
    let mut lines = deeds(app, pair, area);
    let width = usize::from(area.width).saturating_sub(INDENT.len()).max(8);
    for Whole { name, left, right } in whole(pair) {
        let name = text::truncate(&text::clean(&format!("{INDENT}{name}")), usize::from(area.width));
        lines.push(Line::from(Span::styled(name, app.look.style(Role::Muted))));
        let told = |words: &str, role: Role| prose(words, app.look.style(role), width, usize::MAX).0;
        let in_a_line = |side: &Option<String>| side.as_ref().is_none_or(|side| !side.contains('\n'));
        let body = match (left, right) {
            (Some(left), Some(right)) if left == right => told(&left, Role::Text),
            (left, right) if in_a_line(&left) && in_a_line(&right) => {
                let gone = left.map(|words| told(&format!("- {words}"), Role::DiffRemove));
                let new = right.map(|words| told(&format!("+ {words}"), Role::DiffAdd));
                gone.into_iter().chain(new).flatten().collect()
            }
            (left, right) => {
                let side = |side: Option<String>| side.map(ended).unwrap_or_default();
                diff::diff(&side(left), &side(right), width, &app.look.theme).lines
            }
        };
        let indented = |line: Line<'static>| {
            Line::from(std::iter::once(Span::raw(INDENT)).chain(line.spans).collect::<Vec<_>>())
        };
        lines.extend(body.into_iter().map(indented));
    }
    lines
}

fn ended(text: String) -> String {
    if text.is_empty() || text.ends_with('\n') { text } else { text + "\n" }
}

/// A sign and both sides.
fn two(app: &App, sign: &str, left: (&str, Role), right: (&str, Role), area: Rect) -> Line<'static> {
    let half = usize::from(area.width).saturating_sub(SIGN) / 2;
    Line::from(vec![
        Span::styled(sign.to_string(), app.look.style(left.1)),
        Span::styled(cell(left.0, half), app.look.style(left.1)),
        Span::styled(cell(right.0, half), app.look.style(right.1)),
    ])
}

/// A sign and one side.
fn one(app: &App, sign: char, words: &str, role: Role, area: Rect) -> Line<'static> {
    let room = usize::from(area.width).saturating_sub(SIGN);
    let words = text::truncate(&text::clean(words), room);
    Line::from(Span::styled(format!("{sign} {words}"), app.look.style(role)))
}
