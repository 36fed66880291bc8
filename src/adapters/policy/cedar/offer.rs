//! What an operator is to read before a workspace's rules may also allow: the files as they are, and as they were when somebody
//! trusted them before.

use super::rule::Layer;
use super::source::{self, Places, Text};
use super::trust::{self, Trust};
use crate::domain::hash::Hash;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

/// A workspace's rules as they are now.
#[derive(Clone, Debug)]
pub struct Offer {
    /// The hash of all files: what is trusted.
    pub hash: Hash,
    /// How they stand.
    pub stands: Trust,
    /// The files, with the examples beside them, and what each said when it was trusted; in the order of their names.
    pub files: Vec<Offered>,
    /// Whether it is known what the files said when they were trusted before.
    pub is_compared: bool,
}

/// One file.
#[derive(Clone, Debug)]
pub struct Offered {
    /// Its place in the workspace.
    pub file: String,
    /// What it said when it was trusted; none where it was not there, or nothing was trusted.
    pub before: Option<String>,
    /// What it says; none where it is gone.
    pub now: Option<String>,
}

/// The rules of a folder, for whoever may come to trust them.
pub fn offer(places: &Places, folder: &Path) -> Result<Offer, String> {
    let (hash, texts) = own(places, folder)?;
    let stands = trust::trust(&places.trust, folder, Some(hash));
    let (before, now) = (trust::texts(&places.trust, folder), said(&texts));
    let names: BTreeSet<&String> = now.keys().chain(before.iter().flat_map(BTreeMap::keys)).collect();
    let of = |said: &BTreeMap<String, String>, name: &String| said.get(name).cloned();
    let files = names.into_iter().map(|name| Offered {
        file: name.clone(),
        before: before.as_ref().and_then(|before| of(before, name)),
        now: of(&now, name),
    });
    Ok(Offer { hash, stands, files: files.collect(), is_compared: before.is_some() })
}

/// Trusts the rules of a folder, if they are still what was offered. Whether that was a change.
pub fn set_trusted(places: &Places, folder: &Path, offered: Hash) -> Result<bool, String> {
    let (hash, texts) = own(places, folder)?;
    if hash != offered {
        return Err("a file was changed while you were reading: these are other rules by now".to_string());
    }
    trust::set(&places.trust, folder, Some((hash, said(&texts)))).map_err(|error| cannot(places, &error))
}

/// Trusts the rules of a folder no more. Whether that was a change.
pub fn revoke_trust(places: &Places, folder: &Path) -> Result<bool, String> {
    trust::set(&places.trust, folder, None).map_err(|error| cannot(places, &error))
}

fn cannot(places: &Places, error: &std::io::Error) -> String {
    format!("{} cannot be written: {error}", places.trust.display())
}

fn own(places: &Places, folder: &Path) -> Result<(Hash, Vec<Text>), String> {
    let only = Places { workspace: Some(folder.to_path_buf()), ..places.clone() };
    let (found, faults) = source::find(&only);
    if let Some(fault) = faults.first() {
        return Err(fault.to_string());
    }
    let none = || format!("there are no rules in {}", folder.join(".tackroom/policy").display());
    let hash = found.project.ok_or_else(none)?;
    Ok((hash, found.texts.into_iter().filter(|text| text.layer == Layer::Project).collect()))
}

fn said(texts: &[Text]) -> BTreeMap<String, String> {
    let rules = texts.iter().map(|text| (text.file.clone(), text.text.to_string()));
    let examples = texts.iter().filter_map(|text| text.examples.as_ref());
    rules.chain(examples.map(|(file, text)| (file.clone(), text.to_string()))).collect()
}
