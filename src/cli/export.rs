//! `tackroom sessions export`: stored sessions as files for others.

use crate::cli::args::sessions::Export;
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::out;
use crate::cli::wire::Wire;
use crate::domain::commit::Commit;
use crate::domain::export::FileForm;
use crate::domain::export::atif::Atif;
use crate::domain::export::form::{About, Form};
use crate::domain::export::html::Html;
use crate::domain::export::jsonl::Writer;
use crate::domain::export::md::Markdown;
use crate::domain::export::tale::Tale;
use crate::domain::ids::SessionId;
use crate::domain::tally::Row;
use crate::ports::Later;
use crate::ports::export;
use crate::runtime::pages::pages;
use crate::runtime::plugs::Store;
use serde_json::{Value, json};
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Writes sessions.
pub async fn export(config: &Config, args: &Export, json: bool) -> Result<Code, Failure> {
    let wire = Wire::reading(config)?;
    let mut ids: Vec<SessionId> = Vec::new();
    for prefix in &args.ids {
        let id = wire.find(prefix).await?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let into = args.output.as_deref();
    let (folder, hint) =
        (into.is_some_and(Path::is_dir), "such as `--output exports/`, a folder that is there");
    if ids.len() > 1 && !folder {
        return Err(Failure::new(Code::Usage, "several sessions need a folder to go to", hint));
    }
    if json && into.is_none() {
        let sentence = "with --json, the session itself must go to a file";
        return Err(Failure::new(Code::Usage, sentence, "such as `--output session.jsonl`"));
    }
    let mut exported = Vec::new();
    for id in &ids {
        let Some(into) = into else {
            let mut target = Target::Screen;
            write(&wire.store, id, args.format.form(), &mut target).await?;
            continue;
        };
        let path = match folder {
            true => into.join(format!("{id}.{}", args.format.form().ending())),
            false => into.to_path_buf(),
        };
        let (events, bytes) = to_file(&wire.store, id, (args.format.form(), args.force), &path).await?;
        if json {
            exported.push(json!({ "session": id, "format": args.format.word(), "events": events,
                "path": path.display().to_string(), "bytes": bytes }));
        } else {
            out::line(&out::safe(&format!("{id}  {events} events, {bytes} bytes: {}", path.display())))?;
        }
    }
    if json {
        out::json(&json!({ "version": 1, "exported": Value::Array(exported) }).to_string())?;
    }
    Ok(Code::Done)
}

/// Writes a file of one's own: nobody else reads it, and what could not be finished does not stay.
async fn to_file(
    store: &Store,
    id: &SessionId,
    (form, force): (FileForm, bool),
    path: &Path,
) -> Result<(u64, u64), Failure> {
    let written = match force {
        true => beside(path),
        false => path.to_path_buf(),
    };
    let file = out::new_file(&written).map_err(|error| {
        let sentence = format!("{} cannot be made: {error}", written.display());
        let taken = error.kind() == std::io::ErrorKind::AlreadyExists && !force;
        let hint = match taken {
            true => "--force puts it in the place of what is there",
            false => "name another place with --output",
        };
        Failure::new(Code::Usage, sentence, hint)
    })?;
    let mut target = Target::File(BufWriter::new(file), 0);
    let done = match write(store, id, form, &mut target).await {
        Ok(events) => target.end().map(|bytes| (events, bytes)),
        Err(failure) => Err(failure),
    };
    let done = match done {
        Ok(done) if force => std::fs::rename(&written, path).map(|()| done).map_err(Failure::from),
        other => other,
    };
    if done.is_err() {
        let _ = std::fs::remove_file(&written); // made above
    }
    done
}

/// A name beside a file, for what is to take its place.
fn beside(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.part", std::process::id()))
}

/// Where it goes.
enum Target {
    Screen,
    File(BufWriter<File>, u64),
}

impl Target {
    /// JSON, a line of it; on a terminal nothing in it acts.
    fn json(&mut self, text: &str) -> Result<(), Failure> {
        match self {
            Target::Screen => out::json(text),
            Target::File(..) => self.text(&format!("{text}\n")),
        }
    }

    /// A piece of a document, in which foreign text is safe already; whole lines.
    fn text(&mut self, text: &str) -> Result<(), Failure> {
        match self {
            Target::Screen => out::line(text.strip_suffix('\n').unwrap_or(text)),
            Target::File(file, bytes) => {
                *bytes += text.len() as u64;
                Ok(file.write_all(text.as_bytes())?)
            }
        }
    }

    fn end(self) -> Result<u64, Failure> {
        let Target::File(file, bytes) = self else { return Ok(0) };
        let file = file.into_inner().map_err(|error| Failure::from(error.into_error()))?;
        file.sync_all()?;
        Ok(bytes)
    }
}

/// Writes a session as it stands now; answers how many events it has.
async fn write(store: &Store, id: &SessionId, format: FileForm, target: &mut Target) -> Result<u64, Failure> {
    match format {
        FileForm::Jsonl => lines(store, id, target).await,
        FileForm::Md => document(store, id, (format, Box::new(Markdown::default())), target).await,
        FileForm::Html => document(store, id, (format, Box::new(Html::default())), target).await,
        FileForm::Atif => document(store, id, (format, Box::new(Atif::default())), target).await,
    }
}

async fn lines(store: &Store, id: &SessionId, target: &mut Target) -> Result<u64, Failure> {
    let head = store.log.head(id).await?;
    let mut writer = Writer::new();
    target.json(&Writer::header(id, &head))?;
    let mut pages = pages(&*store.log, id, 0).until(head.seq);
    while let Some(page) = pages.next().await? {
        for commit in &page {
            for hash in writer.wants(commit) {
                match store.blobs.get(hash).await? {
                    Some(content) => {
                        Writer::content(hash, &content).try_for_each(|line| target.json(&line))?;
                    }
                    None => target.json(&Writer::lost(hash))?,
                }
            }
            writer.commit(commit).try_for_each(|line| target.json(&line))?;
        }
    }
    Ok(head.event.0)
}

/// In a trajectory foreign text is escaped as JSON is, which is not enough for a terminal.
fn put(target: &mut Target, format: FileForm, piece: &str) -> Result<(), Failure> {
    match format {
        FileForm::Jsonl | FileForm::Atif => target.json(piece.strip_suffix('\n').unwrap_or(piece)),
        FileForm::Md | FileForm::Html => target.text(piece),
    }
}

async fn document(
    store: &Store,
    id: &SessionId,
    (format, form): (FileForm, Box<dyn Form + Send>),
    target: &mut Target,
) -> Result<u64, Failure> {
    let head = store.log.head(id).await?;
    let (id, row) = (id.clone(), store.index.row(id).await?);
    let mut making = Making { id: id.clone(), row, tale: Tale::default(), form, begun: false };
    let mut pages = pages(&*store.log, &id, 0).until(head.seq);
    while let Some(page) = pages.next().await? {
        // Files are compared in it: others have their turn meanwhile.
        let made = tokio::task::spawn_blocking(move || {
            let pieces = making.page(&page);
            (making, pieces)
        });
        let (again, pieces) = made.await.map_err(|error| Failure::from(io::Error::other(error)))?;
        making = again;
        pieces.iter().try_for_each(|piece| put(target, format, piece))?;
    }
    making.end().iter().try_for_each(|piece| put(target, format, piece))?;
    Ok(head.event.0)
}

/// A document that is being made.
struct Making {
    id: SessionId,
    row: Option<Row>,
    tale: Tale,
    form: Box<dyn Form + Send>,
    begun: bool,
}

impl Making {
    fn page(&mut self, page: &[Arc<Commit>]) -> Vec<String> {
        let mut made = Vec::new();
        for sealed in page.iter().flat_map(|commit| &commit.events) {
            let pieces = self.tale.apply(&sealed.event);
            if !std::mem::replace(&mut self.begun, true) {
                made.push(self.form.begin(&About::of(&self.id, self.row.as_ref(), &sealed.event)));
            }
            made.extend(pieces.iter().map(|piece| self.form.piece(piece)));
        }
        made
    }

    fn end(mut self) -> Vec<String> {
        let (pieces, sum) = self.tale.finish();
        let mut made: Vec<String> = pieces.iter().map(|piece| self.form.piece(piece)).collect();
        made.push(self.form.end(&sum));
        made
    }
}

/// Files of one name at most, told apart by a number.
const SAME_MAX: u32 = 99;

/// Files beside the work: into the folder that the workbench was started in, never in the place of what is there.
pub struct IntoFolder {
    store: Store,
    folder: PathBuf,
}

impl IntoFolder {
    /// Files go into this folder.
    pub fn new(store: Store, folder: PathBuf) -> IntoFolder {
        IntoFolder { store, folder }
    }

    async fn write(&self, id: &SessionId, form: FileForm) -> Result<String, String> {
        for number in 1..=SAME_MAX {
            let end = form.ending();
            let name = if number == 1 { format!("{id}.{end}") } else { format!("{id}-{number}.{end}") };
            let path = self.folder.join(name);
            if path.symlink_metadata().is_ok() {
                continue; // what is there stays
            }
            let written = to_file(&self.store, id, (form, false), &path).await;
            return written.map(|_| path.display().to_string()).map_err(|failure| failure.sentence);
        }
        Err(format!("there are {SAME_MAX} files of it already in {}", self.folder.display()))
    }
}

impl export::Export for IntoFolder {
    fn export<'a>(&'a self, session: &'a SessionId, form: FileForm) -> Later<'a, Result<String, String>> {
        Box::pin(self.write(session, form))
    }
}
