//! A survey as bytes, so that a session that was surveyed once need not be read from its beginning again.
//!
//! It is made anew from the log whenever it is missing or does not fit: it names the commit after which its last chunk lies,
//! with the hash of the event at its end, which no other beginning of a log has.

use crate::domain::commit::Commit;
use crate::domain::hash::Hash;
use crate::domain::ids::{CommitId, EventNo, SessionId};
use crate::domain::packed::{Source, put, put_bytes, put_signed};
use crate::domain::survey::{CHUNK, Chunk, MARKS};
use crate::domain::survey_core::Core;
use crate::domain::time::Micros;
use std::sync::Arc;

/// A survey of fewer full chunks is made as quickly as it is read.
const CHUNKS_MIN: u64 = 8;
/// Bytes of a part, about: so that a long survey never lies there twice while it grows.
const PART: usize = 64 * 1024;
/// It is kept again once it has grown by one part in so many.
const GROWN: u64 = 16;

/// A commit by its place, its name and its last event's hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Follows {
    /// Its place.
    pub seq: u64,
    /// Its name.
    pub id: CommitId,
    /// The hash of its last event: of all events up to it.
    pub hash: Hash,
}

impl Follows {
    /// The commit itself.
    pub fn of(commit: &Commit) -> Option<Follows> {
        let last = commit.events.last()?;
        Some(Follows { seq: commit.seq, id: commit.id.clone(), hash: last.hash })
    }
}

/// A survey on its way to be kept: only full chunks, from the first on.
#[derive(Clone, Debug, Default)]
pub struct Keeping {
    parts: Vec<Vec<u8>>,
    model: Option<Arc<str>>,
    chunks: u64,
    /// The commit that the last chunk follows.
    follows: Option<Follows>,
    /// How many were kept before.
    had: u64,
    /// Whether a chunk came that cannot be kept: none after it is.
    over: bool,
}

impl Keeping {
    /// Takes in the next chunk.
    pub fn add(&mut self, chunk: &Chunk) {
        let is_next = chunk.place == self.chunks && chunk.times.len() as u64 == CHUNK;
        let Core::Text { model, patch } = &chunk.core else {
            self.over = true;
            return;
        };
        if self.over || !is_next {
            return;
        }
        if self.parts.last().is_none_or(|part| part.len() >= PART) {
            self.parts.last_mut().into_iter().for_each(Vec::shrink_to_fit);
            self.parts.push(Vec::new());
        }
        let Some(bytes) = self.parts.last_mut() else { return };
        put(bytes, chunk.after);
        put(bytes, chunk.until);
        let mut before = 0;
        for at in &chunk.times {
            put_signed(bytes, at.0.wrapping_sub(before));
            before = at.0;
        }
        let first = chunk.place * CHUNK;
        put(bytes, chunk.marks.len() as u64);
        for (no, mark) in &chunk.marks {
            put(bytes, no.0 - first);
            put(bytes, MARKS.iter().position(|one| one == mark).unwrap_or(0) as u64);
        }
        put(bytes, chunk.waits.len() as u64);
        chunk.waits.iter().for_each(|no| put(bytes, no.0 - first));
        let same = self.model.as_ref().is_some_and(|last| Arc::ptr_eq(last, model));
        put_bytes(bytes, if same { b"" } else { model.as_bytes() });
        put_bytes(bytes, patch);
        self.model = Some(model.clone());
        self.chunks += 1;
        self.follows.clone_from(&chunk.follows);
    }

    /// The parts, where they are worth keeping.
    pub fn parts(self, session: &SessionId) -> Option<Vec<Vec<u8>>> {
        let follows = self.follows.as_ref()?;
        if self.chunks < CHUNKS_MIN.max(self.had + self.had / GROWN + 1) {
            return None;
        }
        let header = serde_json::to_string(&(session, self.chunks, follows.seq, &follows.id, follows.hash));
        let mut parts = self.parts;
        parts.insert(0, format!("{}\n", header.ok()?).into_bytes());
        Some(parts)
    }
}

/// A survey that was kept.
#[derive(Clone, Debug)]
pub struct Kept {
    /// Its chunks but for the last one.
    pub chunks: Vec<Chunk>,
    /// The last one: from its core the survey goes on.
    pub last: Chunk,
    /// The commit that the last chunk follows: the survey fits a log that has it.
    pub follows: Follows,
    /// What is to be kept when it has gone on.
    pub keeping: Keeping,
}

impl Kept {
    /// Reads the bytes of a session's survey; none where they are not one.
    pub fn read(session: &SessionId, mut bytes: Vec<u8>) -> Option<Kept> {
        let header = bytes.iter().position(|byte| *byte == b'\n')?;
        let (of, count, seq, id, hash): (SessionId, u64, u64, CommitId, Hash) =
            serde_json::from_slice(bytes.get(..header)?).ok()?;
        if of != *session || count < CHUNKS_MIN {
            return None;
        }
        let body = bytes.get(header + 1..)?;
        let follows = Follows { seq, id, hash };
        let (mut source, mut model, mut chunks) = (Source(body), None, Vec::new());
        let mut keeping = Keeping { chunks: count - 1, had: count, ..Keeping::default() };
        let mut until = header + 1;
        for place in 0..count {
            if place + 1 == count {
                until = bytes.len() - source.0.len();
                keeping.model.clone_from(&model);
            }
            chunks.push(chunk(&mut source, place, &mut model)?);
        }
        let last = chunks.pop()?;
        if !source.0.is_empty() || last.after != seq {
            return None;
        }
        bytes.truncate(until);
        bytes.drain(..=header);
        keeping.parts = vec![bytes];
        Some(Kept { chunks, last, follows, keeping })
    }

    /// Whether a log that has this commit is the one that was surveyed.
    pub fn fits(&self, commit: &Commit) -> bool {
        Follows::of(commit).as_ref() == Some(&self.follows)
    }
}

fn chunk(source: &mut Source<'_>, place: u64, model: &mut Option<Arc<str>>) -> Option<Chunk> {
    let (after, until) = (source.number()?, source.number()?);
    let mut at = 0_i64;
    let mut times = Vec::new();
    for _ in 0..CHUNK {
        at = at.wrapping_add(source.signed()?);
        times.push(Micros(at));
    }
    let first = place * CHUNK;
    let no = |source: &mut Source<'_>| Some(EventNo(first + source.number().filter(|no| *no <= CHUNK)?));
    let mut marks = Vec::new();
    for _ in 0..source.number()? {
        marks.push((no(source)?, *MARKS.get(usize::try_from(source.number()?).ok()?)?));
    }
    let mut waits = Vec::new();
    for _ in 0..source.number()? {
        waits.push(no(source)?);
    }
    let named = source.bytes()?;
    if !named.is_empty() {
        *model = Some(std::str::from_utf8(named).ok()?.into());
    }
    let core = Core::Text { model: model.clone()?, patch: source.bytes()?.into() };
    Some(Chunk { place, after, until, follows: None, core, times, marks, waits })
}
