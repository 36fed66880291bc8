//! What stands in a fenced code block of a growing text: its language and its source.

use crate::ui::widgets::chunks::{self, Chunk, Kind};

/// The language named by the opening fence.
pub fn lang<'a>(text: &'a str, chunk: &Chunk) -> &'a str {
    let first = text[chunk.range.clone()].lines().next().unwrap_or("");
    first.trim().trim_start_matches(['`', '~']).trim()
}

/// The source in a code block from the line at `at` on (`text` ends where the block ends), without its fences and their indentation. Lines that are too
/// long are cut as the chunker cuts them, so that an endless one can be laid out as it comes.
pub fn source(text: &str, chunk: &Chunk, mut at: usize) -> String {
    let Kind::Fence { indent, closed, .. } = chunk.kind else { return String::new() };
    let mut out = String::with_capacity(text.len() - at);
    let mut is_new = at == chunk.range.start || text[..at].ends_with('\n');
    while at < text.len() {
        let (end, is_whole) = chunks::line_end(text, at, at).unwrap_or((text.len(), true));
        let is_fence = at == chunk.range.start || (closed && end == text.len());
        if !is_fence {
            let line = text[at..end].trim_end_matches('\n');
            let own = line.bytes().take(indent).take_while(|b| *b == b' ' && is_new).count();
            out.push_str(&line[own..]);
            out.push('\n');
        }
        is_new = is_whole;
        at = end;
    }
    out
}
