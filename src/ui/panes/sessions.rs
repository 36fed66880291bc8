//! The sessions screen: tabs with counts, what is typed, the rows, and a look at the chosen one beside or below them.
//!
//! ```text
//! ┌ Sessions ──────────────────────────────────────────────────────────────────┐
//! │[1 All 812]  2 Needs you 3   3 Running 1   4 Done 790   5 Failed 18  …       │
//! │› report tag:release                                         3 of 812, 1 marked│
//! │─────────────────────────────────────────────────────────────────────────────│
//! │● Write the report            running      12 steps  41.2k   5m │ look        │
//! └─────────────────────────────────────────────────────────────────────────────┘
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;

use crate::domain::amount::few;
use crate::domain::library::Standing;
use crate::domain::listing::Tab;
use crate::domain::tally::Row;
use crate::domain::text;
use crate::domain::time::age;
use crate::ui::app::App;
use crate::ui::edit::TextBox;
use crate::ui::glyph::Glyph;
use crate::ui::library::Typing;
use crate::ui::panes::{ink, palette, sessions_look, sessions_search};
use crate::ui::paper::leaf::{MARGIN, count, one_line, spread};
use crate::ui::theme::Role;
use crate::ui::view::filter_cursor;

/// Lower areas show no look at the chosen session below the rows.
const ROWS_FOR_LOOK: u16 = 14;
/// Rows of the look below the rows.
const LOOK_ROWS: u16 = 7;
/// Narrower areas show no look beside the rows.
const COLUMNS_FOR_LOOK: u16 = 110;

/// Narrower rows show no steps and tokens; with a look beside them, which shows them too, they must be wider for that.
const COLUMNS_FOR_NUMBERS: u16 = 66;
const COLUMNS_FOR_BOTH: u16 = 90;
/// Narrower rows with numbers show no cost.
const COLUMNS_FOR_COST: u16 = 96;
/// Narrower lines do not say what is being named or tagged.
const COLUMNS_FOR_NAMES: u16 = 60;

/// The title of the screen.
pub fn title(app: &App) -> String {
    match app.library.typing {
        Typing::Search => "Search in all sessions".to_string(),
        Typing::Nothing | Typing::Filter | Typing::Rename | Typing::Tags | Typing::Export => {
            "Sessions".to_string()
        }
    }
}

/// Where the hardware cursor stands.
pub fn cursor(app: &App, area: Rect) -> Option<(u16, u16)> {
    let library = &app.library;
    let line = ink::below(area, 1);
    match library.typing {
        Typing::Nothing | Typing::Export => None,
        Typing::Filter => {
            Some(filter_cursor(&library.filter, palette::beside(line, &tally(app, line.width).0)))
        }
        Typing::Search => Some(filter_cursor(&library.texts.words, sessions_search::room(app, area).0)),
        Typing::Rename | Typing::Tags => {
            let label = ink::columns(&label(app, area.width));
            Some(filter_cursor(&library.input, ink::inset(line, label)))
        }
    }
}

/// Draws the screen.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    if app.library.typing == Typing::Search {
        return sessions_search::draw(app, area, buf);
    }
    tabs(app, Rect { height: 1.min(area.height), ..area }, buf);
    typed(app, ink::below(area, 1), buf);
    let body = ink::below(area, 3);
    let (rows, look) = split(app, body);
    match look {
        Some(look) => {
            list(app, rows, buf);
            sessions_look::draw(app, look, look.width < area.width, buf);
        }
        None if app.library.told.is_empty() => list(app, rows, buf),
        None => sessions_look::told(app, body, buf),
    }
}

/// The rows, and the look at the chosen one where there is room for it.
fn split(app: &App, body: Rect) -> (Rect, Option<Rect>) {
    if app.library.chosen_row().is_none() {
        return (body, None);
    }
    if body.width >= COLUMNS_FOR_LOOK && !app.look.accessible {
        let wide = body.width * 2 / 5;
        let look = Rect { x: body.right() - wide, width: wide, ..body };
        return (Rect { width: body.width - wide, ..body }, Some(look));
    }
    if body.height >= ROWS_FOR_LOOK {
        let rows = Rect { height: body.height - LOOK_ROWS, ..body };
        return (rows, Some(Rect { y: rows.bottom(), height: LOOK_ROWS, ..body }));
    }
    (body, None)
}

