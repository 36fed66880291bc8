//! The sections of a tool call: what it is, its arguments from the proposal to the run, its verdicts, its output, its files.

use crate::domain::about::about;
use crate::domain::call::{Ended, Output, Preview, may_change_files};
use crate::domain::commit::Sealed;
use crate::domain::event::{Event, Fact};
use crate::domain::ids::{CallId, EventNo};
use crate::domain::inspect::Material;
use crate::domain::inspect::deciding;
use crate::domain::inspect::gather::Gather;
use crate::domain::inspect::page::{Part, Section, Tone, bytes, readable};
use crate::domain::message::{Args, AskedCall};
use crate::domain::policy::{Verdict, Word};
use crate::domain::text;
use crate::domain::time::duration;
use crate::domain::tool_spec::{Effect, Touch};
use serde_json::Value;

/// Columns of what an event says in the course of a call.
const SAYS: usize = 90;

/// What is known of a call from its events.
pub(in crate::domain) struct Told<'a> {
    /// The call as the reply asked for it, and that reply.
    pub asked: Option<(&'a AskedCall, &'a Event)>,
    /// Its events, in order.
    pub events: Vec<&'a Event>,
}

impl<'a> Told<'a> {
    /// A call among what was gathered.
    pub fn of(gather: &'a Gather, id: CallId) -> Told<'a> {
        let first = gather.first();
        let asked = gather.events().find(|sealed| Some(sealed.event.no) == first).and_then(|sealed| {
            let (_, asked) = sealed.event.fact.asks().find(|(call, _)| *call == id)?;
            Some((asked, &sealed.event))
        });
        Told { asked, events: gather.about().map(|sealed: &Sealed| &sealed.event).collect() }
    }

    /// The arguments as a text: those given, else those proposed.
    fn args(&self, given: Option<&Value>) -> Option<String> {
        match (given, self.asked.map(|(asked, _)| &asked.args)) {
            (Some(value), _) | (None, Some(Args::Json(value))) => Some(readable(value)),
            (None, Some(Args::Broken(text))) => Some(text.clone()),
            (None, None) => None,
        }
    }
}

/// The call in a few words.
pub fn title(gather: &Gather, id: CallId) -> String {
    let told = Told::of(gather, id);
    format!("call {id} {}", told.asked.map(|(asked, _)| asked.tool.as_str()).unwrap_or_default())
}

/// What is told of a call, from what it is to how it ran; an empty section is left out.
pub fn sections(material: &Material, id: CallId) -> Vec<Section> {
    let told = Told::of(&material.gather, id);
    let mut sections = vec![head(&told, id), arguments(&told), verdicts(&told)];
    sections.push(deciding::section(&told));
    sections.extend(preview(&told));
    sections.extend(told.events.iter().filter_map(|event| output(event, material)));
    sections.extend(files(&told, material));
    sections.push(course(&told));
    sections
}

/// What the call is and how it stands.
fn head(told: &Told<'_>, id: CallId) -> Section {
    let mut section = Section::new("call", format!("Call {id}"));
    match told.asked {
        Some((asked, event)) => {
            section.row("tool", asked.tool.clone());
            section.row(
                "asked for",
                format!("at {} by event {} (run {})", event.at.rfc3339(), event.no, event.run),
            );
        }
        None => section.toned("asked for", "the reply that asked for it is not in the log", Tone::Risk),
    }
    if let Some((effect, destroys, touches, ..)) = judged(told).last() {
        let destroys = if destroys { "; can destroy what was there" } else { "" };
        section.row("effect", format!("{}{destroys}", effect.word()));
        touches.iter().for_each(|touch| section.row("touches", touch.line()));
    }
    let (words, tone) = state(told);
    section.toned("stands", words, tone);
    let starts = told.events.iter().filter(|event| matches!(event.fact, Fact::CallStarted { .. })).count();
    if starts > 1 {
        section.toned("started", format!("{starts} times"), Tone::Risk);
    }
    section
}

type Judged<'a> = (Effect, bool, &'a [Touch], &'a Verdict, &'a Event);

fn judged<'a>(told: &'a Told<'a>) -> impl Iterator<Item = Judged<'a>> {
    told.events.iter().filter_map(|event| {
        let Fact::CallJudged { verdict, effect, destroys, touches, .. } = &event.fact else { return None };
        Some((*effect, *destroys, touches.as_slice(), verdict, *event))
    })
}

