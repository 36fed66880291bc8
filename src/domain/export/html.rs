//! A session as one page: no script, nothing from elsewhere, every foreign text escaped.

use crate::domain::export::deed::Deed;
use crate::domain::export::form::{About, Form, args, change, cost, line, output, pretty, sums, times};
use crate::domain::export::tale::{Piece, Saying, Sum, Turn};
use crate::domain::hunks::Fate;
use crate::domain::text;
use crate::domain::time::duration;
use crate::domain::watch::Close;

const STYLE: &str = include_str!("page.css");

/// Writes a page.
#[derive(Debug, Default)]
pub struct Html {
    turns: u64,
}

impl Form for Html {
    fn begin(&mut self, about: &About) -> String {
        let title = one(&about.title);
        format!(
            "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src 'unsafe-inline'\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <title>{title}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<h1>{title}</h1>\n{}",
            list(&about.facts())
        )
    }

    fn piece(&mut self, piece: &Piece) -> String {
        let time = format!("<time>{}</time>", piece.at.clock());
        match &piece.saying {
            Saying::Task(input, model) => {
                format!(
                    "<h2>Task {time} <span class=\"muted\">{}</span></h2>\n{}",
                    one(model),
                    pre(input, "")
                )
            }
            Saying::Said(who, words) => format!("<h3>{} {time}</h3>\n{}", one(who), pre(words, "")),
            Saying::Note(words) => format!("<p class=\"muted\">{time} {}</p>\n", one(words)),
            Saying::Ended(status, why) => {
                format!("<h2>Ended {time}: {}</h2>\n<p>{}</p>\n", one(status), one(why))
            }
            Saying::Turn(turn) => {
                self.turns += 1;
                let took = duration(turn.model_ms);
                let about = format!("{time} <span class=\"muted\">answered in {took} · {}</span>", piece.no);
                format!("<h3>Turn {} {about}</h3>\n{}", self.turns, told(turn))
            }
        }
    }

    fn end(&mut self, sum: &Sum) -> String {
        format!("<h2>In all</h2>\n{}</body>\n</html>\n", list(&sums(sum)))
    }
}

fn told(turn: &Turn) -> String {
    let reply = &turn.reply;
    let of = |get: fn(&Deed) -> u64| turn.deeds.iter().map(get).sum::<u64>();
    let mut page = bar(&[
        ("model", "the model answered", turn.model_ms),
        ("between", "neither", of(|deed| deed.between_ms)),
        ("wait", "waited for a person", of(|deed| deed.waiting_ms)),
        ("run", "ran", of(|deed| deed.running_ms)),
    ]);
    if let Some(thought) = reply.reasoning.as_ref().filter(|thought| !thought.text.is_empty()) {
        page.push_str(&details("thought", &thought.text, false));
    }
    if !reply.text.trim().is_empty() {
        page.push_str(&pre(&reply.text, ""));
    }
    let (sent, got, cost) = (reply.usage.input, reply.usage.output, one(&cost(reply)));
    page.push_str(&format!("<p class=\"muted\">{sent} + {got} tokens{cost}</p>\n"));
    turn.deeds.iter().for_each(|deed| page.push_str(&call(deed)));
    page
}

fn call(deed: &Deed) -> String {
    let class = match deed.close() {
        Some(Close::Well) => "well",
        Some(Close::Badly) => "badly",
        Some(Close::NotRun) => "not-run",
        None => "open",
    };
    let (tool, outcome) = (one(&deed.asked.tool), one(deed.outcome));
    let mut page = format!(
        "<article>\n<strong>{} {tool}</strong> <span class=\"{class}\">{outcome}</span>\n",
        deed.call
    );
    let edited = deed.edited.as_ref().map(pretty);
    match change(deed) {
        // The same text as arguments is hard to read; it is there for who wants it exactly.
        Some((path, lines)) => {
            page.push_str(&format!("<p>{}</p>\n{}", one(path), diff(&lines)));
            page.push_str(&details("arguments", &args(deed), false));
            edited.iter().for_each(|edited| page.push_str(&details("edited to", edited, false)));
        }
        None => {
            page.push_str(&pre(&args(deed), "code"));
            let edited = edited.map(|edited| format!("<p>edited to</p>\n{}", pre(&edited, "code")));
            page.push_str(&edited.unwrap_or_default());
        }
    }
    page.push_str("<ul>\n");
    for words in deed.words.iter().chain([&times(deed)]) {
        page.push_str(&format!("<li>{}</li>\n", one(words)));
    }
    page.push_str("</ul>\n");
    page.push_str(&bar(&[
        ("between", "neither", deed.between_ms),
        ("wait", "waited for a person", deed.waiting_ms),
        ("run", "ran", deed.running_ms),
    ]));
    if let Some(gave) = &deed.output {
        let (shown, cut) = output(gave);
        let small = !cut && shown.len() < 400;
        page.push_str(&details(&format!("output, {} bytes", gave.size), &shown, small));
    } else if !deed.answer.is_empty() {
        page.push_str(&details("in its place", &deed.answer, true));
    }
    page + "</article>\n"
}

/// Blocks as wide as what they stand for took.
fn bar(parts: &[(&str, &str, u64)]) -> String {
    let block = |(class, words, ms): &(&str, &str, u64)| {
        let took = duration(*ms);
        format!("<span class=\"{class}\" style=\"flex-grow:{ms}\" title=\"{words} {took}\"></span>")
    };
    let blocks: String = parts.iter().filter(|(_, _, ms)| *ms > 0).map(block).collect();
    if blocks.is_empty() { blocks } else { format!("<div class=\"bar\">{blocks}</div>\n") }
}

fn list(facts: &[(&'static str, String)]) -> String {
    let row = |(name, value): &(&str, String)| format!("<dt>{name}</dt><dd>{}</dd>\n", one(value));
    format!("<dl>\n{}</dl>\n", facts.iter().map(row).collect::<String>())
}

fn details(summary: &str, foreign: &str, open: bool) -> String {
    let open = if open { " open" } else { "" };
    format!("<details{open}><summary>{}</summary>\n{}</details>\n", one(summary), pre(foreign, "code"))
}

/// Each line with a sign and a colour for what becomes of it.
fn diff(lines: &[(Fate, String)]) -> String {
    let line = |(fate, text): &(Fate, String)| {
        let class = match fate {
            Fate::Stays => "muted",
            Fate::Goes => "badly",
            Fate::Comes => "well",
        };
        format!("<span class=\"{class}\">{}</span>", one(text))
    };
    let lines: Vec<String> = lines.iter().map(line).collect();
    format!("<pre class=\"code\">\n{}</pre>\n", lines.join("\n"))
}

/// A line break right after the tag is not part of the text, so one is put there.
fn pre(foreign: &str, class: &str) -> String {
    let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
    format!("<pre{class}>\n{}</pre>\n", escaped(&text::clean(foreign)))
}

/// Foreign text in one line.
fn one(foreign: &str) -> String {
    escaped(&line(foreign))
}

fn escaped(clean: &str) -> String {
    let mut page = String::with_capacity(clean.len());
    for c in clean.chars() {
        match c {
            '&' => page.push_str("&amp;"),
            '<' => page.push_str("&lt;"),
            '>' => page.push_str("&gt;"),
            '"' => page.push_str("&quot;"),
            '\'' => page.push_str("&#39;"),
            _ => page.push(c),
        }
    }
    page
}