/// The tabs with their keys and counts, as many as fit; the shown one stands out, in brackets too.
fn tabs(app: &App, line: Rect, buf: &mut Buffer) {
    let (library, look) = (&app.library, &app.look);
    // With whole names, with short ones, or with numbers alone, as there is room.
    let words = |tab: Tab, size: u8| {
        let (key, many) = (tab.number() + 1, library.listed.counts.of(tab));
        let name = match size {
            0 => format!("{key} {} {many}", tab.title()),
            1 => format!("{key} {} {many}", short(tab)),
            _ if tab == library.tab => format!("{} {many}", short(tab)),
            _ => format!("{key}:{many}"), // no room for more
        };
        if tab == library.tab { format!("[{name}]") } else { format!(" {name} ") }
    };
    let fits = |size: &u8| {
        let wide: usize = Tab::ALL.iter().map(|tab| text::width(&words(*tab, *size))).sum();
        wide <= usize::from(line.width)
    };
    let size = (0..2).find(fits).unwrap_or(2);
    let mut at = line;
    for tab in Tab::ALL {
        let waits = tab == Tab::NeedsYou && library.listed.counts.of(tab) > 0;
        let role = match (tab == library.tab, waits) {
            (true, _) => Role::Accent,
            (false, true) => Role::Wait,
            (false, false) => Role::Muted,
        };
        let words = words(tab, size);
        buf.set_stringn(at.x, at.y, &words, usize::from(at.width), look.style(role));
        at = ink::inset(at, ink::columns(&words));
    }
}

/// A tab's name where there is little room.
fn short(tab: Tab) -> &'static str {
    match tab {
        Tab::All => "All",
        Tab::NeedsYou => "You",
        Tab::Running => "Run",
        Tab::Done => "Done",
        Tab::Failed => "Fail",
        Tab::Archived => "Arch",
        Tab::Bin => "Bin",
    }
}

/// What is asked for in the line that is typed into, and of which sessions; as much of it as there is room for.
fn label(app: &App, width: u16) -> String {
    let library = &app.library;
    let names = one_line(&library.bound_names);
    let (short, before) = match library.typing {
        Typing::Rename => ("Title", "Title of"),
        Typing::Tags => ("Tag", "Tag"),
        Typing::Export => ("Export", "Export"),
        Typing::Nothing | Typing::Filter | Typing::Search => return String::new(),
    };
    if width < COLUMNS_FOR_NAMES {
        return format!("{short}: ");
    }
    let room = usize::from(width) / 2 - before.len() - 3;
    format!("{before} {}: ", text::truncate(&names, room))
}

/// The line that is typed into, how many there are, and a rule.
fn typed(app: &App, area: Rect, buf: &mut Buffer) {
    let (library, look) = (&app.library, &app.look);
    let label = label(app, area.width);
    let hint = match (library.typing, library.tab) {
        (Typing::Rename, _) => "",
        (Typing::Tags, _) => "words; -word takes away",
        (Typing::Export, _) => "j jsonl (exact)  m md  h html  a atif",
        (Typing::Filter, _) if area.width < 70 => "words, tool:… tag:… after:7d",
        (Typing::Filter, _) => {
            "words, status:failed tool:… tag:… agent:… folder:… after:7d tokens:>10k cost:>0.10"
        }
        (_, Tab::Archived) if library.kept_days.0 > 0 => "what is here long enough goes into the bin",
        (_, Tab::Bin) if library.kept_days.1 > 0 => "what is here long enough is removed for good",
        (Typing::Nothing | Typing::Search, _) => "/ filters, s searches in what was said and done",
    };
    let (none, (tally, role)) = (TextBox::default(), tally(app, area.width));
    let typed = match library.typing {
        Typing::Rename | Typing::Tags => &library.input,
        Typing::Export => &none,
        Typing::Nothing | Typing::Filter | Typing::Search => &library.filter,
    };
    let room = palette::beside(area, &tally);
    palette::line(app, &label, typed, hint, room, buf);
    palette::rule(app, area, buf);
    if room != area {
        ink::right(&tally, look.style(role), area, area.y, buf);
    }
}

/// What stands beside the filter: what is wrong with it, or where in the list one is; nothing beside other texts.
fn tally(app: &App, width: u16) -> (String, Role) {
    let library = &app.library;
    match library.typing {
        Typing::Rename | Typing::Tags | Typing::Export => return (String::new(), Role::Muted),
        Typing::Nothing | Typing::Filter | Typing::Search => {}
    }
    if let Some(odd) = library.odd() {
        let room = usize::from(width) / 2;
        return (text::truncate(&format!(" {}", one_line(&odd)), room), Role::Fault);
    }
    let (total, marked) = (library.total(), library.marked.len());
    let place = if total == 0 { 0 } else { library.chosen + 1 };
    let loose = if library.listed.query.loose { "roughly " } else { "" };
    let marks = if marked > 0 { format!(", {marked} marked") } else { String::new() };
    let days = match library.tab {
        Tab::Archived if library.kept_days.0 > 0 => format!(", kept {} days", library.kept_days.0),
        Tab::Bin if library.kept_days.1 > 0 => format!(", kept {} days", library.kept_days.1),
        Tab::All | Tab::NeedsYou | Tab::Running | Tab::Done | Tab::Failed | Tab::Archived | Tab::Bin => {
            String::new()
        }
    };
    (format!(" {place} of {loose}{total}{marks}{days} "), Role::Muted)
}

