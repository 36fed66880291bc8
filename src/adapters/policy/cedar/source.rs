//! The files of rules: which there are, what they say, and whether one has changed since.

use super::rule::{Fault, Layer};
use crate::domain::hash::Hash;
use rustix::fs::OFlags;
use std::fs::File;
use std::io::{ErrorKind, Read};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// The most files of one folder.
const FILES_MAX: usize = 200;
/// The longest file, in bytes.
const BYTES_MAX: u64 = 1 << 20;
/// The ending of a file of examples, beside a file of rules.
const EXAMPLES: &str = ".examples.toml";

/// The folders that are looked into.
#[derive(Clone, Debug)]
pub struct Places {
    /// The system's.
    pub system: PathBuf,
    /// The user's.
    pub user: PathBuf,
    /// The folder that a session works in; its rules are in `.tackroom/policy`.
    pub workspace: Option<PathBuf>,
    /// Where it is kept which workspaces are trusted.
    pub trust: PathBuf,
}

impl Places {
    /// The folder of a layer.
    pub fn folder(&self, layer: Layer) -> Option<PathBuf> {
        match layer {
            Layer::BuiltIn => None,
            Layer::System => Some(self.system.clone()),
            Layer::User => Some(self.user.clone()),
            Layer::Project => self.workspace.as_ref().map(|folder| folder.join(".tackroom/policy")),
        }
    }
}

/// A file of rules, and the examples beside it.
#[derive(Clone, Debug)]
pub(super) struct Text {
    pub(super) layer: Layer,
    pub(super) file: String,
    pub(super) text: Arc<str>,
    pub(super) examples: Option<(String, Arc<str>)>,
}

/// How a file or folder looked: where two looks are the same, it was not changed.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Seen {
    path: PathBuf,
    /// Seconds, nanoseconds, size, inode; none where nothing is there.
    look: Option<(i64, i64, u64, u64)>,
}

/// How all folders and files looked when they were read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Stamp(Vec<Seen>);

impl Stamp {
    fn add(&mut self, path: &Path) {
        self.0.push(Seen { path: path.to_path_buf(), look: look(path) });
    }

    /// Whether everything still looks as it did.
    pub(super) fn holds(&self) -> bool {
        self.0.iter().all(|seen| look(&seen.path) == seen.look)
    }

    /// Whether something was changed so shortly before `now` (microseconds) that a change after it may look the same.
    pub(super) fn is_young(&self, now: i64) -> bool {
        let ages = self.0.iter().filter_map(|seen| seen.look).map(|(s, ns, ..)| {
            now.saturating_sub(s.saturating_mul(1_000_000).saturating_add(ns / 1_000)).saturating_abs()
        });
        ages.min().is_some_and(|age| age < 100_000)
    }
}

fn look(path: &Path) -> Option<(i64, i64, u64, u64)> {
    let found = std::fs::metadata(path).ok()?;
    Some((found.mtime(), found.mtime_nsec(), found.size(), found.ino()))
}

/// What was found.
#[derive(Clone, Debug, Default)]
pub(super) struct Found {
    pub(super) texts: Vec<Text>,
    pub(super) stamp: Stamp,
    /// What the workspace's files say, where there are any.
    pub(super) project: Option<Hash>,
}

/// Reads all layers, and what could not be read. A folder that is not there has no rules; one that cannot be read is a fault.
pub(super) fn find(places: &Places) -> (Found, Vec<Fault>) {
    let mut found = Found::default();
    let mut faults = Vec::new();
    found.stamp.add(&places.trust);
    for layer in [Layer::System, Layer::User, Layer::Project] {
        let Some(folder) = places.folder(layer) else { continue };
        // Looked at before it is read: what changes meanwhile is seen the next time.
        found.stamp.add(&folder);
        match names(&folder) {
            Ok(files) => {
                for path in files.iter().filter(|path| !is_examples(path)) {
                    let beside = path.with_extension("examples.toml");
                    let beside = files.contains(&beside).then_some(beside);
                    found.stamp.add(path);
                    beside.iter().for_each(|path| found.stamp.add(path));
                    match text(layer, places, path, beside.as_deref()) {
                        Ok(text) => found.texts.push(text),
                        Err(fault) => faults.push(fault),
                    }
                }
                let alone = files.iter().filter(|path| is_examples(path) && !files.contains(&rules_of(path)));
                faults.extend(alone.map(|path| Fault {
                    file: shown(layer, places, path),
                    line: 0,
                    why: format!("there is no {} beside it", name(&rules_of(path))),
                }));
            }
            Err(why) => faults.push(Fault { file: folder.display().to_string(), line: 0, why }),
        }
    }
    found.project = project(&found.texts);
    (found, faults)
}

