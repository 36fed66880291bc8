//! The bare floor: the requests, file reads and commits of a run that was, by nothing but reqwest and SQLite.
//!
//! It parses nothing, checks nothing and decides nothing. The bodies are those that were sent: one buffer that is
//! appended to, and copied to be sent. The commits are those that were written: the same events in the same
//! transactions, synced the same way, into one table.

use rusqlite::{Connection, OpenFlags};
use serde::Deserialize;
use std::error::Error;
use std::fs;
use std::io::Write;
use std::path::Path;

/// A run as it was written down, to be done again.
pub struct Plan {
    commits: Vec<Vec<String>>,
    body: Vec<u8>,
    lengths: Vec<usize>,
}

#[derive(Deserialize)]
struct Kind {
    kind: String,
}

/// The body's end, which comes after what grows.
const END: &[u8] = b"]}";

impl Plan {
    /// Writes into `dir` what the floor needs beside the store: the bodies' lengths and the last body.
    pub fn save(dir: &Path, lengths: &[usize], last: &[u8]) -> Result<(), Box<dyn Error>> {
        fs::write(dir.join("lengths"), serde_json::to_vec(lengths)?)?;
        Ok(fs::write(dir.join("body"), last)?)
    }

    /// Reads what was saved, and the commits of the store.
    pub fn load(dir: &Path, store: &Path) -> Result<Plan, Box<dyn Error>> {
        let conn = Connection::open_with_flags(store, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
        let mut query = conn.prepare("SELECT told FROM commits ORDER BY seq")?;
        let mut rows = query.query([])?;
        let mut commits = Vec::<Vec<String>>::new();
        while let Some(row) = rows.next()? {
            let told: String = row.get(0)?;
            commits.push(told.lines().map(str::to_string).collect());
        }
        let lengths = serde_json::from_slice(&fs::read(dir.join("lengths"))?)?;
        Ok(Plan { commits, body: fs::read(dir.join("body"))?, lengths })
    }

    /// Commits, and the bytes of their events.
    pub fn size(&self) -> (usize, usize) {
        (self.commits.len(), self.commits.iter().flatten().map(String::len).sum())
    }

    /// Does it all again; `file` is what is read.
    pub async fn run(&self, url: &str, store: &Path, file: &Path) -> Result<(), Box<dyn Error>> {
        let mut conn = Connection::open(store)?;
        conn.pragma_update_and_check(None, "journal_mode", "wal", |_| Ok(()))?;
        conn.execute_batch(
            "PRAGMA synchronous = FULL; CREATE TABLE events (no INTEGER PRIMARY KEY, json TEXT)",
        )?;
        let _ = rustls::crypto::ring::default_provider().install_default();
        let client = reqwest::Client::builder().http1_only().no_proxy().build()?;
        let url = format!("{url}/chat/completions");
        let (mut body, mut turn) = (Vec::<u8>::new(), 0);
        for commit in &self.commits {
            let transaction = conn.transaction()?;
            for json in commit {
                transaction.prepare_cached("INSERT INTO events (json) VALUES (?1)")?.execute([json])?;
            }
            transaction.commit()?;
            for json in commit {
                if json.contains(r#""kind":"ModelAsked""#) {
                    let to = self.lengths[turn] - END.len();
                    body.extend_from_slice(&self.body[body.len()..to]);
                    turn += 1;
                    ask(&client, &url, &body).await?;
                } else if json.contains(r#""kind":"CallStarted""#) {
                    std::hint::black_box(fs::read(file)?);
                }
            }
        }
        if turn != self.lengths.len() {
            let last = self.commits.last().and_then(|commit| commit.last()).map(String::as_str);
            let kind: Kind = serde_json::from_str(last.unwrap_or("{}"))?;
            return Err(
                format!("{turn} of {} requests were made, up to {}", self.lengths.len(), kind.kind).into()
            );
        }
        Ok(())
    }
}

async fn ask(client: &reqwest::Client, url: &str, body: &[u8]) -> Result<(), Box<dyn Error>> {
    let mut bytes = Vec::with_capacity(body.len() + END.len());
    bytes.extend_from_slice(body);
    bytes.extend_from_slice(END);
    let mut reply = client.post(url).header("content-type", "application/json").body(bytes).send().await?;
    while let Some(piece) = reply.chunk().await? {
        std::hint::black_box(piece);
    }
    Ok(())
}

/// The child's part: loads the plan, says its size and how much CPU that took, then runs it.
pub fn child(args: &[String], spent: impl Fn() -> [f64; 2]) -> Result<(), Box<dyn Error>> {
    let [url, dir, store, file] = args else { return Err("floor URL DIR STORE FILE".into()) };
    let dir = Path::new(dir);
    let plan = Plan::load(dir, Path::new(store))?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let [whole, kernel] = spent();
    runtime.block_on(plan.run(url, &dir.join("floor.db"), Path::new(file)))?;
    let (commits, bytes) = plan.size();
    let after = spent();
    Ok(writeln!(std::io::stdout(), "{} {} {commits} {bytes}", after[0] - whole, after[1] - kernel)?)
}