/// The rows in view.
fn list(app: &App, body: Rect, buf: &mut Buffer) {
    let (library, look) = (&app.library, &app.look);
    let total = library.total();
    if total == 0 {
        let sentence = match (library.listed.query.limit, library.tab, library.filter.is_empty()) {
            (0, ..) => "Reading the list …",
            (_, Tab::All, true) => "No session is stored yet.",
            (.., true) => "No session is here.",
            (.., false) => "No session fits. Esc takes the filter away; s searches in what was said.",
        };
        let (lines, _) =
            crate::ui::paper::leaf::prose(sentence, look.style(Role::Muted), usize::from(body.width), 3);
        return ink::lines(&lines, body, buf);
    }
    let depths = library.depths();
    // A look beside the rows says some of what they do.
    let beside = library.chosen_row().is_some() && app.layout.overlay.inner.width >= COLUMNS_FOR_LOOK;
    let costs = library.listed.rows.iter().any(|row| row.cost().priced > 0);
    let from = ink::first_shown(library.chosen, total, usize::from(body.height));
    for (place, line) in (from..total).zip(body.rows()) {
        match library.row(place) {
            Some(row) => {
                let depth = place.checked_sub(library.listed.query.skip).and_then(|at| depths.get(at));
                draw_row(app, row, (depth.copied().unwrap_or(0), beside, costs), line, buf);
            }
            None => {
                buf.set_stringn(line.x, line.y, "  …", usize::from(line.width), look.style(Role::Muted));
            }
        }
        if place == library.chosen {
            if look.in_words() {
                buf.set_string(line.x, line.y, Glyph::Selected.text(look.glyphs), look.style(Role::Accent));
            }
            ink::choose(app, line, buf);
        }
    }
}

/// The sign and the role of where a session stands.
pub fn standing(standing: Standing<'_>) -> (Glyph, Role) {
    match standing {
        Standing::Interrupted => (Glyph::Unknown, Role::Wait),
        Standing::NotStarted => (Glyph::Paused, Role::Wait),
        Standing::Status(status) => match status {
            "running" => (Glyph::Running, Role::Accent),
            "held" => (Glyph::Held, Role::Wait),
            "paused" | "stepping" => (Glyph::Paused, Role::Wait),
            "done" => (Glyph::Done, Role::Ok),
            "failed" => (Glyph::Failed, Role::Fault),
            "cancelled" | "budget-stopped" => (Glyph::Cancelled, Role::Wait),
            _ => (Glyph::Bullet, Role::Muted), // idle, or a newer program's word
        },
    }
}

fn draw_row(app: &App, row: &Row, (depth, beside, costs): (usize, bool, bool), line: Rect, buf: &mut Buffer) {
    let (library, look) = (&app.library, &app.look);
    let stands = library.listed.standing(row);
    let (glyph, role) = standing(stands);
    if let Some(mark) = look.mark(glyph, role) {
        buf.set_span(line.x, line.y, &mark, line.width.min(MARGIN));
    }
    let inner = ink::inset(line, MARGIN);
    let muted = look.style(Role::Muted);
    let word = if row.waiting() == 0 { stands.word().to_string() } else { needs(row) };
    let title = if row.title.trim().is_empty() { row.id.to_string() } else { one_line(&row.title) };
    let mut left = vec![Span::styled(title, look.style(Role::Text))];
    if row.marks.pinned {
        left.insert(0, Span::styled(look.sign("* ", "pinned: "), look.style(Role::Accent)));
    }
    if depth > 0 || row.parent.is_some() {
        let sign = look.sign("└ ", "fork: "); // also where it does not stand beneath what it was forked from
        let branch = format!("{}{sign}", "  ".repeat(depth.clamp(1, 8) - 1));
        left.insert(0, Span::styled(branch, muted));
    }
    if library.marked.contains(&row.id) {
        let sign = format!("{} ", Glyph::Marked.text(look.glyphs));
        left.insert(0, Span::styled(sign, look.style(Role::Accent)));
    }
    for tag in &row.marks.tags {
        left.push(Span::styled(format!(" #{}", one_line(tag)), muted));
    }
    let word = one_line(&word);
    let room = " ".repeat(14_usize.saturating_sub(text::width(&word)));
    let mut right = vec![Span::raw(" "), Span::styled(word, look.style(role)), Span::raw(room)];
    if line.width >= if beside { COLUMNS_FOR_BOTH } else { COLUMNS_FOR_NUMBERS } {
        right.push(Span::styled(format!("{:>9}", count(row.steps, "step")), muted));
        right.push(Span::styled(format!("{:>8}", few(row.usage.input + row.usage.output)), muted));
        if costs && line.width >= COLUMNS_FOR_COST {
            let cost = row.cost().short().filter(|_| row.cost().priced > 0).unwrap_or_default();
            right.push(Span::styled(format!("{cost:>12}"), muted));
        }
    }
    right.push(Span::styled(format!("{:>5}", age(app.now.ms_since(row.updated))), muted));
    buf.set_line(inner.x, inner.y, &spread(left, right, usize::from(inner.width)), inner.width);
}

fn needs(row: &Row) -> String {
    match row.waiting() {
        1 => "waits for you".to_string(),
        more => format!("{more} wait for you"),
    }
}
