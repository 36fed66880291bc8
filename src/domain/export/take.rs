//! The lines of an exported session, checked, as commits again.
//!
//! Whole commits are copied, those of a worker and of an operator too, and each goes through the one fold rule of the log:
//! a copy says what its file says. Whoever makes a file up can make up its past, as whoever owns a store can; but no more.
//! What would *act* on the word of a file is refused: a call that is approved, cleared, started or broken off would run here
//! on a decision that nobody here made, or a second time. What waits for a person waits here as well, and is decided here.

use crate::domain::call::{Call, CallState};
use crate::domain::commit::{COMMIT_BYTES_MAX, Class, Commit, Denial, Head, Sealed};
use crate::domain::export::base64;
use crate::domain::export::jsonl::{BEGINS, VERSION};
use crate::domain::hash::Hash;
use crate::domain::ids::{CallId, CommitId, Epoch, EventNo, SessionId};
use crate::domain::session::Session;
use crate::domain::time::Micros;
use serde_json::Value;
use std::sync::Arc;

/// Bytes of one content at most: it is put together before it is stored.
const CONTENT_MAX: u64 = 256 * 1024 * 1024;
/// Bytes of one line at most.
pub const LINE_MAX: u64 = COMMIT_BYTES_MAX as u64 + 4096;

/// Why a file is not taken.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Bad {
    /// It is no export.
    #[error("it does not begin as an exported session does")]
    NotOurs,
    /// It was written by a newer program.
    #[error("its form is version {0}; this program reads version {VERSION}")]
    Newer(u64),
    /// An event is not the one that was exported.
    #[error("event {no} (line {line}) is not what was exported: {why}")]
    Event {
        /// The event.
        no: EventNo,
        /// The line.
        line: u64,
        /// How.
        why: String,
    },
    /// A commit is not the one that was exported.
    #[error("commit {seq}, which begins with event {no} (line {line}), is not what was exported: {why}")]
    Commit {
        /// Its place.
        seq: u64,
        /// Its first event.
        no: EventNo,
        /// The line.
        line: u64,
        /// How.
        why: String,
    },
    /// A content is not the one that was exported.
    #[error("the content before event {no} (line {line}) is not what was exported: {why}")]
    Content {
        /// The event that comes next.
        no: EventNo,
        /// The line.
        line: u64,
        /// How.
        why: &'static str,
    },
    /// A line is none of an export.
    #[error("line {line}, before event {no}, is none of an exported session")]
    Line {
        /// The event that comes next.
        no: EventNo,
        /// The line.
        line: u64,
    },
    /// It ends early, or goes on after its end.
    #[error("it was to end with event {wanted} and ends with {found}")]
    End {
        /// The last event, as the first line has it.
        wanted: EventNo,
        /// The last event that is there.
        found: EventNo,
    },
    /// It would act here on the word of a file.
    #[error("its call {0} is cleared or under way: a copy would run it here, where nobody allowed it")]
    Acts(CallId),
}

/// What a line was.
#[derive(Clone, Debug, PartialEq)]
pub enum Told {
    /// A part of something.
    Part,
    /// A content is whole.
    Content(Arc<[u8]>),
    /// A commit is whole.
    Commit(Arc<Commit>),
}

/// A content that is put together.
#[derive(Debug)]
struct Parts {
    hash: Hash,
    size: u64,
    bytes: Vec<u8>,
}

/// A commit that is put together.
#[derive(Debug)]
struct Open {
    commit: Commit,
    /// The events it is to have.
    count: u64,
    /// The bytes of those it has.
    bytes: usize,
}

/// Reads an export line by line.
#[derive(Debug)]
pub struct Taker {
    session: Session,
    id: SessionId,
    end: Head,
    head: Head,
    seal: Hash,
    line: u64,
    parts: Option<Parts>,
    open: Option<Open>,
    chain: Hash,
}

