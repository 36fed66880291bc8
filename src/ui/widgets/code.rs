//! Source code, coloured by what its parts mean; the only place that knows the highlighter.
//!
//! Colouring a line costs up to a millisecond, so it is never done inside a frame: draw `plain` or what `lookup` has,
//! and call `highlight` where time may pass. Both have the same text in the same lines.

use std::collections::hash_map::DefaultHasher;
use std::collections::{HashMap, VecDeque};
use std::hash::{Hash, Hasher};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};

use ratatui::style::{Modifier, Style};
use ratatui::text::{Line, Span};
use syntect::parsing::{ParseState, Scope, ScopeStack, SyntaxReference, SyntaxSet};

use crate::domain::text;
use crate::ui::theme::{Role, Theme};

/// Longer lines, in characters, are shown plain.
pub const LINE_MAX: usize = 2_000;
/// Longer blocks, in lines, are shown plain.
pub const LINES_MAX: usize = 5_000;
/// Blocks kept coloured.
const CACHE_ENTRIES: usize = 256;
/// Lines kept coloured, over all blocks.
const CACHE_LINES: usize = 20_000;

static SYNTAXES: LazyLock<SyntaxSet> = LazyLock::new(SyntaxSet::load_defaults_newlines);

/// Scope prefixes and the meaning they give to text; the first fit from the innermost scope out counts.
static MEANINGS: LazyLock<Vec<(Scope, Meaning)>> = LazyLock::new(|| {
    let table = [
        ("comment", Meaning::Comment),
        ("meta.mapping.key", Meaning::Name),
        ("meta.structure.dictionary.key", Meaning::Name),
        ("entity.name.tag.yaml", Meaning::Name),
        ("string", Meaning::Text),
        ("constant.numeric", Meaning::Number),
        ("constant", Meaning::Number),
        ("keyword.operator", Meaning::Other),
        ("keyword", Meaning::Keyword),
        ("storage.type.numeric", Meaning::Number),
        ("storage", Meaning::Keyword),
        ("entity.name.function", Meaning::Name),
        ("support.function", Meaning::Name),
        ("variable.function", Meaning::Name),
        ("entity.name", Meaning::Type),
        ("support.type", Meaning::Type),
        ("support.class", Meaning::Type),
        ("markup.heading", Meaning::Name),
        ("markup.inserted", Meaning::Added),
        ("markup.deleted", Meaning::Removed),
        ("punctuation.section.interpolation", Meaning::Other),
    ];
    table.into_iter().filter_map(|(name, meaning)| Some((Scope::new(name).ok()?, meaning))).collect()
});

#[derive(Clone, Copy)]
enum Meaning {
    Comment,
    Text,
    Number,
    Keyword,
    Name,
    Type,
    Added,
    Removed,
    Other,
}

/// Colours source code and remembers what it coloured. Clones share the memory; it may be used from any thread.
#[derive(Clone, Default)]
pub struct Highlighter {
    cache: Arc<Mutex<Cache>>,
}

/// A coloured block, shared with the memory.
pub type Block = Arc<Vec<Line<'static>>>;

#[derive(Default)]
struct Cache {
    blocks: HashMap<u64, Block>,
    order: VecDeque<u64>,
    lines: usize,
}

impl Highlighter {
    /// A highlighter with an empty memory. The syntaxes are loaded at the first use, once for the process.
    pub fn new() -> Highlighter {
        Highlighter::default()
    }

    /// Another handle on the same memory, for another thread.
    pub fn handle(&self) -> Highlighter {
        self.clone()
    }

    /// The block if it was coloured before. Cheap enough for a frame.
    pub fn lookup(&self, lang: &str, source: &str, theme: &Theme) -> Option<Block> {
        self.cache().blocks.get(&key(lang, source, theme)).cloned()
    }

    /// Colours a finished block; `lang` is a language name or file extension. One line out for each line in. Unknown
    /// languages, blocks over `LINES_MAX` lines and lines over `LINE_MAX` characters stay plain. Not for a frame.
    pub fn highlight(&self, lang: &str, source: &str, theme: &Theme) -> Block {
        let key = key(lang, source, theme);
        if let Some(block) = self.cache().blocks.get(&key) {
            return block.clone();
        }
        let syntax = language(lang).filter(|_| source.lines().count() <= LINES_MAX);
        let lines = match syntax {
            Some(syntax) => paint(syntax, source, theme),
            None => plain(source, theme),
        };
        let block = Arc::new(lines);
        self.cache().keep(key, block.clone());
        block
    }

