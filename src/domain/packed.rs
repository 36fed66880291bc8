//! Numbers and texts as bytes: a small number takes one, and a text that is like another is told by what differs.

use std::collections::HashMap;
use std::sync::Arc;

/// So many bytes in a row are looked for in the other text, which is known by every row of so many.
const ROW: usize = 12;

/// Seven bits a byte, the lowest first; the eighth tells that more follow.
pub fn put(bytes: &mut Vec<u8>, mut number: u64) {
    while number >= 0x80 {
        bytes.push((number & 0x7f) as u8 | 0x80);
        number >>= 7;
    }
    bytes.push((number & 0x7f) as u8);
}

/// The sign is the lowest bit.
pub fn put_signed(bytes: &mut Vec<u8>, number: i64) {
    put(bytes, ((number << 1) ^ (number >> 63)).cast_unsigned());
}

/// The length, then the bytes.
pub fn put_bytes(bytes: &mut Vec<u8>, own: &[u8]) {
    put(bytes, own.len() as u64);
    bytes.extend_from_slice(own);
}

/// Bytes that are read off; none where what is there is no such thing.
pub struct Source<'a>(pub &'a [u8]);

impl<'a> Source<'a> {
    /// A number as `put` wrote it; none where the bytes end before it does.
    pub fn number(&mut self) -> Option<u64> {
        let mut number = 0;
        for shift in (0..64).step_by(7) {
            let (byte, rest) = self.0.split_first()?;
            self.0 = rest;
            number |= u64::from(byte & 0x7f) << shift;
            if byte & 0x80 == 0 {
                return Some(number);
            }
        }
        None
    }

    /// A number with a sign, as `put_signed` wrote it.
    pub fn signed(&mut self) -> Option<i64> {
        let number = self.number()?;
        Some((number >> 1).cast_signed() ^ -((number & 1).cast_signed()))
    }

    /// How many of something follow.
    pub fn length(&mut self) -> Option<usize> {
        usize::try_from(self.number()?).ok()
    }

    /// Bytes with their length before them.
    pub fn bytes(&mut self) -> Option<&'a [u8]> {
        let length = self.length()?;
        let (own, rest) = self.0.split_at_checked(length)?;
        self.0 = rest;
        Some(own)
    }
}

/// A text that others are like, and where in it each of its rows stands first.
#[derive(Clone, Debug)]
pub struct Model {
    /// The text.
    pub text: Arc<str>,
    rows: HashMap<[u8; ROW], usize>,
}

impl Model {
    /// Others are like this one.
    pub fn new(text: &str) -> Model {
        let mut rows = HashMap::new();
        for (at, row) in text.as_bytes().chunks_exact(ROW).enumerate() {
            if let Ok(row) = row.try_into() {
                rows.entry(row).or_insert(at * ROW);
            }
        }
        Model { text: text.into(), rows }
    }

    /// What makes a text of it: by turns bytes of its own, and a stretch of the model.
    pub fn patch(&self, text: &str) -> Vec<u8> {
        let (model, text) = (self.text.as_bytes(), text.as_bytes());
        let (mut patch, mut own, mut at) = (Vec::new(), 0, 0);
        while let Some(row) = text.get(at..at + ROW) {
            let found = <[u8; ROW]>::try_from(row).ok().and_then(|row| self.rows.get(&row));
            let Some(&from) = found else {
                at += 1;
                continue;
            };
            let behind = text[own..at].iter().rev().zip(model[..from].iter().rev());
            let behind = behind.take_while(|(a, b)| a == b).count();
            let same = behind + text[at..].iter().zip(&model[from..]).take_while(|(a, b)| a == b).count();
            put_bytes(&mut patch, &text[own..at - behind]);
            put(&mut patch, (from - behind) as u64);
            put(&mut patch, same as u64);
            own = at - behind + same;
            at = own;
        }
        put_bytes(&mut patch, &text[own..]);
        patch
    }
}

/// The text that a patch makes of its model; none where it is no patch of it.
pub fn patched(model: &str, patch: &[u8]) -> Option<String> {
    let (model, mut source, mut text) = (model.as_bytes(), Source(patch), Vec::new());
    loop {
        text.extend_from_slice(source.bytes()?);
        if source.0.is_empty() {
            return String::from_utf8(text).ok();
        }
        let (from, length) = (source.length()?, source.length()?);
        text.extend_from_slice(model.get(from..from.checked_add(length)?)?);
    }
}
