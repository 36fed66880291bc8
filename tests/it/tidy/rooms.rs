//! The import law: which room may name which, and the words a room may never say.

use super::source::{NamedPath, Source};
use super::{Finding, House, broken, holds, lies_at_any};

/// A room, and the rooms it may name besides itself.
const ROOMS: [(&str, &[&str]); 6] = [
    ("domain", &[]),
    ("ports", &["domain"]),
    ("adapters", &["domain", "ports"]),
    ("runtime", &["domain", "ports"]),
    ("ui", &["domain"]),
    ("cli", &["domain", "ports", "adapters", "runtime", "ui"]),
];

/// Plumbing inside `adapters` that every other adapter may name: `web`, because a crate may stand in one place only, and
/// `disk`, because a file that is written in a second way is not durable in both.
const SHARED_ADAPTERS: &[&str] = &["web", "disk"];

/// Paths that must not be named in the places of a row.
struct PathBan {
    places: &'static [&'static str],
    except: &'static [&'static str],
    /// Beginnings of paths.
    paths: &'static [&'static str],
    instead: &'static str,
}

const PATH_BANS: &[PathBan] = &[
    PathBan {
        places: &["src/domain/"],
        except: &[],
        paths: &[
            "std::fs",
            "std::net",
            "std::env",
            "std::process",
            "std::thread",
            "std::io::stdin",
            "std::io::stdout",
            "std::io::stderr",
            "tokio",
            "tokio_util",
            "futures_util",
            "ratatui",
            "crossterm",
        ],
        instead: "the domain is pure: take the value as an argument, do the work in an adapter",
    },
    PathBan {
        places: &["src/ports/"],
        except: &[],
        paths: &["std::fs", "std::net", "std::env", "std::process", "std::thread", "tokio", "tokio_util"],
        instead: "a port says what is needed; how it is done belongs to an adapter",
    },
    PathBan {
        places: &["src/runtime/"],
        except: &[],
        paths: &[
            "std::fs",
            "std::net",
            "std::process",
            "tokio::fs",
            "tokio::net",
            "tokio::process",
            "reqwest",
            "ratatui",
            "crossterm",
        ],
        instead: "reach the outside through a port",
    },
    PathBan {
        places: &["src/ui/"],
        except: &["src/ui/screen/"],
        paths: &[
            "std::fs",
            "std::net",
            "std::env",
            "std::process",
            "std::thread",
            "tokio",
            "tokio_util",
            "crossterm",
            "ratatui::crossterm",
        ],
        instead: "the screen never waits: only screen.rs touches the terminal, everything else gets a message",
    },
];

/// Words that must not be said in the places of a row.
struct WordBan {
    places: &'static [&'static str],
    except: &'static [&'static str],
    words: &'static [&'static str],
    instead: &'static str,
}

const WORD_BANS: &[WordBan] = &[
    WordBan {
        places: &["src/domain/"],
        except: &[],
        words: &["async"],
        instead: "the domain never waits: return what is to be done",
    },
    WordBan {
        places: &["src/domain/"],
        except: &[],
        words: &[".", "await"],
        instead: "the domain never waits: return what is to be done",
    },
    WordBan {
        places: &["src/domain/", "src/ports/", "src/ui/"],
        except: &["src/ui/screen/"],
        words: &["::", "now", "("],
        instead: "time is handed in, from the clock port",
    },
    WordBan {
        places: &["src/ui/"],
        except: &["src/ui/screen/"],
        words: &["async"],
        instead: "only screen.rs waits; everything else in ui is a plain function",
    },
    WordBan {
        places: &["src/ui/panes/", "src/ui/widgets/", "src/ui/view.rs"],
        except: &[],
        words: &["mut", "App"],
        instead: "drawing takes &App: a frame changes nothing",
    },
];

/// The room a file is in; nothing for `main.rs` and `lib.rs`.
fn room_of(path: &str) -> Option<&str> {
    let inside = path.strip_prefix("src/")?;
    let (room, _) = inside.split_once('/').or_else(|| inside.split_once('.'))?;
    (!matches!(inside, "main.rs" | "lib.rs")).then_some(room)
}

