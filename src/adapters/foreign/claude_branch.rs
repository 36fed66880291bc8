//! Claude Code: which records are on the branch that is alive.
//!
//! Every chat record names the one before it. Going back leaves a dead branch; a compaction begins a new chain that names
//! the old one as its logical parent. Calls made at once branch too: their results hang on their own calls.

use crate::adapters::foreign::fields;
use crate::domain::foreign::{Entry, Sort};
use serde_json::Value;
use std::collections::{HashMap, HashSet};

/// What is kept of a record.
struct Node {
    uuid: String,
    parent: String,
    logical: String,
    message: String,
    asks: Vec<String>,
    answers: Vec<String>,
    side: bool,
}

/// The tree of a file.
#[derive(Default)]
pub struct Branch {
    nodes: Vec<Node>,
    by_uuid: HashMap<String, usize>,
    /// The leaf that the tool itself names, if nothing was said after that.
    named: Option<String>,
}

/// Where a record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Standing {
    /// On the living branch, or on none.
    Alive,
    /// On a branch that was left, or a sub-agent's.
    Aside,
}

/// The records that are set aside.
pub struct Living {
    /// By uuid: a record may be in the file twice, and stands where its first copy stands.
    aside: HashSet<String>,
    left: u64,
    sub_agents: u64,
}

/// Whether a record is part of the tree.
pub fn is_chat(value: &Value) -> bool {
    matches!(fields::text(value, &["type"]), "user" | "assistant" | "system" | "attachment")
}

impl Branch {
    /// Takes in a record.
    pub fn see(&mut self, value: &Value) {
        if fields::text(value, &["type"]) == "last-prompt" {
            let leaf = fields::text(value, &["leafUuid"]);
            self.named = (!leaf.is_empty()).then(|| leaf.to_string());
        }
        let uuid = fields::text(value, &["uuid"]);
        if !is_chat(value) || uuid.is_empty() || self.by_uuid.contains_key(uuid) {
            return;
        }
        self.named = None;
        let parts = fields::list(value, &["message", "content"]);
        let ids = |kind: &str, name: &str| -> Vec<String> {
            let of_kind = parts.iter().filter(|part| fields::text(part, &["type"]) == kind);
            of_kind.map(|part| fields::text(part, &[name]).to_string()).collect()
        };
        self.by_uuid.insert(uuid.to_string(), self.nodes.len());
        self.nodes.push(Node {
            uuid: uuid.to_string(),
            parent: fields::text(value, &["parentUuid"]).to_string(),
            logical: fields::text(value, &["logicalParentUuid"]).to_string(),
            message: fields::text(value, &["message", "id"]).to_string(),
            asks: ids("tool_use", "id"),
            answers: ids("tool_result", "tool_use_id"),
            side: value.get("isSidechain").and_then(Value::as_bool) == Some(true),
        });
    }

    /// What is alive: the chain that ends at the newest leaf, the other blocks of its messages, the results of its calls.
    pub fn living(self) -> Living {
        let all_side = self.nodes.iter().all(|node| node.side); // a file of a sub-agent
        let mut alive = self.chain(all_side);
        let mut messages: HashSet<&str> = HashSet::new();
        let mut asked: HashSet<&str> = HashSet::new();
        for at in &alive {
            if let Some(node) = self.nodes.get(*at) {
                messages.insert(&node.message);
            }
        }
        messages.remove("");
        for (at, node) in self.nodes.iter().enumerate() {
            if alive.contains(&at) || messages.contains(node.message.as_str()) {
                alive.insert(at);
                asked.extend(node.asks.iter().map(String::as_str));
            }
        }
        let (mut aside, mut left, mut sub_agents) = (HashSet::new(), 0, 0);
        for (at, node) in self.nodes.iter().enumerate() {
            let is_result = node.answers.iter().any(|id| asked.contains(id.as_str()));
            if !alive.contains(&at) && (!is_result || (node.side && !all_side)) {
                aside.insert(node.uuid.clone());
                *(if node.side && !all_side { &mut sub_agents } else { &mut left }) += 1;
            }
        }
        Living { aside, left, sub_agents }
    }

    /// The records from the newest leaf to the root; a ring of parents, which no tool writes, ends where it began.
    fn chain(&self, all_side: bool) -> HashSet<usize> {
        let newest = || self.nodes.iter().rposition(|node| all_side || !node.side);
        let named = self.named.as_ref().and_then(|uuid| self.by_uuid.get(uuid)).copied();
        let mut at = named.or_else(newest);
        let mut chain = HashSet::new();
        while let Some(here) = at.filter(|here| chain.insert(*here)) {
            let Some(node) = self.nodes.get(here) else { break };
            at = [&node.parent, &node.logical].iter().find_map(|uuid| self.by_uuid.get(*uuid)).copied();
            if at.is_none() && !node.parent.is_empty() {
                // Its parent is missing (a damaged line): what stands before it still belongs to it, but for a sub-agent's.
                let before = self.nodes.get(..here).unwrap_or_default();
                at = before.iter().rposition(|other| other.side == node.side);
            }
        }
        chain
    }
}

impl Living {
    /// Where a record stands.
    pub fn standing(&self, value: &Value) -> Standing {
        let is_aside = is_chat(value) && self.aside.contains(fields::text(value, &["uuid"]));
        if is_aside { Standing::Aside } else { Standing::Alive }
    }

    /// What was set aside, in words.
    pub fn left_behind(&self) -> Vec<Entry> {
        let counts = [(self.left, "on branches that were left"), (self.sub_agents, "of sub-agents")];
        let told = counts.iter().filter(|(count, _)| *count > 0);
        told.map(|(count, words)| {
            fields::odd(Sort::Note, format!("{count} records {words} are not shown"), 0, None, "")
        })
        .collect()
    }
}
