//! The outside: headings, lists, quotations, tables and code, each line with what stands before it.

use pulldown_cmark::{Alignment, CodeBlockKind, Event, HeadingLevel, Parser, Tag, TagEnd, TextMergeStream};
use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};

use crate::domain::text;
use crate::ui::glyph::{Glyph, GlyphSet};
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::flow::{self, Flow};
use crate::ui::widgets::markdown::inline::{Inline, Sink};
use crate::ui::widgets::markdown::{Coder, options};
use crate::ui::widgets::table::{self, Align, Cell};

/// Columns that nested prefixes always leave to the text.
const TEXT_MIN: usize = 10;

/// Lays out finished blocks in `width` columns.
pub fn block(
    source: &str,
    width: usize,
    theme: &Theme,
    set: GlyphSet,
    coder: Coder<'_>,
) -> Vec<Line<'static>> {
    let parser = Parser::new_ext(source, options());
    let mut defined: Vec<_> =
        parser.reference_definitions().iter().map(|(_, def)| def.span.clone()).collect();
    defined.sort_by_key(|span| span.start);
    let mut blocks = Blocks {
        theme,
        set,
        width: width.max(1),
        out: Vec::new(),
        containers: Vec::new(),
        flow: None,
        inline: Inline::new(theme, theme.style(Role::Text)),
        gap: false,
        literal: None,
        rows: Vec::new(),
        aligns: Vec::new(),
        cell: None,
        coder,
    };
    for event in TextMergeStream::new(parser) {
        blocks.event(event);
    }
    blocks.flush();
    for span in defined {
        blocks.verbatim(source.get(span).unwrap_or(""), Role::Muted);
    }
    blocks.out
}

/// A block that others stand in.
enum Container {
    Quote,
    List(Option<u64>),
    Item { marker: Option<String>, indent: usize },
}

/// A block whose text is taken as it is.
enum Literal {
    Code { lang: String, source: String },
    Html(String),
}

struct Blocks<'a, 't> {
    theme: &'t Theme,
    set: GlyphSet,
    width: usize,
    out: Vec<Line<'static>>,
    containers: Vec<Container>,
    flow: Option<Flow>,
    inline: Inline<'t>,
    gap: bool,
    literal: Option<Literal>,
    rows: Vec<Vec<Cell>>,
    aligns: Vec<Align>,
    cell: Option<Cell>,
    coder: Coder<'a>,
}

