//! Lists and counts of sessions: by an index where the columns tell, by their rows where the file is of an older format.

use super::fault::Fail;
use super::rows::{self, has_lists};
use crate::domain::ids::SessionId;
use crate::domain::listing::{Counts, Kin, Query, Tab, in_families};
use crate::domain::tally::Row as Tally;
use rusqlite::types::Value;
use rusqlite::{Connection, params_from_iter};

/// The first number that `Tab::All` does not show.
const PUT_AWAY: u8 = 5;
/// `listed` follows from `updated`: it is named because the index is over it.
const ORDER: &str = "ORDER BY pinned DESC, listed DESC, updated DESC, id";

/// The rows that fit, in order.
pub fn rows(conn: &Connection, query: &Query) -> Result<Vec<Tally>, Fail> {
    if by_rows(conn, query)? {
        return Ok(query.pick(all(conn)?.iter()));
    }
    if query.tree {
        return families(conn, query);
    }
    let asked = Asked::listed(query);
    if query.wants_rows() {
        let (mut skip, mut found) = (query.skip, Vec::new());
        each(conn, query, &asked, |row| {
            let fits = query.fits(&row);
            if fits && skip == 0 && found.len() < query.limit {
                found.push(row);
            }
            skip -= usize::from(fits && skip > 0);
            found.len() < query.limit
        })?;
        return Ok(found);
    }
    let by = if query.held { "INDEXED BY sessions_held" } else { "" };
    let sql = format!(
        "SELECT id, tally, sum, seal FROM sessions {by} WHERE {} {ORDER} LIMIT ? OFFSET ?",
        asked.all()
    );
    let mut select = conn.prepare_cached(&sql)?;
    let window = [query.limit, query.skip].map(|rows| Value::from(i64::try_from(rows).unwrap_or(i64::MAX)));
    let mut found = select.query(params_from_iter(asked.values.into_iter().chain(window)))?;
    let mut tallies = Vec::new();
    while let Some(row) = found.next()? {
        tallies.push(rows::tally(conn, rows::stored_tally(row)?)?);
    }
    Ok(tallies)
}

/// A window of the list in which forks stand under their parents: of all that fit only names are read.
fn families(conn: &Connection, query: &Query) -> Result<Vec<Tally>, Fail> {
    let (asked, mut kin) = (Asked::listed(query), Vec::new());
    if query.wants_rows() {
        each(conn, query, &asked, |row| {
            kin.extend(query.fits(&row).then(|| Kin::of(&row)));
            true
        })?;
    } else {
        let sql = format!(
            "SELECT id, CASE WHEN json_valid(tally) THEN tally ->> '$.parent.session' END FROM sessions
             WHERE {} {ORDER}",
            asked.all()
        );
        let mut select = conn.prepare_cached(&sql)?;
        let mut found = select.query(params_from_iter(asked.values))?;
        while let Some(row) = found.next()? {
            let parent: Option<String> = row.get(1)?;
            kin.push(Kin { id: SessionId(row.get(0)?), parent: parent.map(SessionId) });
        }
    }
    let window = in_families(&kin).into_iter().skip(query.skip).take(query.limit);
    let mut tallies = Vec::new();
    for (_, place) in window {
        if let Some(one) = kin.get(place) {
            tallies.extend(rows::tally_of(conn, &one.id)?);
        }
    }
    Ok(tallies)
}

/// How many rows fit in each tab.
pub fn counts(conn: &Connection, query: &Query) -> Result<Counts, Fail> {
    if by_rows(conn, query)? {
        return Ok(query.count(all(conn)?.iter()));
    }
    let mut asked = Asked::default();
    asked.say("tab >= 0", []);
    asked.fits(query);
    let mut counts = Counts::default();
    if query.wants_rows() {
        each(conn, query, &asked, |row| {
            if query.fits(&row) {
                counts.add(row.tab(), 1);
            }
            true
        })?;
        return Ok(counts);
    }
    let sql = format!("SELECT tab, count(*) FROM sessions WHERE {} GROUP BY tab", asked.all());
    let mut select = conn.prepare_cached(&sql)?;
    let mut found = select.query(params_from_iter(asked.values))?;
    while let Some(row) = found.next()? {
        let (number, sessions): (u8, i64) = (row.get(0)?, row.get(1)?);
        if let Some(own) = Tab::ALL.into_iter().find(|tab| tab.number() == number) {
            counts.add(own, rows::uint(sessions));
        }
    }
    Ok(counts)
}

