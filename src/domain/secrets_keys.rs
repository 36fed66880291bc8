//! Private keys in a text, as blocks of base64 between their two marks; and bodies of keys whose first mark is elsewhere,
//! as a part of a file or the end of an output begins with. Nothing but lines of base64 is taken for a part of a key.

use crate::domain::secrets::Found;
use crate::domain::secrets_forms::entropy;
use std::ops::Range;

/// What a private key is called in its handle.
pub const KEY: &str = "private-key";
/// What both marks begin and end with.
const DASHES: &str = "-----";
/// The first line of a body has so many letters at least, and no line has more than the second number.
const LINE: (usize, usize) = (40, 128);
/// So many letters stand in the lines of bodies that are told without their marks: with and without the sign of a diff.
const BARE: [usize; 6] = [64, 65, 70, 71, 76, 77];
/// Before a line of a body at most: a path, a number.
const PREFIX_MAX: usize = 200;
/// What the line of a body in a file begins with that holds a key.
const TELLING: [&str; 2] = ["MII", "b3BlbnNzaC1rZXk"];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// A first mark; whether of a private key.
    Begin(bool),
    /// A last mark.
    End(bool),
    /// So many letters of base64.
    Body,
    /// A line such as `Proc-Type: 4,ENCRYPTED`.
    Header,
    Blank,
    Other,
}

struct Piece {
    range: Range<usize>,
    kind: Kind,
}

/// The keys in a text, in order. One pass.
pub(super) fn keys(text: &str) -> Vec<Found> {
    if !text.contains(DASHES) && !has_long_run(text) {
        return Vec::new();
    }
    let pieces = pieces(text);
    let (mut found, mut at, mut foreign) = (Vec::new(), 0, false);
    while let Some(piece) = pieces.get(at) {
        match piece.kind {
            Kind::Begin(true) => {
                foreign = false;
                let (one, next) = block(text, &pieces, at);
                found.extend(one);
                at = next;
            }
            Kind::Begin(false) => {
                (foreign, at) = (true, at + 1);
            }
            Kind::Body if !foreign => {
                let (one, next) = bare(text, &pieces, at);
                found.extend(one);
                at = next;
            }
            Kind::Body | Kind::Header | Kind::Blank => at += 1,
            Kind::End(_) | Kind::Other => (foreign, at) = (false, at + 1),
        }
    }
    found
}

/// Whether there is a line's worth of base64 anywhere.
fn has_long_run(text: &str) -> bool {
    let mut run = 0;
    text.bytes().any(|byte| {
        run = if is_letter(byte) { run + 1 } else { 0 };
        run >= BARE[0]
    })
}

fn is_letter(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"+/=".contains(&byte)
}

fn found(range: Range<usize>, text: &str, closed: bool) -> Found {
    // Nothing is behind it, or what a last mark may begin with.
    let rest = text.get(range.end..).unwrap_or_default().trim();
    let open =
        !closed && (rest.is_empty() || rest.starts_with('-') && rest.len() < 64 && !rest.contains('\n'));
    Found { range, kind: KEY, open }
}

/// What begins with a mark, and the piece behind it. A mark without a body hides nothing.
fn block(text: &str, pieces: &[Piece], first: usize) -> (Option<Found>, usize) {
    let start = pieces.get(first).map_or(0, |piece| piece.range.start);
    let (mut at, mut end, mut width, mut short) = (first + 1, None, 0, false);
    while let Some(piece) = pieces.get(at) {
        let is_last = at + 1 == pieces.len();
        let next = pieces.iter().skip(at + 1).find(|next| next.kind != Kind::Blank);
        let closes = next.is_some_and(|next| next.kind == Kind::End(true));
        match piece.kind {
            Kind::Blank => {}
            Kind::Header if end.is_none() => {}
            Kind::End(true) if end.is_some() => {
                return (Some(found(start..piece.range.end, text, true)), at + 1);
            }
            Kind::Body => {
                let (len, is_sum) = (
                    piece.range.len(),
                    text.get(piece.range.clone()).is_some_and(|body| body.starts_with('=')),
                );
                let fits = match end {
                    None => len >= LINE.0 || is_last || closes,
                    Some(_) => is_sum || !short && len <= width,
                };
                if !fits || len > 8 * 1024 {
                    break;
                }
                short |= end.is_some() && len < width && !is_sum;
                width = if end.is_none() { len } else { width };
                end = Some(piece.range.end);
            }
            Kind::Begin(_) | Kind::End(_) | Kind::Header | Kind::Other => break,
        }
        at += 1;
    }
    // A text that ends within the mark's own line may go on.
    let is_cut = end.is_none() && at >= pieces.len();
    let end = end.or_else(|| is_cut.then(|| pieces.get(first).map_or(0, |piece| piece.range.end)));
    (end.map(|end| found(start..end, text, false)), at.max(first + 1))
}

