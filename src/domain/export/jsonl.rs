//! A session as JSON lines, byte by byte as it is stored: what is needed to have the same session elsewhere.
//!
//! The first line is `{"tackroom_export":1,"session":…,"head":{…}}`. Each commit is a line `{"seal":…,"commit":{…}}` and a
//! line `{"hash":…,"event":…}` for each of its events, the event being exactly the stored bytes. Content that a commit
//! names by its hash comes before it, once: `{"blob":…,"size":…,"at":…,"base64":…}` in parts, or `{"lost":…}` where the
//! store has it no more. An event's hash is chained to the one before; so is a commit's seal, over the bytes of its object.
//! Nothing in it tells when or by whom it was exported: the same session gives the same bytes.

use crate::domain::commit::{Commit, Head};
use crate::domain::event::Fact;
use crate::domain::export::base64;
use crate::domain::hash::Hash;
use crate::domain::ids::SessionId;
use serde_json::json;
use std::collections::BTreeSet;

/// The version of the form.
pub const VERSION: u64 = 1;
/// What the first line begins with, whatever its version.
pub const BEGINS: &str = "{\"tackroom_export\":";
/// Bytes of content in one line: a multiple of three.
const PART: usize = 48 * 1024;

/// Writes a session line by line.
#[derive(Debug)]
pub struct Writer {
    seal: Hash,
    told: BTreeSet<Hash>,
}

impl Writer {
    /// Before the first commit.
    pub fn new() -> Writer {
        Writer { seal: Hash::ZERO, told: BTreeSet::new() }
    }

    /// The first line: which session, and where it ends.
    pub fn header(session: &SessionId, head: &Head) -> String {
        let end = json!({ "commit": head.commit, "seq": head.seq, "event": head.event, "hash": head.hash });
        json!({ "tackroom_export": VERSION, "session": session, "head": end }).to_string()
    }

    /// The contents that `commit` names and that were not written yet, in order.
    pub fn wants(&mut self, commit: &Commit) -> Vec<Hash> {
        let named = commit.events.iter().filter_map(|sealed| blob(&sealed.event.fact));
        named.filter(|hash| self.told.insert(*hash)).collect()
    }

    /// The lines of a content.
    pub fn content(hash: Hash, content: &[u8]) -> impl Iterator<Item = String> + '_ {
        let size = content.len();
        let empty = content.is_empty().then_some(&[][..]);
        content.chunks(PART).chain(empty).enumerate().map(move |(part, bytes)| {
            json!({ "blob": hash, "size": size, "at": part * PART, "base64": base64::encode(bytes) })
                .to_string()
        })
    }

    /// The line of a content that the store has no more.
    pub fn lost(hash: Hash) -> String {
        json!({ "lost": hash }).to_string()
    }

    /// The lines of a commit.
    pub fn commit<'a>(&mut self, commit: &'a Commit) -> impl Iterator<Item = String> + 'a {
        let about = json!({
            "id": commit.id, "session": commit.session, "prev": commit.prev, "seq": commit.seq,
            "epoch": commit.epoch, "class": commit.class, "writer": commit.writer, "at": commit.at,
            "events": commit.events.len(),
        });
        let about = about.to_string();
        self.seal = Hash::chained(self.seal, about.as_bytes());
        let first = format!("{{\"seal\":\"{}\",\"commit\":{about}}}", self.seal);
        let event = |hash: Hash, json: &str| format!("{{\"hash\":\"{hash}\",\"event\":{json}}}");
        let events = commit.events.iter().map(move |sealed| event(sealed.hash, &sealed.json));
        std::iter::once(first).chain(events)
    }
}

impl Default for Writer {
    fn default() -> Writer {
        Writer::new()
    }
}

/// The content that a fact names by its hash.
fn blob(fact: &Fact) -> Option<Hash> {
    if let Fact::ModelAsked { frame, .. } = fact {
        return *frame;
    }
    fact.output()?.blob
}
