//! The sessions screen by keys: tabs, filter, marks, and what is done with sessions, one or many.

use crate::domain::command::Command;
use crate::domain::export::FileForm;
use crate::domain::ids::SessionId;
use crate::domain::library::Deed;
use crate::domain::listing::{Query, Tab};
use crate::domain::marks::Mark;
use crate::ui::action::List;
use crate::ui::app::{App, GUARD_MS};
use crate::ui::edit::TextBox;
use crate::ui::key::Key;
use crate::ui::library::Typing;
use crate::ui::parts::Overlay;
use crate::ui::update::{Effect, toast};
use crate::ui::update_deeds::{each, export, pin, purge, put, take_back, undo};
use crate::ui::{update_keeping, update_list, update_texts};

/// The session that a key is about.
pub enum Meant {
    /// The chosen one of the list, which is open.
    Listed(SessionId),
    /// One of the list; it is not known yet which.
    NotKnown,
    /// The watched one.
    Watched,
}

/// Which session a key is about.
pub fn meant(app: &App) -> Meant {
    if !matches!(app.over.top(), Some(Overlay::Sessions)) {
        return Meant::Watched; // whatever else lies over the workbench is about it
    }
    app.library.chosen_row().map_or(Meant::NotKnown, |row| Meant::Listed(row.id.clone()))
}

/// Does what is done in the sessions screen.
pub fn act(app: &mut App, what: List, digit: Option<u32>, effects: &mut Vec<Effect>) {
    let now = app.now;
    if acts_at_once(what) && slipped(app) {
        return toast(app, "The list has just moved; keys count in a moment.", "");
    }
    let meant = app.library.meant();
    let library = &mut app.library;
    match what {
        List::Search => {
            library.typing = Typing::Search;
            library.texts.anew = true;
            update_texts::retry(library);
        }
        List::Order => update_texts::reorder(app),
        List::Keep => library.typing = Typing::Nothing,
        List::NextTab => turn(app, 1),
        List::PreviousTab => turn(app, Tab::ALL.len() - 1),
        List::Tab => {
            let wanted = digit.and_then(|digit| Tab::ALL.get(usize::try_from(digit).ok()?.checked_sub(1)?));
            if let Some(tab) = wanted {
                library.tab = *tab;
                library.restart(now);
            }
        }
        List::Tree => {
            library.flat = !library.flat;
            library.anchor = library.chosen_row().map(|row| row.id.clone()).or(library.anchor.take());
            library.chosen = 0;
        }
        List::Mark => mark(app),
        List::MarkAll if library.marked.is_empty() => {
            let query = Query { skip: 0, loose: library.listed.query.loose, ..library.query() };
            effects.push(Effect::Send(Command::Fitting(Box::new(query))));
        }
        List::MarkAll => library.marked.clear(),
        List::Rename => {
            let row = library.chosen_row().map(|row| (row.id.clone(), row.title.clone()));
            let Some((id, title)) = row else { return };
            library.title_before.clone_from(&title);
            write(app, Typing::Rename, vec![id], &title);
        }
        List::Tags => write(app, Typing::Tags, meant, ""),
        List::Export => write(app, Typing::Export, meant, ""),
        List::Put => put(app, effects),
        List::Jsonl => export(app, FileForm::Jsonl, effects),
        List::Md => export(app, FileForm::Md, effects),
        List::Html => export(app, FileForm::Html, effects),
        List::Atif => export(app, FileForm::Atif, effects),
        List::Pin => each(app, meant, pin, effects),
        List::Archive => each(app, meant, |_| vec![Deed::Mark(Mark::Archive)], effects),
        List::TakeBack => each(app, meant, take_back, effects),
        List::Delete => each(app, meant, |_| vec![Deed::Mark(Mark::Delete)], effects),
        List::Purge => purge(app, effects),
        List::Undo => undo(app, effects),
        List::Rules => update_keeping::open(app),
        List::OtherRule => update_keeping::other(app),
    }
}

/// Whether that means something now.
pub fn can(app: &App, what: List) -> bool {
    let library = &app.library;
    let away = matches!(library.tab, Tab::Archived | Tab::Bin);
    let meant = !library.marked.is_empty() || library.chosen_row().is_some();
    match what {
        List::Mark | List::Rename => library.chosen_row().is_some(),
        List::MarkAll => library.total() > 0 || !library.marked.is_empty(),
        List::Tags | List::Export | List::Pin => meant,
        List::Archive => meant && !away,
        List::TakeBack => meant && away,
        List::Delete => meant && library.tab != Tab::Bin,
        List::Purge => meant && library.tab == Tab::Bin,
        List::Undo => !library.undo.is_empty(),
        List::Search
        | List::Order
        | List::Keep
        | List::Rules
        | List::OtherRule
        | List::NextTab
        | List::PreviousTab
        | List::Tab
        | List::Tree
        | List::Put
        | List::Jsonl
        | List::Md
        | List::Html
        | List::Atif => true,
    }
}

/// Tells why that means nothing now.
pub fn cannot(app: &mut App, what: List) {
    let away = matches!(app.library.tab, Tab::Archived | Tab::Bin);
    let meant = !app.library.marked.is_empty() || app.library.chosen_row().is_some();
    match what {
        List::Undo => toast(app, "There is nothing to take back.", ""),
        List::Archive if away && meant => toast(app, "It is put away already.", "R takes it back"),
        List::Delete if meant => {
            toast(app, "It is in the bin already.", "R takes it back, X removes it for good")
        }
        List::TakeBack if meant => toast(app, "It was not put away.", "a archives, x deletes"),
        List::Purge if meant => toast(app, "Only what is in the bin is removed for good.", "x puts it there"),
        List::Mark
        | List::MarkAll
        | List::Rename
        | List::Tags
        | List::Export
        | List::Pin
        | List::Archive
        | List::TakeBack
        | List::Delete
        | List::Purge => toast(app, "There is no session here to do that to.", ""),
        List::Search
        | List::Order
        | List::Keep
        | List::Rules
        | List::OtherRule
        | List::NextTab
        | List::PreviousTab
        | List::Tab
        | List::Tree
        | List::Put
        | List::Jsonl
        | List::Md
        | List::Html
        | List::Atif => {}
    }
}

