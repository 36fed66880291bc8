//! Doc comments: none is empty, and every public item of the pure rooms has a real one.

use super::lex::{Comment, Voice};
use super::source::Source;
use super::{Finding, House, broken, holds, lies_at_any};

/// Where every public item is documented; these rooms are read as contracts.
const DOCUMENTED: &[&str] = &["src/domain/", "src/ports/"];

const ITEMS: &[&str] =
    &["fn", "struct", "enum", "trait", "type", "const", "static", "union", "mod", "async", "unsafe"];

/// Runs of doc lines that belong together, as first line and text.
fn doc_blocks(source: &Source) -> Vec<(usize, String)> {
    let mut blocks: Vec<(usize, usize, Voice, String)> = Vec::new();
    for comment in source.comments.iter().filter(|comment| comment.voice != Voice::Plain) {
        match blocks.last_mut() {
            Some((_, last, voice, text)) if *last + 1 == comment.first_line && *voice == comment.voice => {
                *last = comment.last_line;
                text.push(' ');
                text.push_str(&comment.text);
            }
            _ => blocks.push((comment.first_line, comment.last_line, comment.voice, comment.text.clone())),
        }
    }
    blocks.into_iter().map(|(line, _, _, text)| (line, text)).collect()
}

fn empty_docs(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in &house.sources {
        for (line, text) in doc_blocks(source) {
            if !text.chars().any(char::is_alphanumeric) {
                found.push(Finding::new(
                    &source.path,
                    line,
                    "an empty doc comment",
                    "say it, or leave it out",
                ));
            }
        }
    }
    found
}

/// The first token of the item at `at`, its attributes included.
fn with_attributes(source: &Source, at: usize) -> usize {
    let mut start = at;
    while start > 0 && source.word(start - 1) == "]" {
        let open = (0..start - 1).rev().find(|&i| source.word(i) == "[" && source.closing(i) == start - 1);
        match open {
            Some(open) if open > 0 && source.word(open - 1) == "#" => start = open - 1,
            _ => break,
        }
    }
    start
}

/// What is said about the item at `at`: the comments between it and the code before it.
fn said_about(source: &Source, at: usize) -> String {
    let start = with_attributes(source, at);
    let from = start.checked_sub(1).map_or(0, |before| source.line(before));
    let to = source.line(at);
    let near = |c: &&Comment| c.voice == Voice::Outer && c.first_line > from && c.last_line <= to;
    let on_its_line = |c: &&Comment| c.voice == Voice::Outer && c.last_line == to && c.first_line == to;
    let near_ones = source.comments.iter().filter(|c| near(c) || on_its_line(c));
    near_ones.map(|comment| comment.text.as_str()).collect::<Vec<_>>().join(" ")
}

/// Public items, with their name; the methods a public trait asks for are public too.
fn public_items(source: &Source) -> Vec<(usize, String)> {
    let mut found = Vec::new();
    let name_after = |at: usize| {
        let mut i = at;
        while ITEMS.contains(&source.word(i)) {
            i += 1;
        }
        source.word(i).to_owned()
    };
    for at in source.find(&["pub"]) {
        let declared = source.word(at + 1) == "mod" && source.word(at + 3) == ";";
        if ITEMS.contains(&source.word(at + 1)) && !declared {
            found.push((at, name_after(at + 1)));
        }
        if source.word(at + 1) == "trait" {
            let open = source.body_or_end(at);
            let close = source.closing(open);
            let mut i = open + 1;
            while i < close {
                if source.word(i) == "fn" {
                    let before = i.saturating_sub(1);
                    let first = if matches!(source.word(before), "async" | "unsafe") { before } else { i };
                    found.push((first, source.word(i + 1).to_owned()));
                    i = source.body_or_end(i);
                }
                i = if source.word(i) == "{" { source.closing(i) + 1 } else { i + 1 };
            }
        }
    }
    found
}

/// Words that say something the name does not.
fn is_real(text: &str, name: &str) -> bool {
    let plain =
        |text: &str| text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_lowercase();
    let said = plain(text);
    let repeats = [plain(name), format!("the{}", plain(name)), format!("a{}", plain(name))].contains(&said);
    text.split_whitespace().count() >= 2 && !repeats && !text.starts_with("TODO")
}

fn undocumented(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in house.src().filter(|source| lies_at_any(&source.path, DOCUMENTED)) {
        for (at, name) in public_items(source).into_iter().filter(|(at, _)| !source.in_test(*at)) {
            // In a macro the name and its words come from the caller.
            if name != "$" && !is_real(&said_about(source, at), &name) {
                let what = format!("`{name}` is public and nothing is said about it");
                let instead = "`///` with its shape, units, errors, and why it is there";
                found.push(Finding::new(&source.path, source.line(at), what, instead));
            }
        }
    }
    found
}

#[test]
fn doc_comments_say_something() {
    holds("no doc comment is empty", &empty_docs(House::load()));
}

#[test]
fn pure_rooms_are_documented() {
    holds("public items of domain and ports say what they promise", &undocumented(House::load()));
}

#[test]
fn empty_docs_go_red() {
    let house = House::of(&[(
        "src/a.rs",
        "//! Opens.\n//!\n//! Goes on.\n\n///\nfn f() {}\n/// Says.\n///\nfn g() {}\n/** */ fn h() {}\n// \n//// \nfn i() {}",
    )]);
    broken(&empty_docs(&house), &["src/a.rs:5:", "src/a.rs:10:"]);
}

#[test]
fn undocumented_goes_red() {
    let text = "\
pub struct Bare;
/// What one run costs, in millionths of a dollar.
#[derive(Clone)]
#[serde(rename = \"x\")] // kept
pub struct Cost(pub u64);
/// Cost
pub fn cost() {}
pub mod declared;
pub(crate) fn inside() {}
/// Tells the time.
pub trait Clock {
    /// Now, in milliseconds.
    fn now(&self) -> u64 { fn helper() {} 0 }
    fn zone(&self);
}
impl Cost {
    pub const fn zero() -> Self { Cost(0) }
}
macro_rules! id { ($name:ident) => { pub struct $name(u64); } }
#[cfg(test)]
mod tests { pub fn helper() {} }
";
    let house = House::of(&[("src/domain/a.rs", text), ("src/ui/a.rs", "pub fn free() {}")]);
    let expected = ["a.rs:1: `Bare`", "a.rs:7: `cost`", "a.rs:14: `zone`", "a.rs:17: `zero`"];
    broken(&undocumented(&house), &expected);
}
