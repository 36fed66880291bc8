//! Lists of sessions: the tabs, what is asked for, and which rows fit.

use crate::domain::ids::SessionId;
use crate::domain::money::Money;
use crate::domain::tally::Row;
use crate::domain::time::Micros;
use std::cmp::Ordering;
use std::collections::HashMap;

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

    /// Whether there is nothing in any tab.
    pub fn is_empty(&self) -> bool {
        self.0.iter().all(|count| *count == 0)
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
    /// Each of its words is in the title, the id, the agent, the folder, the model, a tag, a tool's name or the status.
    pub text: String,
    /// Only this agent.
    pub agent: String,
    /// Only folders that contain this.
    pub workspace: String,
    /// Only with all of these tags.
    pub tags: Vec<String>,
    /// Only where this tool was asked for.
    pub tool: String,
    /// Only where something happened then or later.
    pub since: Option<Micros>,
    /// Only where nothing happened then or later.
    pub until: Option<Micros>,
    /// Only with so many tokens or more.
    pub tokens_min: Option<u64>,
    /// Only with so many tokens or fewer.
    pub tokens_max: Option<u64>,
    /// Only where that much is known to have been paid.
    pub cost_min: Option<Money>,
    /// Only where no more was paid, and all of it is known.
    pub cost_max: Option<Money>,
    /// Only where a part of the cost, or all of it, is not known.
    pub cost_unknown: bool,
    /// The letters of a word of `text` need only follow one another within one name.
    pub loose: bool,
    /// Forks right under the session that they came from, where that fits too; not with `after`.
    pub tree: bool,
    /// Only what comes after this row: the next page.
    pub after: Option<After>,
    /// So many of the first are left out.
    pub skip: usize,
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
        let (tokens, cost) = (row.usage.input.saturating_add(row.usage.output), row.cost());
        (self.statuses.is_empty() || self.statuses.contains(&row.status))
            && (!self.held || row.waiting() > 0)
            && self.since.is_none_or(|since| row.updated >= since)
            && self.until.is_none_or(|until| row.updated < until)
            && self.tokens_min.is_none_or(|min| tokens >= min)
            && self.tokens_max.is_none_or(|max| tokens <= max)
            && self.cost_min.is_none_or(|min| cost.known >= min && cost.priced > 0)
            && self.cost_max.is_none_or(|max| cost.known <= max && cost.is_whole())
            && (!self.cost_unknown || !cost.is_whole())
            && self.needles().iter().all(|needle| words.contains(needle.as_str()))
            && self.has_text(&words, &row.status)
    }

    /// Whether the names of a row, as `row_words` has them, and its status have each word of `text`.
    pub fn has_text(&self, words: &str, status: &str) -> bool {
        let has = |word: &str| {
            words.contains(word) || status.contains(word) || (self.loose && follows(words, word))
        };
        self.text_words().iter().all(|word| has(word))
    }

    /// Whether a row's names and times alone do not tell whether it fits.
    pub fn wants_rows(&self) -> bool {
        self.tokens_min.is_some()
            || self.tokens_max.is_some()
            || self.cost_min.is_some()
            || self.cost_max.is_some()
            || self.cost_unknown
            || (self.loose && !self.text_words().is_empty())
    }

    /// The words of `text`: each must be in the names of a row, or in its status.
    pub fn text_words(&self) -> Vec<String> {
        clean(&self.text).split_whitespace().map(str::to_string).collect()
    }

    /// What the names of a row must contain, all of it.
    pub fn needles(&self) -> Vec<String> {
        let mut needles: Vec<String> = Vec::new();
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
        if self.tree {
            let kin: Vec<Kin> = found.iter().map(|row| Kin::of(row)).collect();
            let places: Vec<usize> = in_families(&kin).into_iter().map(|(_, place)| place).collect();
            found = places.into_iter().filter_map(|place| found.get(place).copied()).collect();
        }
        found.into_iter().skip(self.skip).take(self.limit).cloned().collect()
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

fn clean(text: &str) -> String {
    text.trim().replace(MARK, " ").to_lowercase()
}

/// Whether the letters of a word follow one another within one of the names, from the beginning of a word on.
fn follows(words: &str, word: &str) -> bool {
    let within = |name: &str, from: usize| {
        let mut letters = name.get(from..).unwrap_or_default().chars();
        word.chars().all(|wanted| letters.any(|letter| letter == wanted))
    };
    let first = word.chars().next();
    words.split(MARK).any(|name| {
        let mut before = None;
        name.char_indices().any(|(at, letter)| {
            let begins = before.replace(letter).is_none_or(|before: char| !before.is_alphanumeric());
            begins && Some(letter) == first && within(name, at)
        })
    })
}

/// A session and the one that it was forked from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Kin {
    /// The session.
    pub id: SessionId,
    /// Where it came from.
    pub parent: Option<SessionId>,
}

impl Kin {
    /// Of a row.
    pub fn of(row: &Row) -> Kin {
        Kin { id: row.id.clone(), parent: row.parent.as_ref().map(|parent| parent.session.clone()) }
    }
}

/// Forks right under the session they came from: depths and places. The order is otherwise kept, by the first of each
/// family; a fork whose parent is not among them stands by itself.
pub fn in_families(kin: &[Kin]) -> Vec<(usize, usize)> {
    let at: HashMap<&SessionId, usize> = kin.iter().enumerate().map(|(at, one)| (&one.id, at)).collect();
    let parent = |of: usize| -> Option<usize> { at.get(kin.get(of)?.parent.as_ref()?).copied() };
    let mut below: HashMap<usize, Vec<usize>> = HashMap::new();
    for child in 0..kin.len() {
        if let Some(parent) = parent(child) {
            below.entry(parent).or_default().push(child);
        }
    }
    let (mut seen, mut order) = (vec![false; kin.len()], Vec::with_capacity(kin.len()));
    for first in 0..kin.len() {
        let (mut root, mut climbed) = (first, 0);
        while let Some(up) = parent(root).filter(|_| climbed < kin.len()) {
            (root, climbed) = (up, climbed + 1); // bounded: damaged rows may go in a circle
        }
        let mut stack = vec![(0, root)];
        while let Some((depth, one)) = stack.pop() {
            if seen.get(one).copied().unwrap_or(true) {
                continue;
            }
            seen[one] = true;
            order.push((depth, one));
            stack.extend(below.get(&one).into_iter().flatten().rev().map(|child| (depth + 1, *child)));
        }
    }
    order
}

/// Rows as a tree: forks right under the session they came from, with their depth.
pub fn as_tree(rows: &[Row]) -> Vec<(usize, &Row)> {
    let kin: Vec<Kin> = rows.iter().map(Kin::of).collect();
    in_families(&kin).into_iter().filter_map(|(depth, place)| Some((depth, rows.get(place)?))).collect()
}

/// What a filter looks through: everything of a row that has a name, in lower case, tags and tools as whole words.
pub fn row_words(row: &Row) -> String {
    let mut words = String::with_capacity(128);
    let mut part = |sign: &str, text: &str| {
        words.push(MARK);
        words.push_str(sign);
        if text.bytes().all(|byte| byte.is_ascii() && char::from(byte) != MARK) {
            words.extend(text.bytes().map(|byte| char::from(byte.to_ascii_lowercase())));
        } else {
            words.extend(text.chars().filter(|c| *c != MARK).flat_map(char::to_lowercase));
        }
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
