//! A file cut into its rules, each with the line it begins at: the engine numbers rules and forgets where they stood.

/// One rule of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Piece<'a> {
    /// From its first word to its semicolon.
    pub(super) text: &'a str,
    /// The line of its first word.
    pub(super) line: usize,
}

/// The rules of a file, and whatever is left after the last.
pub(super) fn split(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut begin, mut line, mut first_line) = (None, 1, 1);
    let mut chars = text.char_indices().peekable();
    while let Some((at, c)) = chars.next() {
        match c {
            '\n' => line += 1,
            '/' if chars.peek().is_some_and(|(_, next)| *next == '/') => {
                while chars.next_if(|(_, c)| *c != '\n').is_some() {}
                continue;
            }
            '"' => {
                if begin.is_none() {
                    (begin, first_line) = (Some(at), line);
                }
                let mut escaped = false;
                for (_, c) in chars.by_ref() {
                    line += usize::from(c == '\n');
                    match (escaped, c) {
                        (false, '"') => break,
                        (false, '\\') => escaped = true,
                        _ => escaped = false,
                    }
                }
            }
            ';' => {
                let from = begin.take().unwrap_or(at);
                let line = if from == at { line } else { first_line };
                pieces.push(Piece { text: text.get(from..=at).unwrap_or_default(), line });
            }
            c if !c.is_whitespace() && begin.is_none() => (begin, first_line) = (Some(at), line),
            _ => {}
        }
    }
    if let Some(from) = begin {
        pieces.push(Piece { text: text.get(from..).unwrap_or_default(), line: first_line });
    }
    pieces
}

/// The line of a place in a text that begins at `line`.
pub(super) fn line_at(text: &str, line: usize, offset: usize) -> usize {
    line + text.get(..offset).unwrap_or(text).matches('\n').count()
}
