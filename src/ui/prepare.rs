//! Lays out what the next frame shows, and notes what it will have shown. Drawing then only reads.

use std::sync::Arc;

use crate::ui::app::App;
use crate::ui::layout::{lay, panel_columns};
use crate::ui::mode::Pane;
use crate::ui::panes::{approval, approval_text, batch, calls, editor, help, ink, trace};
use crate::ui::paper::Told;
use crate::ui::parts::{Overlay, Window};
use crate::ui::{update_compare, update_inspect};

/// Lays out what the next frame shows and notes what it will have shown. Call it right before `draw`.
pub fn prepare(app: &mut App) {
    prepare_panel(app);
    app.layout = lay(&app.shape());
    prepare_windows(app);
    if let Some(place) = app.layout.pane(Pane::Approval) {
        let rows = usize::from(approval::text_rows(app, place.inner));
        let total = app.panel.lines.len();
        app.panel.height = rows;
        app.panel.scroll.clamp(total, rows);
        if app.over.is_empty() && rows > 0 {
            app.panel.scroll.saw(total, rows);
        }
    }
}

/// Lays the panel's text out where its content, its width or the theme changed. Another width is another content: its
/// lines are others, so nothing of it was seen.
fn prepare_panel(app: &mut App) {
    if app.panel.shown.is_none() {
        return;
    }
    let width = panel_columns(&app.shape());
    let same_width = app.panel.width == width;
    if same_width && app.panel.theme == app.look.theme.name() {
        return;
    }
    app.panel.lines = Arc::new(approval_text::text(app, width));
    if !same_width {
        if app.panel.width > 0 {
            app.panel.changed_at = app.now;
        }
        app.panel.scroll.forget();
    }
    app.panel.width = width;
    app.panel.theme = app.look.theme.name().to_string();
}

/// Puts the panes' windows on their content.
fn prepare_windows(app: &mut App) {
    let now = ink::clock(app);
    let inner = |pane: Pane| app.layout.pane(pane).map(|place| place.inner);
    let (talk, rows, list) = (inner(Pane::Conversation), inner(Pane::Trace), inner(Pane::Calls));
    if let (Some(area), Some(watched)) = (talk, &app.watched) {
        let window = &mut app.windows.talk;
        window.height = usize::from(area.height);
        let wanted = window.chosen.filter(|_| std::mem::take(&mut window.reveal));
        let told = Told { watched, drafts: &app.drafts, folds: &app.folds, look: &app.look, now };
        let mut lay = |window: &mut _| {
            app.paper.lay(&told, window, area.width);
            app.paper.total()
        };
        lay(window);
        if let Some(item) = wanted {
            let lines = app.paper.lines_of(item);
            let (total, height) = (app.paper.total(), window.height);
            window.scroll.show(
                (lines.end.max(1) - 1).min(lines.start + height.saturating_sub(1)),
                total,
                height,
            );
            window.scroll.show(lines.start, total, height);
            app.paper.lay(&told, window, area.width);
        }
    }
    if let Some(area) = rows {
        let total = trace::rows(app);
        let window = &mut app.windows.trace;
        resize(window, total, trace::body(area).height);
        match window.chosen.filter(|_| std::mem::take(&mut window.reveal)) {
            Some(row) => window.scroll.show(row, total, window.height),
            None => window.scroll.clamp(total, window.height),
        }
    }
    if let (Some(area), Some(watched)) = (list, &app.watched) {
        app.calls.lay(watched, &app.folds, &app.look, calls::unfolded_width(area), now);
        let window = &mut app.windows.calls;
        let total = app.calls.total();
        resize(window, total, area.height);
        match window.chosen.filter(|_| std::mem::take(&mut window.reveal)) {
            Some(call) => window.scroll.show(app.calls.lines_of(call).start, total, window.height),
            None => window.scroll.clamp(total, window.height),
        }
    }
    update_compare::prepare(app);
    if let Some(Overlay::Editor(text)) = app.over.top_mut() {
        editor::prepare(text, app.layout.overlay.inner);
    }
    update_inspect::prepare(app);
    prepare_batch(app);
    if let Some(Overlay::Help) = app.over.top() {
        let area = app.layout.overlay.inner;
        let total = help::rows(app, area.width);
        let window = &mut app.windows.help;
        (window.total, window.height) = (total, usize::from(area.height));
        window.scroll.clamp(total, window.height);
    }
}

/// Lays the page of a batch out where its content, its width or the theme changed, and notes what it shows.
fn prepare_batch(app: &mut App) {
    let area = batch::text_area(app, app.layout.overlay.inner);
    let Some(Overlay::Batch(page)) = app.over.top() else { return };
    let as_of = Some((area.width, app.look.theme.name().to_string()));
    let lines = (page.laid != as_of).then(|| Arc::new(batch::lines(app, page, area.width)));
    let now = app.now;
    let Some(Overlay::Batch(page)) = app.over.top_mut() else { return };
    if let Some(lines) = lines {
        if page.laid.as_ref().is_some_and(|(width, _)| *width != area.width) {
            page.scroll.forget();
            page.changed_at = now;
        }
        (page.lines, page.laid) = (lines, as_of);
    }
    page.height = usize::from(area.height);
    page.scroll.clamp(page.lines.len(), page.height);
    page.scroll.saw(page.lines.len(), page.height);
}

/// Another height: what was chosen stays in view.
fn resize(window: &mut Window, total: usize, height: u16) {
    let height = usize::from(height);
    window.reveal |= window.height != height && window.chosen.is_some();
    (window.total, window.height) = (total, height);
}
