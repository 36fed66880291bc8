//! The files of a workspace as they were: a manifest, the pages it is stored in, and what differs between two.
//!
//! A page is one folder, stored by the hash of its bytes; a folder in it is named by its own page's hash. So a manifest
//! is the hash of the topmost page, and a change in one file makes new pages only for the folders above it.

use crate::domain::hash::Hash;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The form of a page.
const VERSION: u32 = 1;

/// Why a thing is named and not kept.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum LeftOut {
    /// A file larger than is kept.
    TooLarge,
    /// There are more files, or more bytes in all, than are kept.
    TooMany,
    /// It may not be read, or its reading failed.
    Unreadable,
    /// A pipe, a socket or a device.
    Special,
    /// Its name, or what a link points to, is not UTF-8.
    Name,
    /// It changed while it was read.
    Changing,
}

impl LeftOut {
    /// Why, for a person.
    pub fn words(self) -> &'static str {
        match self {
            LeftOut::TooLarge => "too large to be kept",
            LeftOut::TooMany => "beyond what is kept in all",
            LeftOut::Unreadable => "cannot be read",
            LeftOut::Special => "a pipe, a socket or a device",
            LeftOut::Name => "its name is not UTF-8",
            LeftOut::Changing => "it was being written",
        }
    }
}

/// One thing in a workspace.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Entry {
    /// A folder.
    Folder {
        /// Permission bits.
        mode: u32,
    },
    /// A file, its content stored by hash.
    File {
        /// The content.
        hash: Hash,
        /// Its size in bytes.
        size: u64,
        /// Permission bits.
        mode: u32,
    },
    /// A symbolic link; what it points to is never looked at.
    Link {
        /// What it says.
        target: String,
    },
    /// Named, not kept: never changed, never removed.
    LeftOut(LeftOut),
}

/// What was in a workspace, by path relative to it; what ignore files name and the folders of version control are not in it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Manifest {
    /// The entries. A folder's path is a whole part of the paths below it.
    pub entries: BTreeMap<String, Entry>,
}

/// A folder as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Page {
    version: u32,
    entries: BTreeMap<String, Stored>,
}

/// An entry as it is stored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
enum Stored {
    Folder { mode: u32, page: Hash },
    File { hash: Hash, size: u64, mode: u32 },
    Link { target: String },
    LeftOut { why: LeftOut },
}

/// A folder on its way into a page.
#[derive(Default)]
struct Tree<'a> {
    entry: Option<&'a Entry>,
    below: BTreeMap<&'a str, Tree<'a>>,
}

impl Manifest {
    /// Files that are kept, and their bytes.
    pub fn files(&self) -> (u64, u64) {
        self.entries.values().fold((0, 0), |(files, bytes), entry| match entry {
            Entry::File { size, .. } => (files + 1, bytes + size),
            Entry::Folder { .. } | Entry::Link { .. } | Entry::LeftOut(_) => (files, bytes),
        })
    }

    /// What is named and not kept.
    pub fn left_out(&self) -> impl Iterator<Item = (&str, LeftOut)> {
        self.entries.iter().filter_map(|(path, entry)| match entry {
            Entry::LeftOut(why) => Some((path.as_str(), *why)),
            Entry::Folder { .. } | Entry::File { .. } | Entry::Link { .. } => None,
        })
    }

    /// The pages, those below first, the topmost last: each with the hash it is stored by.
    pub fn pages(&self) -> Vec<(Hash, Vec<u8>)> {
        let mut top = Tree::default();
        for (path, entry) in &self.entries {
            let folder = path.split('/').fold(&mut top, |tree, name| tree.below.entry(name).or_default());
            folder.entry = Some(entry);
        }
        let mut pages = Vec::new();
        page(&top, &mut pages);
        pages
    }

    /// The manifest's name: the hash of its topmost page.
    pub fn hash(&self) -> Hash {
        self.pages().last().map_or(Hash::ZERO, |(hash, _)| *hash)
    }