/// A body without a first mark, and the piece behind it.
fn bare(text: &str, pieces: &[Piece], first: usize) -> (Option<Found>, usize) {
    let body = |at: usize| {
        pieces
            .get(at)
            .filter(|piece| piece.kind == Kind::Body)
            .and_then(|piece| text.get(piece.range.clone()))
    };
    let width = body(first).map_or(0, str::len);
    let mut at = first;
    while body(at).is_some_and(|line| line.len() == width) {
        at += 1;
    }
    let even = at - first;
    // The last line of a body is shorter.
    let rest = body(at).filter(|line| line.len() < width);
    let after = at + usize::from(rest.is_some());
    let closes = |kind| pieces.get(after).is_some_and(|piece| piece.kind == Kind::End(kind));
    let lines = || (first..at).filter_map(body);
    let is_public = || body(first).is_some_and(|line| line.starts_with("AAAA")) || closes(false);
    let tells = |line: &str| TELLING.iter().any(|start| line.trim_start_matches('+').starts_with(start));
    let is_random = || lines().filter(|line| entropy(line) >= 4.5).count() * 2 > even;
    let is_long =
        || BARE.contains(&width) && !is_public() && (lines().any(tells) || even >= 2 && is_random());
    let is_key = closes(true) || is_long();
    if !is_key {
        return (None, after.max(first + 1));
    }
    let takes_rest = closes(true) || rest.is_some_and(|line| line.len() % 4 == 0);
    let last = if takes_rest && rest.is_some() { at } else { at - 1 };
    let start = pieces.get(first).map_or(0, |piece| piece.range.start);
    let end = pieces.get(last).map_or(start, |piece| piece.range.end);
    (Some(found(start..end, text, false)), after)
}

/// A text cut at its line breaks, also at those that are written `\n`, and round the marks.
fn pieces(text: &str) -> Vec<Piece> {
    let (mut made, mut from) = (Vec::new(), 0);
    let bytes = text.as_bytes();
    let mut at = 0;
    while at < bytes.len() {
        let width = match (bytes.get(at), bytes.get(at + 1)) {
            (Some(b'\n'), _) => 1,
            (Some(b'\\'), Some(b'n' | b'r')) => 2,
            _ => 0,
        };
        if width > 0 {
            line(text, from..at, &mut made);
            if let [.., Piece { kind: Kind::Blank, .. }, Piece { kind: Kind::Blank, .. }] = made.as_slice() {
                made.pop();
            }
            from = at + width;
        }
        at += width.max(1);
    }
    line(text, from..bytes.len(), &mut made);
    made
}

/// The pieces of one line.
fn line(text: &str, range: Range<usize>, made: &mut Vec<Piece>) {
    let mut from = range.start;
    let whole = text.get(range.clone()).unwrap_or_default();
    for (at, _) in whole.match_indices(DASHES) {
        let at = range.start + at;
        if at < from {
            continue;
        }
        if let Some((len, kind)) = mark(text.get(at..range.end).unwrap_or_default()) {
            if at > from {
                let mut before = piece(text, from..at);
                let words = text.get(from..at).unwrap_or_default();
                if before.kind == Kind::Other && words.len() <= PREFIX_MAX && is_prefix(words) {
                    before.kind = Kind::Blank; // a path and a number
                }
                made.push(before);
            }
            made.push(Piece { range: at..at + len, kind });
            from = at + len;
        }
    }
    if from < range.end || from == range.start {
        made.push(piece(text, from..range.end));
    }
}

