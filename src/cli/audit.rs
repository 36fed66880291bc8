//! `tackroom audit`: who decided what, when, on which arguments and by which rule, and whether the log that says so is whole.

use crate::cli::args_past::Audit as Wanted;
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::keys;
use crate::cli::out::{self, Progress};
use crate::cli::wire::Wire;
use crate::domain::audit::{Audit, Figures};
use crate::domain::audit_words::{Audited, document, lines, page, sum};
use crate::domain::ids::SessionId;
use crate::domain::signed::Signings;
use crate::domain::verify::Verifier;
use crate::ports::log::LogFault;
use crate::runtime::pages::pages;
use std::io::Write;
use std::path::Path;

/// Tells of the sessions that were named, or of all.
pub async fn audit(config: &Config, wanted: &Wanted) -> Result<Code, Failure> {
    let wire = Wire::reading(config)?;
    let mut ids = Vec::new();
    if wanted.all {
        ids = wire.store.log.find("", usize::MAX).await?;
    }
    for prefix in &wanted.ids {
        let id = wire.find(prefix).await?;
        if !ids.contains(&id) {
            ids.push(id);
        }
    }
    let mut total = 0;
    for id in &ids {
        total += wire.store.index.row(id).await?.map_or(0, |row| row.events);
    }
    let mut progress = Progress::new("read", "events", total);
    let (mut all, mut figures) = (Vec::with_capacity(ids.len()), Figures::default());
    let mut marks = keys::marks(config)?;
    for id in &ids {
        let signings = Signings::new(marks.remove(id.as_str()).unwrap_or_default());
        let audited = one(&wire, id, signings, &mut progress).await?;
        figures.add(&audited.audit);
        all.push(audited);
    }
    progress.end();
    let whole = all.iter().all(|audited| audited.differs.is_none());
    if let Some(path) = &wanted.html {
        write(path, &page(&all, &figures))?;
        out::progress(&format!("written: {}", path.display()));
    } else if wanted.json {
        out::json(&document(&all, &figures).to_string())?;
    } else {
        for line in all.iter().flat_map(lines) {
            out::line(&out::row(&line))?;
        }
        out::line("")?;
        sum(&figures).iter().try_for_each(|line| out::line(line))?;
    }
    Ok(if whole { Code::Done } else { Code::Failed })
}

/// Reads a session to its end, or to where it is damaged, and checks what was read.
async fn one(
    wire: &Wire,
    id: &SessionId,
    mut signings: Signings,
    progress: &mut Progress,
) -> Result<Audited, Failure> {
    let (mut audit, mut verifier) = (Audit::default(), Verifier::new(id.clone()));
    let mut reading = pages(&*wire.store.log, id, 0);
    loop {
        match reading.next().await {
            Ok(Some(page)) => {
                let before = verifier.events();
                for commit in page {
                    commit.events.iter().for_each(|sealed| audit.apply(&sealed.event));
                    signings.apply(&commit);
                    verifier.apply(&commit);
                }
                progress.add(verifier.events().saturating_sub(before));
            }
            Ok(None) => break,
            Err(LogFault::Damaged { event, why, .. }) => {
                verifier.damaged(event, &why);
                break;
            }
            Err(fault) => return Err(fault.into()),
        }
    }
    let finding = verifier.finish().finding;
    let differs =
        finding.map(|finding| format!("at {}: {} (`tackroom verify {id}`)", finding.no, finding.why));
    let signatures = signings.finish();
    let differs = differs.or_else(|| signatures.wrong().into_iter().next());
    Ok(Audited { session: id.to_string(), audit, signatures, differs })
}

fn write(path: &Path, page: &str) -> Result<(), Failure> {
    let written = out::new_file(path).and_then(|mut file| {
        file.write_all(page.as_bytes())?;
        file.sync_all()
    });
    written.map_err(|error| {
        let sentence = format!("{} cannot be written: {error}", path.display());
        Failure::new(Code::Failed, sentence, "name a file that is not there yet")
    })
}
