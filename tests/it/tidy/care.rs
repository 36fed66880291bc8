//! What code may not do: climb or cut paths, panic, queue without bound, sleep in tests, promise a stored form.

use super::lex::{Kind, Voice};
use super::source::{NamedPath, Source};
use super::{Finding, House, broken, holds, lies_at_any};

/// Where a type may promise how it is written: what is stored, what goes over a wire, what `--json` prints.
const SERIALIZED: &[&str] = &[
    "src/domain/call.rs",
    "src/domain/command_part.rs",
    "src/domain/commit.rs",
    "src/domain/event.rs",
    "src/domain/marks.rs",
    "src/domain/stored.rs",
    "src/domain/ids.rs",
    "src/domain/message.rs",
    "src/domain/money.rs",
    "src/domain/price.rs",
    // Parts of an event.
    "src/domain/compaction.rs",
    "src/domain/window.rs",
    "src/domain/boundary.rs",
    "src/domain/titling.rs",
    "src/domain/breakpoint.rs",
    "src/domain/budget.rs",
    "src/domain/checks.rs",
    "src/domain/limits.rs",
    "src/domain/fault.rs",
    "src/domain/foreign.rs",
    "src/domain/hash.rs",
    "src/domain/held.rs",
    "src/domain/policy.rs",
    "src/domain/purse.rs",
    "src/domain/retry.rs",
    "src/domain/route.rs",
    // What is kept of credentials that rest, in a file of its own.
    "src/domain/rests.rs",
    "src/domain/rounds.rs",
    "src/domain/time.rs",
    "src/domain/tool_spec.rs",
    // The pages of a manifest, kept as blobs.
    "src/domain/files.rs",
    // The row of the local projection.
    "src/domain/consent.rs",
    "src/domain/tally.rs",
    "src/domain/waits.rs",
    // The folds of an onlooker: what is open at an event, as text for the very build that wrote it; see `survey_core`.
    "src/domain/card.rs",
    "src/domain/context.rs",
    "src/domain/gauge.rs",
    "src/domain/imported.rs",
    "src/domain/lease.rs",
    "src/domain/run.rs",
    "src/domain/session.rs",
    "src/domain/shelf.rs",
    "src/domain/stops.rs",
    "src/domain/talk.rs",
    "src/domain/talk_item.rs",
    "src/domain/trace.rs",
    "src/domain/trace_row.rs",
    "src/domain/watch.rs",
    "src/domain/watched.rs",
    "src/adapters/",
    "src/cli/",
];

/// Tests that may wait for time, each with its reason.
const SLEEPERS: &[(&str, &str)] = &[
    ("tests/it/harness/terminal.rs", "what a terminal shows is asked for again and again, under a limit"),
    ("tests/it/harness/binary.rs", "what a child process did is asked for again and again, under a limit"),
    (
        "tests/it/pty.rs",
        "that nothing is drawn is told by time alone; keys after an Esc are apart by time alone",
    ),
];

/// Macros and methods that end the program when their writer was wrong.
const PANICS: &[&[&str]] = &[
    &[".", "unwrap", "("],
    &[".", "expect", "("],
    &["panic", "!"],
    &["unreachable", "!"],
    &["todo", "!"],
    &["unimplemented", "!"],
];

/// Findings for all paths that `wrong` picks.
fn paths_where(
    sources: &[Source],
    wrong: impl Fn(&Source, &NamedPath) -> bool,
    instead: &str,
) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in sources {
        for path in source.paths().iter().filter(|path| wrong(source, path)) {
            found.push(Finding::new(&source.path, path.line, format!("`{}`", path.shown()), instead));
        }
    }
    found
}

fn climbing(house: &House) -> Vec<Finding> {
    let wrong = |_: &Source, path: &NamedPath| path.starts_with("super::super");
    paths_where(&house.sources, wrong, "`crate::room::file`: a reader sees where it leads")
}

fn cut_at_the_root(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in house.src() {
        for at in source.find(&["crate", "::", "{"]) {
            let instead = "one `use` for each room, so that the rooms a file needs stand in a column";
            found.push(Finding::new(&source.path, source.line(at), "`crate::{`", instead));
        }
    }
    found
}