/// A mark at the beginning of a text.
fn mark(text: &str) -> Option<(usize, Kind)> {
    let rest = text.strip_prefix(DASHES)?;
    let (begins, rest) = match rest.strip_prefix("BEGIN ") {
        Some(rest) => (true, rest),
        None => (false, rest.strip_prefix("END ")?),
    };
    let end = rest
        .bytes()
        .take(64)
        .take_while(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || *byte == b' ')
        .count();
    let label = rest.get(..end)?;
    rest.get(end..)?.strip_prefix(DASHES)?;
    let is_private = label.ends_with("PRIVATE KEY") || label.ends_with("PRIVATE KEY BLOCK");
    let len = text.len() - rest.len() + end + DASHES.len();
    Some((len, if begins { Kind::Begin(is_private) } else { Kind::End(is_private) }))
}

/// A part of a line without marks. Of a body, what stands before and behind its letters is left out.
fn piece(text: &str, range: Range<usize>) -> Piece {
    let whole = text.get(range.clone()).unwrap_or_default();
    let ended = whole.trim_end_matches([' ', '\t', '\r', '"', '\'', ',', '\\']);
    let body = ended.bytes().rev().take_while(|byte| is_letter(*byte)).count();
    let prefix = ended.get(..ended.len() - body).unwrap_or_default();
    let start = range.start + prefix.len();
    let is_number = ended.trim().bytes().all(|byte| byte.is_ascii_digit());
    let kind = match ended.trim() {
        "" => Kind::Blank,
        trimmed if is_header(trimmed) => Kind::Header,
        // The number of an empty line.
        _ if is_number && ended.len() < 8 => Kind::Blank,
        _ if prefix.len() <= PREFIX_MAX
            && is_prefix(prefix)
            && body >= 4
            && (body <= LINE.1 || prefix.trim().is_empty()) =>
        {
            return Piece { range: start..start + body, kind: Kind::Body };
        }
        _ => Kind::Other,
    };
    Piece { range, kind }
}

/// What may stand before a part of a key in its line: a number, a path, the signs of a quotation.
fn is_prefix(text: &str) -> bool {
    (text.is_empty() || text.ends_with([' ', '\t', ':', '"', '\'', '|', '>']))
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"._/@ \t:|>\"'#*+,-".contains(&byte))
}

/// A line that may stand between the first mark and the body.
fn is_header(line: &str) -> bool {
    let names = ["Proc-Type: ", "DEK-Info: ", "Version: ", "Comment: "];
    names.iter().any(|name| line.starts_with(name))
        && line.len() <= 120
        && line.bytes().all(|byte| byte.is_ascii_alphanumeric() || b" ,.:/@()-".contains(&byte))
}

/// Whether a line could be a part of a key: what is not need not be looked up in its file.
pub fn may_be_key(text: &str) -> bool {
    let mut made = Vec::new();
    line(text, 0..text.len(), &mut made);
    made.iter().any(|piece| match piece.kind {
        Kind::Begin(_) | Kind::End(_) => true,
        Kind::Body => piece.range.len() >= 16 || piece.range == (0..text.len()),
        Kind::Header | Kind::Blank | Kind::Other => false,
    })
}

/// Which lines of a file lie in a private key, told line by line.
#[derive(Default)]
pub struct KeyLines {
    inside: bool,
}

impl KeyLines {
    /// Takes in the next line; whether it is a part of a key. `text` may be its beginning.
    pub fn holds(&mut self, text: &str) -> bool {
        let mut made = Vec::new();
        line(text, 0..text.len(), &mut made);
        let mut holds = false;
        for piece in &made {
            let was = self.inside;
            match piece.kind {
                Kind::Begin(is_private) => self.inside = is_private,
                Kind::End(_) | Kind::Other => self.inside = false,
                Kind::Body | Kind::Header | Kind::Blank => {}
            }
            holds |= self.inside || was && matches!(piece.kind, Kind::End(_));
        }
        holds
    }
}
