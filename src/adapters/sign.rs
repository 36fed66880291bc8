//! Ed25519 keys of operators, and the book of what was signed with them: a line for each commit of decisions, chained to the line
//! before it.
//!
//! A secret key lies in the operator's configuration folder, readable by nobody else; a public one beside it. Whoever else's public
//! key is laid there is known by the name of its file.

use crate::adapters::disk::{Draft, sync_folder};
use crate::domain::hash::Hash;
use crate::domain::ids::EventNo;
use crate::domain::signed::{Mark, Stated};
use crate::ports::sign::Signer;
use ed25519_dalek::{Signature, Signer as _, SigningKey, VerifyingKey};
use rustix::fs::{FlockOperation, flock};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{DirBuilder, File, OpenOptions};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

/// A line of the book is never as long as this, in bytes.
const LINE_MAX: u64 = 8 * 1024;
/// The largest book that is read, in bytes.
const BOOK_MAX: u64 = 1 << 30;
/// The longest file of a key, in bytes.
const KEY_MAX: u64 = 4 * 1024;

/// A public key as people see it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// The name of its file.
    pub name: String,
    /// 64 hexadecimal digits.
    pub key: String,
    /// Whether the secret one lies beside it.
    pub is_own: bool,
}

/// Keys, and the book of what was signed.
pub struct Keys {
    folder: PathBuf,
    book: PathBuf,
    /// Whose key signs here.
    name: String,
}

impl Keys {
    /// The keys in a folder, and a book; `name` is the operator's.
    pub fn new(folder: PathBuf, book: PathBuf, name: &str) -> Keys {
        Keys { folder, book, name: name.to_string() }
    }

    fn secret(&self) -> PathBuf {
        self.folder.join(format!("{}.key", self.name))
    }

    /// Whether the operator has a key here.
    pub fn has_own(&self) -> bool {
        is_name(&self.name) && self.secret().exists()
    }

    /// Makes a key for the operator of 32 random bytes; the public one. One that is there stays.
    pub fn make(&self, random: [u8; 32]) -> Result<Known, String> {
        if !is_name(&self.name) {
            return Err(format!("the operator's name {:?} cannot name a file", self.name));
        }
        if self.has_own() {
            return Err(format!("{} is there already", self.secret().display()));
        }
        let key = SigningKey::from_bytes(&random);
        let public = Hash(key.verifying_key().to_bytes()).to_string();
        let cannot = |error: std::io::Error| format!("{} cannot be written: {error}", self.folder.display());
        DirBuilder::new().recursive(true).mode(0o700).create(&self.folder).map_err(cannot)?;
        let folder = File::open(&self.folder).map_err(cannot)?;
        let place = |name: String, text: String, mode: u32| -> std::io::Result<()> {
            let mut draft = Draft::new(&folder, 0o600)?;
            draft.fill(text.as_bytes(), Some(mode))?;
            draft.place(OsStr::new(&name))
        };
        place(format!("{}.pub", self.name), format!("{public}\n"), 0o644).map_err(cannot)?;
        place(format!("{}.key", self.name), format!("{}\n", Hash(random)), 0o600).map_err(cannot)?;
        sync_folder(&folder).map_err(cannot)?;
        Ok(Known { name: self.name.clone(), key: public, is_own: true })
    }

    /// The public keys in the folder, by name.
    pub fn known(&self) -> Result<Vec<Known>, String> {
        let entries = match std::fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(format!("{} cannot be read: {error}", self.folder.display())),
        };
        let mut found = Vec::new();
        for path in entries.flatten().map(|entry| entry.path()) {
            let name = path.file_name().and_then(OsStr::to_str).and_then(|name| name.strip_suffix(".pub"));
            let Some(name) = name.filter(|name| is_name(name)) else { continue };
            let bytes = key_of(&path)?;
            VerifyingKey::from_bytes(&bytes.0).map_err(|_| format!("{} is no key", path.display()))?;
            let is_own = path.with_extension("key").exists();
            found.push(Known { name: name.to_string(), key: bytes.to_string(), is_own });
        }
        found.sort_by(|a, b| a.name.cmp(&b.name));
        Ok(found)
    }

    /// What was signed, by session. What is wrong with a line is told in its mark.
    pub fn marks(&self) -> Result<BTreeMap<String, Vec<Mark>>, String> {
        let cannot = |error: std::io::Error| format!("{} cannot be read: {error}", self.book.display());
        let mut text = Vec::new();
        match File::open(&self.book) {
            Ok(file) => _ = file.take(BOOK_MAX).read_to_end(&mut text).map_err(cannot)?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(BTreeMap::new()),
            Err(error) => return Err(cannot(error)),
        }
        let known = self.known()?;
        let (mut marks, mut before) = (BTreeMap::<String, Vec<Mark>>::new(), Hash::ZERO);
        for line in text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            if let Some((stated, key, signature)) = read(line) {
                let whose = checked(&stated, &key, &signature, &known, before);
                marks.entry(stated.session.clone()).or_default().push(Mark { stated, whose });
            }
            before = Hash::of(line);
        }
        Ok(marks)
    }

    fn append(&self, key: &SigningKey, mut stated: Stated) -> std::io::Result<()> {
        if let Some(folder) = self.book.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        let mut options = OpenOptions::new();
        let mut book = options.read(true).append(true).create(true).mode(0o600).open(&self.book)?;
        flock(&book, FlockOperation::LockExclusive)?;
        let size = book.metadata()?.size();
        book.seek(SeekFrom::Start(size.saturating_sub(LINE_MAX)))?;
        let mut end = Vec::new();
        book.read_to_end(&mut end)?;
        // A line that a crash cut short is ended, and counts as one.
        let is_cut = end.last().is_some_and(|byte| *byte != b'\n');
        let last = end.split(|byte| *byte == b'\n').rfind(|line| !line.is_empty());
        stated.prev = last.map_or(Hash::ZERO, Hash::of);
        let signature = key.sign(&stated.message()).to_bytes();
        let (a, b) = signature.split_at(32);
        let half = |bytes: &[u8]| {
            <[u8; 32]>::try_from(bytes).map(|bytes| Hash(bytes).to_string()).unwrap_or_default()
        };
        let Stated { session, from, to, hash, by, prev } = &stated;
        let line = json!({
            "version": 1, "session": session, "from": from.0, "to": to.0, "hash": hash.to_string(), "by": by,
            "prev": prev.to_string(), "key": Hash(key.verifying_key().to_bytes()).to_string(),
            "signature": format!("{}{}", half(a), half(b)),
        });
        let start = if is_cut { "\n" } else { "" };
        book.write_all(format!("{start}{line}\n").as_bytes())?;
        book.sync_data()
    }
}

