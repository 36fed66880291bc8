//! What is done with sessions of the list, one or many: sent out, told one by one, taken back.

use crate::domain::command::Command;
use crate::domain::export::FileForm;
use crate::domain::ids::SessionId;
use crate::domain::library::{Came, Deed, Done};
use crate::domain::marks::{Mark, tag};
use crate::domain::tally::Row;
use crate::ui::app::{App, TWICE_MS};
use crate::ui::library::{Typing, Undo};
use crate::ui::mode::Twice;
use crate::ui::paper::leaf::count;
use crate::ui::parts::Overlay;
use crate::ui::update::{Effect, fault, toast};
use std::collections::{BTreeMap, VecDeque};

/// Sets of deeds that can be taken back at most; the oldest go first.
const UNDO_MAX: usize = 32;

/// What was typed is done.
pub fn put(app: &mut App, effects: &mut Vec<Effect>) {
    let text = app.library.input.text();
    let typing = std::mem::take(&mut app.library.typing);
    match typing {
        Typing::Rename if text.trim().is_empty() => {
            toast(app, "A title has at least a letter.", "r begins again")
        }
        Typing::Rename => {
            let deed = Deed::Rename(text.trim().to_string());
            each(app, app.library.bound.clone(), |_| vec![deed.clone()], effects);
        }
        Typing::Tags => {
            let words: Vec<&str> = text.split([' ', '\t', ',']).filter(|word| !word.is_empty()).collect();
            let read = |word: &&str| match word.strip_prefix('-') {
                Some(word) => tag(word).map(|tag| Deed::Mark(Mark::Untag { tag })),
                None => tag(word).map(|tag| Deed::Mark(Mark::Tag { tag })),
            };
            let deeds: Option<Vec<Deed>> = words.iter().map(read).collect();
            match deeds {
                Some(deeds) if !deeds.is_empty() => {
                    each(app, app.library.bound.clone(), |_| deeds.clone(), effects);
                }
                Some(_) => toast(app, "No tag was written.", "t begins again"),
                None => {
                    app.library.typing = typing;
                    fault(
                        app,
                        "A tag is one word of letters, digits and - _ . : / @ +",
                        "-word takes one away",
                    );
                }
            }
        }
        Typing::Nothing | Typing::Filter | Typing::Search | Typing::Export => {}
    }
}

/// Writes each into a file.
pub fn export(app: &mut App, form: FileForm, effects: &mut Vec<Effect>) {
    app.library.typing = Typing::Nothing;
    each(app, app.library.bound.clone(), |_| vec![Deed::Export(form)], effects);
}

/// Pinned where not all of them are; a row that is not here counts as not pinned.
pub fn pin(rows: &[Option<&Row>]) -> Vec<Deed> {
    let pinned = rows.iter().all(|row| row.is_some_and(|row| row.marks.pinned));
    vec![Deed::Mark(if pinned { Mark::Unpin } else { Mark::Pin })]
}

/// From the bin, or else from the archive.
pub fn take_back(rows: &[Option<&Row>]) -> Vec<Deed> {
    let binned = rows.iter().flatten().any(|row| row.marks.deleted.is_some());
    vec![Deed::Mark(if binned { Mark::Restore } else { Mark::Unarchive })]
}

/// Does the same with each of these sessions.
pub fn each(
    app: &mut App,
    ids: Vec<SessionId>,
    what: impl Fn(&[Option<&Row>]) -> Vec<Deed>,
    effects: &mut Vec<Effect>,
) {
    let rows = app.library.rows_by_id();
    let deeds = what(&ids.iter().map(|id| rows.get(id).copied()).collect::<Vec<_>>());
    let all = ids.iter().flat_map(|id| deeds.iter().map(|deed| (id.clone(), deed.clone()))).collect();
    send(app, all, effects);
}

/// Deeds go out; what would take them back is kept until it is known which were done.
fn send(app: &mut App, deeds: Vec<(SessionId, Deed)>, effects: &mut Vec<Effect>) {
    if deeds.is_empty() {
        return;
    }
    let library = &mut app.library;
    if library.undo.iter().all(|set| set.told) {
        library.titles.clear();
    }
    let rows = library.rows_by_id();
    let titled = |(id, _): &(SessionId, Deed)| Some((id.clone(), rows.get(id)?.title.clone()));
    let titles: Vec<_> = deeds.iter().filter_map(titled).collect();
    library.titles.extend(titles);
    let before = &library.title_before; // a row may be gone from the list by now, or have another title
    let inverse = |(id, deed): &(SessionId, Deed)| Some((id.clone(), deed.inverse(before)?));
    let inverse: Vec<_> = deeds.iter().filter_map(inverse).collect();
    if !inverse.is_empty() {
        library.undo.push_back(Undo { deeds: deeds.clone(), inverse, told: false });
    }
    while library.undo.len() > UNDO_MAX {
        library.undo.pop_front();
    }
    effects.push(Effect::Send(Command::Deeds(deeds)));
}

