//! What came from a host, as text: plain, JSON laid out, HTML without its tags. Bounded.

use super::args::cut;
use serde_json::Value;

/// The most bytes of text.
const TEXT_MAX: usize = 256 * 1024;

/// Elements whose content is not text to read.
const SILENT: &[&str] = &["script", "style", "noscript", "template", "svg", "head", "iframe", "object"];
/// Elements that begin a new line.
const BLOCKS: &[&str] = &[
    "p",
    "div",
    "br",
    "li",
    "ul",
    "ol",
    "tr",
    "table",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "section",
    "article",
    "header",
    "footer",
    "nav",
    "main",
    "aside",
    "pre",
    "blockquote",
    "hr",
    "dl",
    "dt",
    "dd",
    "form",
    "figure",
    "title",
];

/// The text of a body of this type; nothing where it is no text.
pub(super) fn readable(content_type: &str, body: &[u8]) -> Option<String> {
    let kind = content_type.split(';').next().unwrap_or_default().trim().to_ascii_lowercase();
    let text = String::from_utf8_lossy(body);
    let text = text.strip_prefix('\u{feff}').unwrap_or(&text);
    let out = if kind.ends_with("/json") || kind.ends_with("+json") {
        let laid_out = serde_json::from_str::<Value>(text).ok();
        laid_out
            .and_then(|value| serde_json::to_string_pretty(&value).ok())
            .unwrap_or_else(|| text.to_string())
    } else if kind == "text/html" || kind == "application/xhtml+xml" {
        strip(text)
    } else if textual(&kind) || (kind.is_empty() && std::str::from_utf8(body).is_ok() && !body.contains(&0)) {
        text.to_string()
    } else {
        return None;
    };
    Some(match cut(&out, TEXT_MAX) {
        (start, true) => format!("{start}\n[… {} bytes left out …]", out.len() - start.len()),
        (_, false) => out,
    })
}

fn textual(kind: &str) -> bool {
    let named = matches!(
        kind,
        "application/javascript" | "application/yaml" | "application/toml" | "application/x-sh"
    );
    named || kind.starts_with("text/") || kind.ends_with("/xml") || kind.ends_with("+xml")
}

/// The text of a page: no tags, no scripts, entities read, one line for each block. Looks at each byte once.
fn strip(html: &str) -> String {
    let mut out = Lines::default();
    let mut rest = html;
    while let Some(at) = rest.find('<') {
        let (text, tag) = rest.split_at(at);
        out.text(text);
        if let Some(comment) = tag.strip_prefix("<!--") {
            rest = after(comment, "-->");
            continue;
        }
        let Some(inner) = tag.strip_prefix('<').filter(|inner| opens(inner)) else {
            out.text("<");
            rest = tag.strip_prefix('<').unwrap_or_default();
            continue;
        };
        let (tag, next) = split_tag(inner);
        rest = next;
        let closing = tag.starts_with('/');
        let name: String =
            tag.trim_start_matches('/').chars().take_while(char::is_ascii_alphanumeric).collect();
        let name = name.to_ascii_lowercase();
        if !closing && SILENT.contains(&name.as_str()) && !tag.ends_with('/') {
            rest = past(rest, &name);
        } else if BLOCKS.contains(&name.as_str()) {
            out.line();
            match (name.as_str(), closing) {
                ("li", false) => out.mark("- "),
                ("h1" | "h2" | "h3" | "h4" | "h5" | "h6", false) => out.mark("# "),
                _ => {}
            }
        } else if matches!(name.as_str(), "td" | "th") {
            out.text(" ");
        }
    }
    out.text(rest);
    out.finish()
}

fn opens(inner: &str) -> bool {
    inner.starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!' | '?'))
}

/// What is in a tag and what comes after it; `>` in a quoted value does not end it.
fn split_tag(inner: &str) -> (&str, &str) {
    let mut quote = None;
    for (at, c) in inner.char_indices() {
        match (quote, c) {
            (None, '>') => {
                return (inner.get(..at).unwrap_or_default(), inner.get(at + 1..).unwrap_or_default());
            }
            (None, '"' | '\'') => quote = Some(c),
            (Some(open), c) if c == open => quote = None,
            (None | Some(_), _) => {}
        }
    }
    (inner, "")
}

fn after<'a>(text: &'a str, end: &str) -> &'a str {
    text.split_once(end).map_or("", |(_, rest)| rest)
}

/// What comes after the end of an element.
fn past<'a>(text: &'a str, name: &str) -> &'a str {
    let mut rest = text;
    while let Some(at) = rest.find("</") {
        rest = rest.get(at + 2..).unwrap_or_default();
        if rest.get(..name.len()).is_some_and(|start| start.eq_ignore_ascii_case(name)) {
            return after(rest, ">");
        }
    }
    ""
}

/// Text, with its white space gathered.
#[derive(Default)]
struct Lines {
    done: String,
    line: String,
    space: bool,
}

impl Lines {
    fn text(&mut self, raw: &str) {
        let mut rest = raw;
        while let Some(c) = rest.chars().next() {
            let (c, used) = if c == '&' { entity(rest) } else { (c, c.len_utf8()) };
            rest = rest.get(used..).unwrap_or_default();
            if c.is_whitespace() {
                self.space = !self.line.is_empty();
            } else {
                if std::mem::take(&mut self.space) {
                    self.line.push(' ');
                }
                self.line.push(c);
            }
        }
    }

    fn mark(&mut self, mark: &str) {
        self.line.push_str(mark);
    }

    fn line(&mut self) {
        let line = std::mem::take(&mut self.line);
        self.space = false;
        if !line.trim_matches(['-', '#', ' ']).is_empty() {
            self.done.push_str(line.trim_end());
            self.done.push('\n');
        }
    }

    fn finish(mut self) -> String {
        self.line();
        self.done
    }
}

/// The character that an entity stands for, and its length; `&` itself where it is none.
fn entity(text: &str) -> (char, usize) {
    let plain = ('&', 1);
    let Some(end) = text.char_indices().take(12).find(|(_, c)| *c == ';').map(|(at, _)| at) else {
        return plain;
    };
    let name = text.get(1..end).unwrap_or_default();
    let number = match name.strip_prefix('#') {
        Some(digits) => match digits.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok(),
            None => digits.parse().ok(),
        },
        None => None,
    };
    let known = [
        ("amp", '&'),
        ("lt", '<'),
        ("gt", '>'),
        ("quot", '"'),
        ("apos", '\''),
        ("nbsp", ' '),
        ("ndash", '–'),
        ("mdash", '—'),
        ("hellip", '…'),
        ("copy", '©'),
    ];
    let named = known.iter().find(|(known, _)| *known == name).map(|(_, c)| *c);
    match number.and_then(char::from_u32).or(named) {
        Some(c) => (c, end + 1),
        None => plain,
    }
}
