//! The sessions screen by keys: tabs, filter, marks, and what is done with sessions, one or many.

use crate::domain::command::Command;
use crate::domain::export::FileForm;
use crate::domain::ids::SessionId;
use crate::domain::library::{Deed, Done};
use crate::domain::listing::{Query, Tab};
use crate::domain::marks::{Mark, tag};
use crate::domain::tally::Row;
use crate::ui::action::List;
use crate::ui::app::{App, TWICE_MS};
use crate::ui::edit::TextBox;
use crate::ui::key::Key;
use crate::ui::library::Typing;
use crate::ui::mode::Twice;
use crate::ui::parts::Overlay;
use crate::ui::update::{Effect, fault, toast};
use crate::ui::{update_list, update_texts};

/// Does what is done in the sessions screen.
pub fn act(app: &mut App, what: List, digit: Option<u32>, effects: &mut Vec<Effect>) {
    let now = app.now;
    let library = &mut app.library;
    match what {
        List::Search => library.typing = Typing::Search,
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
            let title = library.chosen_row().map(|row| row.title.clone());
            write(app, Typing::Rename, &title.unwrap_or_default());
        }
        List::Tags => write(app, Typing::Tags, ""),
        List::Export => write(app, Typing::Export, ""),
        List::Put => put(app, effects),
        List::Jsonl => export(app, FileForm::Jsonl, effects),
        List::Md => export(app, FileForm::Md, effects),
        List::Html => export(app, FileForm::Html, effects),
        List::Atif => export(app, FileForm::Atif, effects),
        List::Pin => each(app, pin, effects),
        List::Archive => each(app, |_| vec![Deed::Mark(Mark::Archive)], effects),
        List::TakeBack => each(app, take_back, effects),
        List::Delete => each(app, |_| vec![Deed::Mark(Mark::Delete)], effects),
        List::Purge => purge(app, effects),
        List::Undo => undo(app, effects),
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
        List::Delete if meant => toast(app, "It is in the bin already.", "R takes it back, X removes it for good"),
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
    match library.marked.iter().position(|marked| *marked == id) {
        Some(at) => drop(library.marked.remove(at)),
        None => library.marked.push(id),
    }
    library.choose(library.chosen + 1);
}

/// All that fit are known now, and are marked.
pub fn fitting(app: &mut App, query: &Query, ids: Vec<SessionId>) {
    if app.library.is_same_list(query) && matches!(app.overlay, Some(Overlay::Sessions)) {
        app.library.marked = ids;
    }
}

fn write(app: &mut App, typing: Typing, text: &str) {
    app.library.typing = typing;
    app.library.input = TextBox::of(text);
}

/// What was typed is done.
fn put(app: &mut App, effects: &mut Vec<Effect>) {
    let text = app.library.input.text();
    let typing = std::mem::take(&mut app.library.typing);
    match typing {
        Typing::Rename if text.trim().is_empty() => toast(app, "A title has at least a letter.", "r begins again"),
        Typing::Rename => {
            let chosen = app.library.chosen_row().map(|row| row.id.clone());
            let deeds = chosen.into_iter().map(|id| (id, Deed::Rename(text.trim().to_string()))).collect();
            send(app, deeds, effects);
        }
        Typing::Tags => {
            let words: Vec<&str> = text.split([' ', ',']).filter(|word| !word.is_empty()).collect();
            let read = |word: &&str| match word.strip_prefix('-') {
                Some(word) => tag(word).map(|tag| Deed::Mark(Mark::Untag { tag })),
                None => tag(word).map(|tag| Deed::Mark(Mark::Tag { tag })),
            };
            let deeds: Option<Vec<Deed>> = words.iter().map(read).collect();
            match deeds {
                Some(deeds) if !deeds.is_empty() => each(app, |_| deeds.clone(), effects),
                Some(_) => toast(app, "No tag was written.", "t begins again"),
                None => {
                    app.library.typing = typing;
                    fault(app, "A tag is one word of letters, digits and - _ . : / @ +", "-word takes one away");
                }
            }
        }
        Typing::Nothing | Typing::Filter | Typing::Search | Typing::Export => {}
    }
}

fn export(app: &mut App, form: FileForm, effects: &mut Vec<Effect>) {
    app.library.typing = Typing::Nothing;
    each(app, |_| vec![Deed::Export(form)], effects);
}

/// Pinned where not all of them are; a row that is not here counts as not pinned.
fn pin(rows: &[Option<&Row>]) -> Vec<Deed> {
    let pinned = rows.iter().all(|row| row.is_some_and(|row| row.marks.pinned));
    vec![Deed::Mark(if pinned { Mark::Unpin } else { Mark::Pin })]
}

fn take_back(rows: &[Option<&Row>]) -> Vec<Deed> {
    let binned = rows.iter().flatten().any(|row| row.marks.deleted.is_some());
    vec![Deed::Mark(if binned { Mark::Restore } else { Mark::Unarchive })]
}

/// Does the same with each session that is meant.
fn each(app: &mut App, what: impl Fn(&[Option<&Row>]) -> Vec<Deed>, effects: &mut Vec<Effect>) {
    let library = &app.library;
    let ids = library.meant();
    let row_of = |id: &SessionId| library.listed.rows.iter().find(|row| row.id == *id);
    let deeds = what(&ids.iter().map(row_of).collect::<Vec<_>>());
    let all = ids.iter().flat_map(|id| deeds.iter().map(|deed| (id.clone(), deed.clone()))).collect();
    send(app, all, effects);
}

