//! One line at the bottom: what just passed, a question outside of the panel, or the keys that count now.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::domain::text;
use crate::ui::action::{Action, Tray};
use crate::ui::app::{App, GUARD_MS};
use crate::ui::can;
use crate::ui::key::Key;
use crate::ui::mode::Context;
use crate::ui::panes::approval;
use crate::ui::parts::{Question, Toast};
use crate::ui::theme::Role;
use crate::ui::update_decide::writing_guard_ms;
use crate::ui::widgets::meter;

/// Narrower lines name the help alone of what counts everywhere, unless there is room for more.
const COLUMNS_FOR_TAIL: u16 = 100;
/// Columns that a question has at least, however narrow the line.
const ASKED_MIN: usize = 16;
/// Columns that stand beside what is typed there: blanks and the cursor's place.
const TYPED_BESIDE: usize = 5;

/// Draws the line.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    match (asked(app), app.toasts.back()) {
        (Some(question), _) => ask(app, question, area.width).0.render(area, buf),
        (None, Some(toast)) => passing(app, toast, area.width).render(area, buf),
        (None, None) => keys(app, area.width).render(area, buf),
    }
}

/// Where the hardware cursor stands while a question is answered here.
pub fn cursor(app: &App, area: Rect) -> Option<(u16, u16)> {
    let (_, column) = ask(app, asked(app)?, area.width);
    Some((area.x.saturating_add(column).min(area.right().saturating_sub(1)), area.y))
}

/// A question that is not about a call.
fn asked(app: &App) -> Option<&Question> {
    app.question.as_ref().filter(|question| question.ask.call().is_none() && app.over.is_empty())
}

fn ask(app: &App, question: &Question, width: u16) -> (Line<'static>, u16) {
    // What is typed has half of the line where it needs so much.
    let label = text::clean(&approval::words(&question.ask)).replace('\n', " ");
    let half = (usize::from(width) / 2).max(ASKED_MIN);
    let left = usize::from(width).saturating_sub(question.text.columns() + TYPED_BESIDE);
    let label = format!(" {} ", text::truncate(&label, half.max(left)));
    let room = usize::from(width).saturating_sub(text::width(&label));
    let laid = question.text.lay(room);
    let row = laid.rows.get(laid.cursor.0).map(|(_, row)| row.clone()).unwrap_or_default();
    let column = u16::try_from(text::width(&label) + laid.cursor.1).unwrap_or(u16::MAX);
    let theme = &app.look.theme;
    let spans =
        vec![Span::styled(label, theme.style(Role::Wait)), Span::styled(row, theme.style(Role::Text))];
    (Line::from(spans), column)
}

fn passing(app: &App, toast: &Toast, width: u16) -> Line<'static> {
    let theme = &app.look.theme;
    let (sign, role) = if toast.fault { ("! ", Role::Fault) } else { ("", Role::Wait) };
    let mut words = format!(" {sign}{}", text::clean(&toast.text).replace('\n', " "));
    if !toast.hint.is_empty() {
        words = format!("{words} ({})", text::clean(&toast.hint).replace('\n', " "));
    }
    Line::from(Span::styled(text::truncate(&words, usize::from(width)), theme.style(role)))
}

/// A key of the line.
struct Entry {
    key: String,
    label: &'static str,
    /// Whether it leads back to where one came from.
    leaves: bool,
}

impl Entry {
    fn columns(&self) -> usize {
        text::width(&self.key) + self.label.len() + 3
    }
}

/// The labelled keys of the contexts of the moment, as many as fit; always the way back and the help, and what else
/// counts everywhere where there is room for it.
fn keys(app: &App, width: u16) -> Line<'static> {
    let theme = &app.look.theme;
    if let Some(prefix) = app.prefix {
        return continued(app, prefix);
    }
    if let Some(ms) = writing_guard_ms(app) {
        let style = theme.style(Role::Wait);
        let mark = meter::filling(GUARD_MS.saturating_sub(ms), GUARD_MS, app.look.glyphs, style);
        return Line::from(vec![
            Span::raw(" "),
            mark,
            Span::styled(" it has just come up; keys count in a moment", style),
        ]);
    }
    let mut shown: Vec<Entry> = Vec::new();
    let (mut tail, mut spare): (Vec<Entry>, Vec<Entry>) = (Vec::new(), Vec::new());
    let contexts = can::contexts(app);
    let writes = contexts.first().is_some_and(|context| context.is_text());
    for context in contexts {
        for entry in app.keys.of(context) {
            let key = if writes { entry.key_in_text() } else { entry.key() };
            let row = entry.binding;
            let taken = shown.iter().any(|one| one.label == row.label);
            let counts = can::can(app, row.action) && !can::wants_reading(app, row.action);
            if !row.label.is_empty() && !key.is_empty() && !taken && counts {
                let leaves = matches!(row.action, Action::Close | Action::Inbox(Tray::Close | Tray::List));
                let entry = Entry { key, label: row.label, leaves };
                match context == Context::Global {
                    false => shown.push(entry),
                    true if width >= COLUMNS_FOR_TAIL || row.action == Action::Help => tail.push(entry),
                    true => spare.push(entry),
                }
            }
        }
    }
    let room = usize::from(width).saturating_sub(1 + tail.iter().map(Entry::columns).sum::<usize>());
    let mut back = shown.iter().find(|one| one.leaves).map_or(0, Entry::columns);
    let mut room = room.saturating_sub(back);
    let wanted = shown.len();
    shown.retain(|one| {
        if one.leaves {
            room += std::mem::take(&mut back); // it was kept for this
        }
        let fits = one.columns() <= room;
        room -= if fits { one.columns() } else { 0 };
        fits
    });
    // What is left goes to what counts everywhere only where nothing was left out.
    let all = shown.len() == wanted;
    spare.retain(|one| {
        let fits = all && one.columns() <= room;
        room -= if fits { one.columns() } else { 0 };
        fits
    });
    let mut spans = vec![Span::raw(" ")];
    for Entry { key, label, .. } in shown.into_iter().chain(tail).chain(spare) {
        spans.push(Span::styled(key, theme.style(Role::Accent)));
        spans.push(Span::styled(format!(" {label}  "), theme.style(Role::Muted)));
    }
    Line::from(spans)
}

/// What may follow the first of two keys.
fn continued(app: &App, prefix: Key) -> Line<'static> {
    let theme = &app.look.theme;
    let mut spans = vec![Span::styled(format!(" {prefix} … "), theme.style(Role::Accent))];
    for context in can::contexts(app) {
        for entry in app.keys.of(context) {
            for chord in
                entry.chords.iter().filter(|chord| chord.len() == 2 && chord.first() == Some(&prefix))
            {
                let second = chord.last().map(ToString::to_string).unwrap_or_default();
                spans.push(Span::styled(second, theme.style(Role::Accent)));
                let words = entry.binding.name.replace('-', " ");
                spans.push(Span::styled(format!(" {words}  "), theme.style(Role::Muted)));
            }
        }
    }
    Line::from(spans)
}
