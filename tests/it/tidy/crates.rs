//! Third-party crates: each is named in one place of `src`, each that is listed is used, each that is used is listed.

use super::{Finding, House, broken, holds, lies_at_any};

/// A crate and where it may be named; `why` is due when that is more than one place.
struct Plug {
    /// As in `Cargo.toml`.
    name: &'static str,
    /// Files, or folders with a closing `/`. Code under `#[cfg(test)]` is not held to it.
    places: &'static [&'static str],
    why: &'static str,
}

const fn one(name: &'static str, place: &'static [&'static str]) -> Plug {
    Plug { name, places: place, why: "" }
}

/// To add a crate: a line here, a line in `Cargo.toml`, and a commit that says what it is for.
const PLUGS: &[Plug] = &[
    // Wide ones: a vocabulary, not a tool.
    Plug {
        name: "serde",
        places: &["src/domain/", "src/adapters/", "src/cli/"],
        why: "derives, where data is stored or crosses a wire",
    },
    Plug { name: "serde_json", places: &["src/"], why: "arguments of calls are JSON in every room" },
    Plug { name: "thiserror", places: &["src/"], why: "a typed error lives beside what fails" },
    Plug {
        name: "tokio",
        places: &["src/runtime/", "src/adapters/", "src/cli/", "src/ui/screen/"],
        why: "the executor; the pure rooms never see it",
    },
    Plug {
        name: "tokio-util",
        places: &["src/runtime/", "src/adapters/", "src/cli/", "src/ui/screen/"],
        why: "cancellation, wherever tokio is",
    },
    Plug {
        name: "futures-util",
        places: &["src/ports/", "src/runtime/", "src/adapters/", "src/ui/screen/"],
        why: "the Stream trait and its verbs",
    },
    // domain
    one("jiff", &["src/domain/time.rs"]),
    one("jsonschema", &["src/domain/schema.rs"]),
    Plug {
        name: "regex",
        places: &["src/domain/pattern.rs", "src/domain/secrets.rs"],
        why: "what an operator types, and the forms of secrets",
    },
    one("sha2", &["src/domain/hash.rs"]),
    Plug {
        name: "unicode-segmentation",
        places: &["src/domain/text.rs", "src/ui/widgets/flow.rs", "src/ui/widgets/segments.rs"],
        why: "styled text is laid out by grapheme too, without a copy into plain text",
    },
    one("unicode-width", &["src/domain/text.rs"]),
    // adapters
    one("cap-std", &["src/adapters/tool/"]),
    one("close_fds", &["src/adapters/tool/handles.rs"]),
    one("grep-regex", &["src/adapters/tool/search.rs"]),
    one("grep-searcher", &["src/adapters/tool/search.rs"]),
    Plug {
        name: "ignore",
        places: &["src/adapters/tool/search.rs", "src/adapters/files/rules.rs"],
        why: "a search walks by it; what is kept is walked by handle and only asks it about names",
    },
    one("bytes", &["src/adapters/web/"]),
    one("reqwest", &["src/adapters/web/"]),
    Plug {
        name: "rusqlite",
        places: &["src/adapters/engine/", "src/adapters/foreign/sqlite.rs"],
        why: "the store's own file, and other tools' databases, which are only read",
    },
    Plug {
        name: "rustix",
        places: &["src/adapters/", "src/ui/screen/"],
        why: "the system's calls without unsafe: children, files, and stopping on Ctrl-Z",
    },
    one("rustls", &["src/adapters/web/"]),
    one("uuid", &["src/adapters/clock.rs"]),
    one("ed25519-dalek", &["src/adapters/sign.rs"]),
    one("cedar-policy", &["src/adapters/policy/cedar/"]),
    // ui
    one("crossterm", &["src/ui/screen/"]),
    one("nucleo-matcher", &["src/ui/widgets/fuzzy.rs"]),
    one("pulldown-cmark", &["src/ui/widgets/markdown/"]),
    one("ratatui", &["src/ui/"]),
    one("similar", &["src/domain/hunks.rs"]),
    one("syntect", &["src/ui/widgets/code.rs"]),
    one("tui-textarea", &["src/ui/edit.rs"]),
    // cli
    one("clap", &["src/cli/"]),
    one("clap_complete", &["src/cli/"]),
    one("directories", &["src/cli/"]),
    Plug {
        name: "toml",
        places: &["src/cli/config.rs", "src/cli/keep_rules.rs", "src/adapters/policy/cedar/example.rs"],
        why: "the configuration is read in one place, one part of it is written in another; people write examples of rules in it",
    },
];

/// Crates for tests and benches only.
const TEST_CRATES: &[&str] = &["divan", "insta", "portable-pty", "proptest", "tempfile", "vt100", "vte"];

fn in_code(name: &str) -> String {
    name.replace('-', "_")
}

/// The names under `[dependencies]` or `[dev-dependencies]`, those of a target included.
fn listed(house: &House, section: &str) -> Vec<String> {
    let manifest: toml::Table = house.manifest.parse().unwrap_or_default();
    let names = |table: Option<&toml::Value>| -> Vec<String> {
        table.and_then(toml::Value::as_table).map(|t| t.keys().cloned().collect()).unwrap_or_default()
    };
    let mut all = names(manifest.get(section));
    if let Some(targets) = manifest.get("target").and_then(toml::Value::as_table) {
        all.extend(targets.values().flat_map(|target| names(target.get(section))));
    }
    all
}

/// Where a crate is named: path, line, and whether that is test code.
fn uses<'h>(house: &'h House, name: &str) -> Vec<(&'h str, usize, bool)> {
    let word = in_code(name);
    let mut found = Vec::new();
    for source in &house.sources {
        let mut paths = source.paths().iter().filter(|path| path.starts_with(&word)).peekable();
        // A module of the same name hides the crate in the file that declares it.
        let hides = || source.declared_modules().iter().any(|(module, _)| *module == word);
        if paths.peek().is_some() && !hides() {
            found.extend(paths.map(|path| (source.path.as_str(), path.line, path.in_test)));
        }
        found.dedup();
    }
    found
}

