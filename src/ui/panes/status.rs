//! One line on top: which session, how it stands, who drives it, what it cost so far.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::domain::amount::few;
use crate::domain::burn::Burn;
use crate::domain::context_due::is_near;
use crate::domain::held::NEAR_PERCENT;
use crate::domain::library::Standing;
use crate::domain::notice::Driver;
use crate::domain::run::Status;
use crate::domain::session::Session;
use crate::domain::tally::is_unstarted;
use crate::domain::text;
use crate::domain::time::duration;
use crate::ui::app::App;
use crate::ui::glyph::Glyph;
use crate::ui::panes::{inbox, ink};
use crate::ui::theme::Role;

/// Narrower screens show no cost.
const COST_COLS: u16 = 60;

/// Columns of the title that no meter takes.
const TITLE_COLS: usize = 8;

/// Draws the line: the left part is cut where the right part needs room.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let theme = &app.look.theme;
    if let Some(inbox) = &app.inbox {
        return Line::from(inbox::status(app, inbox)).render(area, buf);
    }
    let Some(session) = app.session() else {
        let model = if app.start.model.is_empty() {
            "no model".to_string()
        } else {
            text::clean(&app.start.model).into_owned()
        };
        let words = format!(" tackroom  new session  {model}  mode {}", app.start.mode.name());
        Span::styled(text::truncate(&words, usize::from(area.width)), theme.style(Role::Title))
            .render(area, buf);
        return;
    };
    let (glyph, role, word) = match standing(app, session) {
        Some(left) => (Glyph::Wait, Role::Wait, left.word()),
        None => (sign(session.status()).0, sign(session.status()).1, session.status().word()),
    };
    let mark = if app.look.accessible {
        word.to_string()
    } else {
        format!("{} {word}", glyph.text(app.look.glyphs))
    };
    let right = figures(app, session);
    let taken = text::width(&right) + text::width(&mark) + 5;
    let (meter, near) = meter(app, session, usize::from(area.width).saturating_sub(taken));
    let taken = taken + text::width(&meter);
    let (filled, full) = filled(session, usize::from(area.width).saturating_sub(taken));
    let room = usize::from(area.width).saturating_sub(taken + text::width(&filled));
    let title = if session.title.is_empty() { session.id.as_str() } else { &session.title };
    let left = vec![
        Span::styled(format!(" {mark}  "), theme.style(role)),
        Span::styled(text::truncate(&text::first_line(title, room), room), theme.style(Role::Title)),
    ];
    Line::from(left).render(area, buf);
    let width = u16::try_from(text::width(&right)).unwrap_or(area.width).min(area.width);
    let place = Rect { x: area.right() - width, width, ..area };
    Span::styled(right, theme.style(Role::Muted)).render(place, buf);
    let mut place = place;
    for (words, role) in [(meter, near), (filled, full)] {
        let wide = u16::try_from(text::width(&words)).unwrap_or(0).min(place.x.saturating_sub(area.x));
        place = Rect { x: place.x - wide, width: wide, ..area };
        Span::styled(words, theme.style(role)).render(place, buf);
    }
}

/// How much of the model's window the next request fills, and its role: near the mark at which the conversation is made shorter
/// it is told as what is waited for. Not at all where the title would have no room.
fn filled(session: &Session, room: usize) -> (String, Role) {
    let fill = session.fill();
    let Some(percent) = fill.percent().filter(|_| session.context.messages > 0) else {
        return (String::new(), Role::Muted);
    };
    let role = if is_near(&fill, session.compact_mark()) { Role::Wait } else { Role::Muted };
    let words = format!("context {percent}%");
    let fits = text::width(&words) + 2 + TITLE_COLS <= room;
    if fits { (format!("{words}  "), role) } else { (String::new(), role) }
}

/// What a session that should be at work is called where nobody drives it: the word of the list.
fn standing(app: &App, session: &Session) -> Option<Standing<'static>> {
    let left = app.playback.is_none() && app.driver == Driver::Nobody && session.status() == Status::Running;
    left.then(|| if is_unstarted(session) { Standing::NotStarted } else { Standing::Interrupted })
}

/// The limit that is nearest and its role: with how fast it comes nearer where there is room, and not at all where the title
/// would have none.
fn meter(app: &App, session: &Session, room: usize) -> (String, Role) {
    let now = if app.playback.is_some() { ink::clock(app) } else { app.now.max(session.updated_at) };
    let Some(burn) = Burn::of(session, now) else { return (String::new(), Role::Muted) };
    let role = match burn.percent() {
        0..NEAR_PERCENT => Role::Muted,
        NEAR_PERCENT.. => Role::Wait,
    };
    let long = session.live().map(|_| burn.long());
    let mut words = long.into_iter().chain([burn.short(), format!("budget {}%", burn.percent())]);
    let fits = |words: &String| text::width(words) + 2 + TITLE_COLS <= room;
    (words.find(fits).map(|words| format!("{words}  ")).unwrap_or_default(), role)
}

/// The sign and the role of a status.
pub fn sign(status: Status) -> (Glyph, Role) {
    match status {
        Status::Idle => (Glyph::Wait, Role::Muted),
        Status::Running => (Glyph::Running, Role::Accent),
        Status::Held => (Glyph::Held, Role::Wait),
        Status::Paused => (Glyph::Paused, Role::Wait),
        Status::Stepping => (Glyph::Paused, Role::Wait),
        Status::Done => (Glyph::Done, Role::Ok),
        Status::Failed => (Glyph::Failed, Role::Fault),
        Status::Cancelled => (Glyph::Cancelled, Role::Muted),
        Status::BudgetStopped => (Glyph::Failed, Role::Fault),
        Status::Unfinished => (Glyph::Unknown, Role::Muted),
    }
}

/// Driver, holds, steps, tokens and time; less of it on a narrow screen.
fn figures(app: &App, session: &Session) -> String {
    let mut parts = Vec::new();
    let holds = app.hold_count();
    if holds > 0 {
        parts.push(format!("{holds} waiting for you"));
    }
    match app.driver {
        _ if app.playback.is_some() => parts.push("replay".to_string()),
        Driver::Here => {}
        Driver::Elsewhere => parts.push("driven elsewhere".to_string()),
        Driver::Nobody if session.live().is_some() && standing(app, session).is_none() => {
            parts.push("nobody drives it".to_string())
        }
        Driver::Nobody => {}
    }
    if let Some(run) = &session.run {
        if area_is_wide(app) {
            parts.push(format!("mode {}", run.mode.name()));
            parts.push(text::truncate(&text::clean(&run.model), 24));
        }
        parts.push(format!("step {}/{}", run.steps, run.limits.steps));
        let end = app.now.max(session.updated_at);
        let end = if app.playback.is_some() { ink::clock(app).min(end) } else { end };
        if area_is_wide(app) || holds == 0 {
            let used = session.usage.input + session.usage.output;
            // What a fork was told before it was made, its parent paid for.
            let counts = used > 0 || session.parent.is_none();
            parts.extend(counts.then(|| format!("{} tok", few(used))));
            let has_cost = session.spent.priced > 0 && app.size.0 >= COST_COLS;
            let cost = session.spent.short().filter(|_| has_cost);
            parts.extend(cost);
            parts.extend(session.run_ms(end).map(|ms| duration(ms / 1000 * 1000)));
        }
    }
    parts.join("  ") + " "
}

fn area_is_wide(app: &App) -> bool {
    app.size.0 >= crate::ui::layout::NORMAL_COLS
}
