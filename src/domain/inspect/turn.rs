//! The sections of a turn of the model: the request and its attempts, the prompt, the exact bytes, the reply.

use crate::domain::commit::Sealed;
use crate::domain::event::{Event, Fact};
use crate::domain::hash::Hash;
use crate::domain::inspect::Material;
use crate::domain::inspect::page::{Part, Section, Tone, bytes};
use crate::domain::inspect::receipt;
use crate::domain::inspect::sent::{Body, Sent};
use crate::domain::message::{Finish, Message, Reply};
use crate::domain::retry::AfterFault;
use crate::domain::text;
use crate::domain::time::duration;

/// Messages told with all their words: the last so many; of older ones the first line.
const TOLD_MAX: usize = 40;
/// Columns of the first line of an older message.
const LINE: usize = 200;

/// What is told of a turn: the request, its attempts, the answer, and what the model was sent.
pub fn sections(material: &Material) -> Vec<Section> {
    let about: Vec<&Sealed> = material.gather.about().collect();
    let reply = about.iter().find_map(|sealed| {
        if let Fact::ModelReplied { reply, .. } = &sealed.event.fact { Some(reply) } else { None }
    });
    let mut sections = vec![request(material, reply), attempts(&about)];
    sections.extend(about.iter().find_map(|sealed| answer(&sealed.event)));
    if let Some(sent) = &material.sent {
        sections.extend(sent_sections(sent, reply.map_or(0, |reply| reply.usage.input)));
    }
    sections
}

/// What a model was sent, of which the provider counted so many tokens: part by part, word for word, byte by byte.
pub fn sent_sections(sent: &Sent, tokens: u64) -> [Section; 3] {
    [receipt::section(sent, tokens), messages(sent), exact(sent)]
}

/// Who was asked, and whether what was sent is known.
fn request(material: &Material, reply: Option<&Reply>) -> Section {
    let mut section = Section::new("request", "Request");
    let Some(asked) = material.gather.asked() else {
        section.toned("request", "its request is not in the log", Tone::Risk);
        return section;
    };
    let Fact::ModelAsked { model, attempt, messages, request, frame, notes, route, ahead } =
        &asked.event.fact
    else {
        return section;
    };
    section.row("model", model.clone());
    if let Some(route) = route {
        let key = if route.key.is_empty() { "no key".to_string() } else { format!("key ${}", route.key) };
        section.row("where", format!("{}, {key}", route.at));
    }
    section.row(
        "asked",
        format!("at {}, attempt {attempt}, event {}", asked.event.at.rfc3339(), asked.event.no),
    );
    section.row("messages", messages.to_string());
    if !notes.is_empty() {
        let notes: Vec<String> = notes.iter().map(ToString::to_string).collect();
        section.row("notes", format!("{} joined with this request", notes.join(", ")));
    }
    if let Some(ahead) = ahead {
        let cost = ahead.nano.map(|nano| format!(", {nano}")).unwrap_or_default();
        let words = format!("{} + {} tokens{cost}, of {}", ahead.input, ahead.output, bytes(ahead.bytes));
        section.row("set aside", words);
    }
    if *request != Hash::ZERO {
        section.row("hash", format!("sha-256 {request}"));
    }
    if let Some(frame) = frame {
        section.toned("frame", format!("tools and settings kept once as {frame}"), Tone::Muted);
    }
    let (words, tone) = match material.sent.as_ref().map(|sent| &sent.body) {
        Some(Body::Exact(body)) => (
            format!(
                "made again from the log, {}; their hash is the one written down before they were sent",
                bytes(body.len() as u64)
            ),
            Tone::Good,
        ),
        Some(Body::Other(body)) => (
            format!(
                "not known: made again it has sha-256 {}, so this program writes it otherwise than the one that sent it, or something was told otherwise",
                Hash::of(body)
            ),
            Tone::Risk,
        ),
        Some(Body::Unknown(why)) => {
            (format!("cannot be shown: {why}. The messages below are what it was made of"), Tone::Risk)
        }
        None => ("not looked for".to_string(), Tone::Muted),
    };
    section.toned("exact bytes", words, tone);
    if reply.is_none() {
        section.toned("answer", "none in the log up to here", Tone::Wait);
    }
    section
}

/// Each attempt: when, how long, what came of it.
fn attempts(about: &[&Sealed]) -> Section {
    let mut section = Section::new("attempts", "Attempts");
    let mut rows = Vec::new();
    let mut asked: Option<&Event> = None;
    for sealed in about {
        let event = &sealed.event;
        let took = asked.map(|asked| duration(event.at.ms_since(asked.at))).unwrap_or_default();
        if let Fact::ModelAsked { attempt, .. } = &event.fact {
            asked = Some(event);
            rows.push(vec![
                attempt.to_string(),
                event.no.to_string(),
                event.at.clock(),
                String::new(),
                "no end is told".to_string(),
            ]);
        } else if let (Some(row), Some(words)) = (rows.last_mut(), ending(&event.fact)) {
            (row[3], row[4]) = (took, words);
        }
    }
    section.parts.push(Part::Table { head: vec!["attempt", "event", "at", "took", "came to"], rows });
    section
}

