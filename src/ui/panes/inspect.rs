//! An event looked at closely: what it belongs to, section by section, or the stored events themselves.
//!
//! ```text
//! ┏ #14 CallApproved: call c2 write_file ━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┓
//! ┃▸Arguments                                                                  ┃
//! ┃  proposed by the model                                                     ┃
//! ┃    {"path": "notes.md"}                                                    ┃
//! ┃ Verdict                                                                    ┃
//! ┗━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━━┛
//! ```

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;

use crate::ui::app::App;
use crate::ui::glyph::GlyphSet;
use crate::ui::inspecting::Inspecting;
use crate::ui::panes::ink;
use crate::ui::paper::leaf::prose;
use crate::ui::theme::Role;

/// The title of the overlay.
pub fn title(asked: &Inspecting) -> String {
    let raw = if asked.raw { ", as stored" } else { "" };
    match &asked.page {
        Some(page) if asked.is_there() => format!("{}{raw}", page.name()),
        Some(_) | None => format!("{} …", asked.subject.no),
    }
}

/// Where the page goes: below the line that is typed in, if one is.
pub fn body(asked: &Inspecting, area: Rect) -> Rect {
    ink::below(area, u16::from(asked.typing.is_some()))
}

/// Draws the lines in view.
pub fn draw(app: &App, asked: &Inspecting, area: Rect, buf: &mut Buffer) {
    if let Some(typing) = &asked.typing {
        let words = format!("/ {}", typing.text());
        buf.set_stringn(area.x, area.y, words, usize::from(area.width), app.look.style(Role::Accent));
    }
    let body = body(asked, area);
    if let Some((sentence, hint)) = asked.fault.as_ref().filter(|_| !asked.is_there()) {
        let lines =
            |text: &str, role| prose(text, app.look.style(role), usize::from(body.width), usize::MAX).0;
        let lines = [lines(sentence, Role::Fault), lines(hint, Role::Muted)].concat();
        return ink::lines(&lines, body, buf);
    }
    if asked.page.is_none() {
        let words = "Reading the session…";
        buf.set_stringn(body.x, body.y, words, usize::from(body.width), app.look.style(Role::Muted));
        return;
    }
    let shown = asked.scroll.visible_range(asked.sheet.lines.len(), usize::from(body.height));
    let chosen = asked.sheet.starts.get(asked.section).copied();
    for (line, row) in shown.zip(body.rows()) {
        let Some(text) = asked.sheet.lines.get(line) else { break };
        buf.set_line(row.x, row.y, text, row.width);
        if chosen == Some(line) {
            let style = app.look.style(Role::Accent).add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
            buf.set_style(row, style);
            let sign = if app.look.glyphs == GlyphSet::Signs { "▸" } else { ">" };
            buf.set_stringn(row.x, row.y, sign, 1, style);
        }
        ink::marked(app, &asked.words, row, buf);
    }
}
