//! The laws of the house, read from the source text inside `cargo test`: who may name whom, and what no file may do.
//!
//! Each law is a function from a `House` to its findings, a test that the repository keeps it, and a test that shows
//! it red on a small wrong house, since a law that cannot fail is no law. The tables to edit stand at the top of
//! `rooms.rs` (rooms), `crates.rs` (third-party crates), `form.rs` (sizes and maps), `care.rs` (what code may not
//! do) and `whole.rs` (manifest, lock file, every file of the repository).

use std::fmt;
use std::fs;
use std::path::Path;
use std::sync::OnceLock;

use source::Source;

mod lex;
mod source;
mod rooms;
mod crates;
mod form;
mod docs;
mod care;
mod whole;
mod scanner;
mod promises;

/// The repository, or a small one made up for a test.
pub struct House {
    /// Every `.rs` file below `src`, `tests` and `benches`.
    pub sources: Vec<Source>,
    /// `Cargo.toml`.
    pub manifest: String,
    /// `Cargo.lock`.
    pub lock: String,
    /// Every file that is text, with its path.
    pub files: Vec<(String, String)>,
}

impl House {
    /// The repository these tests were built from, read once.
    pub fn load() -> &'static Self {
        static HOUSE: OnceLock<House> = OnceLock::new();
        HOUSE.get_or_init(|| {
            let mut files = Vec::new();
            read_below(Path::new(env!("CARGO_MANIFEST_DIR")), "", &mut files);
            files.sort();
            Self::of_files(files)
        })
    }

    /// A made-up house, from paths and texts.
    pub fn of(files: &[(&str, &str)]) -> Self {
        Self::of_files(files.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned())).collect())
    }

    fn of_files(files: Vec<(String, String)>) -> Self {
        let text = |name: &str| {
            files.iter().find(|(path, _)| path == name).map_or_else(String::new, |(_, text)| text.clone())
        };
        let is_source = |path: &str| {
            path.ends_with(".rs")
                && ["src/", "tests/", "benches/"].iter().any(|top| path.starts_with(top))
                && !path.starts_with("tests/fixtures/")
        };
        let mut sources: Vec<Source> = files
            .iter()
            .filter(|(path, _)| is_source(path))
            .map(|(path, text)| Source::new(path, text))
            .collect();
        mark_test_files(&mut sources);
        House { manifest: text("Cargo.toml"), lock: text("Cargo.lock"), sources, files }
    }

    /// The files below `src`.
    pub fn src(&self) -> impl Iterator<Item = &Source> {
        self.sources.iter().filter(|source| source.path.starts_with("src/"))
    }
}

/// A file declared as `#[cfg(test)] mod tests;` is a test file, and so is all it declares.
fn mark_test_files(sources: &mut [Source]) {
    loop {
        let mut found = Vec::new();
        for source in sources.iter() {
            for (name, in_test) in source.declared_modules() {
                if in_test || source.test_file {
                    found.extend(form::homes_of(&source.path, &name));
                }
            }
        }
        let mut changed = false;
        for source in sources.iter_mut().filter(|s| !s.test_file && found.contains(&s.path)) {
            source.mark_as_test();
            changed = true;
        }
        if !changed {
            return;
        }
    }
}

fn read_below(root: &Path, below: &str, out: &mut Vec<(String, String)>) {
    const SKIPPED: &[&str] = &[".git", "target", "node_modules"];
    for entry in fs::read_dir(root.join(below)).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let path = if below.is_empty() { name.clone() } else { format!("{below}/{name}") };
        let Ok(kind) = entry.file_type() else { continue };
        if kind.is_dir() && !SKIPPED.contains(&name.as_str()) {
            read_below(root, &path, out);
        } else if kind.is_file()
            && let Ok(text) = fs::read_to_string(entry.path())
        {
            out.push((path, text));
        }
    }
}

/// One breach of one law.
pub struct Finding {
    pub path: String,
    /// Counted from one; zero speaks of the whole file.
    pub line: usize,
    pub what: String,
    pub instead: String,
}

impl Finding {
    /// A finding in a file.
    pub fn new(path: &str, line: usize, what: impl Into<String>, instead: impl Into<String>) -> Self {
        Finding { path: path.to_owned(), line, what: what.into(), instead: instead.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: {}\n    instead: {}", self.path, self.line, self.what, self.instead)
    }
}

/// Fails with all findings of a law.
#[track_caller]
pub fn holds(law: &str, findings: &[Finding]) {
    let list: Vec<String> = findings.iter().map(Finding::to_string).collect();
    assert!(findings.is_empty(), "\nlaw: {law}\n{} breaches\n{}\n", findings.len(), list.join("\n"));
}

/// Shows that a law fails: the made-up files break it once for each entry, in this order, with these words.
#[track_caller]
pub fn broken(findings: &[Finding], expected: &[&str]) {
    let list: Vec<String> = findings.iter().map(|f| format!("{}:{}: {}", f.path, f.line, f.what)).collect();
    let fits = list.len() == expected.len() && list.iter().zip(expected).all(|(l, e)| l.contains(e));
    assert!(fits, "expected {expected:#?}\nfound {list:#?}");
}

/// Whether `path` lies at `place`: a file, or a folder written with a closing `/` (its `folder.rs` counts too).
pub fn lies_at(path: &str, place: &str) -> bool {
    path == place
        || place.strip_suffix('/').is_some_and(|folder| path.strip_suffix(".rs") == Some(folder))
        || place.ends_with('/') && path.starts_with(place)
}

/// Whether `path` lies at one of the places.
pub fn lies_at_any(path: &str, places: &[&str]) -> bool {
    places.iter().any(|place| lies_at(path, place))
}
