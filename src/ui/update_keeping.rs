//! The retention rules are changed: typed, weighed, and kept once it was seen what they would let go.

use crate::domain::command::Command;
use crate::domain::retention::{Due, Rules};
use crate::domain::text::plural;
use crate::ui::action::Move;
use crate::ui::app::{App, TWICE_MS};
use crate::ui::keeping::Keeping;
use crate::ui::mode::Twice;
use crate::ui::parts::Overlay;
use crate::ui::update::{Effect, fault, toast};

/// Opens the page on the rules in force.
pub fn open(app: &mut App) {
    let (archived, deleted) = app.library.kept_days;
    let page = Keeping::of(Rules::of_days(archived, deleted));
    app.over.lay(Overlay::Keeping(Box::new(page)));
}

/// To the other line.
pub fn moved(app: &mut App, step: Move) {
    let Some(Overlay::Keeping(page)) = app.over.top_mut() else { return };
    let chosen = match step {
        Move::Down | Move::HalfDown | Move::PageDown | Move::Bottom | Move::Right => 1,
        Move::Up | Move::HalfUp | Move::PageUp | Move::Top | Move::Left => 0,
    };
    page.anew |= page.chosen != chosen;
    page.chosen = chosen;
}

/// The line that is not typed into is.
pub fn other(app: &mut App) {
    if let Some(Overlay::Keeping(page)) = app.over.top_mut() {
        (page.chosen, page.anew) = (1 - page.chosen.min(1), true);
    }
}

/// Asks what the rules that are typed would let go.
pub fn follow(app: &mut App, effects: &mut Vec<Effect>) {
    let Some(page) = page(app) else { return };
    let Ok(rules) = page.rules() else { return };
    if page.asked != Some(rules) {
        (page.asked, page.due) = (Some(rules), None);
        effects.push(Effect::Send(Command::Weigh(rules)));
    }
}

fn page(app: &mut App) -> Option<&mut Keeping> {
    app.over
        .iter_mut()
        .find_map(|over| if let Overlay::Keeping(page) = over { Some(&mut **page) } else { None })
}

/// What rules would let go is known, or why it is not.
pub fn weighed(app: &mut App, rules: Rules, due: Result<Due, (String, String)>) {
    if let Some(page) = page(app).filter(|page| page.asked == Some(rules)) {
        page.due = Some(due);
    }
}

/// Enter: what is typed is kept. Where sessions would go, that is asked first, with their numbers.
pub fn keep(app: &mut App, effects: &mut Vec<Effect>) {
    let (now, again) = (app.now, app.twice.take_if(|(asked, _)| *asked == Twice::Keep).is_some());
    let Some(Overlay::Keeping(page)) = app.over.top_mut() else { return };
    let rules = match page.rules() {
        Ok(rules) => rules,
        Err(bad) => return toast(app, &format!("Not yet: {bad}."), "a number of days, or never"),
    };
    if page.sent.is_some() {
        return; // it is being kept
    }
    if rules == page.before {
        return toast(app, "The rules are as they were.", "type other days, or Esc goes back");
    }
    let words = match page.due.as_ref().filter(|_| page.asked == Some(rules)) {
        None => return toast(app, "It is still being counted what they would let go.", ""),
        Some(Ok(due)) if *due == Due::default() => None,
        Some(Ok(due)) => Some(would(due)),
        Some(Err(_)) => Some("let go nobody can tell how many sessions".to_string()),
    };
    if let Some(words) = words.filter(|_| !again) {
        app.twice = Some((Twice::Keep, now.plus_ms(TWICE_MS)));
        return toast(app, &format!("Enter again: they would {words}."), "at the next start");
    }
    page.sent = Some(rules);
    effects.push(Effect::Send(Command::Keep(rules)));
}

/// What rules would do, behind "would".
pub fn would(due: &Due) -> String {
    let (binned, purged) = (plural(due.binned, "session"), plural(due.purged, "session"));
    match (due.binned, due.purged) {
        (0, 0) => "let nothing go".to_string(),
        (_, 0) => format!("put {binned} into the bin"),
        (0, _) => format!("remove {purged} for good"),
        (..) => format!("put {binned} into the bin and remove {purged} for good"),
    }
}

/// The rules are kept, or not.
pub fn kept(app: &mut App, rules: Rules, place: Result<String, (String, String)>) {
    let at =
        app.over.iter().position(|over| matches!(over, Overlay::Keeping(page) if page.sent == Some(rules)));
    match place {
        Ok(place) => {
            app.library.kept_days = rules.days();
            if let Some(at) = at {
                app.clear_from(at);
            }
            toast(
                app,
                &format!("Kept in {place}; they hold from the next start on."),
                "`sessions purge --expired` goes by them now",
            );
        }
        Err(why) => match page(app).filter(|page| page.sent == Some(rules)) {
            Some(page) => (page.sent, page.failed) = (None, Some(why)),
            None => fault(app, &why.0, &why.1),
        },
    }
}