/// Whether the line, or the block of comments right above it, holds `// invariant:`.
fn explained(source: &Source, line: usize) -> bool {
    let says = |line: usize| {
        let mut plain = source.comments.iter().filter(|c| c.voice == Voice::Plain && c.last_line == line);
        plain.find(|c| source.tokens.iter().all(|t| t.line != line) || c.text.starts_with("invariant:"))
    };
    let mut at = line;
    loop {
        match says(at) {
            Some(comment) if comment.text.starts_with("invariant:") => return true,
            None if at != line => return false,
            _ => {}
        }
        if at == 0 {
            return false;
        }
        at -= 1;
    }
}

fn panics(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in house.src() {
        for words in PANICS {
            for at in source.find(words).into_iter().filter(|&at| !source.in_test(at)) {
                let line = source.line(at + 1);
                if !explained(source, line) {
                    let what = format!("`{}`", words.concat());
                    let instead = "an error that says what failed; or `// invariant:` why it cannot happen";
                    found.push(Finding::new(&source.path, line, what, instead));
                }
            }
        }
    }
    found
}

fn unbounded(house: &House) -> Vec<Finding> {
    const NAMES: &[&str] = &["unbounded_channel", "UnboundedSender", "UnboundedReceiver"];
    let mut found = Vec::new();
    for source in &house.sources {
        for (at, token) in source.tokens.iter().enumerate().filter(|(_, token)| token.kind == Kind::Word) {
            let called = (at + 1..at + 40).find(|&i| source.word(i) == "(").unwrap_or(at);
            let turbofish = source.stands(at + 1, &["::", "<"]);
            let empty = source.stands(called, &["(", ")"]) && (called == at + 1 || turbofish);
            // A channel without a number is unbounded, unless it carries one value (`oneshot`).
            let endless = token.text == "channel"
                && empty
                && !matches!(at.checked_sub(2).map_or("", |i| source.word(i)), "oneshot" | "")
                && source.word(at.saturating_sub(1)) == "::";
            let named = token.text == "unbounded" && at > 0 && source.word(at - 1) == "::";
            if NAMES.contains(&token.text.as_str()) || named || endless {
                let instead = "a bounded channel, and a sentence on what happens when it is full";
                found.push(Finding::new(&source.path, token.line, format!("`{}`", token.text), instead));
            }
        }
    }
    found
}

fn sleeping(house: &House) -> Vec<Finding> {
    let wrong = |source: &Source, path: &NamedPath| {
        let sleeps = ["thread::sleep", "time::sleep", "thread::park_timeout"];
        path.in_test && sleeps.iter().any(|name| path.ends_with(name)) && !may_sleep(source)
    };
    let instead =
        "wait for what must happen (a notice, a receive with a limit), or pause the clock and advance it";
    let mut found = paths_where(&house.sources, wrong, instead);
    for source in house.sources.iter().filter(|source| !may_sleep(source)) {
        for at in source.find(&[".", "still", "("]) {
            found.push(Finding::new(&source.path, source.line(at), "`.still(`", instead));
        }
    }
    found
}

fn may_sleep(source: &Source) -> bool {
    SLEEPERS.iter().any(|(place, _)| lies_at_any(&source.path, &[place]))
}

fn serialized(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in house.src().filter(|source| !lies_at_any(&source.path, SERIALIZED)) {
        for at in source.find(&["Serialize"]).into_iter().filter(|&at| !source.in_test(at)) {
            let derives = (0..at).rev().find(|&i| source.word(i) == "[");
            let derived = derives.is_some_and(|open| {
                source.closing(open) > at && (open..at).any(|i| source.word(i) == "derive")
            });
            if derived || source.word(at + 1) == "for" {
                let instead =
                    "a stored form is a promise: keep it in the files of SERIALIZED, tests/it/tidy/care.rs";
                found.push(Finding::new(&source.path, source.line(at), "`Serialize`", instead));
            }
        }
    }
    found
}

/// A lint put aside for wildcard arms must say that the enum is somebody else's.
fn wildcards(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in house.src() {
        for at in source.find(&["wildcard_enum_match_arm"]) {
            let to = (at..source.tokens.len()).find(|&i| source.word(i) == "]").unwrap_or(at);
            let is_foreign = |i: usize| {
                source.tokens.get(i).is_some_and(|t| t.kind == Kind::Text && t.text.contains("foreign"))
            };
            if !(at..to).any(is_foreign) {
                let instead = "name every variant; for another crate's enum, `reason = \"foreign: …\"`";
                found.push(Finding::new(&source.path, source.line(at), "the lint is put aside", instead));
            }
        }
    }
    found
}

#[test]
fn no_path_climbs_twice() {
    holds("no `super::super`", &climbing(House::load()));
}