/// How the call stands, from its last event.
fn state(told: &Told<'_>) -> (String, Tone) {
    let Some(event) = told.events.last() else {
        return ("asked for; not judged yet".to_string(), Tone::Wait);
    };
    let fact = &event.fact;
    let at = event.at.clock();
    if let Fact::CallEnded { outcome, ms, .. } = fact {
        let well = *outcome == crate::domain::call::Outcome::Ok;
        let words = format!("{} at {at}, after {} of running", Ended::Ran(*outcome).word(), duration(*ms));
        return (words, if well { Tone::Good } else { Tone::Bad });
    }
    if let Fact::CallJudged { verdict, .. } = fact {
        return match verdict.word {
            Word::Allow => (format!("allowed at {at}, not started"), Tone::Plain),
            Word::Ask => (format!("waits for a person since {at}"), Tone::Wait),
            Word::Deny => (format!("denied at {at}"), Tone::Bad),
        };
    }
    let words = fact.kind().strip_prefix("Call").unwrap_or(fact.kind()).to_lowercase();
    let tone = if matches!(fact, Fact::CallUnknown { .. }) { Tone::Risk } else { Tone::Plain };
    (format!("{words} at {at}"), tone)
}

/// The arguments as proposed, as each person changed them, and as they ran.
fn arguments(told: &Told<'_>) -> Section {
    let mut section = Section::new("arguments", "Arguments");
    let Some(proposed) = told.args(None) else { return section };
    let (mut edited, mut approved) = (None, false);
    let mut changes = Vec::new();
    let mut ran = None;
    for event in &told.events {
        if let Fact::CallEdited { args, by, .. } = &event.fact {
            changes.push(Part::Change {
                label: format!("edited by {by} at {}", event.at.clock()),
                before: told.args(edited).unwrap_or_default(),
                after: readable(args),
            });
            edited = Some(args);
        } else if let Fact::CallApproved { .. } = &event.fact {
            approved = true;
        } else if let Fact::CallJudged { verdict, .. } = &event.fact
            && verdict.word == Word::Deny
            && approved
            && edited.take().is_some()
        {
            changes.push(Part::Row {
                label: "edit".to_string(),
                text: format!("was not taken: denied by rule {}: {}", verdict.rule, verdict.why),
                tone: Tone::Bad,
            });
            approved = false;
        } else if let Fact::CallStarted { .. } = &event.fact {
            ran = Some((told.args(edited).unwrap_or_default(), event));
        }
    }
    if let Some((asked, _)) = told.asked {
        section.args("proposed by the model", &asked.args);
    }
    let edits = changes.len();
    section.parts.extend(changes);
    match ran {
        Some((args, event)) if args == proposed => {
            section.toned("run", format!("as proposed, at {}", event.at.clock()), Tone::Good)
        }
        Some((_, event)) if edits == 1 => {
            section.toned("run", format!("as edited, at {}", event.at.clock()), Tone::Good)
        }
        Some((args, event)) => section.parts.push(Part::Change {
            label: format!("run at {}, against the proposal", event.at.clock()),
            before: proposed,
            after: args,
        }),
        None => section.toned("run", "it was not started", Tone::Muted),
    }
    section
}

/// Each verdict with its rule, and what a decision was bound to.
fn verdicts(told: &Told<'_>) -> Section {
    let mut section = Section::new("verdict", "Verdict");
    for (.., verdict, event) in judged(told) {
        let (word, tone) = match verdict.word {
            Word::Allow => ("allow", Tone::Good),
            Word::Ask => ("ask", Tone::Wait),
            Word::Deny => ("deny", Tone::Bad),
        };
        section.toned(
            word,
            format!("rule {}: {} ({} at {})", verdict.rule, verdict.why, event.no, event.at.clock()),
            tone,
        );
        section.toned("policy", verdict.policy.clone(), Tone::Muted);
        if let Fact::CallJudged { hash, .. } = &event.fact {
            section.toned("action", format!("sha-256 {hash} (tool, arguments, folder, policy)"), Tone::Muted);
        }
    }
    for event in &told.events {
        if let Fact::CallRefused { .. } = &event.fact {
            section.toned("refused", format!("{}: it was not even judged", about(&event.fact)), Tone::Bad);
        } else if let Fact::CallRecorded { .. } = &event.fact {
            section.toned("verdict", "who or what allowed it is not recorded there", Tone::Muted);
        }
    }
    if section.parts.is_empty() {
        section.toned("verdict", "none yet", Tone::Muted);
    }
    section
}

