//! What an operator marks on a whole session: tags, a pin, the archive and the bin.

use crate::domain::time::Micros;
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;

/// Tags of one session at most.
pub const TAGS_MAX: usize = 32;
/// Characters of a tag at most.
const TAG_CHARS_MAX: usize = 40;

/// One mark set or taken away.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "kebab-case")]
pub enum Mark {
    /// Give it a tag.
    Tag {
        /// The tag.
        tag: String,
    },
    /// Take a tag away.
    Untag {
        /// The tag.
        tag: String,
    },
    /// Keep it on top of lists, and out of the retention rules.
    Pin,
    /// No longer keep it on top.
    Unpin,
    /// Put it out of sight: only the archive's list and the search show it.
    Archive,
    /// Take it back from the archive.
    Unarchive,
    /// Put it into the bin: no list but the bin's and no search shows it.
    Delete,
    /// Take it back from the bin.
    Restore,
}

/// The marks of one session.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Marks {
    /// The tags, in order.
    pub tags: BTreeSet<String>,
    /// Whether it stays on top.
    pub pinned: bool,
    /// Since when it is in the archive.
    pub archived: Option<Micros>,
    /// Since when it is in the bin.
    pub deleted: Option<Micros>,
}

impl Marks {
    /// Takes in a mark.
    pub fn apply(&mut self, mark: &Mark, at: Micros) {
        match mark {
            Mark::Tag { tag } => drop(self.tags.insert(tag.clone())),
            Mark::Untag { tag } => drop(self.tags.remove(tag)),
            Mark::Pin => self.pinned = true,
            Mark::Unpin => self.pinned = false,
            Mark::Archive => self.archived = Some(at),
            Mark::Unarchive => self.archived = None,
            Mark::Delete => self.deleted = Some(at),
            Mark::Restore => self.deleted = None,
        }
    }

    /// A task takes a session out of the archive: what works must be seen.
    pub fn begun(&mut self) {
        self.archived = None;
    }

    /// Whether a mark says what is so already, and in which words.
    pub fn already(&self, mark: &Mark) -> Option<&'static str> {
        let (so, words) = match mark {
            Mark::Tag { tag } => (self.tags.contains(tag), "tagged so"),
            Mark::Untag { tag } => (!self.tags.contains(tag), "without that tag"),
            Mark::Pin => (self.pinned, "pinned"),
            Mark::Unpin => (!self.pinned, "not pinned"),
            Mark::Archive => (self.archived.is_some(), "in the archive"),
            Mark::Unarchive => (self.archived.is_none(), "not in the archive"),
            Mark::Delete => (self.deleted.is_some(), "in the bin"),
            Mark::Restore => (self.deleted.is_none(), "not in the bin"),
        };
        so.then_some(words)
    }
}

impl Mark {
    /// What was done, in a word.
    pub fn done(&self) -> &'static str {
        match self {
            Mark::Tag { .. } => "tagged",
            Mark::Untag { .. } => "untagged",
            Mark::Pin => "pinned",
            Mark::Unpin => "unpinned",
            Mark::Archive => "archived",
            Mark::Unarchive => "taken from the archive",
            Mark::Delete => "deleted",
            Mark::Restore => "restored",
        }
    }

    /// What takes it back.
    pub fn inverse(&self) -> Mark {
        match self {
            Mark::Tag { tag } => Mark::Untag { tag: tag.clone() },
            Mark::Untag { tag } => Mark::Tag { tag: tag.clone() },
            Mark::Pin => Mark::Unpin,
            Mark::Unpin => Mark::Pin,
            Mark::Archive => Mark::Unarchive,
            Mark::Unarchive => Mark::Archive,
            Mark::Delete => Mark::Restore,
            Mark::Restore => Mark::Delete,
        }
    }

    /// The tag that it is about, if it is about one.
    pub fn tag(&self) -> Option<&str> {
        match self {
            Mark::Tag { tag } | Mark::Untag { tag } => Some(tag),
            Mark::Pin | Mark::Unpin | Mark::Archive | Mark::Unarchive | Mark::Delete | Mark::Restore => None,
        }
    }
}

/// A tag as it is kept: one word in lower case, without the `#` that some write before it; none where it is none.
pub fn tag(text: &str) -> Option<String> {
    let word = text.trim().trim_start_matches('#').to_lowercase();
    let plain = |c: char| c.is_alphanumeric() || matches!(c, '-' | '_' | '.' | ':' | '/' | '@' | '+');
    let fits = !word.is_empty() && word.chars().count() <= TAG_CHARS_MAX && word.chars().all(plain);
    fits.then_some(word)
}

/// A title from the first line of a task.
pub fn title(input: &str) -> String {
    let line = input.lines().find(|line| !line.trim().is_empty()).unwrap_or("").trim();
    let short: String = line.chars().take(72).collect();
    if short.len() < line.len() { format!("{}…", short.trim_end()) } else { short }
}
