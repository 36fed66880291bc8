//! A Markdown text that grows while it is shown: finished parts are laid out once, only the open end again.
//!
//! `lines` after the last `push` is the same whatever portions the text came in. An open paragraph keeps the lines it
//! has ended, an open code block the lines it has, so an endless one costs what is new. Code is drawn plain until
//! someone has coloured it: see `take_wanted` and `recolor`.

use std::ops::Range;

use ratatui::text::{Line, Span};

use crate::domain::text;
use crate::ui::glyph::GlyphSet;
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::chunks::{self, Chunk, Chunker, Kind};
use crate::ui::widgets::code::{self, Highlighter};
use crate::ui::widgets::flow::{self, Flow};
use crate::ui::widgets::markdown;
use crate::ui::widgets::segments;

/// Code blocks remembered as not coloured yet.
const WANTED_MAX: usize = 64;

/// A growing Markdown text and its lines.
pub struct Stream {
    text: String,
    carriage: bool,
    scanned: usize,
    chunker: Chunker,
    theme: Theme,
    code: Highlighter,
    set: GlyphSet,
    width: usize,
    lines: Vec<Line<'static>>,
    /// Lines that never change at this width.
    solid: usize,
    open: Option<OpenPart>,
    chunks: Vec<Chunk>,
    laid: usize,
    is_stale: bool,
    uncolored: Vec<(Chunk, Range<usize>)>,
    wanted: Vec<(String, String)>,
    bytes_laid: usize,
}

/// The unfinished chunk of which some lines are solid already.
enum OpenPart {
    Para { start: usize, at: usize, flow: Flow },
    Fence { start: usize, at: usize, first_line: usize },
}

impl Stream {
    /// An empty text. Code is coloured as far as `code` remembers it.
    pub fn new(theme: Theme, code: Highlighter) -> Stream {
        Stream {
            text: String::new(),
            carriage: false,
            scanned: 0,
            chunker: Chunker::default(),
            theme,
            code,
            set: GlyphSet::Signs,
            width: 0,
            lines: Vec::new(),
            solid: 0,
            open: None,
            chunks: Vec::new(),
            laid: 0,
            is_stale: true,
            uncolored: Vec::new(),
            wanted: Vec::new(),
            bytes_laid: 0,
        }
    }

    /// The same with another set of signs.
    pub fn with_glyphs(mut self, set: GlyphSet) -> Stream {
        self.set = set;
        self
    }

    /// Adds to the text. Nothing is laid out before `lines` asks for it.
    pub fn push(&mut self, more: &str) {
        if more.is_empty() {
            return;
        }
        // A newline is one character from here on, also when its two bytes come in two portions.
        for part in more.split_inclusive('\r') {
            if std::mem::take(&mut self.carriage) && !part.starts_with('\n') {
                self.text.push('\r');
            }
            match part.strip_suffix('\r') {
                Some(body) => {
                    self.text.push_str(body);
                    self.carriage = true;
                }
                None => self.text.push_str(part),
            }
        }
        self.chunker.feed(&self.text, self.scanned);
        self.scanned = self.text.len();
        self.chunks.append(&mut self.chunker.done);
        self.is_stale = true;
    }

    /// The text so far, newlines as `\n`.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Changes the theme; everything is laid out again.
    pub fn set_theme(&mut self, theme: Theme) {
        if theme != self.theme {
            self.theme = theme;
            self.reset();
        }
    }

    /// The lines at a width. Costs what is new since the last call; another width lays everything out once.
    pub fn lines(&mut self, width: usize) -> &[Line<'static>] {
        if width != self.width {
            self.width = width;
            self.reset();
        }
        if std::mem::take(&mut self.is_stale) {
            self.lines.truncate(self.solid);
            while let Some(chunk) = self.chunks.get(self.laid).cloned() {
                self.finish_chunk(&chunk);
                self.laid += 1;
                self.solid = self.lines.len();
            }
            self.grow_open();
            self.solid = self.lines.len();
            for chunk in self.chunker.tail(&self.text) {
                self.lay_tail(&chunk);
            }
        }
        &self.lines
    }

    /// The lines as last laid out.
    pub fn laid(&self) -> &[Line<'static>] {
        &self.lines
    }

    /// The finished code blocks that were drawn plain: language and source. Colour them with `Highlighter::highlight`
    /// where time may pass, then call `recolor`.
    pub fn take_wanted(&mut self) -> Vec<(String, String)> {
        std::mem::take(&mut self.wanted)
    }