fn ending(fact: &Fact) -> Option<String> {
    if let Fact::ModelReplied { .. } = fact {
        return Some("an answer".to_string());
    }
    let Fact::ModelFailed { fault, then, .. } = fact else { return None };
    let status = fault.status.map(|status| format!(" (HTTP {status})")).unwrap_or_default();
    let then = match then {
        AfterFault::Retry { wait_ms } => format!("asked again after {}", duration(*wait_ms)),
        AfterFault::GiveUp => "given up".to_string(),
        AfterFault::Compact => "the conversation is made shorter first".to_string(),
        AfterFault::Wait => "waits for a person".to_string(),
    };
    let detour = fault.detour.as_ref().map(|detour| format!("; {}", detour.words())).unwrap_or_default();
    Some(format!("{}{status}: {}; {then}{detour}", fault.kind.words(), fault.message))
}

fn answer(event: &Event) -> Option<Section> {
    let Fact::ModelReplied { reply, calls } = &event.fact else { return None };
    let mut section = Section::new("reply", "Reply");
    if !reply.model.is_empty() {
        section.row("answered by", reply.model.clone());
    }
    let (words, tone) = finish(&reply.finish);
    section.toned("finish", words, tone);
    let (usage, timing) = (reply.usage, &reply.timing);
    let counted = format!(
        "{} in ({} from the cache), {} out ({} of them reasoning)",
        usage.input, usage.cached, usage.output, usage.reasoning
    );
    let counted =
        if usage.input + usage.output == 0 { "not counted by the provider".to_string() } else { counted };
    section.row("tokens", counted);
    section.row(
        "cost",
        match &reply.cost {
            Some(cost) => format!("{}, {}", cost.nano, cost.by.words()),
            None => "not known: no price held for that model when it answered, or it counted no tokens"
                .to_string(),
        },
    );
    section.row(
        "took",
        format!("first byte after {}, whole after {}", duration(timing.first_ms), duration(timing.total_ms)),
    );
    if let Some(reasoning) = reply.reasoning.as_ref().filter(|reasoning| !reasoning.text.is_empty()) {
        section.text("reasoning", &reasoning.text);
    }
    if !reply.text.is_empty() {
        section.text("text", &reply.text);
    }
    for (id, asked) in calls.iter().zip(&reply.calls) {
        section.args(format!("call {id} {}", asked.tool), &asked.args);
    }
    Some(section)
}

fn finish(finish: &Finish) -> (String, Tone) {
    match finish {
        Finish::Stop => ("it had said all".to_string(), Tone::Good),
        Finish::Calls => ("it wants calls answered".to_string(), Tone::Good),
        Finish::Length => ("cut at the length limit".to_string(), Tone::Risk),
        Finish::Filtered => ("held back by the provider".to_string(), Tone::Risk),
        Finish::Other(word) => (format!("the provider says {word:?}"), Tone::Risk),
    }
}

/// The conversation as it was given.
fn messages(sent: &Sent) -> Section {
    let mut section = Section::new("messages", "Messages, the newest first");
    let count = sent.messages.len();
    for (at, message) in sent.messages.iter().enumerate().rev() {
        let (what, _) = receipt::heading(message, sent);
        let label = format!("{} of {count}, {what}", at + 1);
        if count - at > TOLD_MAX {
            section.toned(label, text::first_line(receipt::said(message), LINE), Tone::Muted);
            continue;
        }
        section.text(label, &whole(message));
    }
    section
}

/// The words of a message with the calls in it.
fn whole(message: &Message) -> String {
    let mut words = receipt::said(message).to_string();
    if let Message::Assistant { calls, .. } = message {
        for call in calls {
            let gap = if words.is_empty() { "" } else { "\n" };
            words.push_str(&format!("{gap}{} {} {}", call.wire_id, call.tool, call.args));
        }
    }
    words
}

/// The bytes as sent.
fn exact(sent: &Sent) -> Section {
    let (title, body) = match &sent.body {
        Body::Exact(body) => ("Exact bytes", body),
        Body::Other(body) => ("Bytes as this program would send them now: not what was sent", body),
        Body::Unknown(why) => {
            let mut section = Section::new("body", "Exact bytes");
            section.toned("unknown", *why, Tone::Risk);
            return section;
        }
    };
    let mut section = Section::new("body", title);
    section.text("POST body", &String::from_utf8_lossy(body));
    if let Body::Other(_) = sent.body {
        section.lacks =
            Some("what can be made again of it is not what was sent: its hash is another".to_string());
    }
    section
}
