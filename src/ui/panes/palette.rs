//! Lists to choose from by typing: actions by name with their keys, and themes.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};

use crate::domain::sandbox::held_otherwise;
use crate::ui::app::App;
use crate::ui::edit::TextBox;
use crate::ui::forking::{ForkPoint, Twisting};
use crate::ui::glyph::Glyph;
use crate::ui::keymap::Entry;
use crate::ui::list;
use crate::ui::panes::ink;
use crate::ui::paper::leaf::{one_line, prose, spread};
use crate::ui::parts::{Chooser, ForkDialog};
use crate::ui::theme::Role;

/// Columns that what is typed has at least where something stands at the right edge of its line.
const TYPED_MIN: u16 = 20;

/// Draws the palette.
pub fn draw(app: &App, chooser: &Chooser, area: Rect, buf: &mut Buffer) {
    let look = &app.look;
    let row = |entry: &&Entry| {
        let name = entry.binding.name.replace('-', " ");
        let left = vec![
            Span::styled(format!("{name:<17} "), look.style(Role::Text)),
            Span::styled(entry.binding.help, look.style(Role::Muted)),
        ];
        let keys = entry.key();
        let right = vec![Span::styled(format!(" {keys}"), look.style(Role::Accent))];
        (left, right)
    };
    let rows: Vec<_> = list::actions(app).iter().map(row).collect();
    choose(app, chooser, rows, area, buf);
}

/// Draws the theme picker. The chosen theme is on trial: the whole screen shows it.
pub fn draw_themes(app: &App, chooser: &Chooser, area: Rect, buf: &mut Buffer) {
    let about = |name: &str| match name {
        "terminal" => "the terminal's own sixteen colours",
        "night" => "true colours on dark",
        "day" => "true colours on light",
        "contrast" => "the strongest contrast",
        "mono" => "no colours",
        _ => "your own", // a theme from the configuration
    };
    let row = |name: &&str| {
        (
            vec![Span::styled(format!("{name:<10}"), app.look.style(Role::Text))],
            vec![Span::styled(about(name), app.look.style(Role::Muted))],
        )
    };
    let rows: Vec<_> = list::themes(app).iter().map(row).collect();
    choose(app, chooser, rows, area, buf);
}

/// From where the fork is to be made.
pub fn fork_title(point: &ForkPoint) -> String {
    match point.at {
        Some(at) => format!("Fork {} at {at}", point.session),
        None => format!("Fork {} at its end", point.session),
    }
}

/// Draws what may be other in a fork. What cannot be seen here is said in its rows: where the files go, what asks again.
pub fn draw_fork(app: &App, dialog: &ForkDialog, area: Rect, buf: &mut Buffer) {
    let row = |(_, name, help): &(Twisting, String, String)| {
        (
            vec![
                Span::styled(format!("{:<26} ", one_line(name)), app.look.style(Role::Text)),
                Span::styled(help.clone(), app.look.style(Role::Muted)),
            ],
            Vec::new(),
        )
    };
    let rows: Vec<_> = list::twists(app).iter().map(row).collect();
    let original = app.session().filter(|session| session.id == dialog.point.session);
    let otherwise = original.and_then(|session| held_otherwise(&session.sandbox, &app.sandbox));
    let told = otherwise.map(|words| prose(&words, app.look.style(Role::Risk), usize::from(area.width), 2).0);
    let told = told.unwrap_or_default();
    let below = u16::try_from(told.len()).unwrap_or(0).min(area.height);
    choose(app, &dialog.chooser, rows, Rect { height: area.height - below, ..area }, buf);
    ink::lines(&told, ink::below(area, area.height - below), buf);
}

/// A row: what stands left, what stands right.
type Row = (Vec<Span<'static>>, Vec<Span<'static>>);

/// Draws what was typed, a rule, and the rows around the chosen one.
fn choose(app: &App, chooser: &Chooser, rows: Vec<Row>, area: Rect, buf: &mut Buffer) {
    let look = &app.look;
    filter(app, &chooser.filter, "type to find", area, buf);
    let body = ink::below(area, 2);
    if rows.is_empty() {
        buf.set_stringn(body.x, body.y, "Nothing fits.", usize::from(body.width), look.style(Role::Muted));
    }
    let chosen = chooser.chosen.min(rows.len().saturating_sub(1));
    let from = ink::first_shown(chosen, rows.len(), usize::from(body.height));
    for ((at, (left, right)), row) in rows.into_iter().enumerate().skip(from).zip(body.rows()) {
        let sign = if at == chosen { Glyph::Selected.text(look.glyphs) } else { " " };
        buf.set_string(row.x, row.y, sign, look.style(Role::Accent));
        let text = ink::inset(row, 2);
        let line: Line<'static> = spread(left, right, usize::from(text.width));
        buf.set_line(text.x, text.y, &line, text.width);
        if at == chosen {
            ink::choose(app, row, buf);
        }
    }
}

/// Draws the line that is typed into, and a rule below it.
pub fn filter(app: &App, typed: &TextBox, hint: &str, area: Rect, buf: &mut Buffer) {
    line(app, "", typed, hint, area, buf);
    rule(app, area, buf);
}

/// The room for what is typed beside a text at the right edge; all of the line where that text has none.
pub fn beside(area: Rect, right: &str) -> Rect {
    let width = area.width.saturating_sub(ink::columns(right));
    if width < TYPED_MIN { area } else { Rect { width, ..area } }
}

/// Draws a rule below the line that is typed into.
pub fn rule(app: &App, area: Rect, buf: &mut Buffer) {
    if area.height > 1 {
        let rule = Glyph::Rule.text(app.look.glyphs).repeat(usize::from(area.width));
        buf.set_stringn(area.x, area.y + 1, rule, usize::from(area.width), app.look.style(Role::Border));
    }
}

/// Draws a line that is typed into: as much of the text as has the cursor in view.
pub fn line(app: &App, label: &str, typed: &TextBox, hint: &str, area: Rect, buf: &mut Buffer) {
    let look = &app.look;
    let prompt = format!("{} ", Glyph::Selected.text(look.glyphs));
    buf.set_stringn(area.x, area.y, &prompt, usize::from(area.width), look.style(Role::Accent));
    let place = ink::inset(Rect { height: 1.min(area.height), ..area }, ink::columns(&prompt));
    buf.set_stringn(place.x, place.y, label, usize::from(place.width), look.style(Role::Text));
    let place = ink::inset(place, ink::columns(label));
    let width = usize::from(place.width);
    if typed.is_empty() {
        buf.set_stringn(place.x, place.y, hint, width, look.style(Role::Muted));
    } else {
        let shown = one_line(&typed.in_view(width).0);
        buf.set_stringn(place.x, place.y, shown, width, look.style(Role::Text));
    }
}