    /// Puts colour into code blocks that were coloured since. The number of lines stays.
    pub fn recolor(&mut self) {
        let waiting = std::mem::take(&mut self.uncolored);
        for (chunk, lines) in waiting {
            let (fresh, whole) = self.colored(&chunk);
            if fresh.len() == lines.len() {
                self.lines.splice(lines.clone(), fresh);
            }
            if !whole {
                if self.wanted.len() < WANTED_MAX {
                    self.want(&chunk);
                }
                self.uncolored.push((chunk, lines));
            }
        }
    }

    /// How many bytes were laid out so far, repetitions counted: what the screen paid for this text.
    pub fn bytes_laid(&self) -> usize {
        self.bytes_laid
    }

    fn reset(&mut self) {
        self.lines.clear();
        self.uncolored.clear();
        self.wanted.clear();
        (self.solid, self.laid, self.open, self.is_stale) = (0, 0, None, true);
    }

    fn gap(&mut self, gap: bool) {
        if gap && !self.lines.is_empty() {
            self.lines.push(Line::default());
        }
    }

    /// Lays out a finished chunk for good, from where its open part stands.
    fn finish_chunk(&mut self, chunk: &Chunk) {
        match self.open.take() {
            Some(OpenPart::Para { start, at, flow }) if start == chunk.range.start => {
                self.paragraph(flow, at, chunk.range.end);
            }
            Some(OpenPart::Fence { start, first_line, .. }) if start == chunk.range.start => {
                self.lines.truncate(first_line);
                self.finish_code(chunk);
            }
            Some(_) | None => {
                self.gap(chunk.gap);
                match chunk.kind {
                    Kind::Para => self.paragraph(self.flow(), chunk.range.start, chunk.range.end),
                    Kind::Fence { .. } | Kind::Single | Kind::List => self.finish_code(chunk),
                    Kind::Indented | Kind::Block | Kind::Html => self.finish_code(chunk),
                }
            }
        }
    }

    fn flow(&self) -> Flow {
        Flow::new(self.width, Vec::new(), Vec::new())
    }

    fn paragraph(&mut self, mut flow: Flow, at: usize, end: usize) {
        self.feed(&mut flow, at, end, true);
        self.lines.extend(flow.finish());
    }

    /// Feeds the finished segments of `at..end` into a flow; gives back where it stopped.
    fn feed(&mut self, flow: &mut Flow, mut at: usize, end: usize, is_end: bool) -> usize {
        let style = self.theme.style(Role::Text);
        while let Some(len) = segments::first(&self.text[at..end], is_end) {
            let whole = &self.text[at..at + len];
            let body = whole.trim_end_matches([' ', '\t', '\n']);
            let blanks = &whole[body.len()..];
            let backslash = blanks.starts_with('\n') && body.ends_with('\\') && !body.ends_with("\\\\");
            let ends_line = at + len < end && (backslash || is_hard_break(blanks));
            let body = if backslash { &body[..body.len() - 1] } else { body };
            if whole.starts_with([' ', '\t', '\n']) {
                flow.text(" ", style);
            }
            if segments::is_marked(body) {
                markdown::segment(body, &self.theme, style, flow);
            } else {
                flow.text(&text::clean(body), style);
            }
            if ends_line {
                flow.end_line();
            } else if !blanks.is_empty() {
                flow.text(" ", style);
            }
            self.bytes_laid += len;
            at += len;
        }
        at
    }

    /// Makes solid what of the open paragraph or code block cannot change any more.
    fn grow_open(&mut self) {
        if let Some((start, gap, own)) = self.chunker.open_paragraph(&self.text) {
            let (mut flow, at) = match self.open.take() {
                Some(OpenPart::Para { start: known, at, flow }) if known == start => (flow, at),
                Some(_) | None => {
                    self.gap(gap);
                    (self.flow(), start)
                }
            };
            let at = self.feed(&mut flow, at, own, false);
            self.lines.extend(flow.take_ended());
            self.open = Some(OpenPart::Para { start, at, flow });
        } else if let Some(chunk) = self.chunker.open_fence() {
            let (start, end) = (chunk.range.start, chunk.range.end);
            let (at, first_line) = match self.open.take() {
                Some(OpenPart::Fence { start: known, at, first_line }) if known == start => (at, first_line),
                Some(_) | None => {
                    self.gap(chunk.gap);
                    (start, self.lines.len())
                }
            };
            let fresh = source(&self.text[..end], &chunk, at);
            self.code_lines(&fresh);
            self.bytes_laid += end - at;
            self.open = Some(OpenPart::Fence { start, at: end, first_line });
        }
    }