impl Taker {
    /// Begins with the first line.
    pub fn new(first: &str) -> Result<Taker, Bad> {
        if !first.starts_with(BEGINS) {
            return Err(Bad::NotOurs);
        }
        let value: Value = serde_json::from_str(first).map_err(|_| Bad::NotOurs)?;
        let version = value["tackroom_export"].as_u64().ok_or(Bad::NotOurs)?;
        if version > VERSION {
            return Err(Bad::Newer(version));
        }
        let id = value["session"].as_str().filter(|id| id.len() == 10 && SessionId::is_prefix(id));
        let id = SessionId(id.ok_or(Bad::NotOurs)?.to_string());
        let end = &value["head"];
        let read = || {
            Some(Head {
                commit: commit_id(&end["commit"])?,
                seq: end["seq"].as_u64()?,
                epoch: Epoch(0),
                event: EventNo(end["event"].as_u64()?),
                hash: Hash::parse(end["hash"].as_str()?)?,
            })
        };
        Ok(Taker {
            session: Session::new(id.clone()),
            id,
            end: read().ok_or(Bad::NotOurs)?,
            head: Head::start(),
            seal: Hash::ZERO,
            line: 1,
            parts: None,
            open: None,
            chain: Hash::ZERO,
        })
    }

    /// The session it is.
    pub fn id(&self) -> &SessionId {
        &self.id
    }

    /// Where the session ends as far as it was read.
    pub fn head(&self) -> &Head {
        &self.head
    }

    /// Whether a head is where the file says that the session ends.
    pub fn ends_at(&self, head: &Head) -> bool {
        (&head.commit, head.seq, head.hash) == (&self.end.commit, self.end.seq, self.end.hash)
    }

    /// The session as far as it was read; what no later decision needs is left out.
    pub fn session(&self) -> &Session {
        &self.session
    }

    /// Takes in the next line.
    pub fn line(&mut self, text: &str) -> Result<Told, Bad> {
        self.line += 1;
        if let Some((hash, json)) = split(text, "{\"hash\":\"", "\",\"event\":") {
            return self.event(hash, json);
        }
        if self.open.is_some() {
            return Err(self.event_is("another line stands in its place"));
        }
        if let Some((seal, about)) = split(text, "{\"seal\":\"", "\",\"commit\":") {
            return self.commit(seal, about);
        }
        if text.starts_with("{\"blob\":") {
            return self.content(text);
        }
        let lost = |text: &str| Some(Hash::parse(text.strip_prefix("{\"lost\":\"")?.strip_suffix("\"}")?));
        match (&self.parts, lost(text).flatten()) {
            (None, Some(_)) => Ok(Told::Part),
            (None | Some(_), _) => Err(Bad::Line { no: self.next_event(), line: self.line }),
        }
    }

    /// After the last line.
    pub fn finish(&self) -> Result<(), Bad> {
        if self.open.is_some() || self.parts.is_some() || !self.ends_at(&self.head) {
            return Err(Bad::End { wanted: self.end.event, found: self.head.event });
        }
        let acts = |call: &&Call| match call.state {
            CallState::Cleared { .. } | CallState::Started | CallState::Interrupted => true,
            // Approved with an edit, and not judged yet: it would run as soon as it is.
            CallState::Proposed | CallState::Held => call.approval.is_some(),
            CallState::Unknown | CallState::Unrecorded | CallState::Ended(_) => false,
        };
        match self.session.open_calls().find(acts) {
            Some(call) => Err(Bad::Acts(call.id)),
            None => Ok(()),
        }
    }

    fn next_event(&self) -> EventNo {
        let open = self.open.as_ref().map_or(0, |open| open.commit.events.len() as u64);
        EventNo(self.head.event.0 + open + 1)
    }

    fn event_is(&self, why: impl Into<String>) -> Bad {
        Bad::Event { no: self.next_event(), line: self.line, why: why.into() }
    }

    fn commit_is(&self, why: impl Into<String>) -> Bad {
        let (seq, no) = (self.head.seq + 1, self.head.event.after());
        Bad::Commit { seq, no, line: self.line, why: why.into() }
    }