fn turn(app: &mut App, by: usize) {
    let at = usize::from(app.library.tab.number()) + by;
    app.library.tab = Tab::ALL.get(at % Tab::ALL.len()).copied().unwrap_or_default();
    app.library.restart(app.now);
}

/// Marks the chosen session, or takes its mark away, and goes on to the next.
fn mark(app: &mut App) {
    let library = &mut app.library;
    let Some(id) = library.chosen_row().map(|row| row.id.clone()) else { return };
    library.marked.toggle(id);
    library.choose(library.chosen + 1);
}

/// All that fit are known now, and are marked.
pub fn fitting(app: &mut App, query: &Query, ids: Vec<SessionId>) {
    if app.library.is_same_list(query) && matches!(app.over.top(), Some(Overlay::Sessions)) {
        app.library.marked.set(ids);
    }
}

/// Whether something is done at once with the chosen session.
fn acts_at_once(what: List) -> bool {
    matches!(what, List::Pin | List::Archive | List::TakeBack | List::Delete | List::Purge)
}

/// Whether another session has just come to be the one that is meant, and no key chose it.
fn slipped(app: &App) -> bool {
    let library = &app.library;
    library.marked.is_empty() && library.slipped_at.is_some_and(|at| app.now.ms_since(at) < GUARD_MS)
}

fn write(app: &mut App, typing: Typing, of: Vec<SessionId>, text: &str) {
    let library = &mut app.library;
    (library.typing, library.bound_names) = (typing, library.names(&of));
    library.bound = of;
    app.library.input = TextBox::of(text);
}

/// A key that is text goes where text is typed.
pub fn typed(app: &mut App, key: Key) {
    let now = app.now;
    match app.library.typing {
        Typing::Filter => {
            app.library.filter.key(key);
            app.library.restart(now);
        }
        Typing::Search => update_texts::typed(app, key),
        Typing::Rename | Typing::Tags => drop(app.library.input.key(key)),
        Typing::Nothing | Typing::Export => {}
    }
}

/// A text is pasted where text is typed.
pub fn pasted(app: &mut App, text: &str) {
    let (now, line) = (app.now, text.replace(['\n', '\r'], " "));
    match app.library.typing {
        Typing::Filter => {
            app.library.filter.insert(&line);
            app.library.restart(now);
        }
        Typing::Search => update_texts::pasted(app, &line),
        Typing::Rename | Typing::Tags => app.library.input.insert(&line),
        Typing::Nothing | Typing::Export => {}
    }
}

/// The innermost thing closes: what is typed, the filter, the marks, the screen. Whether the screen stays.
pub fn close(app: &mut App) -> bool {
    let now = app.now;
    let library = &mut app.library;
    match library.typing {
        Typing::Filter => {
            library.filter = TextBox::default();
            library.restart(now);
        }
        Typing::Search | Typing::Rename | Typing::Tags | Typing::Export => {}
        Typing::Nothing if !library.told.is_empty() => library.told.clear(),
        Typing::Nothing if !library.marked.is_empty() => library.marked.clear(),
        Typing::Nothing if !library.filter.is_empty() => {
            library.filter = TextBox::default();
            library.restart(now);
        }
        Typing::Nothing => return false,
    }
    library.typing = Typing::Nothing;
    true
}

/// Enter: the hit, or the chosen session as soon as it is known which one that is.
pub fn open(app: &mut App, effects: &mut Vec<Effect>) {
    if app.library.typing == Typing::Search {
        return update_texts::open(app, effects);
    }
    match app.library.chosen_row().map(|row| row.id.clone()) {
        Some(id) => update_list::watch(app, id, false, effects),
        None => app.library.opens = !app.library.is_fresh(),
    }
}

/// Asks for what the screen now shows and does not have; where nobody looks any more, for nothing.
pub fn follow(app: &mut App, effects: &mut Vec<Effect>) {
    let is_open = |overlay: &Overlay| matches!(overlay, Overlay::Sessions | Overlay::Compare(_));
    let looks = app.over.iter().any(is_open);
    let library = &mut app.library;
    if !looks {
        if library.asked.take().is_some() {
            let none = Query { limit: 0, ..Query::default() };
            effects.push(Effect::Send(Command::List { query: Box::new(none), live: false }));
        }
        return;
    }
    let query = library.query();
    if library.asked.as_ref() != Some(&query) {
        library.asked = Some(query.clone());
        effects.push(Effect::Send(Command::List { query: Box::new(query), live: true }));
    }
    update_texts::follow(library, effects);
    let known = match library.typing {
        Typing::Search => library.search() == library.texts.of,
        Typing::Nothing | Typing::Filter | Typing::Rename | Typing::Tags | Typing::Export => {
            library.is_fresh()
        }
    };
    if known && std::mem::take(&mut library.opens) {
        return open(app, effects);
    }
    let row = library.chosen_row().filter(|_| library.typing != Typing::Search);
    let wanted = row.map(|row| (row.id.clone(), row.events));
    if wanted.is_some() && library.glanced != wanted {
        library.glanced.clone_from(&wanted);
        effects.extend(wanted.map(|(id, _)| Effect::Send(Command::Glance(id))));
    }
}
