//! The inside of paragraphs, headings and cells: emphasis, code, links.

use std::borrow::Cow;

use pulldown_cmark::{Event, Parser, Tag, TagEnd, TextMergeStream};
use ratatui::style::{Modifier, Style};

use crate::domain::text;
use crate::ui::theme::{Role, Theme};
use crate::ui::widgets::flow::{self, Flow};
use crate::ui::widgets::markdown::options;
use crate::ui::widgets::table::Cell;

/// Put before a segment so that its beginning is never read as the beginning of a block.
const GUARD: &str = ". ";

/// Feeds one segment of a paragraph, without the blanks around it, into `flow`.
pub fn segment(source: &str, theme: &Theme, base: Style, flow: &mut Flow) {
    let line: Vec<&str> = source.split('\n').map(str::trim).collect();
    let guarded = format!("{GUARD}{}", line.join(" "));
    let mut inline = Inline::new(theme, base);
    let mut guard = Some(GUARD);
    for event in TextMergeStream::new(Parser::new_ext(&guarded, options())) {
        match (event, guard) {
            (Event::Text(words), Some(prefix)) => {
                guard = None;
                let words = words.strip_prefix(prefix).unwrap_or(&words).to_string();
                inline.event(&Event::Text(words.into()), &mut Sink::Flow(flow));
            }
            (event, _) => inline.event(&event, &mut Sink::Flow(flow)),
        }
    }
}

/// Where inline text goes.
pub enum Sink<'a> {
    /// A paragraph or the like, to be wrapped.
    Flow(&'a mut Flow),
    /// A cell of a table, one line.
    Cell(&'a mut Cell),
}

impl Sink<'_> {
    fn text(&mut self, text: &str, style: Style) {
        match self {
            Sink::Flow(flow) => flow.text(text, style),
            Sink::Cell(cell) => flow::push(cell, &text.replace('\n', " "), style),
        }
    }
}

/// The styles of open inline markup.
pub struct Inline<'t> {
    theme: &'t Theme,
    /// Styles of what is open, the base style first.
    pub styles: Vec<Style>,
    links: Vec<(String, String)>,
}

impl<'t> Inline<'t> {
    /// Inline text in a base style.
    pub fn new(theme: &'t Theme, base: Style) -> Inline<'t> {
        Inline { theme, styles: vec![base], links: Vec::new() }
    }

    fn style(&self) -> Style {
        self.styles.last().copied().unwrap_or_default()
    }

    fn open(&mut self, change: impl FnOnce(Style) -> Style) {
        self.styles.push(change(self.style()));
    }

    fn close(&mut self) {
        if self.styles.len() > 1 {
            self.styles.pop();
        }
    }

    /// Takes in one event of inline markup.
    pub fn event(&mut self, event: &Event<'_>, sink: &mut Sink<'_>) {
        match event {
            Event::Start(Tag::Emphasis) => self.open(|style| style.add_modifier(Modifier::ITALIC)),
            Event::Start(Tag::Strong) => self.open(|style| style.add_modifier(Modifier::BOLD)),
            Event::Start(Tag::Strikethrough) => self.open(|style| style.add_modifier(Modifier::CROSSED_OUT)),
            Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                if matches!(event, Event::Start(Tag::Image { .. })) {
                    sink.text("image: ", self.theme.style(Role::Muted));
                }
                let accent = self.theme.style(Role::Accent);
                self.open(|style| style.patch(accent).add_modifier(Modifier::UNDERLINED));
                self.links.push((dest_url.to_string(), String::new()));
            }
            Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Strikethrough) => self.close(),
            Event::End(TagEnd::Link | TagEnd::Image) => {
                self.close();
                let Some((url, shown)) = self.links.pop() else { return };
                if url != shown && url.strip_prefix("mailto:") != Some(&shown) {
                    sink.text(&format!(" ({})", text::clean(&url)), self.theme.style(Role::Muted));
                }
            }
            Event::Text(words) => self.text(words, self.style(), sink),
            Event::Code(words) => self.code(words, sink),
            Event::InlineHtml(words) | Event::Html(words) => {
                self.text(words, self.theme.style(Role::Muted), sink);
            }
            Event::SoftBreak => sink.text(" ", self.style()),
            Event::HardBreak => match sink {
                Sink::Flow(flow) => flow.end_line(),
                Sink::Cell(_) => sink.text(" ", self.style()),
            },
            Event::InlineMath(words) | Event::DisplayMath(words) | Event::FootnoteReference(words) => {
                self.text(words, self.style(), sink);
            }
            Event::Start(_) | Event::End(_) | Event::Rule | Event::TaskListMarker(_) => {}
        }
    }

    fn text(&mut self, words: &str, style: Style, sink: &mut Sink<'_>) {
        // Cleaned here and not before, since entities such as `&#27;` become characters only now.
        let words = text::clean(words);
        if let Some((_, shown)) = self.links.last_mut() {
            shown.push_str(&words);
        }
        sink.text(&words, style);
    }

    fn code(&mut self, words: &str, sink: &mut Sink<'_>) {
        let code = self.theme.style(Role::Code);
        let style = self.style().patch(code);
        // A theme without a colour for code keeps the ticks, so that code can still be told from text.
        let ticks = code.fg.is_none();
        let words = if ticks { Cow::Owned(format!("`{words}`")) } else { Cow::Borrowed(words) };
        self.text(&words, style, sink);
    }
}