#[test]
fn no_use_is_cut_at_the_root() {
    holds("no `crate::{`", &cut_at_the_root(House::load()));
}

#[test]
fn nothing_panics_unexplained() {
    holds("a panic is an invariant, explained on the line", &panics(House::load()));
}

#[test]
fn every_channel_is_bounded() {
    holds("every queue is bounded", &unbounded(House::load()));
}

#[test]
fn no_test_sleeps() {
    holds("a test waits for an event, never for time", &sleeping(House::load()));
}

#[test]
fn stored_forms_are_promises() {
    holds("`Serialize` stands only where a form is promised", &serialized(House::load()));
}

#[test]
fn wildcards_are_for_foreign_enums() {
    holds("no wildcard arm over an own enum", &wildcards(House::load()));
}

#[test]
fn climbing_and_cutting_go_red() {
    let house = House::of(&[(
        "src/a.rs",
        "use super::super::b;\nuse super::c;\nuse crate::{d, e};\n// super::super::f",
    )]);
    broken(&climbing(&house), &["src/a.rs:1:"]);
    broken(&cut_at_the_root(&house), &["src/a.rs:3:"]);
}

#[test]
fn panics_go_red() {
    let text = "\
fn f() {
    a.unwrap();
    b.expect(\"x\"); // invariant: b was checked above
    // invariant: c holds a value since
    // the constructor puts it there
    c.unwrap();
    d.unwrap(); // a remark
    // a remark
    e.expect(\"y\");
    g // \".unwrap()\"
        .unwrap_or(1);
    unreachable!();
    std::panic::catch_unwind(h);
}
#[cfg(test)]
mod tests { fn f() { a.unwrap(); } }
";
    let house = House::of(&[("src/a.rs", text), ("tests/it/b.rs", "fn f() { a.unwrap(); }")]);
    let mut lines: Vec<usize> = panics(&house).iter().map(|finding| finding.line).collect();
    lines.sort_unstable();
    assert_eq!(lines, [2, 7, 9, 12]);
}

#[test]
fn unbounded_goes_red() {
    let text = "\
let a = mpsc::channel(8); let b = oneshot::channel(); let c = self.channel();
let d = mpsc::channel();
let e = mpsc::channel::<Vec<u8>>();
let f = mpsc::unbounded_channel(); let unbounded = flume::unbounded();
let g = mpsc::channel::<u8>(limit());
";
    broken(
        &unbounded(&House::of(&[("src/a.rs", text)])),
        &["src/a.rs:2:", "src/a.rs:3:", "src/a.rs:4:", "src/a.rs:4:"],
    );
}

#[test]
fn sleeping_goes_red() {
    let house = House::of(&[
        (
            "src/a.rs",
            "async fn f() { tokio::time::sleep(x).await; }\n#[cfg(test)] mod t { use std::thread::sleep; }",
        ),
        ("tests/it/b.rs", "use std::{thread, time};\nfn f() { thread::sleep(x); time::sleep(y); }"),
        ("tests/it/c.rs", "fn f() { screen.still(x); }\nfn g() { std::thread::park_timeout(x); }"),
        ("tests/it/pty.rs", "fn f() { screen.still(x); }"),
    ]);
    let bad = ["src/a.rs:2:", "tests/it/b.rs:2:", "tests/it/b.rs:2:", "tests/it/c.rs:2:", "tests/it/c.rs:1:"];
    broken(&sleeping(&house), &bad);
}

#[test]
fn serialized_goes_red() {
    let derive = "#[derive(Debug, serde::Serialize)]\nstruct A;";
    let house = House::of(&[
        ("src/domain/event.rs", derive),
        ("src/domain/next.rs", derive),
        ("src/ui/app.rs", "use serde::Serialize;\n#[derive(Deserialize)] struct B;\nimpl Serialize for B {}"),
    ]);
    broken(&serialized(&house), &["src/domain/next.rs:1:", "src/ui/app.rs:3:"]);
}

#[test]
fn wildcards_go_red() {
    let house = House::of(&[(
        "src/a.rs",
        "#[expect(clippy::wildcard_enum_match_arm, reason = \"foreign: crossterm's keys\")]\nfn f() {}\n\
         #[allow(clippy::wildcard_enum_match_arm, reason = \"shorter\")]\nfn g() {}",
    )]);
    broken(&wildcards(&house), &["src/a.rs:3:"]);
}