    /// Lays out a chunk of the open end, to be thrown away when more comes.
    fn lay_tail(&mut self, chunk: &Chunk) {
        match self.open.take() {
            Some(OpenPart::Para { start, at, flow }) if start == chunk.range.start => {
                self.paragraph(flow.clone(), at, chunk.range.end);
                self.open = Some(OpenPart::Para { start, at, flow });
            }
            Some(OpenPart::Fence { start, at, first_line }) if start == chunk.range.start => {
                self.bytes_laid += chunk.range.end.saturating_sub(at);
                let rest = source(&self.text[..chunk.range.end], chunk, at);
                self.code_lines(&rest);
                self.open = Some(OpenPart::Fence { start, at, first_line });
            }
            other => {
                self.gap(chunk.gap);
                if chunk.kind == Kind::Para {
                    self.paragraph(self.flow(), chunk.range.start, chunk.range.end);
                } else {
                    let (lines, _) = self.colored(chunk);
                    self.lines.extend(lines);
                    self.bytes_laid += chunk.range.len();
                }
                self.open = other;
            }
        }
    }

    /// Lays out a finished chunk that may hold code, and notes it if some of its code has no colour yet.
    fn finish_code(&mut self, chunk: &Chunk) {
        let first = self.lines.len();
        let (lines, is_colored) = self.colored(chunk);
        self.lines.extend(lines);
        self.bytes_laid += chunk.range.len();
        if !is_colored {
            self.want(chunk);
            self.uncolored.push((chunk.clone(), first..self.lines.len()));
        }
    }

    /// Notes the code in a chunk that has no colour yet.
    fn want(&mut self, chunk: &Chunk) {
        let (theme, known, wanted) = (&self.theme, &self.code, &mut self.wanted);
        let mut want = |lang: &str, source: &str| {
            if wanted.len() < WANTED_MAX && known.lookup(lang, source, theme).is_none() {
                wanted.push((lang.to_string(), source.to_string()));
            }
            Vec::new()
        };
        match chunk.kind {
            Kind::Fence { .. } => {
                want(
                    lang(&self.text, chunk),
                    &source(&self.text[..chunk.range.end], chunk, chunk.range.start),
                );
            }
            Kind::Para | Kind::Single | Kind::List | Kind::Indented | Kind::Block | Kind::Html => {
                markdown::block(&self.text[chunk.range.clone()], self.width, theme, self.set, &mut want);
            }
        }
    }

    /// The lines of a chunk other than a paragraph, and whether all its code has its colour.
    fn colored(&self, chunk: &Chunk) -> (Vec<Line<'static>>, bool) {
        let mut is_colored = true;
        let mut coder = |lang: &str, source: &str| match self.code.lookup(lang, source, &self.theme) {
            Some(block) => block.to_vec(),
            None => {
                is_colored &= !code::may_know(lang) || source.lines().nth(code::LINES_MAX).is_some();
                code::plain(source, &self.theme)
            }
        };
        let lines = match chunk.kind {
            Kind::Fence { .. } => {
                let source = source(&self.text[..chunk.range.end], chunk, chunk.range.start);
                self.indented(&coder(lang(&self.text, chunk), &source))
            }
            Kind::Para | Kind::Single | Kind::List | Kind::Indented | Kind::Block | Kind::Html => {
                markdown::block(
                    &self.text[chunk.range.clone()],
                    self.width,
                    &self.theme,
                    self.set,
                    &mut coder,
                )
            }
        };
        (lines, is_colored)
    }

    fn code_lines(&mut self, source: &str) {
        let lines = self.indented(&code::plain(source, &self.theme));
        self.lines.extend(lines);
    }

    fn indented(&self, lines: &[Line<'static>]) -> Vec<Line<'static>> {
        let indent = [Span::raw("  ")];
        let mut out = Vec::with_capacity(lines.len());
        for line in lines {
            flow::cut(line, self.width, &indent, &indent, &mut out);
        }
        out
    }
}

fn is_hard_break(blanks: &str) -> bool {
    blanks.split_once('\n').is_some_and(|(before, _)| before.ends_with("  "))
}

/// The language named by the opening fence.
fn lang<'a>(text: &'a str, chunk: &Chunk) -> &'a str {
    let first = text[chunk.range.clone()].lines().next().unwrap_or("");
    first.trim().trim_start_matches(['`', '~']).trim()
}

/// The source in a code block from the line at `at` on, without its fences and their indentation. Lines that are too
/// long are cut as the chunker cuts them, so that an endless one can be laid out as it comes.
fn source(text: &str, chunk: &Chunk, mut at: usize) -> String {
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
