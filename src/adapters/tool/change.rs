//! A file as it is and as it would be, as an operator is shown it: bounded, and never without its identity.
//!
//! A preview is made again right before the call starts and compared with the one that was approved. So what does not fit
//! is told by size and hash: a change outside of what was shown is noticed too.

use crate::domain::call::Preview;
use crate::domain::hash::Hash;

/// The most bytes of each text.
const TEXT_MAX: usize = 256 * 1024;
/// What is kept for the line that tells of the rest.
const NOTE_MAX: usize = 256;
/// The bytes shown before the first difference in a file that does not fit.
const LEAD: usize = 4 * 1024;

/// The preview of a change of `path`; `before` is nothing where the file is new.
pub(super) fn change(path: &str, before: Option<&[u8]>, after: &[u8]) -> Preview {
    let start = first_difference(before.unwrap_or_default(), after).saturating_sub(LEAD);
    let whole = fits(after) && before.is_none_or(fits);
    let start = if whole { 0 } else { start };
    Preview::Change {
        path: path.to_string(),
        before: before.map(|bytes| window(bytes, start)),
        after: window(after, start),
        cut: !whole,
    }
}

fn fits(bytes: &[u8]) -> bool {
    bytes.len() <= TEXT_MAX && std::str::from_utf8(bytes).is_ok()
}

fn first_difference(a: &[u8], b: &[u8]) -> usize {
    a.iter().zip(b).position(|(x, y)| x != y).unwrap_or(a.len().min(b.len()))
}

/// The text from `start` on, as much as fits; where it is not the exact whole, what the whole is.
fn window(bytes: &[u8], start: usize) -> String {
    if start == 0 && fits(bytes) {
        return String::from_utf8_lossy(bytes).into_owned();
    }
    let end = (start + TEXT_MAX - NOTE_MAX).min(bytes.len());
    let part = bytes.get(start..end).unwrap_or_default();
    let text = String::from_utf8_lossy(part).into_owned();
    let shown = text.get(..text.floor_char_boundary(TEXT_MAX - NOTE_MAX)).unwrap_or(&text);
    let (size, hash) = (bytes.len(), Hash::of(bytes));
    format!("{shown}\n[… bytes {start} to {end} of {size} are shown as text; SHA-256 of all {hash} …]\n")
}