/// `src/adapters/model/openai.rs` is the module `adapters::model::openai`.
fn module_of(path: &str) -> Vec<String> {
    let inside = path.trim_start_matches("src/").trim_end_matches(".rs");
    let inside = inside.strip_suffix("/mod").unwrap_or(inside);
    inside.split('/').map(str::to_owned).collect()
}

/// The path from the crate's root, where `crate`, `super` or `self` begin it.
fn from_root(source: &Source, path: &NamedPath) -> Option<Vec<String>> {
    let first = path.segments.first()?.as_str();
    if first == "crate" {
        return Some(path.segments.iter().skip(1).cloned().collect());
    }
    if !matches!(first, "super" | "self") {
        return None;
    }
    let mut at = module_of(&source.path);
    at.extend((0..path.inline_depth).map(|_| String::from("(inline)")));
    let steps = path.segments.iter().take_while(|s| matches!(s.as_str(), "super" | "self"));
    for step in steps.clone() {
        if step == "super" {
            at.pop();
        }
    }
    at.extend(path.segments.iter().skip(steps.count()).cloned());
    Some(at)
}

fn import_law(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in house.src() {
        let Some(room) = room_of(&source.path) else { continue };
        let Some((_, may)) = ROOMS.iter().find(|(name, _)| *name == room) else {
            let rooms = ROOMS.map(|(name, _)| name).join(", ");
            found.push(Finding::new(
                &source.path,
                1,
                format!("`{room}` is no room"),
                format!("one of {rooms}"),
            ));
            continue;
        };
        for path in source.paths() {
            let Some(full) = from_root(source, path) else { continue };
            let Some(target) = full.first().map(String::as_str) else { continue };
            if target != room && !may.contains(&target) {
                let may = if may.is_empty() { String::from("no other room") } else { may.join(", ") };
                let what = format!("{room} names `{}`", path.shown());
                found.push(Finding::new(&source.path, path.line, what, format!("{room} may name {may}")));
            } else if let Some(what) = foreign_adapter(&source.path, &full) {
                let instead = "an adapter stands alone: go through a port, or join them in cli/wire.rs";
                found.push(Finding::new(&source.path, path.line, what, instead));
            }
        }
    }
    found
}

/// An adapter that names another one, which is neither its own folder nor shared plumbing.
fn foreign_adapter(path: &str, full: &[String]) -> Option<String> {
    let own = module_of(path);
    let (own, target) = (own.get(1)?, full.get(1)?);
    let both = path.starts_with("src/adapters/") && full.first().is_some_and(|room| room == "adapters");
    (both && own != target && !SHARED_ADAPTERS.contains(&target.as_str()))
        .then(|| format!("adapter `{own}` names adapter `{target}`"))
}

fn forbidden_paths(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in house.src() {
        let bans = PATH_BANS
            .iter()
            .filter(|ban| lies_at_any(&source.path, ban.places) && !lies_at_any(&source.path, ban.except));
        for ban in bans {
            for path in source.paths().iter().filter(|path| !path.in_test) {
                if ban.paths.iter().any(|banned| path.starts_with(banned)) {
                    let what = format!("`{}` is not for this room", path.shown());
                    found.push(Finding::new(&source.path, path.line, what, ban.instead));
                }
            }
        }
    }
    found
}

fn forbidden_words(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in house.src() {
        let bans = WORD_BANS
            .iter()
            .filter(|ban| lies_at_any(&source.path, ban.places) && !lies_at_any(&source.path, ban.except));
        for ban in bans {
            for at in source.find(ban.words).into_iter().filter(|&at| !source.in_test(at)) {
                let what = format!("`{}` is not for this file", ban.words.join(" "));
                found.push(Finding::new(&source.path, source.line(at), what, ban.instead));
            }
        }
    }
    found
}

fn own_name(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for source in house.src().filter(|source| source.path != "src/main.rs") {
        for path in source.paths().iter().filter(|path| path.starts_with("tackroom")) {
            let what = format!("the library names itself from outside: `{}`", path.shown());
            found.push(Finding::new(
                &source.path,
                path.line,
                what,
                "`crate::`; only main.rs says `tackroom::`",
            ));
        }
    }
    found
}

#[test]
fn rooms_name_only_the_rooms_below() {
    holds("each room names only the rooms below it", &import_law(House::load()));
}

