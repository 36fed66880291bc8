//! A session as Markdown. Foreign text stands in fences that are longer than any run of backticks in it, or in one line with
//! every mark escaped: nothing that was said becomes part of the document.

use crate::domain::export::deed::Deed;
use crate::domain::export::form::{About, Form, args, change, cost, line, output, pretty, sums, times};
use crate::domain::export::tale::{Piece, Saying, Sum, Turn};
use crate::domain::text;
use crate::domain::time::duration;

/// Writes Markdown.
#[derive(Debug, Default)]
pub struct Markdown {
    turns: u64,
}

impl Form for Markdown {
    fn begin(&mut self, about: &About) -> String {
        let mut page = format!("# {}\n\n", inline(&about.title));
        for (name, value) in about.facts() {
            page.push_str(&format!("- {name}: {}\n", inline(&value)));
        }
        page
    }

    fn piece(&mut self, piece: &Piece) -> String {
        let (no, clock) = (piece.no, piece.at.clock());
        match &piece.saying {
            Saying::Task(input, model) => {
                format!("\n## Task · {clock} · {}\n\n{}", inline(model), fence(input, "text"))
            }
            Saying::Said(who, words) => {
                format!("\n### {} · {clock}\n\n{}", inline(who), fence(words, "text"))
            }
            Saying::Note(words) => format!("\n*{clock}* {}\n", inline(words)),
            Saying::Ended(status, why) => format!("\n## Ended · {clock}: {status}\n\nWhy: {}\n", inline(why)),
            Saying::Turn(turn) => {
                self.turns += 1;
                let took = duration(turn.model_ms);
                let title = format!("\n### Turn {} · {clock} · answered in {took} · {no}\n", self.turns);
                title + &told(turn)
            }
        }
    }

    fn end(&mut self, sum: &Sum) -> String {
        let mut page = "\n## In all\n\n".to_string();
        for (name, value) in sums(sum) {
            page.push_str(&format!("- {name}: {value}\n"));
        }
        page
    }
}

fn told(turn: &Turn) -> String {
    let mut page = String::new();
    let reply = &turn.reply;
    if let Some(thought) = reply.reasoning.as_ref().filter(|thought| !thought.text.is_empty()) {
        page.push_str(&format!("\nThought:\n\n{}", fence(&thought.text, "text")));
    }
    if !reply.text.trim().is_empty() {
        page.push_str(&format!("\n{}", fence(&reply.text, "markdown")));
    }
    let cost = inline(&cost(reply));
    page.push_str(&format!("\n{} + {} tokens{cost}\n", reply.usage.input, reply.usage.output));
    turn.deeds.iter().for_each(|deed| page.push_str(&call(deed)));
    page
}

fn call(deed: &Deed) -> String {
    let mut page = format!("\n#### {} {}: {}\n\n", deed.call, inline(&deed.asked.tool), deed.outcome);
    page.push_str(&fence(&args(deed), "json"));
    if let Some(edited) = &deed.edited {
        page.push_str(&format!("\nEdited to:\n\n{}", fence(&pretty(edited), "json")));
    }
    if let Some((path, lines)) = change(deed) {
        let lines: Vec<String> = lines.iter().map(|(_, text)| line(text)).collect();
        page.push_str(&format!("\nChange of {}:\n\n{}", inline(path), fence(&lines.join("\n"), "diff")));
    }
    page.push('\n');
    for words in &deed.words {
        page.push_str(&format!("- {}\n", inline(words)));
    }
    page.push_str(&format!("- {}\n", times(deed)));
    if let Some(gave) = &deed.output {
        page.push_str(&format!("\nOutput, {} bytes:\n\n{}", gave.size, fence(&output(gave).0, "text")));
    } else if !deed.answer.is_empty() {
        page.push_str(&format!("\nIn its place:\n\n{}", fence(&deed.answer, "text")));
    }
    page
}

/// Text in a fence that it cannot close.
fn fence(foreign: &str, language: &str) -> String {
    let clean = text::clean(foreign);
    let longest = clean.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    let ticks = "`".repeat(longest.max(2) + 1);
    format!("{ticks}{language}\n{}\n{ticks}\n", clean.strip_suffix('\n').unwrap_or(&clean))
}

/// One line in which nothing is a mark; something of ours always stands before it.
fn inline(foreign: &str) -> String {
    let mut page = String::new();
    let clean = line(foreign);
    let mut chars = clean.chars().peekable();
    while let Some(c) = chars.next() {
        let plain = match c {
            '/' | '.' | ',' | ';' | '-' | '\'' | '(' | ')' | '%' => true,
            ':' => chars.peek() != Some(&'/'), // an address stays an address, and no link
            _ => !c.is_ascii_punctuation(),
        };
        if !plain {
            page.push('\\');
        }
        page.push(c);
    }
    page.trim().to_string()
}
