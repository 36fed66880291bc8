//! `tackroom policy trust`: a workspace's rules are read by a person, and then may also allow.

use crate::adapters::policy::cedar::{Offer, Offered, Trust, lint, load, offer, revoke_trust, set_trusted};
use crate::cli::args_policy as args;
use crate::cli::config::Config;
use crate::cli::exit::{Code, Failure};
use crate::cli::folder::folder;
use crate::cli::judge::places;
use crate::cli::policy::{prepared, refused};
use crate::cli::{out, wire};
use crate::domain::hunks::{Care, hunks};
use crate::domain::text::plural;
use std::io::{IsTerminal, Write};
use std::path::Path;
use std::time::Duration;

/// So much of a change is looked at word by word, and for so long.
const CARE: Care = Care { context: 3, words_max: 0, time_max: Duration::from_secs(2) };

/// Shows what is to be trusted, asks, and keeps the answer.
pub(super) fn trust(config: &Config, args: &args::Trust) -> Result<Code, Failure> {
    wire::apart(config)?;
    let workspace = folder(args.folder.as_deref())?;
    let places = places(config, &workspace);
    let path = Path::new(&workspace);
    let hint = "nothing was changed; `tackroom policy check` tells more";
    let failed = |why: String| Failure::new(Code::Failed, why, hint);
    if args.revoke {
        let what = match revoke_trust(&places, path).map_err(failed)? {
            true => format!("trusted no more: the rules of {workspace} only make things stricter"),
            false => format!("{workspace} was not trusted"),
        };
        out::line(&out::row(&what))?;
        return Ok(Code::Done);
    }
    let offer = offer(&places, path).map_err(failed)?;
    if offer.stands == Trust::Trusted {
        let what = format!("{workspace} is trusted already, with these very files (sha-256 {})", offer.hash);
        out::line(&out::row(&what))?;
        return Ok(Code::Done);
    }
    show(&workspace, &offer)?;
    remarks(config, &workspace)?;
    if !args.yes && !said_yes()? {
        return Err(Failure::new(
            Code::Usage,
            "nobody said yes: the rules of this folder only make things stricter",
            "read them above, then `tackroom policy trust --yes`",
        ));
    }
    set_trusted(&places, path, offer.hash).map_err(failed)?;
    let files = offer.files.iter().filter(|file| file.now.is_some()).count();
    let what = format!(
        "trusted: {} of {workspace} may also allow, as long as nobody changes them",
        plural(files as u64, "file")
    );
    out::line(&out::row(&what))?;
    Ok(Code::Done)
}

fn show(workspace: &str, offer: &Offer) -> Result<(), Failure> {
    out::line(&out::row(&format!("the rules of {workspace}: {}", offer.stands.word())))?;
    match (offer.stands, offer.is_compared) {
        (Trust::Changed, true) => out::line("what has changed since they were trusted:")?,
        (Trust::Changed, false) => {
            out::line("what they said when they were trusted was not kept: read all of them")?;
        }
        (Trust::None | Trust::Trusted | Trust::Untrusted, _) => {}
    }
    for file in &offer.files {
        shown(file, offer.is_compared)?;
    }
    out::line(&format!("sha-256 {}", offer.hash))
}

/// A file whole, or what has changed in it.
fn shown(file: &Offered, is_compared: bool) -> Result<(), Failure> {
    let (before, now) = (file.before.as_deref().unwrap_or_default(), file.now.as_deref().unwrap_or_default());
    let what = match (&file.before, &file.now) {
        (Some(_), None) => "removed",
        (Some(before), Some(now)) if before == now => "unchanged",
        (Some(_), Some(_)) => "changed",
        (None, _) if is_compared => "new",
        (None, _) => "",
    };
    let head = if what.is_empty() { file.file.clone() } else { format!("{} ({what})", file.file) };
    out::line("")?;
    out::line(&out::row(&head))?;
    if file.before.is_none() {
        for (at, text) in now.lines().enumerate() {
            out::line(&out::row(&format!("{:>5}  {text}", at + 1)))?;
        }
        return Ok(());
    }
    for hunk in hunks(before, now, CARE).hunks {
        for line in hunk.lines {
            let at = line.new.or(line.old).map_or(0, |at| at + 1);
            out::line(&out::row(&format!("{at:>5} {} {}", line.fate.sign(), line.text)))?;
        }
    }
    Ok(())
}

/// What may not be meant, as `policy check` tells it; and what keeps the rules from being used at all.
fn remarks(config: &Config, workspace: &str) -> Result<(), Failure> {
    let setup = prepared(config, workspace, &[])?;
    let loaded = load(&setup).map_err(|faults| refused(&faults))?;
    let own = lint(&loaded.force, &setup.tools);
    let own: Vec<_> = own.into_iter().filter(|lint| lint.file.starts_with(".tackroom/")).collect();
    let aside: usize = loaded.files.iter().map(|file| file.idle).sum();
    out::line(&format!(
        "{} would then allow; {}",
        plural(aside as u64, "rule"),
        plural(own.len() as u64, "remark")
    ))?;
    for lint in own {
        let text = format!("{:<8} {}:{}: {}: {}", lint.kind, lint.file, lint.line, lint.rule, lint.what);
        out::line(&out::row(&text))?;
    }
    Ok(())
}

/// Asks whoever sits there; nobody does where it is no terminal.
fn said_yes() -> Result<bool, Failure> {
    if !std::io::stdin().is_terminal() || !std::io::stdout().is_terminal() {
        return Ok(false);
    }
    let mut out = std::io::stdout().lock();
    write!(out, "Let these rules also allow? [y/N] ").and_then(|()| out.flush())?;
    drop(out);
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(["y", "yes"].contains(&answer.trim().to_lowercase().as_str()))
}