#[test]
fn rooms_keep_out_what_is_not_theirs() {
    holds("no files, network, time or screen where they do not belong", &forbidden_paths(House::load()));
    holds("no waiting and no changing where it does not belong", &forbidden_words(House::load()));
}

#[test]
fn only_main_names_the_crate_from_outside() {
    holds("`tackroom::` stands only in main.rs", &own_name(House::load()));
}

#[test]
fn import_law_goes_red() {
    let house = House::of(&[
        ("src/adapters/clock.rs", "use super::web::Client; use super::keys::Keys; use crate::ports::Clock;"),
        ("src/adapters/web/mod.rs", "use self::inner::A; mod inner { use super::A; }"),
        ("src/adapters/mod.rs", "pub mod clock; use self::model::Choice;"),
        ("src/adapters/model/mod.rs", "use super::tool::Fs; use crate::adapters::{model::sse, tool};"),
        ("src/cli/wire.rs", "use crate::{ui::app, runtime::desk};"),
        ("src/domain/mod.rs", "use super::runtime::desk; use super::lost;"),
        (
            "src/domain/run.rs",
            "// crate::ui\nuse crate::domain::ids;\nlet s = \"crate::ui\"; crate::ports::log::x();",
        ),
        ("src/lib.rs", "use crate::ui::x;"),
        ("src/runtime/desk.rs", "use crate::{domain::run, ui};"),
        ("src/ui/panes/calls.rs", "mod tests { use super::*; use super::super::calls; use crate::ports; }"),
        ("src/util/mod.rs", ""),
    ]);
    let expected = [
        "src/adapters/clock.rs:1: adapter `clock` names adapter `keys`",
        "src/adapters/model/mod.rs:1: adapter `model` names adapter `tool`",
        "src/adapters/model/mod.rs:1: adapter `model` names adapter `tool`",
        "src/domain/mod.rs:1: domain names `super::runtime::desk`",
        "src/domain/mod.rs:1: domain names `super::lost`",
        "src/domain/run.rs:3: domain names `crate::ports::log::x`",
        "src/runtime/desk.rs:1: runtime names `crate::ui`",
        "src/ui/panes/calls.rs:1: ui names `crate::ports`",
        "src/util/mod.rs:1: `util` is no room",
    ];
    broken(&import_law(&house), &expected);
}

#[test]
fn forbidden_paths_go_red() {
    let house = House::of(&[
        (
            "src/domain/a.rs",
            "use std::{fmt, fs};\nfn f() { ::std::env::var(\"X\"); }\n#[cfg(test)] use std::fs::File;",
        ),
        ("src/ports/a.rs", "use std::io::Error; use tokio::sync::mpsc;"),
        ("src/runtime/a.rs", "use tokio::{sync, fs::File};"),
        ("src/ui/screen.rs", "use crossterm::event;"),
        ("src/ui/update.rs", "use ratatui::crossterm::event::KeyEvent;"),
    ]);
    let expected = [
        "a.rs:1: `std::fs`",
        "a.rs:2: `std::env::var`",
        "`tokio::sync",
        "`tokio::fs::File",
        "`ratatui::cross",
    ];
    broken(&forbidden_paths(&house), &expected);
}

#[test]
fn forbidden_words_go_red() {
    let house = House::of(&[
        ("src/domain/a.rs", "async fn f() { g().await; let known = now(1); Time::now(); }"),
        (
            "src/ui/panes/a.rs",
            "fn draw(app: &mut App) {}\nfn wide<'a>(app: &'a mut App) {}\nfn fine(app: &App) {}",
        ),
        ("src/ui/screen.rs", "async fn run() {}"),
        ("src/ui/update.rs", "async fn run(app: &mut App) {}"),
    ]);
    let expected = [
        "`async`",
        "`. await`",
        "`:: now (`",
        "a.rs:1: `mut App`",
        "a.rs:2: `mut App`",
        "update.rs:1: `async`",
    ];
    broken(&forbidden_words(&house), &expected);
}

#[test]
fn own_name_goes_red() {
    let house = House::of(&[
        ("src/main.rs", "use tackroom::cli;"),
        ("src/cli/run.rs", "use tackroom::domain;\nlet home = \"tackroom::\";"),
    ]);
    broken(&own_name(&house), &["src/cli/run.rs:1: "]);
}