fn one_place(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    for plug in PLUGS {
        for (path, line, in_test) in uses(house, plug.name) {
            if path.starts_with("src/") && !in_test && !lies_at_any(path, plug.places) {
                let instead = format!("it is for {}; call what stands there", plug.places.join(", "));
                found.push(Finding::new(path, line, format!("names the crate `{}`", plug.name), instead));
            }
        }
    }
    found
}

fn table_fits_manifest(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    let manifest = |what: String, instead: &str| Finding::new("Cargo.toml", 0, what, instead);
    let listed_here = listed(house, "dependencies");
    for name in &listed_here {
        if !PLUGS.iter().any(|plug| plug.name == name) {
            found.push(manifest(
                format!("`{name}` has no place"),
                "give it one in PLUGS, tests/it/tidy/crates.rs",
            ));
        }
    }
    for plug in PLUGS.iter().filter(|plug| !listed_here.iter().any(|name| name == plug.name)) {
        found.push(manifest(
            format!("`{}` is gone", plug.name),
            "take it out of PLUGS, tests/it/tidy/crates.rs",
        ));
    }
    for name in listed(house, "dev-dependencies") {
        let known = TEST_CRATES.contains(&name.as_str()) || PLUGS.iter().any(|plug| plug.name == name);
        if !known {
            found.push(manifest(
                format!("`{name}` has no place"),
                "name it in TEST_CRATES, tests/it/tidy/crates.rs",
            ));
        }
    }
    found
}

fn unused(house: &House) -> Vec<Finding> {
    let mut found = Vec::new();
    let mut miss = |name: &str, whence: &str| {
        let what = format!("`{name}` is listed and never named in {whence}");
        found.push(Finding::new("Cargo.toml", 0, what, "take it out of Cargo.toml and of crates.rs"));
    };
    for name in listed(house, "dependencies") {
        if !uses(house, &name).iter().any(|(path, _, in_test)| path.starts_with("src/") && !in_test) {
            miss(&name, "src");
        }
    }
    for name in listed(house, "dev-dependencies") {
        if !uses(house, &name).iter().any(|(path, _, in_test)| *in_test || !path.starts_with("src/")) {
            miss(&name, "tests or benches");
        }
    }
    found
}

#[test]
fn each_crate_is_named_in_one_place() {
    holds("each third-party crate is named in its one place", &one_place(House::load()));
}

#[test]
fn crates_and_manifest_agree() {
    holds("the table of crates and Cargo.toml list the same", &table_fits_manifest(House::load()));
    let unexplained: Vec<_> =
        PLUGS.iter().filter(|p| p.places.len() > 1 && p.why.is_empty()).map(|p| p.name).collect();
    assert!(unexplained.is_empty(), "more than one place needs a reason: {unexplained:?}");
}

#[test]
fn no_crate_is_listed_for_nothing() {
    holds("every dependency is used", &unused(House::load()));
}

#[test]
fn one_place_goes_red() {
    let house = House::of(&[
        ("src/adapters/engine/sqlite.rs", "use rusqlite::Connection;"),
        ("src/adapters/tool/mod.rs", "pub mod ignore; pub use ignore::Rules;"),
        (
            "src/domain/a.rs",
            "use jiff;\nuse sha2::{Digest, Sha256};\n#[cfg(test)] mod tests { use jiff::Zoned; }",
        ),
        (
            "src/ui/panes/a.rs",
            "fn f() { ::tui_textarea::TextArea::default(); x.similar::<u8>(); a::similar::b(); }",
        ),
        ("tests/it/a.rs", "use rusqlite::Connection;"),
    ]);
    let expected = [
        "a.rs:1: names the crate `jiff`",
        "a.rs:2: names the crate `sha2`",
        "panes/a.rs:1: names the crate `tui-textarea`",
    ];
    broken(&one_place(&house), &expected);
}

#[test]
fn table_and_manifest_go_red() {
    let all: String = PLUGS.iter().skip(1).map(|plug| format!("{} = \"1\"\n", plug.name)).collect();
    let manifest = format!(
        "[dependencies]\nleft-pad = \"1\"\n{all}[dev-dependencies]\nmocks = \"1\"\n[target.'cfg(unix)'.dependencies]\npty = \"1\"\n"
    );
    let house = House::of(&[("Cargo.toml", &manifest)]);
    broken(
        &table_fits_manifest(&house),
        &["`left-pad` has no", "`pty` has no", "`serde` is gone", "`mocks` has no"],
    );
}

#[test]
fn unused_goes_red() {
    let house = House::of(&[
        (
            "Cargo.toml",
            "[dependencies]\ncap-std = \"1\"\nserde = \"1\"\ntoml = \"1\"\n[dev-dependencies]\ninsta = \"1\"\n",
        ),
        (
            "src/domain/a.rs",
            "// cap_std::fs\n#[derive(serde::Serialize)] struct A;\n#[cfg(test)] use toml::Table;",
        ),
    ]);
    broken(&unused(&house), &["`cap-std`", "`toml`", "`insta`"]);
}
