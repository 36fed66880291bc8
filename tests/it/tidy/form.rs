//! How a file looks: it opens with a sentence, is short, is declared by the file above, and is on the map.

use super::lex::Voice;
use super::source::Source;
use super::{Finding, House, broken, holds};

/// Production lines of a file, by folder.
const FILE_LINES: &[(&str, usize)] = &[("src/", 400), ("tests/", 600)];

/// Lines of a function, signature and braces included, by folder.
const FUNCTION_LINES: &[(&str, usize)] = &[("src/", 70), ("tests/", 100)];

/// Files, or `file::function`, that may be longer; each with its reason.
const LONG: &[(&str, &str)] = &[];

/// What `lib.rs` must map, in this order.
const ROOMS: &[&str] = &["domain", "ports", "adapters", "runtime", "ui", "cli"];

fn limit(table: &[(&str, usize)], path: &str) -> usize {
    table.iter().find(|(top, _)| path.starts_with(top)).map_or(usize::MAX, |(_, lines)| *lines)
}

/// Where the file of `mod name;` may be, seen from the file that says so.
pub fn homes_of(parent: &str, name: &str) -> Vec<String> {
    let (folder, file) = parent.rsplit_once('/').unwrap_or(("", parent));
    let below = match file {
        "mod.rs" | "lib.rs" | "main.rs" => folder.to_owned(),
        _ => format!("{folder}/{}", file.trim_end_matches(".rs")),
    };
    vec![format!("{below}/{name}.rs"), format!("{below}/{name}/mod.rs")]
}

/// The first paragraph of the file's own `//!` text, if the file opens with it.
fn opening(source: &Source) -> Option<String> {
    let first = source.comments.first().filter(|c| c.voice == Voice::Inner && c.first_line == 1)?;
    let mut text = vec![first.text.clone()];
    let mut line = first.last_line;
    for comment in source.comments.iter().skip(1) {
        if comment.voice != Voice::Inner || comment.first_line != line + 1 || comment.text.is_empty() {
            break;
        }
        line = comment.last_line;
        text.push(comment.text.clone());
    }
    Some(text.join(" "))
}

fn opens_with_a_sentence(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in &house.sources {
        let what = match opening(source) {
            None => "does not open with `//!`",
            Some(text) if text.split_whitespace().count() < 3 => "opens with no sentence",
            Some(text) if !text.ends_with(['.', '?']) => "its opening does not end with a period",
            Some(_) => continue,
        };
        found.push(Finding::new(&source.path, 1, what, "one `//!` sentence: what this file is for"));
    }
    found
}

fn short_files(house: &House) -> Vec<Finding> {
    let too_long = |source: &&Source| source.production_lines() > limit(FILE_LINES, &source.path);
    let excused = |source: &&Source| !LONG.iter().any(|(place, _)| *place == source.path);
    let finding = |source: &Source| {
        let (has, may) = (source.production_lines(), limit(FILE_LINES, &source.path));
        let what = format!("{has} lines, {may} are allowed");
        Finding::new(&source.path, 0, what, "cut it by subject, and give each part its own name")
    };
    house.sources.iter().filter(too_long).filter(excused).map(finding).collect()
}

fn short_functions(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in &house.sources {
        // Tests inside src are held to the length of tests.
        for function in source.functions() {
            let top = if function.in_test { "tests/" } else { source.path.as_str() };
            let (has, may) = (function.last_line + 1 - function.first_line, limit(FUNCTION_LINES, top));
            let place = format!("{}::{}", source.path, function.name);
            if has > may && !LONG.iter().any(|(excused, _)| *excused == place) {
                let what = format!("`{}` has {has} lines, {may} are allowed", function.name);
                found.push(Finding::new(&source.path, function.first_line, what, "name its parts"));
            }
        }
    }
    found
}

/// Files that no other file declares: they are not compiled, and their tests never run.
fn forgotten(house: &House) -> Vec<Finding> {
    let declared: Vec<String> = house
        .sources
        .iter()
        .flat_map(|s| s.declared_modules().into_iter().flat_map(|(name, _)| homes_of(&s.path, &name)))
        .collect();
    let is_root = |path: &str| {
        matches!(path, "src/main.rs" | "src/lib.rs")
            || path.starts_with("benches/")
            || house.manifest.contains(&format!("path = \"{path}\""))
    };
    let mut found = Vec::new();
    for source in &house.sources {
        if !is_root(&source.path) && !declared.contains(&source.path) {
            let instead = "a `mod` line in the file above it";
            found.push(Finding::new(&source.path, 0, "no file declares it, so it is not compiled", instead));
        }
    }
    found
}

