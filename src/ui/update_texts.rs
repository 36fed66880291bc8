//! Searching in what was said and done in all sessions, and opening a session where a hit is.

use crate::domain::command::Command;
use crate::domain::ids::{EventNo, SessionId};
use crate::domain::search::{Found, Search};
use crate::ui::app::App;
use crate::ui::edit::TextBox;
use crate::ui::key::Key;
use crate::ui::library::{Library, Texts};
use crate::ui::mode::{Focus, Pane};
use crate::ui::update::Effect;
use crate::ui::update_list;

/// The newest first, or the best.
pub fn reorder(app: &mut App) {
    let texts = &mut app.library.texts;
    texts.rank = !texts.rank;
    texts.chosen = 0;
}

/// A letter; the first one takes the place of the words of before.
pub fn typed(app: &mut App, key: Key) {
    let texts = &mut app.library.texts;
    if std::mem::take(&mut texts.anew) && key.text().is_some() {
        texts.words = TextBox::default();
    }
    texts.words.key(key);
    texts.chosen = 0;
}

/// A text that is pasted.
pub fn pasted(app: &mut App, line: &str) {
    let texts = &mut app.library.texts;
    if std::mem::take(&mut texts.anew) {
        texts.words = TextBox::default();
    }
    texts.words.insert(line);
    texts.chosen = 0;
}

/// Moves the choice among the hits.
pub fn shift(app: &mut App, by: isize) {
    let texts = &mut app.library.texts;
    texts.chosen = texts.chosen.saturating_add_signed(by).min(texts.found.hits.len().saturating_sub(1));
}

/// What could not be looked for is asked for anew.
pub fn retry(library: &mut Library) {
    if library.texts.failed.is_some() {
        library.texts.asked = None;
    }
}

/// Asks for what was typed, if that was not asked for yet.
pub fn follow(library: &mut Library, effects: &mut Vec<Effect>) {
    let Some(search) = library.search() else {
        if library.texts.words.text().trim().is_empty() {
            library.texts = Texts { words: std::mem::take(&mut library.texts.words), ..Texts::default() };
        }
        return;
    };
    if library.texts.asked.as_ref() != Some(&search) {
        (library.texts.asked, library.texts.failed) = (Some(search.clone()), None);
        effects.push(Effect::Send(Command::Search(search)));
    }
}

/// What was found, if it is what is asked for by now. Who looks at a hit stays with it when more is found.
pub fn found(app: &mut App, search: &Search, found: Found) {
    let texts = &mut app.library.texts;
    if texts.asked.as_ref() != Some(search) {
        return;
    }
    let looked = texts.found.hits.get(texts.chosen).filter(|_| texts.chosen > 0);
    let place = |hit: &crate::domain::search::Hit| (hit.session.clone(), hit.event);
    let same = looked.map(place).and_then(|at| found.hits.iter().position(|hit| place(hit) == at));
    texts.chosen = same.unwrap_or(texts.chosen).min(found.hits.len().saturating_sub(1));
    texts.found = found;
    (texts.of, texts.failed) = (Some(search.clone()), None);
}

/// What is asked for cannot be looked for: it is said in the place of what would be found.
pub fn failed(app: &mut App, search: &Search, why: (String, String)) {
    let texts = &mut app.library.texts;
    if texts.asked.as_ref() == Some(search) {
        (texts.failed, texts.found, texts.of, texts.chosen) = (Some(why), Found::default(), None, 0);
    }
}

/// Opens the session of the chosen hit at its event: what is over is played and held there, what goes on is watched.
pub fn open(app: &mut App, effects: &mut Vec<Effect>) {
    let texts = &app.library.texts;
    let is_fresh = app.library.search() == texts.of;
    let Some(hit) = texts.found.hits.get(texts.chosen).filter(|_| is_fresh) else {
        app.library.opens = !is_fresh; // as soon as it is known which one that is
        retry(&mut app.library);
        return;
    };
    at(app, hit.session.clone(), hit.event, hit.over, effects);
}

/// Opens a session at an event.
pub fn at(app: &mut App, id: SessionId, event: EventNo, over: bool, effects: &mut Vec<Effect>) {
    app.replay_at = over.then_some(event.0);
    app.reveal = (!over).then(|| (id.clone(), event));
    update_list::watch(app, id, over, effects);
    (app.focus, app.last_pane) = (Focus::Pane(Pane::Conversation), Pane::Conversation);
}

/// All that is stored of the watched session is here: what was to be shown of it is chosen.
pub fn reveal(app: &mut App) {
    let Some((_, no)) = app.reveal.take().filter(|(id, _)| app.session_id() == Some(id)) else { return };
    let Some(watched) = &app.watched else { return };
    let items = watched.talk.items();
    let before = |number: &usize| items.get(*number).is_some_and(|item| item.no <= no);
    let at = items.numbers().rev().find(before).or_else(|| items.numbers().next());
    let window = &mut app.windows.talk;
    window.chosen = at;
    window.scroll.follow = false;
    window.reveal = true;
    app.zoomed = false;
}