impl Blocks<'_, '_> {
    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "foreign: the parser's kinds; what is no block is words"
    )]
    fn event(&mut self, event: Event<'_>) {
        match (&mut self.literal, &event) {
            (Some(Literal::Code { source, .. }), Event::Text(words)) => return source.push_str(words),
            (Some(Literal::Html(source)), Event::Text(words) | Event::Html(words)) => {
                return source.push_str(words);
            }
            (Some(_) | None, _) => {}
        }
        match event {
            Event::Start(tag) => self.start(tag),
            Event::End(tag) => self.end(tag),
            Event::Rule => {
                self.begin_block();
                let (first, rest) = self.prefix();
                let room = self.width.saturating_sub(flow::spans_width(&first)).max(1);
                let rule = Glyph::Rule.text(self.set).repeat(room);
                let line = Line::from(Span::styled(rule, self.theme.style(Role::Border)));
                flow::cut(&line, self.width, &first, &rest, &mut self.out);
                self.gap = true;
            }
            Event::TaskListMarker(done) => {
                let sign = if done { Glyph::TaskDone } else { Glyph::TaskOpen };
                let style = self.theme.style(if done { Role::Ok } else { Role::Wait });
                let sign = sign.text(self.set);
                self.words(&Event::SoftBreak);
                if let Some(flow) = &mut self.flow {
                    flow.text(sign, style);
                    flow.text(" ", style);
                }
            }
            words => self.words(&words),
        }
    }

    fn words(&mut self, event: &Event<'_>) {
        if let Some(cell) = &mut self.cell {
            return self.inline.event(event, &mut Sink::Cell(cell));
        }
        if self.flow.is_none() {
            let (first, rest) = self.prefix();
            self.flow = Some(Flow::new(self.width, first, rest));
        }
        if let Some(flow) = &mut self.flow {
            self.inline.event(event, &mut Sink::Flow(flow));
        }
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "foreign: the parser's kinds; what is no block is words"
    )]
    fn start(&mut self, tag: Tag<'_>) {
        match tag {
            Tag::Paragraph => self.begin_block(),
            Tag::Heading { level, .. } => {
                self.begin_block();
                self.inline.styles = vec![heading(self.theme, level)];
            }
            Tag::BlockQuote(_) => {
                self.begin_block();
                self.containers.push(Container::Quote);
            }
            Tag::CodeBlock(kind) => {
                self.begin_block();
                let lang = match kind {
                    CodeBlockKind::Fenced(lang) => lang.to_string(),
                    CodeBlockKind::Indented => String::new(),
                };
                self.literal = Some(Literal::Code { lang, source: String::new() });
            }
            Tag::HtmlBlock => {
                self.begin_block();
                self.literal = Some(Literal::Html(String::new()));
            }
            Tag::List(from) => {
                self.begin_block();
                self.containers.push(Container::List(from));
            }
            Tag::Item => self.item(),
            Tag::Table(aligns) => {
                self.begin_block();
                self.rows = Vec::new();
                self.aligns = aligns.iter().map(align).collect();
            }
            Tag::TableHead | Tag::TableRow => self.rows.push(Vec::new()),
            Tag::TableCell => self.cell = Some(Cell::new()),
            inline => self.words(&Event::Start(inline)),
        }
    }

    fn item(&mut self) {
        self.begin_block();
        let marker = match self.containers.last_mut() {
            Some(Container::List(Some(number))) => {
                let marker = format!("{number}. ");
                *number += 1;
                marker
            }
            Some(Container::List(None) | Container::Quote | Container::Item { .. }) | None => {
                format!("{} ", Glyph::Bullet.text(self.set))
            }
        };
        let indent = text::width(&marker);
        self.containers.push(Container::Item { marker: Some(marker), indent });
    }

    #[expect(
        clippy::wildcard_enum_match_arm,
        reason = "foreign: the parser's kinds; what is no block is words"
    )]
    fn end(&mut self, tag: TagEnd) {
        match tag {
            TagEnd::Paragraph => {
                self.flush();
                self.gap = true;
            }
            TagEnd::Heading(_) => {
                self.flush();
                self.inline.styles = vec![self.theme.style(Role::Text)];
                self.gap = true;
            }
            TagEnd::BlockQuote(_) => {
                self.flush();
                self.containers.pop();
                self.gap = true;
            }
            TagEnd::CodeBlock | TagEnd::HtmlBlock => self.end_literal(),
            TagEnd::List(_) => {
                self.flush();
                self.containers.pop();
                self.gap |= !self.containers.iter().any(|one| matches!(one, Container::Item { .. }));
            }
            TagEnd::Item => {
                self.flush();
                if matches!(self.containers.last(), Some(Container::Item { marker: Some(_), .. })) {
                    self.words(&Event::SoftBreak);
                    self.flush();
                }
                self.containers.pop();
            }
            TagEnd::Table => {
                let rows = std::mem::take(&mut self.rows);
                let (first, rest) = self.prefix();
                let room = self.width.saturating_sub(flow::spans_width(&rest)).max(1);
                for (at, line) in table::lay(&rows, &self.aligns, room, self.theme).iter().enumerate() {
                    flow::cut(line, self.width, if at == 0 { &first } else { &rest }, &rest, &mut self.out);
                }
                self.gap = true;
            }
            TagEnd::TableCell => {
                let head = self.rows.len() == 1;
                let mut cell = self.cell.take().unwrap_or_default();
                if head {
                    cell.iter_mut().for_each(|(_, style)| *style = style.add_modifier(Modifier::BOLD));
                }
                if let Some(row) = self.rows.last_mut() {
                    row.push(cell);
                }
            }
            TagEnd::TableHead | TagEnd::TableRow => {}
            inline => self.words(&Event::End(inline)),
        }
    }

    fn end_literal(&mut self) {
        match self.literal.take() {
            Some(Literal::Code { lang, source }) => {
                let lines = (self.coder)(&lang, &source);
                self.literal_lines(&lines, "  ");
            }
            Some(Literal::Html(source)) => self.verbatim(&source, Role::Muted),
            None => {}
        }
        self.gap = true;
    }

    fn verbatim(&mut self, source: &str, role: Role) {
        let style = self.theme.style(role);
        let line = |line| Line::from(Span::styled(text::clean(line).into_owned(), style));
        let lines: Vec<_> = source.lines().map(line).collect();
        self.literal_lines(&lines, "");
    }

    fn literal_lines(&mut self, lines: &[Line<'static>], indent: &'static str) {
        for line in lines {
            let (mut first, mut rest) = self.prefix();
            first.push(Span::raw(indent));
            rest.push(Span::raw(indent));
            flow::cut(line, self.width, &first, &rest, &mut self.out);
        }
    }

    /// Ends open text and leaves a line free before a new block, where one is due.
    fn begin_block(&mut self) {
        self.flush();
        if std::mem::take(&mut self.gap) && !self.out.is_empty() {
            let (_, rest) = self.prefix_parts(false);
            self.out.push(Line::from(rest));
        }
    }

    fn flush(&mut self) {
        if let Some(flow) = self.flow.take() {
            self.out.extend(flow.finish());
        }
    }

    /// What stands before the next line of text and before the ones after it. List markers are used up.
    fn prefix(&mut self) -> (Vec<Span<'static>>, Vec<Span<'static>>) {
        self.prefix_parts(true)
    }

    fn prefix_parts(&mut self, take: bool) -> (Vec<Span<'static>>, Vec<Span<'static>>) {
        let (mut first, mut rest) = (Vec::new(), Vec::new());
        let mut used = 0;
        let mark = self.theme.style(Role::Accent).remove_modifier(Modifier::BOLD | Modifier::UNDERLINED);
        for container in &mut self.containers {
            let (now, later) = match container {
                Container::List(_) => continue,
                Container::Quote => {
                    let bar = Span::styled(
                        format!("{} ", Glyph::Quote.text(self.set)),
                        self.theme.style(Role::Muted),
                    );
                    (bar.clone(), bar)
                }
                Container::Item { marker, indent } => {
                    let blank = Span::raw(" ".repeat(*indent));
                    let marker = if take { marker.take() } else { None };
                    (marker.map_or_else(|| blank.clone(), |marker| Span::styled(marker, mark)), blank)
                }
            };
            used += flow::spans_width(std::slice::from_ref(&later));
            // Nested too deep for the width: the text goes on without more indentation.
            if used + TEXT_MIN <= self.width {
                first.push(now);
                rest.push(later);
            }
        }
        (first, rest)
    }
}

fn heading(theme: &Theme, level: HeadingLevel) -> Style {
    let title = theme.style(Role::Title).add_modifier(Modifier::BOLD);
    match level {
        HeadingLevel::H1 => title.add_modifier(Modifier::UNDERLINED),
        HeadingLevel::H2 => title,
        HeadingLevel::H3 | HeadingLevel::H4 | HeadingLevel::H5 | HeadingLevel::H6 => {
            title.add_modifier(Modifier::ITALIC)
        }
    }
}

fn align(alignment: &Alignment) -> Align {
    match alignment {
        Alignment::None | Alignment::Left => Align::Left,
        Alignment::Center => Align::Center,
        Alignment::Right => Align::Right,
    }
}