/// Asks first: what is purged does not come back. What was asked about is purged, or nothing: where the list has moved
/// or marks have come meanwhile, it is asked anew.
pub fn purge(app: &mut App, effects: &mut Vec<Effect>) {
    let (meant, asked) = (app.library.meant(), std::mem::take(&mut app.library.doomed));
    if app.twice.take_if(|(asked, _)| *asked == Twice::Purge).is_some() && meant == asked {
        return send(app, asked.into_iter().map(|id| (id, Deed::Purge)).collect(), effects);
    }
    let (what, many) = (app.library.names(&meant), meant.len());
    let many = if many > 1 { format!("{many} ") } else { String::new() };
    app.library.doomed = meant;
    app.twice = Some((Twice::Purge, app.now.plus_ms(TWICE_MS)));
    toast(app, &format!("Again to remove {many}for good: {what}."), "nothing brings back what is removed");
}

/// Takes back what was done last.
pub fn undo(app: &mut App, effects: &mut Vec<Effect>) {
    match app.library.undo.pop_back_if(|set| set.told) {
        Some(set) => effects.push(Effect::Send(Command::Deeds(set.inverse))),
        None => toast(app, "It is still being done; it can be taken back in a moment.", ""),
    }
}

/// What came of deeds: in a line, and where they were several or failed, one by one.
pub fn did(app: &mut App, done: Vec<Done>) {
    let Some(first) = done.first() else { return };
    let failed = done.iter().filter(|one| !one.came.holds()).count();
    let text = if done.len() == 1 { one(first) } else { many(&done) };
    let hint = match (can_be_undone(&mut app.library.undo, &done), app.over.top()) {
        (false, _) => "",
        (true, Some(Overlay::Sessions)) => "u takes it back",
        (true, _) => "g s, then u takes it back",
    };
    match failed {
        0 => toast(app, &text, hint),
        _ => fault(app, &text, hint),
    }
    if leaves_the_tab(&first.deed) {
        let gone = done.iter().filter(|one| one.came.holds()).map(|one| &one.session);
        app.library.marked.remove_all(&gone.collect());
    }
    app.library.told = if done.len() > 1 || failed > 0 { done } else { Vec::new() };
}

/// Keeps of a set of deeds that was told what takes back those that were done; whether there is something. Deeds of
/// several sets may be told in another order than that in which they went out.
fn can_be_undone(undo: &mut VecDeque<Undo>, done: &[Done]) -> bool {
    let is_told = |set: &Undo| {
        let told = done.iter().map(|one| (&one.session, &one.deed));
        !set.told && set.deeds.iter().map(|(id, deed)| (id, deed)).eq(told)
    };
    let Some(at) = undo.iter().position(is_told) else { return false };
    let Some(set) = undo.get_mut(at) else { return false };
    let mut of: BTreeMap<&SessionId, Vec<&Done>> = BTreeMap::new();
    done.iter().for_each(|one| of.entry(&one.session).or_default().push(one));
    let really = |session: &SessionId, inverse: &Deed| {
        let is_of = |one: &&Done| one.deed.inverse("").map(kind) == Some(kind(inverse.clone()));
        of.get(session).and_then(|all| all.iter().copied().find(is_of)).is_some_and(is_new)
    };
    set.told = true;
    set.inverse.retain(|(session, inverse)| really(session, inverse));
    let some = !set.inverse.is_empty();
    if !some {
        undo.remove(at);
    }
    some
}

/// What came of one deed, in a sentence.
fn one(done: &Done) -> String {
    let (word, id, tag) = (done.deed.done(), &done.session, tag_of(done));
    match &done.came {
        Came::Done => format!("{} {id}{tag}.", capital(word)),
        Came::Before(words) => format!("{id} is {words} already."),
        Came::Written(path) => format!("{} to {path}", capital(word)), // no period that could be taken for a part of it
        Came::Failed(why) => format!("{id} was not {word}: {why}."),
    }
}

/// What came of several, in a sentence.
fn many(done: &[Done]) -> String {
    let mut words: Vec<&str> = Vec::new();
    for one in done.iter().filter(|one| is_new(one)) {
        if !words.contains(&one.deed.done()) {
            words.push(one.deed.done());
        }
    }
    let of = |word: &str| done.iter().filter(|one| one.deed.done() == word && is_new(one)).count();
    let mut parts: Vec<String> =
        words.iter().map(|word| format!("{word} {}", count(of(word) as u64, "session"))).collect();
    let before = done.iter().filter(|one| one.came.holds() && !is_new(one)).count();
    let failed = done.iter().filter(|one| !one.came.holds()).count();
    parts.extend((before > 0).then(|| format!("{before} so already")));
    parts.extend((failed > 0).then(|| format!("{failed} not done")));
    format!("{}.", capital(&parts.join(", ")))
}

/// Whether it was not so before.
fn is_new(done: &Done) -> bool {
    match done.came {
        Came::Done | Came::Written(_) => true,
        Came::Before(_) | Came::Failed(_) => false,
    }
}

/// Whether a session is in another tab after it.
fn leaves_the_tab(deed: &Deed) -> bool {
    match deed {
        Deed::Purge => true,
        Deed::Mark(mark) => {
            matches!(mark, Mark::Archive | Mark::Unarchive | Mark::Delete | Mark::Restore)
        }
        Deed::Rename(_) | Deed::Export(_) => false,
    }
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
