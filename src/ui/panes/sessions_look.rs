//! A look at the chosen session beside or below the list, and what came of deeds, one by one.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::domain::amount::few;
use crate::domain::library::{Came, Done, Glance, Standing};
use crate::domain::tally::Row;
use crate::domain::time::{age, duration};
use crate::ui::app::App;
use crate::ui::glyph::Glyph;
use crate::ui::panes::{ink, sessions};
use crate::ui::paper::leaf::{count, one_line, prose};
use crate::ui::theme::Role;

/// Columns of the names.
const NAMES: usize = 9;
/// Lines of one text at most, where there is room.
const TEXT_LINES: usize = 8;

/// Draws the look, or what came of deeds: beside the list with everything, below it in short.
pub fn draw(app: &App, area: Rect, beside: bool, buf: &mut Buffer) {
    let look = &app.look;
    let rule = look.style(Role::Border);
    let inner = if beside {
        for line in area.rows() {
            buf.set_string(line.x, line.y, "│", rule);
        }
        ink::inset(area, 2)
    } else {
        let sign = Glyph::Rule.text(look.glyphs).repeat(usize::from(area.width));
        buf.set_string(area.x, area.y, sign, rule);
        ink::below(area, 1)
    };
    if !app.library.told.is_empty() {
        return told(app, inner, buf);
    }
    let Some(row) = app.library.chosen_row() else { return };
    let glance = app.library.glance.as_ref().filter(|glance| glance.session == row.id);
    let lines = match beside {
        true => whole(app, row, glance, inner),
        false => short(app, row, glance, inner),
    };
    ink::lines(&lines, inner, buf);
}

/// Everything, for a column.
fn whole(app: &App, row: &Row, glance: Option<&Glance>, area: Rect) -> Vec<Line<'static>> {
    let width = usize::from(area.width);
    let mut lines = title(app, row, width, 3);
    lines.push(Line::default());
    lines.extend(stands(app, row, width));
    for (name, what) in facts(app, row) {
        lines.extend(named(app, name, &what, width, 3));
    }
    let Some(glance) = glance else { return lines };
    // The end of what was said matters most, and what waits more than that.
    for (call, tool, args) in &glance.waits {
        lines.push(Line::default());
        lines.push(heading(app, &format!("{call} waits: {}", one_line(tool)), Role::Wait));
        lines.extend(body(app, args, width, TEXT_LINES));
    }
    for (name, text) in [("Task", &glance.task), ("Last words", &glance.said), ("End", &glance.end)] {
        if !text.trim().is_empty() {
            lines.push(Line::default());
            lines.push(heading(app, name, Role::Muted));
            lines.extend(body(app, text, width, TEXT_LINES));
        }
    }
    lines
}

/// The most important, for a few rows.
fn short(app: &App, row: &Row, glance: Option<&Glance>, area: Rect) -> Vec<Line<'static>> {
    let width = usize::from(area.width);
    let mut lines = title(app, row, width, 1);
    lines.extend(stands(app, row, width));
    let waits = glance.and_then(|glance| glance.waits.first());
    if let Some((call, tool, args)) = waits {
        let what = format!("{call} {} {}", one_line(tool), in_a_line(args));
        lines.extend(named(app, "waits", &what, width, 1));
    }
    if let Some(glance) = glance.filter(|glance| !glance.said.is_empty()) {
        lines.extend(named(app, "said", &in_a_line(&glance.said), width, 1));
    }
    for (name, what) in facts(app, row) {
        lines.extend(named(app, name, &what, width, 1));
    }
    lines
}

/// A text in one line: however many blanks and ends of lines stand together, they are one.
fn in_a_line(text: &str) -> String {
    one_line(&text.split_whitespace().collect::<Vec<_>>().join(" "))
}

fn title(app: &App, row: &Row, width: usize, lines: usize) -> Vec<Line<'static>> {
    let title = if row.title.trim().is_empty() { row.id.as_str() } else { &row.title };
    prose(title, app.look.style(Role::Title), width, lines).0
}

/// Where it stands, and what to do where nobody drives it.
fn stands(app: &App, row: &Row, width: usize) -> Vec<Line<'static>> {
    let stands = app.library.listed.standing(row);
    let (_, role) = sessions::standing(stands);
    let words = match stands {
        Standing::NotStarted => "not started: open it, c lets it go on".to_string(),
        Standing::Interrupted => "interrupted: nobody drives it; open it, c goes on".to_string(),
        Standing::Status(status) if row.waiting() > 0 => {
            format!("{}, {} for you", one_line(status), if row.waiting() == 1 { "waits" } else { "wait" })
        }
        Standing::Status(status) => one_line(status),
    };
    let since = format!(" · {} ago", age(app.now.ms_since(row.updated)));
    named_spans(app, "status", vec![(words, role), (since, Role::Muted)], width)
}

