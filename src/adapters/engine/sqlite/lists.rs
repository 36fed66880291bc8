//! Lists and counts of sessions: by an index where the columns tell, by their rows where the file is of an older format.

use super::fault::Fail;
use super::rows::{self, has_lists};
use crate::domain::listing::{Counts, Query, Tab};
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
    let limit = i64::try_from(query.limit).unwrap_or(i64::MAX);
    asked.values.push(Value::from(limit));
    let by = if query.held { "INDEXED BY sessions_held" } else { "" };
    let sql = format!(
        "SELECT id, tally, sum, seal FROM sessions {by} WHERE {} {ORDER} LIMIT ?",
        asked.conditions.join(" AND ")
    );
    let mut select = conn.prepare_cached(&sql)?;
    let mut found = select.query(params_from_iter(asked.values))?;
    let mut tallies = Vec::new();
    while let Some(row) = found.next()? {
        tallies.push(rows::tally(conn, rows::stored_tally(row)?)?);
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
    let sql =
        format!("SELECT tab, count(*) FROM sessions WHERE {} GROUP BY tab", asked.conditions.join(" AND "));
    let mut select = conn.prepare_cached(&sql)?;
    let mut found = select.query(params_from_iter(asked.values))?;
    let mut counts = Counts::default();
    while let Some(row) = found.next()? {
        let (number, sessions): (u8, i64) = (row.get(0)?, row.get(1)?);
        if let Some(own) = Tab::ALL.into_iter().find(|tab| tab.number() == number) {
            counts.add(own, rows::uint(sessions));
        }
    }
    Ok(counts)
}

/// Conditions and what they are bound to.
#[derive(Default)]
struct Asked {
    conditions: Vec<String>,
    values: Vec<Value>,
}

impl Asked {
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
    }
}

/// Whether the columns do not tell: in a file of an older format, and as long as rows of one are not folded anew.
fn by_rows(conn: &Connection, query: &Query) -> Result<bool, Fail> {
    if !has_lists(conn)? {
        return Ok(true);
    }
    let mut old = conn.prepare_cached("SELECT EXISTS (SELECT 1 FROM sessions WHERE fold < 1)")?;
    Ok(!query.needles().is_empty() && old.query_row([], |row| row.get(0))?)
}

fn all(conn: &Connection) -> Result<Vec<Tally>, Fail> {
    let mut select = conn.prepare_cached("SELECT id, tally, sum, seal FROM sessions")?;
    let (mut found, mut tallies) = (select.query([])?, Vec::new());
    while let Some(row) = found.next()? {
        tallies.push(rows::tally(conn, rows::stored_tally(row)?)?);
    }
    Ok(tallies)
}
