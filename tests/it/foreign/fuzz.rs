//! Files that were cut, torn and changed: no reader panics, every session stays sound, and what is wrong is counted.

use super::{cases, events_of, fixtures, fold, samples};
use crate::harness::promise;
use std::path::{Path, PathBuf};
use tackroom::adapters::foreign::kinds::guess;
use tackroom::domain::foreign::Tool;
use tackroom::ports::foreign::Source;

/// Files that stand for themselves, with the tool that wrote them.
fn files() -> Vec<(PathBuf, Tool)> {
    let mut found = Vec::new();
    for folder in [Some(fixtures()), samples()].into_iter().flatten() {
        walk(&folder, &mut found);
    }
    assert!(found.len() >= 9);
    found
}

fn walk(folder: &Path, found: &mut Vec<(PathBuf, Tool)>) {
    let mut inside: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    inside.sort();
    for path in inside {
        if path.is_dir() {
            walk(&path, found);
        } else if let Some((tool, false)) = guess(&path, folder) {
            found.push((path, tool));
        }
    }
}

/// Reads changed bytes as the tool's, and folds what comes of it.
struct Bench {
    dir: tempfile::TempDir,
    read: u64,
    refused: u64,
    events: u64,
}

impl Bench {
    fn new() -> Bench {
        Bench { dir: tempfile::tempdir().unwrap(), read: 0, refused: 0, events: 0 }
    }

    fn try_bytes(&mut self, path: &Path, tool: Tool, bytes: &[u8]) {
        let place = self.dir.path().join(path.file_name().unwrap());
        std::fs::write(&place, bytes).unwrap();
        let _ = guess(&place, self.dir.path()); // whatever it says, it says it
        let source = Source { tool, path: place, part: String::new(), bytes: 0, stamp: String::new() };
        let (events, counts) = events_of(&source, self.dir.path());
        fold(&events);
        self.events += events.len() as u64;
        if counts.failed.is_some() {
            self.refused += 1;
        } else {
            self.read += 1;
        }
    }

    fn tell(&self, what: &str) {
        promise::kept(
            "P1–P3",
            format!(
                "{what}: {} files read, {} refused in a sentence, {} events, 0 panics",
                self.read, self.refused, self.events
            ),
        );
    }
}

#[test]
fn every_truncation_is_read_as_far_as_it_goes() {
    let mut bench = Bench::new();
    for (path, tool) in files() {
        let bytes = std::fs::read(&path).unwrap();
        let ends = bytes.iter().enumerate().filter(|(_, byte)| **byte == b'\n').map(|(at, _)| at);
        for at in ends.flat_map(|end| [end.saturating_sub(7), end, end + 1]) {
            bench.try_bytes(&path, tool, bytes.get(..at).unwrap());
        }
        bench.try_bytes(&path, tool, b"");
    }
    bench.tell("truncations");
    assert!(bench.read > 100 && bench.events > 500);
}

#[test]
fn random_changes_break_nothing() {
    let mut bench = Bench::new();
    let mut luck: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut draw = |most: usize| {
        luck = luck.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (luck >> 33) as usize % most.max(1)
    };
    let files: Vec<_> = files()
        .into_iter()
        .map(|(path, tool)| (std::fs::read(&path).unwrap(), path, tool))
        .filter(|(bytes, ..)| bytes.len() < 64 * 1024)
        .collect();
    for _ in 0..cases(1_000) {
        let (bytes, path, tool) = &files[draw(files.len())];
        let mut bytes = bytes.clone();
        for _ in 0..=draw(4) {
            let at = draw(bytes.len());
            match draw(5) {
                0 => bytes[at] = draw(256) as u8,
                1 => bytes[at] ^= 1 << draw(8),
                2 => {
                    bytes.remove(at);
                }
                3 => bytes.insert(at, b"\"{}[],:\\\n0e-nt"[draw(14)]),
                _ => {
                    let to = (at + draw(200)).min(bytes.len());
                    let part = bytes[at..to].to_vec();
                    let into = draw(bytes.len());
                    bytes.splice(into..into, part);
                }
            }
        }
        bench.try_bytes(path, *tool, &bytes);
    }
    bench.tell("changed at random");
    assert!(bench.read > bench.refused / 10);
}
