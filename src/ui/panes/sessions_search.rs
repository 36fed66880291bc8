//! What was found in all sessions: where, when, and the words around it with what was looked for marked.

use ratatui::buffer::Buffer;
use ratatui::layout::Rect;
use ratatui::style::Modifier;
use ratatui::text::{Line, Span};

use crate::domain::search::{Hit, wanted};
use crate::domain::time::age;
use crate::ui::app::App;
use crate::ui::library::HITS_MAX;
use crate::ui::panes::{ink, palette};
use crate::ui::paper::leaf::{fit, one_line, prose, spread};
use crate::ui::theme::Role;

/// Rows of a hit: where it is, and what it says.
const HIT_ROWS: u16 = 2;

/// Draws what is typed, how far the store can be searched, and the hits around the chosen one.
pub fn draw(app: &App, area: Rect, buf: &mut Buffer) {
    let (texts, look) = (&app.library.texts, &app.look);
    let hint = "words, \"a phrase\", begin*";
    let (room, tally) = room(app, area);
    palette::line(app, "", &texts.words, hint, room, buf);
    palette::rule(app, area, buf);
    ink::right(&tally, look.style(Role::Muted), area, area.y, buf);
    let (hits, waits, whole) = (texts.found.hits.len(), waits(app), texts.found.progress.whole());
    let body = ink::below(area, 2);
    if hits == 0 {
        let sentence = match (texts.words.text().trim().is_empty(), wanted(&texts.words.text()).is_empty()) {
            (true, _) => "Messages, arguments and outputs of all sessions are searched as you type.",
            (false, true) => "There is no letter and no digit in what is looked for.",
            (false, false) if waits => "Searching …",
            (false, false) if !whole => "Nothing was found in what is searched so far.",
            (false, false) => "Nothing was found. A star at the end of a word is any ending.",
        };
        let lines = |text: &str, role| prose(text, look.style(role), usize::from(body.width), 4).0;
        let lines = match &texts.failed {
            Some((sentence, hint)) => [lines(sentence, Role::Fault), lines(hint, Role::Muted)].concat(),
            None => lines(sentence, Role::Muted),
        };
        return ink::lines(&lines, body, buf);
    }
    let fitting = usize::from(body.height / HIT_ROWS).max(1);
    let from = ink::first_shown(texts.chosen, hits, fitting);
    for (at, hit) in texts.found.hits.iter().enumerate().skip(from).take(fitting) {
        let row = u16::try_from(at - from).unwrap_or(u16::MAX).saturating_mul(HIT_ROWS);
        let place = ink::below(body, row);
        let place = Rect { height: HIT_ROWS.min(place.height), ..place };
        draw_hit(app, hit, place, at == texts.chosen, buf);
    }
}

/// Whether what is asked for is still being looked for.
fn waits(app: &App) -> bool {
    let (asked, texts) = (app.library.search(), &app.library.texts);
    asked.is_some() && asked != texts.of
}

/// The room for what is typed, and what stands beside it: how many were found, as far as there is room to say it.
pub fn room(app: &App, area: Rect) -> (Rect, String) {
    let texts = &app.library.texts;
    let order = if texts.rank { "best first" } else { "newest first" };
    let more = if texts.found.hits.len() >= HITS_MAX { "+" } else { "" };
    let (waits, progress) = (waits(app), texts.found.progress);
    let searched = match app.library.search() {
        Some(_) if !waits && !progress.whole() => format!(", {} % searched so far", progress.percent()),
        Some(_) | None => String::new(),
    };
    let found = match (&texts.failed, waits) {
        (Some(_), _) => "not searched".to_string(),
        (None, true) => "searching".to_string(),
        (None, false) => format!("{}{more} found", texts.found.hits.len()),
    };
    for tally in [format!(" {found}, {order}{searched} "), format!(" {found} ")] {
        let room = palette::beside(area, &tally);
        if room != area {
            return (room, tally);
        }
    }
    (area, String::new())
}

fn draw_hit(app: &App, hit: &Hit, area: Rect, chosen: bool, buf: &mut Buffer) {
    let look = &app.look;
    let muted = look.style(Role::Muted);
    let title = if hit.title.trim().is_empty() { hit.session.to_string() } else { one_line(&hit.title) };
    let put_away = if hit.archived { "  archived" } else { "" };
    let here = if chosen { look.sign("", "> ") } else { "" };
    let left = vec![
        Span::styled(here, look.style(Role::Accent)),
        Span::styled(title, look.style(Role::Text)),
        Span::styled(put_away, muted),
    ];
    let when = age(app.now.ms_since(hit.at));
    let kind = if area.width >= 60 { format!("  {}", words_of(&hit.kind)) } else { String::new() };
    let right = vec![Span::styled(format!("{kind}  {} {when:>4}", hit.event), muted)];
    let lines = [
        spread(left, right, usize::from(area.width)),
        Line::from(fit(snippet(app, hit), usize::from(area.width))),
    ];
    ink::lines(&lines, area, buf);
    if chosen {
        ink::choose(app, Rect { height: 1.min(area.height), ..area }, buf);
    }
}

/// What kind of event it is, in words.
fn words_of(kind: &str) -> &str {
    match kind {
        "SessionOpened" | "SessionRenamed" => "title",
        "RunStarted" | "RunImported" => "task",
        "ModelReplied" => "model",
        "CheckAsked" => "check",
        "ContextCompacted" => "summary",
        "OperatorSaid" | "OperatorSteered" => "you",
        "CallEnded" | "CallRecorded" => "output",
        other => other, // said as it is stored
    }
}

/// The words around what was found, with that marked.
fn snippet(app: &App, hit: &Hit) -> Vec<Span<'static>> {
    let look = &app.look;
    let plain = look.style(Role::Muted);
    let found = look.style(Role::Accent).add_modifier(Modifier::BOLD | Modifier::UNDERLINED);
    let (open, shut) = (look.sign("", "["), look.sign("", "]"));
    let part = |from: usize, to: usize| one_line(hit.snippet.get(from..to).unwrap_or_default());
    let (mut spans, mut at) = (vec![Span::raw("  ")], 0);
    for mark in &hit.marks {
        spans.push(Span::styled(part(at, mark.start), plain));
        spans.push(Span::styled(format!("{open}{}{shut}", part(mark.start, mark.end)), found));
        at = mark.end;
    }
    spans.push(Span::styled(part(at, hit.snippet.len()), plain));
    spans
}
