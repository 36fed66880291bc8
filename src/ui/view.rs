//! The screen: `draw` writes the cells of what `prepare` laid out, `cursor` says where text goes.
//!
//! From 140 columns on (`Room::Wide`), with a call held:
//!
//! ```text
//!  ● running  title                                     step 3/100  14k tok  1m02s
//! ┌ 1 Conversation ─────────────────────────┐┌ 2 Timeline ─────────────────────────┐
//! │                                         ││                                     │
//! │                                         │└─────────────────────────────────────┘
//! │                                         │┌ 3 Calls ────────────────────────────┐
//! └─────────────────────────────────────────┘└─────────────────────────────────────┘
//! ┌ 4 Your decision, c7 waits 12s ──────────────────────────────────────────────────┐
//! │ call      c7  write_file                                                       │
//! │ read to the end to approve (12 more lines)                                     │
//! └─────────────────────────────────────────────────────────────────────────────────┘
//! ┌ To the agent ───────────────────────────────────────────────────────────────────┐
//! └─────────────────────────────────────────────────────────────────────────────────┘
//!  y approve  e edit  n reject  …                         Ctrl-P actions  ? help
//! ```
//!
//! From 100 columns on (`Room::Normal`) the right column shows one of two panes under a line of tabs:
//!
//! ```text
//! ┌ 1 Conversation ──────────────┐ 2 Timeline  3 Calls
//! │                              │┌───────────────────┐
//! └──────────────────────────────┘└───────────────────┘
//! ```
//!
//! Narrower, down to 40×12 (`Room::Narrow`), one pane takes the body under a line of tabs; the decision panel takes it
//! while it has the keys. Still smaller there is a sentence:
//!
//! ```text
//!  ◆ held  title          step 3/100
//!  1 Conversation  2 Timeline  3 Calls  4 Decision
//! ┌ Conversation ───────────────────────┐
//! │                                     │
//! └─────────────────────────────────────┘
//! ┌ To the agent ───────────────────────┐
//! └─────────────────────────────────────┘
//!  i write  4 decide  ? help
//! ```
//!
//! The inbox takes the place of the workbench: its list left, the chosen hold in the decision panel right; narrower, one
//! of the two at a time.
//!
//! A replay has no text for the agent and one line more: where in the session it is. Help, palette, themes, sessions,
//! two of them compared, an event and the argument editor lie over the body. Read aloud (`ACCESSIBLE=1`) there are no boxes: titles are lines.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::Span;
use ratatui::widgets::{Block, BorderType, Clear, Widget};

use crate::domain::text;
use crate::ui::app::App;
use crate::ui::edit::TextBox;
use crate::ui::layout::{Place, Room, tab_width};
use crate::ui::mode::{Focus, Pane};
use crate::ui::panes::{
    approval, batch, breaks, calls, compare, composer, conversation, editor, footer, help, inbox, inspect,
    keeping, leases, palette, playback, sessions, status, trace,
};
use crate::ui::parts::Overlay;
use crate::ui::theme::Role;
use crate::ui::widgets::scroll::Scroll;

/// Writes every cell of the screen.
pub fn draw(app: &App, buf: &mut Buffer) {
    let layout = &app.layout;
    let screen = layout.screen.intersection(buf.area);
    buf.set_style(screen, app.look.theme.style(Role::Text));
    if layout.room == Room::TooSmall {
        return too_small(app, screen, buf);
    }
    status::draw(app, layout.status, buf);
    if let Some(bar) = layout.tabs {
        tabs(app, bar, buf);
    }
    for (pane, place) in &layout.panes {
        frame(app, &pane_title(app, *pane), *place, app.focused_pane() == Some(*pane), buf);
        draw_pane(app, *pane, place.inner, buf);
        scroll_bar(app, *pane, *place, buf);
    }
    if let Some(place) = layout.composer {
        let focused = app.focus == Focus::Composer && app.over.is_empty() && app.question.is_none();
        frame(app, &composer::title(app), place, focused, buf);
        composer::draw(app, place.inner, buf);
    }
    if let Some(bar) = layout.replay {
        playback::draw(app, bar, buf);
    }
    overlay(app, buf);
    footer::draw(app, layout.footer, buf);
}

fn draw_pane(app: &App, pane: Pane, area: Rect, buf: &mut Buffer) {
    match pane {
        Pane::Conversation => conversation::draw(app, area, buf),
        Pane::Trace => trace::draw(app, area, buf),
        Pane::Calls => calls::draw(app, area, buf),
        Pane::Approval => approval::draw(app, area, buf),
        Pane::Inbox => inbox::draw(app, area, buf),
    }
}