/// What its row tells.
fn facts(app: &App, row: &Row) -> Vec<(&'static str, String)> {
    let so_far = format!(
        "{}, {}, {}, {} tokens in, {} out, {}",
        count(u64::from(row.runs), "task"),
        count(row.steps, "step"),
        count(row.calls, "call"),
        few(row.usage.input),
        few(row.usage.output),
        row.cost().short().unwrap_or_else(|| "cost unknown".to_string())
    );
    let begun = row.opened.rfc3339().get(..16).unwrap_or_default().replace('T', " ");
    let lasted = duration(row.updated.ms_since(row.opened));
    let mut facts = vec![
        ("so far", so_far),
        ("session", format!("{}, {} with {}", row.id, one_line(&row.agent), one_line(&row.model))),
        ("folder", one_line(&row.workspace)),
        ("time", format!("begun {begun} UTC, last event after {lasted}")),
    ];
    if let Some(parent) = &row.parent {
        facts.insert(1, ("forked", format!("from {} at {}", parent.session, parent.at)));
    }
    let forks: Vec<String> = app.library.forks(&row.id).map(|fork| fork.id.to_string()).collect();
    if !forks.is_empty() {
        facts.push(("forks", forks.join(", ")));
    }
    let mut marks: Vec<String> = row.marks.tags.iter().map(|tag| format!("#{}", one_line(tag))).collect();
    marks.extend(row.marks.pinned.then(|| "pinned".to_string()));
    marks.extend(row.marks.archived.map(|_| "archived".to_string()));
    marks.extend(row.marks.deleted.map(|_| "in the bin".to_string()));
    if !marks.is_empty() {
        facts.insert(1, ("marks", marks.join(" ")));
    }
    facts
}

fn heading(app: &App, words: &str, role: Role) -> Line<'static> {
    Line::from(Span::styled(words.to_string(), app.look.style(role)))
}

/// A text; where it is longer than its lines, that is said.
fn body(app: &App, text: &str, width: usize, most: usize) -> Vec<Line<'static>> {
    let (mut lines, left_out) = prose(text, app.look.style(Role::Text), width, most);
    if left_out > 0 {
        lines.push(heading(app, &format!("… {}", count(left_out as u64, "more line")), Role::Muted));
    }
    lines
}

fn named(app: &App, name: &str, what: &str, width: usize, most: usize) -> Vec<Line<'static>> {
    let style = app.look.style(Role::Text);
    let room = width.saturating_sub(NAMES).max(8);
    let (lines, left_out) = prose(what, style, room, most);
    let last = lines.len().saturating_sub(1);
    let mut named = Vec::with_capacity(lines.len());
    for (at, line) in lines.into_iter().enumerate() {
        let name = if at == 0 { name } else { "" };
        let mut spans = vec![Span::styled(format!("{name:<NAMES$}"), app.look.style(Role::Muted))];
        spans.extend(line.spans);
        if at == last && left_out > 0 {
            spans.push(Span::styled("…", style));
            spans = crate::ui::paper::leaf::fit(spans, width);
        }
        named.push(Line::from(spans));
    }
    named
}

fn named_spans(app: &App, name: &str, parts: Vec<(String, Role)>, width: usize) -> Vec<Line<'static>> {
    let mut spans = vec![Span::styled(format!("{name:<NAMES$}"), app.look.style(Role::Muted))];
    spans.extend(parts.into_iter().map(|(words, role)| Span::styled(words, app.look.style(role))));
    vec![Line::from(crate::ui::paper::leaf::fit(spans, width))]
}

/// What came of deeds, one by one.
pub fn told(app: &App, area: Rect, buf: &mut Buffer) {
    let look = &app.look;
    let (width, room) = (usize::from(area.width), usize::from(area.height));
    let done = &app.library.told;
    // What was not done comes first: it is why one reads this.
    let failed = done.iter().filter(|one| !one.came.holds());
    let all: Vec<&Done> = failed.chain(done.iter().filter(|one| one.came.holds())).collect();
    let shown = if all.len() > room { room.saturating_sub(1) } else { all.len() };
    let mut lines: Vec<Line<'static>> = Vec::with_capacity(shown + 1);
    for one in all.iter().take(shown) {
        let (glyph, role, words) = match &one.came {
            Came::Done => (Glyph::Done, Role::Ok, one.deed.done().to_string()),
            Came::Before(words) => (Glyph::Done, Role::Muted, format!("is {words} already")),
            Came::Written(path) => (Glyph::Done, Role::Ok, one_line(path)),
            Came::Failed(why) => {
                (Glyph::Failed, Role::Fault, format!("not {}: {}", one.deed.done(), one_line(why)))
            }
        };
        let title = app.library.titles.get(&one.session);
        let title = title.map(|title| format!("  {}", one_line(title))).unwrap_or_default();
        let spans = vec![
            Span::styled(format!("{} ", glyph.text(look.glyphs)), look.style(role)),
            Span::styled(format!("{}  ", one.session), look.style(Role::Muted)),
            Span::styled(words, look.style(role)),
            Span::styled(title, look.style(Role::Muted)),
        ];
        lines.push(Line::from(crate::ui::paper::leaf::fit(spans, width)));
    }
    if all.len() > shown {
        lines.push(heading(app, &format!("… and {} more", all.len() - shown), Role::Muted));
    }
    ink::lines(&lines, area, buf);
}