/// `lib.rs` shows the rooms in reading order; every file a map speaks of is there.
fn maps(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in house.sources.iter().filter(|s| s.path == "src/lib.rs" || s.path.ends_with("/mod.rs")) {
        let inner = source.comments.iter().filter(|c| c.voice == Voice::Inner);
        let words = |text: &str| -> Vec<String> {
            text.split(|c: char| !(c.is_alphanumeric() || "_./-*{".contains(c)))
                .map(|word| word.trim_end_matches('.').to_owned())
                .collect()
        };
        let map: Vec<(usize, String)> =
            inner.flat_map(|c| words(&c.text).into_iter().map(|w| (c.first_line, w))).collect();
        for (line, word) in map.iter().filter(|(_, word)| word.ends_with(".rs") && !word.contains(['*', '{']))
        {
            let there =
                house.sources.iter().any(|s| s.path == *word || s.path.ends_with(&format!("/{word}")));
            if !there {
                found.push(Finding::new(
                    &source.path,
                    *line,
                    format!("`{word}` is not there"),
                    "mend the map",
                ));
            }
        }
        if source.path == "src/lib.rs" {
            for room in
                ROOMS.iter().filter(|room| !map.iter().any(|(_, word)| word.trim_end_matches('/') == **room))
            {
                let what = format!("the map does not name the room `{room}`");
                found.push(Finding::new(&source.path, 1, what, "say in `//!` what the room is for"));
            }
            let declared: Vec<String> = source.declared_modules().into_iter().map(|(name, _)| name).collect();
            let in_order = ROOMS.iter().copied().filter(|room| declared.iter().any(|name| name == room));
            if !in_order.eq(declared.iter().map(String::as_str)) {
                let what = format!("the rooms stand as {}", declared.join(", "));
                found.push(Finding::new(
                    &source.path,
                    0,
                    what,
                    format!("in reading order: {}", ROOMS.join(", ")),
                ));
            }
        }
    }
    found
}

#[test]
fn every_file_opens_with_a_sentence() {
    holds("a file opens with what it is for", &opens_with_a_sentence(House::load()));
}

#[test]
fn files_are_short() {
    holds("a file has one subject and fits in the head", &short_files(House::load()));
}

#[test]
fn functions_are_short() {
    holds("a function fits on a screen", &short_functions(House::load()));
}

#[test]
fn no_file_is_forgotten() {
    holds("every file is declared, so that every test runs", &forgotten(House::load()));
}

#[test]
fn maps_are_true() {
    holds("lib.rs and mod.rs are the maps of the house", &maps(House::load()));
}

#[test]
fn openings_go_red() {
    let house = House::of(&[
        ("src/a.rs", "//! What a run is,\n//! and what it is not.\n//!\n//! - a list\nfn f() {}"),
        ("src/b.rs", "use x;\n//! What a run is."),
        ("src/c.rs", "//! Runs.\n"),
        ("src/d.rs", "//! What a run is\n\n//! Something else.\n"),
        ("tests/it/e.rs", "/// What a run is.\nfn f() {}"),
    ]);
    broken(&opens_with_a_sentence(&house), &["src/b.rs", "src/c.rs", "src/d.rs", "tests/it/e.rs"]);
}

#[test]
fn long_files_go_red() {
    let (at, over) = ("x\n".repeat(400), "x\n".repeat(401));
    let tested = format!("{at}#[cfg(test)]\nmod tests {{\n{at}}}\n");
    let house = House::of(&[("src/at.rs", &at), ("src/over.rs", &over), ("src/tested.rs", &tested)]);
    broken(&short_files(&house), &["src/over.rs:0: 401 lines, 400 are allowed"]);
}

#[test]
fn long_functions_go_red() {
    let body = |lines: usize| format!("fn f() -> [u8; 2] {{\n{}}}\n", "    // \" } {\n".repeat(lines));
    let (at, over) = (body(68), body(69));
    let tested = format!("#[cfg(test)] mod tests {{ {over} }}");
    let house = House::of(&[("src/at.rs", &at), ("src/over.rs", &over), ("src/tested.rs", &tested)]);
    broken(&short_functions(&house), &["src/over.rs:1: `f` has 71 lines, 70 are allowed"]);
}

#[test]
fn forgotten_files_go_red() {
    let house = House::of(&[
        ("Cargo.toml", "[[test]]\npath = \"tests/it/main.rs\""),
        ("src/lib.rs", "pub mod domain; // mod ghost;"),
        ("src/domain/mod.rs", "pub mod run; mod inline { }"),
        ("src/domain/run.rs", "#[cfg(test)]\nmod tests;"),
        ("src/domain/run/tests.rs", "fn f() {}"),
        ("src/domain/inline.rs", ""),
        ("src/ghost.rs", ""),
        ("tests/it/main.rs", "mod walk;"),
        ("tests/it/walk.rs", ""),
        ("tests/it/lost.rs", ""),
        ("tests/lonely.rs", ""),
    ]);
    let expected = ["src/domain/inline.rs", "src/ghost.rs", "tests/it/lost.rs", "tests/lonely.rs"];
    broken(&forgotten(&house), &expected);
}

#[test]
fn maps_go_red() {
    let lib = "//! domain/ ports/ adapters/ runtime/ and cli: see `walk.rs` and ghost.rs.\npub mod cli; pub mod domain;";
    let house = House::of(&[("src/lib.rs", lib), ("tests/it/walk.rs", "")]);
    let expected =
        ["`ghost.rs` is not there", "does not name the room `ui`", "the rooms stand as cli, domain"];
    broken(&maps(&house), &expected);
}
