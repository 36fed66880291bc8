//! The retention rules are written into the configuration file; everything else in it stays as it is, comments included.

use crate::adapters::disk::{Draft, sync_folder};
use crate::domain::retention::Rules;
use crate::ports::Later;
use crate::ports::rules::KeepRules;
use serde::Deserialize;
use std::fs::{self, File};
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use toml::Spanned;

/// What to do where the file cannot be changed.
const BY_HAND: &str = "nothing was changed; set archived_days and deleted_days under [retention] by hand";

/// The configuration file of this start.
pub struct IntoConfig {
    path: PathBuf,
}

impl IntoConfig {
    /// The rules go into this file, which need not be there yet.
    pub fn new(path: PathBuf) -> IntoConfig {
        IntoConfig { path }
    }

    fn write(&self, rules: Rules) -> Result<String, (String, String)> {
        let shown = self.path.display().to_string();
        let failed = |error: &io::Error| {
            let hint = "nothing was changed; mend the permissions or free some space".to_string();
            (format!("The rules cannot be kept in {shown}: {error}."), hint)
        };
        let before = match fs::read_to_string(&self.path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => String::new(),
            Err(error) => return Err(failed(&error)),
        };
        let after = changed(&before, rules)
            .map_err(|why| (format!("The rules cannot be kept in {shown}: {why}."), BY_HAND.to_string()))?;
        if after != before {
            put(&self.path, &after).map_err(|error| failed(&error))?;
        }
        Ok(shown)
    }
}

impl KeepRules for IntoConfig {
    fn keep(&self, rules: Rules) -> Later<'_, Result<String, (String, String)>> {
        Box::pin(async move { self.write(rules) })
    }
}

/// Takes the file's place as a whole; a link stays one, and the permissions stay.
#[expect(clippy::disallowed_methods, reason = "the operator's own file, behind whatever links they made")]
fn put(path: &Path, text: &str) -> io::Result<()> {
    let path = match path.canonicalize() {
        Ok(path) => path,
        Err(error) if path.is_symlink() => return Err(error), // it leads nowhere
        Err(_) => path.to_path_buf(),
    };
    let none = || io::Error::new(io::ErrorKind::InvalidInput, "this names no file in a folder");
    let (Some(folder), Some(name)) = (path.parent(), path.file_name()) else { return Err(none()) };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    fs::create_dir_all(folder)?;
    let mode = path.metadata().map(|found| found.permissions().mode() & 0o777);
    let folder = File::open(folder)?;
    let mut draft = Draft::new(&folder, 0o600)?;
    draft.fill(text.as_bytes(), Some(mode.unwrap_or(0o600)))?;
    draft.place(name)?;
    sync_folder(&folder)
}

/// Where the rules stand in the file.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Places {
    retention: Option<Spanned<Retention>>,
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Retention {
    archived_days: Option<Spanned<u32>>,
    deleted_days: Option<Spanned<u32>>,
}

/// The text with other rules: only their numbers differ, which is looked at before it is answered.
fn changed(before: &str, rules: Rules) -> Result<String, String> {
    let unread = |error: toml::de::Error| format!("it cannot be read: {}", error.message());
    let mut text = before.to_string();
    let (archived, deleted) = rules.days();
    for (key, days) in [("archived_days", archived), ("deleted_days", deleted)] {
        let places: Places = toml::from_str(&text).map_err(unread)?;
        text = with(&text, &places, key, days)
            .ok_or("its [retention] is written in a way that is not changed here")?;
    }
    let (mut was, mut is): (toml::Table, toml::Table) =
        (toml::from_str(before).map_err(unread)?, toml::from_str(&text).map_err(unread)?);
    let number = |days: u32| Some(toml::Value::Integer(i64::from(days)));
    let kept = is.remove("retention");
    let of = |key: &str| kept.as_ref().and_then(|kept| kept.get(key)).cloned();
    was.remove("retention");
    match was == is && of("archived_days") == number(archived) && of("deleted_days") == number(deleted) {
        true => Ok(text),
        false => Err("its [retention] is written in a way that is not changed here".to_string()),
    }
}

/// The text with one number: in the place of the one that is there, else in a line of its own below `[retention]`.
fn with(text: &str, places: &Places, key: &str, days: u32) -> Option<String> {
    let Some(table) = &places.retention else {
        let gap = match text {
            "" => "",
            text if text.ends_with('\n') => "\n",
            _ => "\n\n",
        };
        return Some(format!("{text}{gap}[retention]\n{key} = {days}\n"));
    };
    let kept = table.get_ref();
    let found = if key == "archived_days" { &kept.archived_days } else { &kept.deleted_days };
    if let Some(found) = found {
        let (head, tail) = (text.get(..found.span().start)?, text.get(found.span().end..)?);
        return Some(format!("{head}{days}{tail}"));
    }
    let at = table.span().start;
    let header = text.get(at..)?.starts_with('[');
    let end = text.get(at..)?.find('\n').map(|end| at + end + 1).filter(|_| header);
    match (header, end) {
        (true, Some(end)) => Some(format!("{}{key} = {days}\n{}", text.get(..end)?, text.get(end..)?)),
        (true, None) => Some(format!("{text}\n{key} = {days}\n")),
        (false, _) => None,
    }
}
