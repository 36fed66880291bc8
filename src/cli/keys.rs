//! `tackroom keys`: what an operator's decisions are signed with, and whose keys are known.

use crate::adapters::clock::SystemClock;
use crate::adapters::sign::{Keys, Known};
use crate::cli::args_past::{Keys as Wanted, KeysVerb};
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::{out, wire};
use crate::domain::hash::Hash;
use crate::domain::signed::{Mark, Signatures, Standing};
use crate::ports::clock::Clock;
use crate::ports::sign::Signer;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::sync::Arc;

/// Makes a key, or lists those that are known.
pub fn keys(config: &Config, wanted: &Wanted) -> Result<Code, Failure> {
    match &wanted.what {
        KeysVerb::New => new(config),
        KeysVerb::List { json } => list(config, *json),
    }
}

/// The keys of this configuration and the book of this store.
fn of(config: &Config) -> Keys {
    let folder = config.paths.config.join("keys");
    Keys::new(folder, config.paths.data.join("signatures.jsonl"), &wire::operator(config))
}

/// What the operator's decisions are signed with; none without a key.
pub(super) fn signer(config: &Config) -> Option<Arc<dyn Signer>> {
    let keys = of(config);
    keys.has_own().then(|| Arc::new(keys) as Arc<dyn Signer>)
}

/// What was signed, by session.
pub(super) fn marks(config: &Config) -> Result<BTreeMap<String, Vec<Mark>>, Failure> {
    of(config).marks().map_err(failed)
}

fn failed(why: String) -> Failure {
    Failure::new(Code::Failed, why, "`tackroom keys --help` tells where keys are")
}

fn new(config: &Config) -> Result<Code, Failure> {
    wire::apart(config)?;
    let mut random = [0; 32];
    let fresh = [SystemClock.fresh().to_le_bytes(), SystemClock.fresh().to_le_bytes()];
    random.iter_mut().zip(fresh.iter().flatten()).for_each(|(to, from)| *to = *from);
    // What came from two draws of a clock's numbers is spread over all bits.
    let made = of(config).make(Hash::of(&random).0).map_err(failed)?;
    out::line(&out::row(&format!("made: decisions of {} are signed from now on", made.name)))?;
    out::line(&out::row(&format!("public key {}", made.key)))?;
    let folder = config.paths.config.join("keys");
    out::line(&out::row(&format!(
        "in {}: {}.key is yours alone, {}.pub is for others",
        folder.display(),
        made.name,
        made.name
    )))?;
    Ok(Code::Done)
}

fn list(config: &Config, as_json: bool) -> Result<Code, Failure> {
    let known = of(config).known().map_err(failed)?;
    if as_json {
        let shape = |known: &Known| json!({ "name": known.name, "key": known.key, "own": known.is_own });
        let keys: Vec<Value> = known.iter().map(shape).collect();
        out::json(&json!({ "version": 1, "keys": keys }).to_string())?;
        return Ok(Code::Done);
    }
    if known.is_empty() {
        out::line("no key is known here: decisions are not signed (`tackroom keys new` makes one)")?;
    }
    for known in known {
        let own = if known.is_own { "  (its secret key is here)" } else { "" };
        out::line(&out::row(&format!("{:<16} {}{own}", known.name, known.key)))?;
    }
    Ok(Code::Done)
}

/// What signatures say of a session, as lines; nothing where there are none.
pub(super) fn lines(signatures: &Signatures) -> Vec<(&'static str, String)> {
    if !signatures.any || signatures.decisions.is_empty() && signatures.beyond.is_empty() {
        return Vec::new();
    }
    let signed = signatures.signed();
    let count: u64 = signed.values().sum();
    let whose: Vec<String> = signed.iter().map(|(name, count)| format!("{name} {count}")).collect();
    let whose = if whose.is_empty() { String::new() } else { format!(" ({})", whose.join(", ")) };
    let mut lines = vec![("signed", format!("{count} of {} decisions{whose}", signatures.decisions.len()))];
    let unsigned: Vec<String> = signatures.unsigned().iter().map(ToString::to_string).collect();
    if !unsigned.is_empty() {
        lines.push(("unsigned", unsigned.join(", ")));
    }
    lines.extend(signatures.wrong().into_iter().map(|why| ("wrong", why)));
    lines
}

/// The same as JSON.
pub(super) fn shape(signatures: &Signatures) -> Value {
    let decision = |(no, standing): (&crate::domain::ids::EventNo, &Standing)| {
        let (whose, why) = match standing {
            Standing::Signed(whose) => (Some(whose), None),
            Standing::Unsigned => (None, None),
            Standing::Wrong(why) => (None, Some(why)),
        };
        json!({ "event": no.0, "signed_by": whose, "wrong": why })
    };
    let decisions: Vec<Value> = signatures.decisions.iter().map(decision).collect();
    json!({ "decisions": decisions, "wrong": signatures.wrong() })
}