/// Deeds go out; what would take them back is kept until it is known which were done.
fn send(app: &mut App, deeds: Vec<(SessionId, Deed)>, effects: &mut Vec<Effect>) {
    if deeds.is_empty() {
        return;
    }
    let title = |id: &SessionId| {
        let row = app.library.listed.rows.iter().find(|row| row.id == *id);
        row.map(|row| row.title.clone()).unwrap_or_default()
    };
    let inverse = |(id, deed): &(SessionId, Deed)| Some((id.clone(), deed.inverse(&title(id))?));
    app.library.undo_next = deeds.iter().filter_map(inverse).collect();
    effects.push(Effect::Send(Command::Deeds(deeds)));
}

/// Asks first: what is purged does not come back.
fn purge(app: &mut App, effects: &mut Vec<Effect>) {
    if app.twice.is_some_and(|(asked, _)| asked == Twice::Purge) {
        app.twice = None;
        return each(app, |_| vec![Deed::Purge], effects);
    }
    let what = match app.library.meant().len() {
        1 => "this session".to_string(),
        many => format!("these {many} sessions"),
    };
    app.twice = Some((Twice::Purge, app.now.plus_ms(TWICE_MS)));
    toast(app, &format!("Again to remove {what} for good; nothing brings back what is removed."), "");
}

fn undo(app: &mut App, effects: &mut Vec<Effect>) {
    let deeds = std::mem::take(&mut app.library.undo);
    app.library.undo_next.clear();
    effects.push(Effect::Send(Command::Deeds(deeds)));
}

/// What came of deeds: in a line, and where they were several or failed, one by one.
pub fn did(app: &mut App, done: Vec<Done>) {
    let Some(first) = done.first() else { return };
    let failed = done.iter().filter(|one| one.outcome.is_err()).count();
    let word = first.deed.done();
    let (id, tag) = (first.session.clone(), tag_of(first));
    let text = match (&first.outcome, done.len()) {
        (Ok(more), 1) if more.is_empty() => format!("{} {id}{tag}.", capital(word)),
        (Ok(more), 1) if more.starts_with("is ") => format!("{id} {more}."),
        (Ok(more), 1) => format!("{} {id} {more}", capital(word)),
        (Err(why), 1) => format!("{id} was not {word}: {why}."),
        (_, all) if failed == 0 => format!("{} {all} sessions.", capital(word)),
        (_, all) => format!("{} {} of {all} sessions; {failed} not.", capital(word), all - failed),
    };
    let really = |session: &SessionId, inverse: &Deed| {
        let is_of = |one: &Done| one.session == *session && one.deed.inverse("").map(kind) == Some(kind(inverse.clone()));
        done.iter().find(|one| is_of(one)).is_some_and(|one| one.outcome.as_deref() == Ok(""))
    };
    let undo = std::mem::take(&mut app.library.undo_next);
    app.library.undo = undo.into_iter().filter(|(session, inverse)| really(session, inverse)).collect();
    let hint = if app.library.undo.is_empty() { "" } else { "u takes it back" };
    match failed {
        0 => toast(app, &text, hint),
        _ => fault(app, &text, hint),
    }
    let gone = |id: &SessionId| done.iter().any(|one| one.session == *id && one.outcome.is_ok());
    let leaves = !matches!(first.deed, Deed::Export(_) | Deed::Rename(_) | Deed::Mark(Mark::Tag { .. } | Mark::Untag { .. }));
    if leaves {
        app.library.marked.retain(|id| !gone(id));
    }
    app.library.told = if done.len() > 1 || failed > 0 { done } else { Vec::new() };
}

/// A deed without what is particular about one session.
fn kind(deed: Deed) -> Deed {
    match deed {
        Deed::Rename(_) => Deed::Rename(String::new()),
        other @ (Deed::Mark(_) | Deed::Purge | Deed::Export(_)) => other,
    }
}

fn tag_of(done: &Done) -> String {
    match &done.deed {
        Deed::Mark(mark) => mark.tag().map(|tag| format!(" #{tag}")).unwrap_or_default(),
        Deed::Rename(_) | Deed::Purge | Deed::Export(_) => String::new(),
    }
}

fn capital(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

/// A key that is text goes where text is typed.
pub fn typed(app: &mut App, key: Key) {
    let now = app.now;
    match app.library.typing {
        Typing::Filter => {
            app.library.filter.key(key);
            app.library.restart(now);
        }
        Typing::Search => {
            app.library.texts.words.key(key);
            app.library.texts.chosen = 0;
        }
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
        Typing::Search => app.library.texts.words.insert(&line),
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
    let looks = app.overlay.as_ref().is_some_and(is_open) || app.behind.as_deref().is_some_and(is_open);
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
    if library.opens && library.chosen_row().is_some() {
        library.opens = false;
        return open(app, effects);
    }
    update_texts::follow(library, effects);
    let row = library.chosen_row().filter(|_| library.typing != Typing::Search);
    let wanted = row.map(|row| (row.id.clone(), row.events));
    if wanted.is_some() && library.glanced != wanted {
        library.glanced.clone_from(&wanted);
        effects.extend(wanted.map(|(id, _)| Effect::Send(Command::Glance(id))));
    }
}
