//! The page of a batch: each marked hold with its decision and what it touches, then what became of it.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::text::{Line, Span};
use ratatui::widgets::Widget;

use crate::domain::inbox::Answered;
use crate::domain::text::plural;
use crate::domain::waits::Waits;
use crate::ui::action::{Action, Move, Tray};
use crate::ui::app::{App, GUARD_MS};
use crate::ui::inbox::{Batch, Entry, Fate};
use crate::ui::mode::Context;
use crate::ui::panes::approval_text::Sheet;
use crate::ui::panes::{inbox, ink};
use crate::ui::paper::leaf::count;
use crate::ui::parts::Overlay;
use crate::ui::theme::Role;
use crate::ui::update_batch::guard_ms;
use crate::ui::update_decide::WORD;
use crate::ui::widgets::meter;

/// The page's title.
pub fn title(page: &Batch) -> String {
    match (page.sent, page.waits()) {
        (false, _) => format!("Send {}", count(page.ready() as u64, "decision")),
        (true, true) => "Sent; waiting for what became of it".to_string(),
        (true, false) => "What became of it".to_string(),
    }
}

/// Where the text of the page stands: above the state line, and the line for the word.
pub fn text_area(app: &App, area: Rect) -> Rect {
    let Some(Overlay::Batch(page)) = app.over.top() else { return area };
    Rect { height: area.height.saturating_sub(1 + u16::from(page.asks())), ..area }
}

/// The lines of the page: every one of them is to be read before it is sent.
pub fn lines(app: &App, page: &Batch, width: u16) -> Vec<Line<'static>> {
    let mut sheet = Sheet::new(&app.look, width);
    for (at, entry) in page.entries.iter().enumerate() {
        if at > 0 {
            sheet.lines.push(Line::default());
        }
        told(&mut sheet, entry);
    }
    sheet.lines
}

fn told(sheet: &mut Sheet<'_>, entry: &Entry) {
    let held = &entry.held;
    let call = held.id.call.map(|call| call.to_string()).unwrap_or_default();
    let (word, role) = match (&entry.fate, &entry.mark.word) {
        (Fate::Ready | Fate::Sent | Fate::Told(_), Some(word)) => (word.name(), Role::Title),
        (Fate::Ready | Fate::Sent | Fate::Told(_) | Fate::Unread | Fate::Changed | Fate::Gone, _) => {
            ("not sent", Role::Muted)
        }
    };
    sheet.field(word, &format!("{} {call}  ({})", held.tool, inbox::kind(held.waits)), role);
    sheet.field("session", &format!("{}  {}", held.id.session, held.title), Role::Text);
    for (at, touch) in held.touches.iter().enumerate() {
        sheet.field(if at == 0 { "touches" } else { "" }, touch, Role::Text);
    }
    if held.more > 0 {
        sheet.field("", &format!("and {} more, as you read", held.more), Role::Muted);
    }
    if entry.mark.destroys {
        sheet.field("", "can destroy what was there", Role::Risk);
    }
    if let Some(text) = entry.mark.word.as_ref().map(|word| word.text()).filter(|text| !text.is_empty()) {
        sheet.field("reason", text, Role::Text);
    }
    let (text, role) = fate(entry);
    if !text.is_empty() {
        sheet.field("result", &text, role);
    }
}

fn fate(entry: &Entry) -> (String, Role) {
    match &entry.fate {
        Fate::Ready => (String::new(), Role::Text),
        Fate::Unread if entry.held.waits == Waits::Approval => ("it is not read yet".to_string(), Role::Wait),
        Fate::Unread => ("nothing was said about it yet".to_string(), Role::Wait),
        Fate::Changed => ("it changed since it was read: read it again".to_string(), Role::Wait),
        Fate::Gone => ("it does not wait any more".to_string(), Role::Muted),
        Fate::Sent => ("on its way".to_string(), Role::Muted),
        Fate::Told(result) => {
            let role = match result {
                Answered::Done => Role::Ok,
                Answered::Refused(_) => Role::Wait,
                Answered::Failed(_) => Role::Fault,
            };
            (result.words(), role)
        }
    }
}

/// Draws the page.
pub fn draw(app: &App, page: &Batch, area: Rect, buf: &mut Buffer) {
    let text = text_area(app, area);
    let visible = page.scroll.visible_range(page.lines.len(), usize::from(text.height));
    ink::lines(page.lines.get(visible).unwrap_or_default(), text, buf);
    let mut row = Rect { y: text.bottom(), height: 1, ..area }.intersection(area);
    state(app, page).render(row, buf);
    if page.asks() {
        row = Rect { y: row.bottom(), ..row }.intersection(area);
        let typed = Span::styled(format!("> {}", page.input.text()), app.look.style(Role::Text));
        typed.render(row, buf);
    }
}

/// Where the word is typed.
pub fn cursor(app: &App, page: &Batch, area: Rect) -> Option<(u16, u16)> {
    if !page.asks() {
        return None;
    }
    let (_, column) = page.input.lay(usize::from(area.width).saturating_sub(2)).cursor;
    let x = area.x.saturating_add(2).saturating_add(u16::try_from(column).unwrap_or(0));
    Some((x.min(area.right().saturating_sub(1)), text_area(app, area).bottom() + 1))
}

/// What can be pressed, or why nothing can yet.
fn state(app: &App, page: &Batch) -> Line<'static> {
    let say = |role: Role, text: String| Line::from(Span::styled(text, app.look.style(role)));
    let enter = app.keys.key_of(Context::Batch, Action::Inbox(Tray::Send));
    let (guard, unseen) = (guard_ms(app, page), page.unseen());
    if page.sent {
        let close = app.keys.key_of(Context::BatchSent, Action::Close);
        return say(Role::Muted, format!("{close} closes."));
    }
    if unseen > 0 {
        let down = app.keys.key_of(Context::Batch, Action::Move(Move::Down));
        let half = app.keys.key_of(Context::Batch, Action::Move(Move::HalfDown));
        return say(Role::Wait, format!("read to the end ({} more): {down}  {half}", plural(unseen, "line")));
    }
    if guard > 0 {
        let style = app.look.style(Role::Wait);
        let mark = meter::filling(GUARD_MS - guard, GUARD_MS, app.look.glyphs, style);
        return Line::from(vec![mark, Span::styled(" keys count in a moment", style)]);
    }
    match (page.ready(), page.destroys()) {
        (0, _) => say(Role::Wait, "None of these can be sent.".to_string()),
        (_, true) => say(Role::Risk, format!("Type \"{WORD}\", then {enter}: something here can destroy.")),
        (ready, false) => say(Role::Accent, format!("{enter} sends {}.", count(ready as u64, "decision"))),
    }
}
