//! Search in texts, for every engine that has SQLite at hand: an index that keeps no text (FTS5, contentless), and the
//! marking of what was found.
//!
//! A text's place is its commit's number over all sessions with the low bits of its event's number, so the newest come
//! first by place alone, however many there are, and nothing need be kept beside the index.

use crate::domain::event::Event;
use crate::domain::ids::{EventNo, SessionId};
use crate::domain::search::{Hit, OPEN, SHUT, Search, Wanted, snippet, text_of};
use rusqlite::{Connection, params};

/// Makes the index.
pub const TABLE: &str = include_str!("sqlite/schema/texts.sql");

/// A commit has fewer events than this: 16 MiB of them are allowed, and the smallest has more than 16 bytes.
pub const EVENTS: i64 = 1 << 20;
/// Words of a snippet.
const SNIPPET_WORDS: i64 = 20;

/// The place of an event's text.
pub fn place(commit: i64, no: EventNo) -> i64 {
    commit * EVENTS + i64::try_from(no.0 % EVENTS.unsigned_abs()).unwrap_or(0)
}

/// The commit's number, of a place.
pub fn commit_of(place: i64) -> i64 {
    place.div_euclid(EVENTS)
}

/// The event's number, of a place in a commit whose last event is `last`.
pub fn event_of(place: i64, last: EventNo) -> EventNo {
    let low = u64::try_from(place.rem_euclid(EVENTS)).unwrap_or(0);
    let events = EVENTS.unsigned_abs();
    let whole = last.0 - last.0 % events + low;
    EventNo(if whole > last.0 { whole.saturating_sub(events) } else { whole })
}

/// What is looked for, in FTS5's words: strings only, so that nothing typed can be an operator.
pub fn expression(wanted: &[Wanted]) -> String {
    let terms = wanted.iter().map(|one| {
        let star = if one.prefix { " *" } else { "" };
        format!("\"{}\"{star}", one.text.replace('"', "\"\""))
    });
    terms.collect::<Vec<_>>().join(" ")
}

/// Takes in the text of an event; false where it has none.
pub fn take_in(conn: &Connection, commit: i64, event: &Event) -> rusqlite::Result<bool> {
    let Some(text) = text_of(event) else { return Ok(false) };
    conn.prepare_cached("INSERT INTO texts (rowid, text) VALUES (?1, ?2)")?
        .execute(params![place(commit, event.no), text])?;
    Ok(true)
}

/// A session, as far as a hit tells of it.
#[derive(Clone)]
pub struct Told {
    /// The session.
    pub session: SessionId,
    /// Its title.
    pub title: String,
    /// Whether it is in the archive.
    pub archived: bool,
    /// Whether its last task is over.
    pub over: bool,
}

/// Finds places in order, and asks `read` for what is there until there are enough hits: none where it is not to be
/// shown. The second answer is where the next page begins.
pub fn find<E: From<rusqlite::Error>>(
    conn: &Connection,
    wanted: &[Wanted],
    search: &Search,
    mut read: impl FnMut(i64) -> Result<Option<(Told, Event)>, E>,
) -> Result<(Vec<Hit>, Option<i64>), E> {
    let words = expression(wanted);
    let order = if search.rank { "rank" } else { "rowid DESC" };
    let sql = format!("SELECT rowid FROM texts WHERE texts MATCH ?1 AND rowid < ?2 ORDER BY {order}");
    let before = search.before.filter(|_| !search.rank).unwrap_or(i64::MAX);
    let mut query = conn.prepare_cached(&sql)?;
    let mut places = query.query(params![words, before])?;
    let (mut found, mut next) = (Vec::new(), None);
    while found.len() < search.limit {
        let Some(row) = places.next()? else { break };
        let place: i64 = row.get(0)?;
        if let Some(told) = read(place)? {
            found.push(told);
            next = (found.len() == search.limit && !search.rank).then_some(place);
        }
    }
    Ok((marked(&words, found)?, next))
}

/// Marks what was found. Whatever does not hold the words after all is left out: the events are the truth.
fn marked(words: &str, found: Vec<(Told, Event)>) -> rusqlite::Result<Vec<Hit>> {
    if found.is_empty() {
        return Ok(Vec::new());
    }
    let sheet = Connection::open_in_memory()?;
    sheet.execute_batch(
        "PRAGMA journal_mode = OFF; BEGIN;
         CREATE VIRTUAL TABLE sheet USING fts5 (text, tokenize = 'unicode61 remove_diacritics 2');",
    )?;
    let mut insert = sheet.prepare("INSERT INTO sheet (rowid, text) VALUES (?1, ?2)")?;
    for (i, (_, event)) in (0_i64..).zip(&found) {
        insert.execute(params![i, text_of(event)])?;
    }
    let mut query = sheet.prepare(
        "SELECT rowid, snippet(sheet, 0, ?2, ?3, '…', ?4) FROM sheet WHERE sheet MATCH ?1 ORDER BY rowid",
    )?;
    let rows = query.query_map(params![words, OPEN.to_string(), SHUT.to_string(), SNIPPET_WORDS], |row| {
        Ok((row.get::<_, i64>(0)?, row.get::<_, String>(1)?))
    })?;
    let mut hits = Vec::with_capacity(found.len());
    for row in rows {
        let (i, text) = row?;
        let Some((told, event)) = usize::try_from(i).ok().and_then(|i| found.get(i)) else { continue };
        let (snippet, marks) = snippet(&text);
        hits.push(Hit {
            session: told.session.clone(),
            title: told.title.clone(),
            archived: told.archived,
            over: told.over,
            event: event.no,
            kind: event.fact.kind().to_string(),
            at: event.at,
            snippet,
            marks,
        });
    }
    Ok(hits)
}
