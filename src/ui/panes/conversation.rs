//! What was said and what is being said, as `App::paper` has laid it out.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;

use crate::ui::app::App;
use crate::ui::glyph::Glyph;
use crate::ui::mode::Pane;
use crate::ui::panes::{ink, welcome};
use crate::ui::paper::leaf::MARGIN;
use crate::ui::theme::Role;

/// Draws the lines in view; where no session is watched, what a first-time user needs.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    if app.watched.is_none() {
        return welcome::draw(app, area, buf);
    }
    let window = &app.windows.talk;
    let focused = app.focused_pane() == Some(Pane::Conversation);
    let mut marked = false;
    for (line, row) in (window.scroll.offset..).zip(area.rows()) {
        let Some(sight) = app.paper.leaf(line) else { continue };
        if let Some(mark) = sight.mark {
            buf.set_span(row.x, row.y, mark, row.width.min(MARGIN));
        }
        let text = ink::inset(row, MARGIN);
        buf.set_line(text.x, text.y, sight.line, text.width);
        let is_blank = sight.mark.is_none() && sight.line.spans.is_empty();
        let is_chosen = sight.item.is_some() && sight.item == window.chosen;
        if focused && is_chosen && !is_blank && !marked {
            marked = true;
            ink::choose(app, row, buf);
        }
        ink::hits(app, Pane::Conversation, row, buf);
    }
    let cut = app.watched.as_ref().map_or(0, |watched| watched.talk.items().gone());
    if cut > 0 && window.scroll.offset == 0 {
        let sign = Glyph::Omitted.text(app.look.glyphs);
        let text = format!(" {sign} {cut} earlier entries: go back in the replay to see them ");
        ink::right(&text, app.look.style(Role::Accent), area, area.y, buf);
    }
    let below = window.total.saturating_sub(window.scroll.offset + usize::from(area.height));
    if below > 0 && !window.scroll.follow {
        let text = format!(" {} {below} more below, G follows ", Glyph::Omitted.text(app.look.glyphs));
        ink::right(&text, app.look.style(Role::Accent), area, area.bottom().saturating_sub(1), buf);
    }
}