/// What the workspace's files say: trust is bound to it.
fn project(texts: &[Text]) -> Option<Hash> {
    let own: Vec<_> = texts.iter().filter(|text| text.layer == Layer::Project).collect();
    if own.is_empty() {
        return None;
    }
    let parts: Vec<_> =
        own.iter().map(|text| serde_json::json!([text.file, text.text, text.examples])).collect();
    Some(Hash::of(serde_json::Value::from(parts).to_string().as_bytes()))
}

/// Reads one file that was named, and the examples beside it.
pub(super) fn one(layer: Layer, places: &Places, path: &Path) -> Result<Text, Fault> {
    let beside = path.with_extension("examples.toml");
    text(layer, places, path, beside.is_file().then_some(beside.as_path()))
}

fn text(layer: Layer, places: &Places, path: &Path, beside: Option<&Path>) -> Result<Text, Fault> {
    let read = |path: &Path| -> Result<(String, Arc<str>), Fault> {
        let file = shown(layer, places, path);
        content(path).map(|text| (file.clone(), text.into())).map_err(|why| Fault { file, line: 0, why })
    };
    let (file, text) = read(path)?;
    Ok(Text { layer, file, text, examples: beside.map(read).transpose()? })
}

/// A workspace's file by its place in it, any other whole.
fn shown(layer: Layer, places: &Places, path: &Path) -> String {
    let inside = places.workspace.as_ref().filter(|_| layer == Layer::Project);
    inside.and_then(|root| path.strip_prefix(root).ok()).unwrap_or(path).display().to_string()
}

/// The files of a folder that count, by name.
fn names(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if matches!(error.kind(), ErrorKind::NotFound | ErrorKind::NotADirectory) => {
            return Ok(Vec::new());
        }
        Err(error) => return Err(format!("the folder cannot be read: {error}")),
    };
    let mut files = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| format!("the folder cannot be read: {error}"))?.path();
        let is_hidden = name(&path).starts_with('.');
        let is_rules = path.extension().is_some_and(|ending| ending == "cedar");
        if !is_hidden && (is_rules || is_examples(&path)) {
            files.push(path);
        }
        if files.len() > FILES_MAX {
            return Err(format!("there are more than {FILES_MAX} files"));
        }
    }
    files.sort();
    Ok(files)
}

fn name(path: &Path) -> String {
    path.file_name().map(|name| name.to_string_lossy().into_owned()).unwrap_or_default()
}

fn is_examples(path: &Path) -> bool {
    name(path).ends_with(EXAMPLES)
}

/// The file that examples are beside.
fn rules_of(path: &Path) -> PathBuf {
    let name = name(path);
    path.with_file_name(format!("{}.cedar", name.strip_suffix(EXAMPLES).unwrap_or(&name)))
}

/// The text of a regular file, bounded. A pipe is not waited for.
fn content(path: &Path) -> Result<String, String> {
    let flags = i32::try_from((OFlags::NONBLOCK | OFlags::CLOEXEC).bits()).unwrap_or(0);
    let cannot = |error: std::io::Error| format!("it cannot be read: {error}");
    let file: File = File::options().read(true).custom_flags(flags).open(path).map_err(cannot)?;
    if !file.metadata().map_err(cannot)?.is_file() {
        return Err("it is no regular file".to_string());
    }
    let mut bytes = Vec::new();
    file.take(BYTES_MAX + 1).read_to_end(&mut bytes).map_err(cannot)?;
    if bytes.len() as u64 > BYTES_MAX {
        return Err(format!("it is longer than {} KiB", BYTES_MAX / 1024));
    }
    String::from_utf8(bytes).map_err(|_| "it is not UTF-8".to_string())
}