    fn commit(&mut self, seal: Hash, about: &str) -> Result<Told, Bad> {
        if self.parts.is_some() {
            return Err(self.content_is("a part of it is missing"));
        }
        self.seal = Hash::chained(self.seal, about.as_bytes());
        if seal != self.seal {
            return Err(self.commit_is("its seal does not fit"));
        }
        let value: Value = serde_json::from_str(about).map_err(|_| self.commit_is("it is no JSON"))?;
        let read = || {
            let commit = Commit {
                id: commit_id(&value["id"])?,
                session: SessionId(value["session"].as_str()?.to_string()),
                prev: commit_id(&value["prev"])?,
                seq: value["seq"].as_u64()?,
                epoch: Epoch(value["epoch"].as_u64()?),
                class: serde_json::from_value::<Class>(value["class"].clone()).ok()?,
                writer: value["writer"].as_str()?.to_string(),
                at: Micros(value["at"].as_i64()?),
                events: Vec::new(),
            };
            Some((commit, value["events"].as_u64().filter(|count| *count > 0)?))
        };
        let (commit, count) = read().ok_or_else(|| self.commit_is("a part of it is missing"))?;
        if commit.session != self.id {
            return Err(self.commit_is("it is of another session"));
        }
        (self.open, self.chain) = (Some(Open { commit, count, bytes: 0 }), self.head.hash);
        Ok(Told::Part)
    }

    fn event(&mut self, hash: Hash, json: &str) -> Result<Told, Bad> {
        self.chain = Hash::chained(self.chain, json.as_bytes());
        if hash != self.chain {
            return Err(self.event_is("its hash does not follow from its bytes and the event before"));
        }
        let sealed = Sealed::read(json, hash).map_err(|bad| self.event_is(bad.why))?;
        let no = self.next_event();
        let Some(Open { mut commit, count, bytes }) = self.open.take() else {
            return Err(self.event_is("no commit holds it"));
        };
        let bytes = bytes + json.len();
        commit.events.push(sealed);
        if bytes > COMMIT_BYTES_MAX {
            return Err(self.commit_is("it is too large"));
        }
        if (commit.events.len() as u64) < count {
            self.open = Some(Open { commit, count, bytes });
            return Ok(Told::Part);
        }
        self.head = match self.head.admit(&commit) {
            Ok(head) => head,
            Err(Denial::Broken { no, why }) => {
                return Err(Bad::Event { no, line: self.line, why: why.to_string() });
            }
            Err(denial) => return Err(self.commit_is(denial.to_string())),
        };
        if no > self.end.event {
            return Err(Bad::End { wanted: self.end.event, found: no });
        }
        for sealed in &commit.events {
            self.session.apply(&sealed.event);
        }
        self.session.let_go();
        Ok(Told::Commit(Arc::new(commit)))
    }

    fn content_is(&self, why: &'static str) -> Bad {
        Bad::Content { no: self.next_event(), line: self.line, why }
    }

    fn content(&mut self, text: &str) -> Result<Told, Bad> {
        let value: Value = serde_json::from_str(text).map_err(|_| self.content_is("it is no JSON"))?;
        let read = || {
            let bytes = base64::decode(value["base64"].as_str()?)?;
            Some((
                Hash::parse(value["blob"].as_str()?)?,
                value["size"].as_u64()?,
                value["at"].as_u64()?,
                bytes,
            ))
        };
        let (hash, size, at, bytes) = read().ok_or_else(|| self.content_is("a part of it cannot be read"))?;
        if size > CONTENT_MAX {
            return Err(self.content_is("it is too large"));
        }
        let mut parts = self.parts.take().unwrap_or(Parts { hash, size, bytes: Vec::new() });
        parts.bytes.extend_from_slice(&bytes);
        let length = parts.bytes.len() as u64;
        if (parts.hash, parts.size, length) != (hash, size, at + bytes.len() as u64) || length > size {
            return Err(self.content_is("its parts do not fit together"));
        }
        if length < size {
            self.parts = Some(parts);
            return Ok(Told::Part);
        }
        match Hash::of(&parts.bytes) == hash {
            true => Ok(Told::Content(parts.bytes.into())),
            false => Err(self.content_is("its hash does not follow from its bytes")),
        }
    }
}

fn commit_id(value: &Value) -> Option<CommitId> {
    let text = value.as_str()?;
    let hex = |byte: u8| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte);
    (text.len() == 32 && text.bytes().all(hex)).then(|| CommitId(text.to_string()))
}

/// A hash and the object after it, exactly as written.
fn split<'a>(text: &'a str, begins: &str, then: &str) -> Option<(Hash, &'a str)> {
    let rest = text.strip_prefix(begins)?;
    let (hash, rest) = rest.split_at_checked(64)?;
    Some((Hash::parse(hash)?, rest.strip_prefix(then)?.strip_suffix('}')?))
}