impl Keys {
    fn key(&self) -> Result<SigningKey, String> {
        let path = self.secret();
        let mode = std::fs::metadata(&path).map(|meta| meta.mode() & 0o077);
        match mode {
            Ok(0) => {}
            Ok(_) => return Err(format!("others may read {}: chmod 600 it", path.display())),
            Err(error) => return Err(format!("{} cannot be read: {error}", path.display())),
        }
        Ok(SigningKey::from_bytes(&key_of(&path)?.0))
    }
}

impl Signer for Keys {
    fn ready(&self) -> Result<(), String> {
        self.key().map(|_| ())
    }

    fn sign(&self, stated: Stated) -> Result<(), String> {
        let key = self.key()?;
        self.append(&key, stated)
            .map_err(|error| format!("{} cannot be written: {error}", self.book.display()))
    }
}

/// Whether a name can be a file's.
fn is_name(name: &str) -> bool {
    let plain = |c: char| c.is_alphanumeric() || "._-@+".contains(c);
    (1..=64).contains(&name.chars().count()) && name.chars().all(plain) && !name.starts_with('.')
}

fn key_of(path: &Path) -> Result<Hash, String> {
    let cannot = |error: std::io::Error| format!("{} cannot be read: {error}", path.display());
    let mut text = String::new();
    File::open(path).map_err(cannot)?.take(KEY_MAX).read_to_string(&mut text).map_err(cannot)?;
    Hash::parse(text.trim()).ok_or_else(|| format!("{} is no key: 64 hexadecimal digits", path.display()))
}

/// A line of the book: what it states, the key, the signature.
fn read(line: &[u8]) -> Option<(Stated, Hash, [u8; 64])> {
    let value: Value = serde_json::from_slice(line).ok()?;
    let text = |name: &str| value.get(name).and_then(Value::as_str);
    let number = |name: &str| value.get(name).and_then(Value::as_u64).map(EventNo);
    let hash = |name: &str| text(name).and_then(Hash::parse);
    let written = text("signature")?;
    let (a, b) = (Hash::parse(written.get(..64)?)?, Hash::parse(written.get(64..)?)?);
    let mut signature = [0; 64];
    signature.iter_mut().zip(a.0.iter().chain(&b.0)).for_each(|(to, from)| *to = *from);
    let stated = Stated {
        session: text("session")?.to_string(),
        from: number("from")?,
        to: number("to")?,
        hash: hash("hash")?,
        by: text("by")?.to_string(),
        prev: hash("prev")?,
    };
    Some((stated, hash("key")?, signature))
}

/// Whose key signed it; else why it says nothing.
fn checked(
    stated: &Stated,
    key: &Hash,
    signature: &[u8; 64],
    known: &[Known],
    before: Hash,
) -> Result<String, String> {
    let public = VerifyingKey::from_bytes(&key.0).map_err(|_| "its key is none".to_string())?;
    let holds = public.verify_strict(&stated.message(), &Signature::from_bytes(signature));
    holds.map_err(|_| "the signature does not fit what it is over".to_string())?;
    if stated.prev != before {
        return Err("a line before it in the book of signatures is missing, or was changed".to_string());
    }
    let written = key.to_string();
    match known.iter().find(|known| known.key == written) {
        Some(known) => Ok(known.name.clone()),
        None => Err(format!("it was signed with a key that is not known here ({})", key.short())),
    }
}
