//! The list of sessions as a test has it: rows that a screen's windows and looks are cut from, as the desk would.

use std::cell::RefCell;
use tackroom::domain::command::Command;
use tackroom::domain::event::Event;
use tackroom::domain::library::{Glance, Listed};
use tackroom::domain::listing::Query;
use tackroom::domain::notice::Notice;
use tackroom::domain::tally::Row;

thread_local! {
    static KEPT: RefCell<Vec<(Row, Vec<Event>)>> = const { RefCell::new(Vec::new()) };
}

/// These sessions are stored from here on, in this test.
pub fn keep(rows: Vec<Row>) {
    KEPT.with_borrow_mut(|kept| *kept = rows.into_iter().map(|row| (row, Vec::new())).collect());
}

/// What is looked into of a stored session.
pub fn keep_events(row: &Row, events: Vec<Event>) {
    KEPT.with_borrow_mut(|kept| {
        kept.iter_mut().filter(|(one, _)| one.id == row.id).for_each(|(_, of)| of.clone_from(&events));
    });
}

/// A stored session is other than it was.
pub fn change(id: &str, with: impl Fn(&mut Row)) {
    KEPT.with_borrow_mut(|kept| {
        kept.iter_mut().filter(|(row, _)| row.id.as_str() == id).for_each(|(row, _)| with(row));
    });
}

/// The stored rows.
pub fn rows() -> Vec<Row> {
    KEPT.with_borrow(|kept| kept.iter().map(|(row, _)| row.clone()).collect())
}

/// A window, as the desk tells it.
pub fn listed(query: &Query) -> Listed {
    let (rows, mut query) = (rows(), query.clone());
    let mut counts = query.count(rows.iter());
    if counts.is_empty() && !query.text_words().is_empty() {
        query.loose = true;
        counts = query.count(rows.iter());
        query.loose = !counts.is_empty();
    }
    let window = query.pick(rows.iter());
    // Whoever is told to be running here has somebody who drives it, forks excepted.
    let left =
        window.iter().filter(|row| row.untaken || row.agent == "gone").map(|row| row.id.clone()).collect();
    Listed { rows: window, counts, left, query }
}

/// What the desk would answer at once; nothing where a test answers by itself.
pub fn answer(command: &Command) -> Option<Notice> {
    match command {
        Command::List { query, .. } => Some(Notice::Listed(Box::new(listed(query)))),
        Command::Glance(id) => KEPT.with_borrow(|kept| {
            let (row, events) = kept.iter().find(|(row, _)| row.id == *id)?;
            let mut glance = Glance::new(id.clone());
            events.iter().for_each(|event| glance.apply(event));
            Some(Notice::Glanced(Box::new(glance.finish(row))))
        }),
        Command::Order { .. }
        | Command::Begin(..)
        | Command::Watch(_)
        | Command::Fork { .. }
        | Command::Replay(_)
        | Command::Page { .. }
        | Command::Resume(_)
        | Command::Compare { .. }
        | Command::Inspect { .. }
        | Command::TryLease { .. }
        | Command::Inbox(_)
        | Command::Look(_)
        | Command::Answer(_)
        | Command::Search(_)
        | Command::Fitting(_)
        | Command::Deeds(_)
        | Command::Weigh(_)
        | Command::Keep(_)
        | Command::Quit => None,
    }
}