/// The title of a pane, with its key.
fn pane_title(app: &App, pane: Pane) -> String {
    let key = Pane::ALL.iter().position(|one| *one == pane).map_or(0, |at| at + 1);
    let title = match pane {
        Pane::Approval => approval::title(app),
        Pane::Inbox => inbox::title(app),
        Pane::Conversation | Pane::Trace | Pane::Calls => pane.title().to_string(),
    };
    if app.playback.is_some() || app.inbox.is_some() { title } else { format!("{key} {title}") }
}

/// A border with a title; read aloud, the title alone.
fn frame(app: &App, title: &str, place: Place, focused: bool, buf: &mut Buffer) {
    let theme = &app.look.theme;
    let width = usize::from(place.outer.width.saturating_sub(4));
    let title = text::truncate(&text::clean(title), width);
    if app.look.accessible {
        let words = if focused { format!("{title} (has the keys)") } else { title };
        let line = Rect { height: 1.min(place.outer.height), ..place.outer };
        return Span::styled(words, theme.style(Role::Title)).render(line, buf);
    }
    let (border, kind) = match focused {
        true => (Role::BorderFocused, BorderType::Thick),
        false => (Role::Border, BorderType::Plain),
    };
    let role = if focused { Role::Title } else { Role::Muted };
    Block::bordered()
        .border_type(kind)
        .border_style(theme.style(border))
        .title(Span::styled(format!(" {title} "), theme.style(role)))
        .render(place.outer, buf);
}

fn scroll_bar(app: &App, pane: Pane, place: Place, buf: &mut Buffer) {
    if app.look.accessible {
        return;
    }
    let (scroll, total) = match pane {
        Pane::Conversation => talk_scroll(app),
        Pane::Trace => (app.windows.trace.scroll, app.windows.trace.total),
        Pane::Calls => (app.windows.calls.scroll, app.windows.calls.total),
        Pane::Approval => (app.panel.scroll, app.panel.lines.len()),
        Pane::Inbox => return,
    };
    let style = app.look.theme.style(Role::Muted);
    scroll.bar(buf, place.outer, total, style);
}

/// In a replay the bar goes by guessed heights: it must not tell by which way the position was reached.
fn talk_scroll(app: &App) -> (Scroll, usize) {
    let window = &app.windows.talk;
    if app.playback.is_none() {
        return (window.scroll, window.total);
    }
    let guessed = app.paper.guessed().max(1);
    let mut scroll = window.scroll;
    scroll.offset = match scroll.follow {
        true => guessed,
        false => scroll.offset.saturating_mul(guessed) / window.total.max(1),
    };
    (scroll, guessed)
}

/// ` 1 Conversation  2 Timeline …`: the shown one stands out, in brackets too.
fn tabs(app: &App, bar: Rect, buf: &mut Buffer) {
    let theme = &app.look.theme;
    let mut x = bar.x;
    for pane in app.layout.tab_names() {
        let shown = app.layout.pane(*pane).is_some();
        let waits = *pane == Pane::Approval && app.hold_count() > 0;
        let key = Pane::ALL.iter().position(|one| one == pane).map_or(0, |at| at + 1);
        let words = match shown {
            _ if app.inbox.is_some() && shown => format!("[{}]", pane.title()),
            _ if app.inbox.is_some() => format!(" {} ", pane.title()),
            true => format!("[{key} {}]", pane.title()),
            false => format!(" {key} {}{}", pane.title(), if waits { "!" } else { " " }),
        };
        let role = match (shown, waits) {
            (true, _) => Role::Accent,
            (false, true) => Role::Wait,
            (false, false) => Role::Muted,
        };
        let place = Rect { x, width: tab_width(*pane), ..bar }.intersection(bar);
        Span::styled(words, theme.style(role)).render(place, buf);
        x = x.saturating_add(tab_width(*pane));
    }
}