    fn cache(&self) -> MutexGuard<'_, Cache> {
        self.cache.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Cache {
    fn keep(&mut self, key: u64, block: Block) {
        if block.len() > CACHE_LINES || self.blocks.contains_key(&key) {
            return;
        }
        self.lines += block.len();
        self.blocks.insert(key, block);
        self.order.push_back(key);
        while self.order.len() > CACHE_ENTRIES || self.lines > CACHE_LINES {
            let Some(oldest) = self.order.pop_front() else { return };
            self.lines -= self.blocks.remove(&oldest).map_or(0, |block| block.len());
        }
    }
}

/// Source code in the theme's code style, cleaned, one line out for each line in.
pub fn plain(source: &str, theme: &Theme) -> Vec<Line<'static>> {
    let style = theme.style(Role::Code);
    source.lines().map(|line| Line::from(Span::styled(text::clean(line).into_owned(), style))).collect()
}

/// Whether a language of that name could be coloured; cheap, and without loading the syntaxes.
pub fn may_know(lang: &str) -> bool {
    !token(lang).is_empty()
}

fn key(lang: &str, source: &str, theme: &Theme) -> u64 {
    let mut hasher = DefaultHasher::new();
    (lang, source, theme.name(), theme.style(Role::Code), theme.style(Role::Accent)).hash(&mut hasher);
    hasher.finish()
}

/// The name under which a language is looked up; empty for text without a language.
fn token(lang: &str) -> String {
    let lang = lang.trim().split([',', ' ', '{']).next().unwrap_or("").to_ascii_lowercase();
    let name = match lang.as_str() {
        "text" | "txt" | "plain" | "plaintext" | "console" => "",
        "jsonl" | "json5" | "jsonc" => "json",
        "ts" | "typescript" | "tsx" | "jsx" | "mjs" => "js",
        "shell" | "zsh" | "sh-session" | "fish" => "sh",
        "toml" | "ini" | "cfg" => "yaml",
        "c++" | "hpp" => "cpp",
        "patch" => "diff",
        other => other,
    };
    name.to_string()
}

fn language(lang: &str) -> Option<&'static SyntaxReference> {
    let token = token(lang);
    if token.is_empty() { None } else { SYNTAXES.find_syntax_by_token(&token) }
}

fn paint(syntax: &SyntaxReference, source: &str, theme: &Theme) -> Vec<Line<'static>> {
    let mut state = ParseState::new(syntax);
    let mut stack = ScopeStack::new();
    let mut lines = Vec::new();
    for line in source.lines() {
        // Cleaned first, so that what is parsed is what is shown.
        let mut shown = text::clean(line).into_owned();
        shown.push('\n');
        let short = shown.chars().take(LINE_MAX + 2).count() <= LINE_MAX + 1;
        let parsed = if short { state.parse_line(&shown, &SYNTAXES).ok() } else { None };
        let mut spans: Vec<(String, Style)> = Vec::new();
        let mut at = 0;
        for (end, op) in parsed.unwrap_or_default() {
            if end > at {
                add(&mut spans, &shown[at..end], style(&stack, theme));
                at = end;
            }
            // A stack that does not fit is a fault of the syntax; the text still shows.
            if stack.apply(&op).is_err() {
                stack = ScopeStack::new();
            }
        }
        add(&mut spans, &shown[at..], if short { style(&stack, theme) } else { theme.style(Role::Code) });
        lines.push(Line::from_iter(spans.into_iter().map(|(part, style)| Span::styled(part, style))));
    }
    lines
}

fn add(spans: &mut Vec<(String, Style)>, part: &str, style: Style) {
    let part = part.trim_end_matches('\n');
    match spans.last_mut() {
        _ if part.is_empty() => {}
        Some((last, known)) if *known == style => last.push_str(part),
        Some(_) | None => spans.push((part.to_string(), style)),
    }
}

fn style(stack: &ScopeStack, theme: &Theme) -> Style {
    let meaning = stack
        .as_slice()
        .iter()
        .rev()
        .find_map(|scope| MEANINGS.iter().find(|(prefix, _)| prefix.is_prefix_of(*scope)))
        .map_or(Meaning::Other, |(_, meaning)| *meaning);
    let light =
        |role| theme.style(role).remove_modifier(Modifier::BOLD | Modifier::UNDERLINED | Modifier::REVERSED);
    match meaning {
        Meaning::Comment => theme.style(Role::Muted).add_modifier(Modifier::ITALIC),
        Meaning::Text => light(Role::Ok),
        Meaning::Number => light(Role::Wait),
        Meaning::Keyword => light(Role::Accent).add_modifier(Modifier::BOLD),
        Meaning::Name => light(Role::Accent),
        Meaning::Type => light(Role::BarCall),
        Meaning::Added => theme.style(Role::DiffAdd),
        Meaning::Removed => theme.style(Role::DiffRemove),
        Meaning::Other => theme.style(Role::Code),
    }
}
