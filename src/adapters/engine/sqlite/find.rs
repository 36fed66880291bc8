//! Search in the store: places from the index, what is there from the events.

use super::commits;
use super::fault::Fail;
use super::rows::{self, has_texts};
use super::uptake;
use crate::adapters::engine::texts::{self, Told};
use crate::domain::event::Event;
use crate::domain::ids::{EventNo, SessionId};
use crate::domain::listing::Tab;
use crate::domain::search::{Found, Search, wanted};
use rusqlite::{Connection, OptionalExtension};
use std::collections::HashMap;

/// What is found; where nothing was typed that could be, nothing.
pub fn find(conn: &Connection, search: &Search) -> Result<Found, Fail> {
    let progress = uptake::progress(conn)?;
    let wanted = wanted(&search.words);
    if wanted.is_empty() || !has_texts(conn)? {
        return Ok(Found { progress, ..Found::default() });
    }
    let (mut known, mut lines) = (HashMap::new(), commits::Lines::default());
    let (hits, next) = texts::find(conn, &wanted, search, |place| -> Result<_, Fail> {
        read(conn, (&mut known, &mut lines), place)
    })?;
    Ok(Found { hits, next, progress })
}

/// The event at a place; none where its session is in the bin or gone, or where it cannot be read.
fn read(
    conn: &Connection,
    (known, lines): (&mut HashMap<SessionId, Option<Told>>, &mut commits::Lines),
    place: i64,
) -> Result<Option<(Told, Event)>, Fail> {
    let mut query = conn.prepare_cached("SELECT session, event FROM commits WHERE n = ?1")?;
    let commit = query.query_row([texts::commit_of(place)], |row| {
        Ok((SessionId(row.get(0)?), EventNo(rows::uint(row.get(1)?))))
    });
    let Some((session, last)) = commit.optional()? else { return Ok(None) };
    if !known.contains_key(&session) {
        let told = rows::tally_of(conn, &session)?.filter(|row| row.tab() != Tab::Bin).map(|row| Told {
            session: session.clone(),
            over: row.is_over(),
            title: row.title,
            archived: row.marks.archived.is_some(),
        });
        known.insert(session.clone(), told);
    }
    let Some(Some(told)) = known.get(&session) else { return Ok(None) };
    let no = texts::event_of(place, last);
    let json = lines.json(conn, (texts::commit_of(place), &session), (no, last))?;
    let event = json.and_then(|json| Event::from_json(&json).ok()).filter(|event| event.no == no);
    Ok(event.map(|event| (told.clone(), event)))
}