/// What lies over the body.
fn overlay(app: &App, buf: &mut Buffer) {
    let Some(overlay) = app.over.top() else { return };
    let place = app.layout.overlay;
    Clear.render(place.outer, buf);
    buf.set_style(place.outer, app.look.theme.style(Role::Text));
    let title = match overlay {
        Overlay::Help => "Keys".to_string(),
        Overlay::Palette(_) => "Actions".to_string(),
        Overlay::Themes { .. } => "Themes".to_string(),
        Overlay::Sessions => sessions::title(app),
        Overlay::Fork(dialog) => palette::fork_title(&dialog.point),
        Overlay::Editor(editor) if editor.fork.is_some() => {
            format!("Fork with other arguments for {} {}", editor.call, editor.tool)
        }
        Overlay::Compare(asked) => format!("{} and {} compared", asked.left, asked.right),
        Overlay::Inspect(asked) => inspect::title(asked),
        Overlay::Editor(editor) => {
            let what = if editor.difference { "what you changed" } else { "arguments" };
            format!("Edit {} {}: {what}", editor.call, editor.tool)
        }
        Overlay::Breaks(list) if list.until => "Run until".to_string(),
        Overlay::Breaks(_) => "Breakpoints".to_string(),
        Overlay::Lease(page) => format!("A lease for {} {}", page.call.id, page.call.tool),
        Overlay::Leases(_) => "Leases".to_string(),
        Overlay::Batch(page) => batch::title(page),
        Overlay::Keeping(_) => "How long sessions are kept".to_string(),
    };
    frame(app, &title, place, true, buf);
    match overlay {
        Overlay::Help => help::draw(app, place.inner, buf),
        Overlay::Palette(chooser) => palette::draw(app, chooser, place.inner, buf),
        Overlay::Themes { chooser, .. } => palette::draw_themes(app, chooser, place.inner, buf),
        Overlay::Sessions => sessions::draw(app, place.inner, buf),
        Overlay::Fork(dialog) => palette::draw_fork(app, dialog, place.inner, buf),
        Overlay::Compare(asked) => compare::draw(app, asked, place.inner, buf),
        Overlay::Inspect(asked) => {
            inspect::draw(app, asked, place.inner, buf);
            if !app.look.accessible {
                let style = app.look.theme.style(Role::Muted);
                asked.scroll.bar(buf, place.outer, asked.sheet.lines.len(), style);
            }
        }
        Overlay::Editor(text) => editor::draw(app, text, place.inner, buf),
        Overlay::Breaks(list) => breaks::draw(app, list, place.inner, buf),
        Overlay::Lease(page) => leases::draw(app, page, place.inner, buf),
        Overlay::Leases(chosen) => leases::list(app, *chosen, place.inner, buf),
        Overlay::Batch(page) => batch::draw(app, page, place.inner, buf),
        Overlay::Keeping(page) => keeping::draw(app, page, place.inner, buf),
    }
}

fn too_small(app: &App, screen: Rect, buf: &mut Buffer) {
    let (columns, rows) = crate::ui::layout::SMALLEST;
    let held = app.hold_count();
    let waits = if held > 0 { format!(" {held} waiting for you.") } else { String::new() };
    let words = format!("This terminal is too small: {columns}x{rows} is needed.{waits} Ctrl-C twice quits.");
    for (row, range) in (screen.y..screen.bottom()).zip(text::wrap(&words, usize::from(screen.width))) {
        let line = words.get(range).unwrap_or_default();
        Span::raw(line).render(Rect { y: row, height: 1, ..screen }, buf);
    }
}

/// Where text goes in a line that is typed into: behind its sign.
pub(in crate::ui) fn filter_cursor(filter: &TextBox, area: Rect) -> (u16, u16) {
    let (_, column) = filter.in_view(usize::from(area.width.saturating_sub(2)));
    let x = area.x.saturating_add(2).saturating_add(u16::try_from(column).unwrap_or(u16::MAX));
    (x.min(area.right().saturating_sub(1)), area.y)
}

/// Where the hardware cursor stands: where text goes, or nowhere.
pub fn cursor(app: &App) -> Option<(u16, u16)> {
    let layout = &app.layout;
    let inner = layout.overlay.inner;
    match app.over.top() {
        Some(Overlay::Editor(text)) => return editor::cursor(text, &app.look.theme, inner),
        Some(Overlay::Palette(chooser) | Overlay::Themes { chooser, .. }) => {
            return Some(filter_cursor(&chooser.filter, inner));
        }
        Some(Overlay::Fork(dialog)) => return Some(filter_cursor(&dialog.chooser.filter, inner)),
        Some(Overlay::Sessions) => return sessions::cursor(app, inner),
        Some(Overlay::Breaks(list)) => return Some(filter_cursor(&list.input, inner)),
        Some(Overlay::Inspect(asked)) => {
            return asked.typing.as_ref().map(|typing| filter_cursor(typing, inner));
        }
        Some(Overlay::Batch(page)) => return batch::cursor(app, page, inner),
        Some(Overlay::Keeping(page)) => return keeping::cursor(page, inner),
        Some(Overlay::Lease(page)) => return Some(leases::cursor(app, page, inner)),
        Some(Overlay::Compare(_) | Overlay::Leases(_) | Overlay::Help) => return None,
        None => {}
    }
    match &app.question {
        Some(question) if question.ask.call().is_some() => {
            return approval::cursor(app, layout.pane(Pane::Approval)?.inner);
        }
        Some(_) => return footer::cursor(app, layout.footer),
        None => {}
    }
    match app.focus {
        Focus::Composer => Some(composer::cursor(app, layout.composer?.inner)),
        Focus::Pane(_) => None,
    }
}

/// The terminal's title: the session, and how many calls wait.
pub fn title(app: &App) -> String {
    let what = app.session().map(|session| text::first_line(&session.title, 60)).unwrap_or_default();
    let name = if what.is_empty() { "tackroom".to_string() } else { format!("{what} - tackroom") };
    match app.inbox.as_ref().map_or(app.hold_count(), |inbox| inbox.holds.len()) {
        0 => name,
        holds => format!("({holds}) {name}"),
    }
}
