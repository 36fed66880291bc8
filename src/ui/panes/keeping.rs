//! The page of the retention rules: two lines to type days in, what they mean, and what they would let go now.
//!
//! ```text
//! › In the archive  30
//!   In the bin      never
//! ──────────────────────────────────────────────
//! Archived sessions go into the bin after 30 days. Those in the bin stay until you remove them.
//!
//! Now these rules would put 3 sessions into the bin.
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Line;

use crate::domain::retention::Rules;
use crate::domain::text::plural;
use crate::ui::app::App;
use crate::ui::edit::TextBox;
use crate::ui::glyph::Glyph;
use crate::ui::keeping::Keeping;
use crate::ui::panes::{ink, palette};
use crate::ui::paper::leaf::{one_line, prose};
use crate::ui::theme::Role;
use crate::ui::update_keeping::would;

/// What stands before the days; both are as wide.
const LABELS: [&str; 2] = ["In the archive  ", "In the bin      "];
/// Columns of the sign before a line.
const SIGN: u16 = 2;

/// Draws the page.
pub fn draw(app: &App, page: &Keeping, area: Rect, buf: &mut Buffer) {
    for (at, (label, typed)) in LABELS.iter().zip(&page.typed).enumerate() {
        let Some(row) = row(area, at) else { break };
        let look = &app.look;
        if at == page.chosen {
            buf.set_stringn(
                row.x,
                row.y,
                Glyph::Selected.text(look.glyphs),
                usize::from(row.width),
                look.style(Role::Accent),
            );
        }
        let place = ink::inset(row, SIGN);
        buf.set_stringn(place.x, place.y, label, usize::from(place.width), look.style(Role::Muted));
        let place = field(row, label);
        let width = usize::from(place.width);
        buf.set_stringn(place.x, place.y, one_line(&typed.in_view(width).0), width, look.style(Role::Text));
    }
    palette::rule(app, ink::below(area, 1), buf);
    let body = ink::below(area, 3);
    let width = usize::from(body.width).max(8);
    let mut lines: Vec<Line<'static>> = Vec::new();
    for (text, role) in told(page) {
        lines.extend(prose(&text, app.look.style(role), width, 8).0);
        lines.push(Line::default());
    }
    ink::lines(lines.iter(), body, buf);
}

/// Where the hardware cursor stands.
pub fn cursor(page: &Keeping, area: Rect) -> Option<(u16, u16)> {
    let typed: &TextBox = page.typed.get(page.chosen)?;
    let place = field(row(area, page.chosen)?, LABELS.get(page.chosen)?);
    let (_, column) = typed.in_view(usize::from(place.width));
    let x = place.x.saturating_add(u16::try_from(column).unwrap_or(u16::MAX));
    Some((x.min(area.right().saturating_sub(1)), place.y))
}

fn row(area: Rect, at: usize) -> Option<Rect> {
    area.rows().nth(at)
}

fn field(row: Rect, label: &str) -> Rect {
    ink::inset(row, SIGN + ink::columns(label))
}

/// What the rules mean and do; each a paragraph.
fn told(page: &Keeping) -> Vec<(String, Role)> {
    let rules = match page.rules() {
        Ok(rules) => rules,
        Err(bad) => return vec![(format!("Not yet: {bad}. (a number of days, or never)"), Role::Fault)],
    };
    let mut told = Vec::new();
    if let Some((sentence, hint)) = &page.failed {
        told.push((format!("{sentence} ({hint})"), Role::Fault));
    } else if page.sent.is_some() {
        told.push(("Keeping them …".to_string(), Role::Muted));
    }
    told.push((sentence(rules), Role::Text));
    let whose = if rules == page.before { "they" } else { "these rules" };
    told.push(match &page.due {
        None => ("Counting what they would let go now …".to_string(), Role::Muted),
        Some(Ok(due)) => {
            let role = if due.purged > 0 { Role::Risk } else { Role::Ok };
            (format!("Now {whose} would {}.", would(due)), role)
        }
        Some(Err((sentence, hint))) => (format!("{sentence} ({hint})"), Role::Fault),
    });
    let when = "What is pinned, waits for you or is at work is never touched. The rules are applied when a workbench starts, \
                and by `tackroom sessions purge --expired`.";
    told.push((when.to_string(), Role::Muted));
    told
}

fn sentence(rules: Rules) -> String {
    let archive = rules.archived_days.map_or_else(
        || "Archived sessions stay in the archive.".to_string(),
        |days| format!("Archived sessions go into the bin after {}.", plural(days, "day")),
    );
    let bin = rules.deleted_days.map_or_else(
        || "Those in the bin stay until you remove them.".to_string(),
        |days| format!("Those in the bin are removed for good after {}.", plural(days, "day")),
    );
    format!("{archive} {bin}")
}
