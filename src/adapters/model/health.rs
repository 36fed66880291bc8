//! What this machine remembers of credentials and endpoints that failed: a small file beside the store, mode 0600, replaced as a
//! whole. It holds names, salted prints and times, never a key. Several processes share it: each reads it again where it changed.
//!
//! What cannot be read or written is forgotten: a rest saves a request, and is no fact that anything hangs on.

use crate::adapters::disk::{Draft, sync_folder};
use crate::adapters::model::secret::Secret;
use crate::domain::fault::FaultKind;
use crate::domain::hash::Hash;
use crate::domain::rests::{Choice, Rests, Way};
use crate::domain::route::{Detour, Route};
use crate::domain::time::Micros;
use serde::{Deserialize, Serialize};
use std::ffi::OsStr;
use std::fs::File;
use std::hash::{BuildHasher, Hasher, RandomState};
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

const NAME: &str = "models.json";
/// A longer file is not one of ours.
const LEN_MAX: u64 = 1 << 20;

/// The file as written.
#[derive(Debug, Default, Serialize, Deserialize)]
struct Written {
    version: u32,
    salt: String,
    #[serde(flatten)]
    rests: Rests,
}

#[derive(Debug, Default)]
struct State {
    salt: String,
    rests: Rests,
    /// The file as it was read or written last.
    seen: Option<(SystemTime, u64)>,
}

/// What is remembered.
#[derive(Debug)]
pub struct Health {
    folder: Option<PathBuf>,
    state: Mutex<State>,
}

impl Health {
    /// What is remembered in a folder; the file is made with the first fault.
    pub fn at(folder: &Path) -> Health {
        Health { folder: Some(folder.to_path_buf()), state: Mutex::default() }
    }

    /// A memory of this process only.
    pub fn alone() -> Health {
        Health { folder: None, state: Mutex::default() }
    }

    /// All that is held against anybody.
    pub fn rests(&self) -> Rests {
        self.now().rests.clone()
    }

    /// What tells this credential from another of its name; no way leads back from it.
    pub fn print(&self, secret: &Secret) -> String {
        let mut state = self.now();
        if state.salt.is_empty() {
            state.salt = format!("{:016x}", RandomState::new().build_hasher().finish());
        }
        Hash::of(format!("{}\0{}", state.salt, secret.reveal()).as_bytes()).short()
    }

    /// Which way is taken.
    pub fn choose(&self, ways: &[Way], now: Micros) -> Choice {
        self.now().rests.choose(ways, now)
    }

    /// A request goes out.
    pub fn begin(&self, route: &Route, now: Micros) {
        self.now().rests.begin(route, now);
    }

    /// A request was dropped.
    pub fn forget(&self, route: &Route) {
        self.now().rests.forget(route);
    }

    /// The model answered.
    pub fn answered(&self, route: &Route) {
        let mut state = self.now();
        if state.rests.answered(route) {
            self.keep(&mut state);
        }
    }

    /// A request failed.
    pub fn failed(
        &self,
        ways: &[Way],
        place: usize,
        kind: FaultKind,
        asked_ms: Option<u64>,
        now: Micros,
    ) -> Option<Detour> {
        let mut state = self.now();
        let detour = state.rests.failed(ways, place, kind, asked_ms, now);
        if detour.is_some() {
            self.keep(&mut state);
        }
        detour
    }

    /// The state, as another process left it where one did.
    fn now(&self) -> MutexGuard<'_, State> {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(folder) = &self.folder {
            let seen = stamp(&folder.join(NAME));
            if seen.is_some() && seen != state.seen {
                let is_new = state.seen.is_none();
                state.seen = seen;
                if let Some(written) = read(&folder.join(NAME)) {
                    let probed = std::mem::take(&mut state.rests.doors);
                    (state.salt, state.rests) = (written.salt, written.rests);
                    for door in &mut state.rests.doors {
                        let ours = probed.iter().find(|ours| ours.at == door.at);
                        door.probed = ours.and_then(|ours| ours.probed);
                        // Who starts a program wants it tried: an endpoint that another one shut is tried at once.
                        door.shut = door.shut.map(|shut| if is_new { Micros(0) } else { shut });
                    }
                }
            }
        }
        state
    }

    fn keep(&self, state: &mut State) {
        let Some(folder) = &self.folder else { return };
        let written = Written { version: 1, salt: state.salt.clone(), rests: state.rests.clone() };
        let Ok(text) = serde_json::to_vec_pretty(&written) else { return };
        if write(folder, &text).is_ok() {
            state.seen = stamp(&folder.join(NAME));
        }
    }
}

fn stamp(path: &Path) -> Option<(SystemTime, u64)> {
    let about = std::fs::metadata(path).ok()?;
    Some((about.modified().ok()?, about.len()))
}

fn read(path: &Path) -> Option<Written> {
    if std::fs::metadata(path).ok()?.len() > LEN_MAX {
        return None;
    }
    let written: Written = serde_json::from_slice(&std::fs::read(path).ok()?).ok()?;
    (written.version == 1).then_some(written)
}

fn write(folder: &Path, text: &[u8]) -> std::io::Result<()> {
    let folder = File::open(folder)?;
    let mut draft = Draft::new(&folder, 0o600)?;
    draft.fill(text, Some(0o600))?;
    draft.place(OsStr::new(NAME))?;
    sync_folder(&folder)
}