/// Reads rows in order, one at a time, as long as `take` wants more. Those whose names tell that they do not fit are passed
/// over unread.
fn each(
    conn: &Connection,
    query: &Query,
    asked: &Asked,
    mut take: impl FnMut(Tally) -> bool,
) -> Result<(), Fail> {
    let sql =
        format!("SELECT id, tally, sum, seal, words, status FROM sessions WHERE {} {ORDER}", asked.all());
    let mut select = conn.prepare_cached(&sql)?;
    let mut found = select.query(params_from_iter(asked.values.iter()))?;
    while let Some(row) = found.next()? {
        let (words, status): (String, String) = (row.get(4)?, row.get(5)?);
        if !query.has_text(&words, &status) {
            continue;
        }
        if !take(rows::tally(conn, rows::stored_tally(row)?)?) {
            break;
        }
    }
    Ok(())
}

/// Conditions and what they are bound to.
#[derive(Default)]
struct Asked {
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Asked {
    /// What a row of the list must be.
    fn listed(query: &Query) -> Asked {
        let mut asked = Asked::default();
        match query.tab {
            Tab::All => asked.say("tab < ?", [Value::from(PUT_AWAY)]),
            own @ (Tab::NeedsYou | Tab::Running | Tab::Done | Tab::Failed | Tab::Archived | Tab::Bin) => {
                asked.say("tab = ?", [Value::from(own.number())]);
            }
        }
        asked.fits(query);
        if let Some(after) = &query.after {
            let (pinned, updated) = (Value::from(after.pinned), Value::from(after.updated.0));
            asked.say(
                "(pinned < ? OR (pinned = ? AND (updated < ? OR (updated = ? AND id > ?))))",
                [pinned.clone(), pinned, updated.clone(), updated, Value::from(after.id.0.clone())],
            );
        }
        asked
    }

    fn all(&self) -> String {
        self.conditions.join(" AND ")
    }

    fn say<const N: usize>(&mut self, condition: &str, values: [Value; N]) {
        self.conditions.push(condition.to_string());
        self.values.extend(values);
    }

    fn fits(&mut self, query: &Query) {
        if query.held {
            self.say("held", []);
        }
        if !query.statuses.is_empty() {
            self.say("instr(?, ' ' || status || ' ')", [format!(" {} ", query.statuses.join(" ")).into()]);
        }
        for needle in query.needles() {
            self.say("instr(words, ?)", [needle.into()]);
        }
        for word in query.text_words().into_iter().filter(|_| !query.loose) {
            self.say("(instr(words, ?) OR instr(status, ?))", [word.clone().into(), word.into()]);
        }
        if let Some(since) = query.since {
            self.say("updated >= ?", [since.0.into()]);
        }
        if let Some(until) = query.until {
            self.say("updated < ?", [until.0.into()]);
        }
    }
}

/// Whether the columns do not tell: in a file of an older format, and as long as rows of one are not folded anew.
fn by_rows(conn: &Connection, query: &Query) -> Result<bool, Fail> {
    if !has_lists(conn)? {
        return Ok(true);
    }
    let mut old = conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM sessions WHERE fold < 1)")?;
    let by_words = !query.needles().is_empty() || !query.text_words().is_empty();
    Ok(by_words && old.query_row([], |row| row.get(0))?)
}

fn all(conn: &Connection) -> Result<Vec<Tally>, Fail> {
    let mut select = conn.prepare_cached("SELECT id, tally, sum, seal FROM sessions")?;
    let (mut found, mut tallies) = (select.query([])?, Vec::new());
    while let Some(row) = found.next()? {
        tallies.push(rows::tally(conn, rows::stored_tally(row)?)?);
    }
    Ok(tallies)
}
