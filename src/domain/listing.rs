//! Lists of sessions: the tabs, what is asked for, and which rows fit.

use crate::domain::ids::SessionId;
use crate::domain::tally::Row;
use crate::domain::time::Micros;
use std::cmp::Ordering;

/// Where a session is listed: each in exactly one of these, and in `All` unless it was put away.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Tab {
    /// Everything that is not in the archive or in the bin.
    #[default]
    All,
    /// It waits for a person: a decision, a step, or to be let go on.
    NeedsYou,
    /// It works.
    Running,
    /// It has done what it was to do, or nothing was asked of it yet.
    Done,
    /// It failed, was cancelled, or ran into a limit.
    Failed,
    /// In the archive.
    Archived,
    /// In the bin.
    Bin,
}

impl Tab {
    /// All of them, in the order in which they are shown.
    pub const ALL: [Tab; 7] =
        [Tab::All, Tab::NeedsYou, Tab::Running, Tab::Done, Tab::Failed, Tab::Archived, Tab::Bin];

    /// The name, as typed.
    pub fn name(self) -> &'static str {
        match self {
            Tab::All => "all",
            Tab::NeedsYou => "needs-you",
            Tab::Running => "running",
            Tab::Done => "done",
            Tab::Failed => "failed",
            Tab::Archived => "archived",
            Tab::Bin => "bin",
        }
    }

    /// The name, as shown.
    pub fn title(self) -> &'static str {
        match self {
            Tab::All => "All",
            Tab::NeedsYou => "Needs you",
            Tab::Running => "Running",
            Tab::Done => "Done",
            Tab::Failed => "Failed",
            Tab::Archived => "Archived",
            Tab::Bin => "Bin",
        }
    }

    /// The tab of that name.
    pub fn named(name: &str) -> Option<Tab> {
        Tab::ALL.into_iter().find(|tab| tab.name() == name)
    }

    /// Its number, as an engine may keep it; never changed.
    pub fn number(self) -> u8 {
        match self {
            Tab::All => 0,
            Tab::NeedsYou => 1,
            Tab::Running => 2,
            Tab::Done => 3,
            Tab::Failed => 4,
            Tab::Archived => 5,
            Tab::Bin => 6,
        }
    }

    /// Whether a session that is listed in `own` shows here.
    pub fn shows(self, own: Tab) -> bool {
        match self {
            Tab::All => !matches!(own, Tab::Archived | Tab::Bin),
            Tab::NeedsYou | Tab::Running | Tab::Done | Tab::Failed | Tab::Archived | Tab::Bin => self == own,
        }
    }
}

/// How many sessions each tab shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counts([u64; 7]);

impl Counts {
    /// Sessions in a tab.
    pub fn of(&self, tab: Tab) -> u64 {
        self.0.get(usize::from(tab.number())).copied().unwrap_or(0)
    }

    /// Takes in so many sessions that are listed in `own`.
    pub fn add(&mut self, own: Tab, sessions: u64) {
        for tab in Tab::ALL {
            if let Some(count) = self.0.get_mut(usize::from(tab.number()))
                && tab.shows(own)
            {
                *count += sessions;
            }
        }
    }
}

/// The place of a row in a list, to go on after it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct After {
    /// Whether it is pinned.
    pub pinned: bool,
    /// When something happened in it last.
    pub updated: Micros,
    /// The session.
    pub id: SessionId,
}

/// Which rows: all conditions hold at once; what is empty is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Query {
    /// The tab.
    pub tab: Tab,
    /// Only these statuses.
    pub statuses: Vec<String>,
    /// Only sessions that wait for a decision.
    pub held: bool,
    /// Each of its words is in the title, the id, the agent, the folder, the model, a tag or a tool's name.
    pub text: String,
    /// Only this agent.
    pub agent: String,
    /// Only folders that contain this.
    pub workspace: String,
    /// Only with all of these tags.
    pub tags: Vec<String>,
    /// Only where this tool was asked for.
    pub tool: String,
    /// Only what comes after this row: the next page.
    pub after: Option<After>,
    /// At most so many.
    pub limit: usize,
}

/// Between the parts of a row's words; no part holds it.
const MARK: char = '\u{1f}';

impl Query {
    /// Whether the row is in the tab and fits.
    pub fn admits(&self, row: &Row) -> bool {
        let past = |after: &After| order(&After::of(row), after) == Ordering::Greater;
        self.tab.shows(row.tab()) && self.after.as_ref().is_none_or(past) && self.fits(row)
    }

    /// Whether the row fits, in whatever tab.
    pub fn fits(&self, row: &Row) -> bool {
        let words = row_words(row);
        (self.statuses.is_empty() || self.statuses.contains(&row.status))
            && (!self.held || row.waiting() > 0)
            && self.needles().iter().all(|needle| words.contains(needle.as_str()))
    }

    /// What the words of a row must contain, all of it.
    pub fn needles(&self) -> Vec<String> {
        let clean = |text: &str| text.trim().replace(MARK, " ").to_lowercase();
        let mut needles: Vec<String> = clean(&self.text).split_whitespace().map(str::to_string).collect();
        let whole = |sign: char, text: &str| format!("{MARK}{sign}{}{MARK}", clean(text));
        needles.extend(self.tags.iter().map(|tag| whole('#', tag)));
        if !self.agent.trim().is_empty() {
            needles.push(whole('@', &self.agent));
        }
        if !self.tool.trim().is_empty() {
            needles.push(whole('!', &self.tool));
        }
        if !self.workspace.trim().is_empty() {
            needles.push(clean(&self.workspace));
        }
        needles
    }

    /// The rows that are admitted, in order, at most so many.
    pub fn pick<'a>(&self, rows: impl Iterator<Item = &'a Row>) -> Vec<Row> {
        let mut found: Vec<&Row> = rows.filter(|row| self.admits(row)).collect();
        found.sort_by(|a, b| order(&After::of(a), &After::of(b)));
        found.into_iter().take(self.limit).cloned().collect()
    }

    /// How many rows fit in each tab.
    pub fn count<'a>(&self, rows: impl Iterator<Item = &'a Row>) -> Counts {
        let mut counts = Counts::default();
        rows.filter(|row| self.fits(row)).for_each(|row| counts.add(row.tab(), 1));
        counts
    }
}

impl After {
    /// The place of a row.
    pub fn of(row: &Row) -> After {
        After { pinned: row.marks.pinned, updated: row.updated, id: row.id.clone() }
    }
}

/// Pinned ones first, then the last touched.
fn order(a: &After, b: &After) -> Ordering {
    b.pinned.cmp(&a.pinned).then_with(|| b.updated.cmp(&a.updated)).then_with(|| a.id.cmp(&b.id))
}

/// What a filter looks through: everything of a row that has a name, in lower case, tags and tools as whole words.
pub fn row_words(row: &Row) -> String {
    let mut words = String::with_capacity(128);
    let mut part = |sign: &str, text: &str| {
        words.push(MARK);
        words.push_str(sign);
        words.extend(text.chars().filter(|c| *c != MARK).flat_map(char::to_lowercase));
    };
    part("", &row.title);
    part("", row.id.as_str());
    part("", &row.workspace);
    part("", &row.model);
    part("@", &row.agent);
    row.marks.tags.iter().for_each(|tag| part("#", tag));
    row.tools.iter().for_each(|tool| part("!", tool));
    words.push(MARK);
    words
}