/// What a person was shown of its consequence, as last judged.
fn preview(told: &Told<'_>) -> Option<Section> {
    let shown = told.events.iter().rev().find_map(|event| {
        if let Fact::CallJudged { preview, .. } = &event.fact { Some(preview) } else { None }
    });
    let mut section = Section::new("preview", "Preview, as a person was shown it");
    match shown? {
        Preview::None => return None,
        Preview::Change { path, before, after, cut } => {
            let new = if before.is_none() { " (new file)" } else { "" };
            let cut = if *cut { ", shortened" } else { "" };
            let label = format!("{path}{new}{cut}");
            let before = before.clone().unwrap_or_default();
            section.parts.push(Part::Change { label, before, after: after.clone() });
        }
        Preview::Command { argv, cwd, sandbox, parts, scripts } => {
            section.row("in", cwd.clone());
            section.row("sandbox", sandbox.clone());
            argv.iter().enumerate().for_each(|(at, arg)| section.row(format!("argv[{at}]"), arg.clone()));
            parts.iter().for_each(|part| section.row(part.does.word(), part.text.clone()));
            scripts.iter().for_each(|script| section.row("script", script.line()));
        }
        Preview::Request { method, url } => section.row(method.clone(), url.clone()),
        Preview::WouldFail { why } => section.toned("would fail", why.clone(), Tone::Risk),
    }
    Some(section)
}

/// What came of it.
fn output(event: &Event, material: &Material) -> Option<Section> {
    let output: &Output = event.fact.output()?;
    let mut section = Section::new("output", "Output");
    section.row("ended", about_end(event));
    let kept = output.head.len() + output.tail.len();
    let whole = output.blob.and_then(|hash| material.contents.get(&hash));
    let size = bytes(output.size);
    match (output.blob, whole) {
        (None, _) if output.size == kept as u64 => section.row("size", format!("{size}, all of it below")),
        (None, _) => lacking(&mut section, format!("{size}; its middle was not kept")),
        (Some(hash), Some(_)) => section.row("size", format!("{size}, kept whole as sha-256 {hash}")),
        (Some(hash), None) => {
            lacking(&mut section, format!("{size}; the whole ({hash}) is not in the store any more"));
        }
    }
    match whole {
        Some(whole) => section.text("output", &String::from_utf8_lossy(whole)),
        None => section.text("output", &output.for_model()),
    }
    Some(section)
}

/// Says of an output that only its ends are known.
fn lacking(section: &mut Section, words: String) {
    section.lacks = Some(format!("the output had {words}"));
    section.toned("size", words, Tone::Risk);
}

fn about_end(event: &Event) -> String {
    let (word, ms) = if let Fact::CallEnded { outcome, ms, .. } = &event.fact {
        (Ended::Ran(*outcome).word(), Some(*ms))
    } else if let Fact::CallRecorded { end, ms, .. } = &event.fact {
        (end.word(), *ms)
    } else {
        ("", None)
    };
    let took = ms.map(|ms| format!(" after {}", duration(ms))).unwrap_or_default();
    format!("{word}{took}, {} at {}", event.no, event.at.rfc3339())
}

/// How the files were when it started.
fn files(told: &Told<'_>, material: &Material) -> Option<Section> {
    let (effect, _, touches, ..) = judged(told).last()?;
    let started = told.events.iter().find(|event| matches!(event.fact, Fact::CallStarted { .. }))?;
    if !may_change_files(effect, touches) {
        return None;
    }
    let mut section = Section::new("files", "Files before it ran");
    let before = material.gather.events().rev().filter(|sealed| sealed.event.no < started.no);
    let kept = before
        .map(|sealed| &sealed.event)
        .find(|event| matches!(event.fact, Fact::WorkspaceKept { .. } | Fact::WorkspaceMissed { .. }));
    let restorable = match kept {
        Some(event) if matches!(event.fact, Fact::WorkspaceMissed { .. }) => {
            section.toned("not kept", about(&event.fact), Tone::Risk);
            false
        }
        Some(event) => {
            section.row("kept", format!("{} ({})", about(&event.fact), event.no));
            true
        }
        None => {
            section.row("kept", "as they were kept last: nothing had changed them since");
            true
        }
    };
    if restorable {
        let at = EventNo(started.no.0.saturating_sub(1));
        let session =
            material.gather.found().map(|(commit, _)| commit.session.to_string()).unwrap_or_default();
        section.toned("put back", format!("tackroom restore {session} --at {}", at.0), Tone::Muted);
    }
    Some(section)
}

/// Its events one after another.
fn course(told: &Told<'_>) -> Section {
    let mut section = Section::new("course", "Course");
    let asked = told.asked.map(|(_, event)| event);
    let mut before = asked;
    let mut rows = Vec::new();
    for event in asked.iter().chain(&told.events) {
        let since = before.map_or(0, |before| event.at.ms_since(before.at));
        let says = if Some(event.no) == asked.map(|asked| asked.no) {
            "asked for".to_string()
        } else {
            text::first_line(&about(&event.fact), SAYS)
        };
        rows.push(vec![
            event.no.to_string(),
            event.at.clock(),
            format!("+{}", duration(since)),
            event.fact.kind().to_string(),
            says,
        ]);
        before = Some(event);
    }
    section.parts.push(Part::Table { head: vec!["event", "at", "since", "kind", "says"], rows });
    section
}