    /// Takes in a page that stands for the folder `at` (empty for the topmost); answers the pages below it, by path.
    pub fn read(&mut self, at: &str, bytes: &[u8]) -> Result<Vec<(String, Hash)>, String> {
        let page: Page =
            serde_json::from_slice(bytes).map_err(|error| format!("a page cannot be read: {error}"))?;
        if page.version > VERSION {
            return Err(format!("its pages have the form {}, this program knows {VERSION}", page.version));
        }
        let mut below = Vec::new();
        for (name, stored) in page.entries {
            if name.is_empty() || name == "." || name == ".." || name.contains(['/', '\0']) {
                return Err(format!("a page names {name:?}, which is no file's name"));
            }
            let path = if at.is_empty() { name } else { format!("{at}/{name}") };
            let entry = match stored {
                Stored::Folder { mode, page } => {
                    below.push((path.clone(), page));
                    Entry::Folder { mode }
                }
                Stored::File { hash, size, mode } => Entry::File { hash, size, mode },
                Stored::Link { target } => Entry::Link { target },
                Stored::LeftOut { why } => Entry::LeftOut(why),
            };
            self.entries.insert(path, entry);
        }
        Ok(below)
    }
}

/// Writes the page of a folder behind those of the folders in it.
fn page(tree: &Tree<'_>, pages: &mut Vec<(Hash, Vec<u8>)>) -> Hash {
    let mut entries = BTreeMap::new();
    for (name, child) in &tree.below {
        let stored = match child.entry {
            Some(Entry::File { hash, size, mode }) => Stored::File { hash: *hash, size: *size, mode: *mode },
            Some(Entry::Link { target }) => Stored::Link { target: target.clone() },
            Some(Entry::LeftOut(why)) => Stored::LeftOut { why: *why },
            Some(Entry::Folder { mode }) => Stored::Folder { mode: *mode, page: page(child, pages) },
            None => Stored::Folder { mode: 0o755, page: page(child, pages) },
        };
        entries.insert((*name).to_string(), stored);
    }
    let bytes = serde_json::to_vec(&Page { version: VERSION, entries }).unwrap_or_default(); // invariant: it serialises
    let hash = Hash::of(&bytes);
    pages.push((hash, bytes));
    hash
}

/// What is done to one path.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Deed {
    /// It is not there, and will be.
    Create,
    /// It is there, and will be another.
    Replace,
    /// It is there, and will not be.
    Remove,
}

impl Deed {
    /// The word before a path.
    pub fn word(self) -> &'static str {
        match self {
            Deed::Create => "create",
            Deed::Replace => "change",
            Deed::Remove => "remove",
        }
    }
}

/// One path that differs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The path, relative to the workspace.
    pub path: String,
    /// What is done to it.
    pub deed: Deed,
    /// How it is; none where it is not there.
    pub from: Option<Entry>,
    /// How it will be; none where it is removed.
    pub to: Option<Entry>,
    /// Whether a thing of another kind has to go first.
    pub other_kind: bool,
}

/// What makes `then` of `now`, by path. What either of them names without keeping it stays as it is, and so does what
/// lies below it.
pub fn changes(now: &Manifest, then: &Manifest) -> Vec<Change> {
    let paths: BTreeSet<&String> = now.entries.keys().chain(then.entries.keys()).collect();
    let mut found = Vec::new();
    for path in paths {
        if is_left_out(now, path) || is_left_out(then, path) {
            continue;
        }
        let (old, new) = (now.entries.get(path), then.entries.get(path));
        let deed = match (old, new) {
            (old, new) if old == new => continue,
            (None, Some(_)) => Deed::Create,
            (Some(_), None) => Deed::Remove,
            (Some(_), Some(_)) | (None, None) => Deed::Replace,
        };
        let other_kind = match (old, new) {
            (Some(Entry::File { .. }), Some(Entry::File { .. }))
            | (Some(Entry::Folder { .. }), Some(Entry::Folder { .. }))
            | (None, _)
            | (_, None) => false,
            (Some(_), Some(_)) => true,
        };
        found.push(Change { path: path.clone(), deed, from: old.cloned(), to: new.cloned(), other_kind });
    }
    found
}

/// Whether the path, or a folder above it, is named and not kept.
fn is_left_out(manifest: &Manifest, path: &str) -> bool {
    let ends = path.match_indices('/').map(|(at, _)| at).chain([path.len()]);
    ends.filter_map(|end| path.get(..end))
        .any(|part| matches!(manifest.entries.get(part), Some(Entry::LeftOut(_))))
}
