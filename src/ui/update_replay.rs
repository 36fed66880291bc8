//! Playing a stored session: the position moves by itself or by keys; the screen is what the events up to it tell.
//!
//! Nothing here waits: a position whose events are not here yet is a goal, its pages are asked for, and the screen stays as
//! it is until they have come.

use std::ops::Range;
use std::sync::Arc;

use crate::domain::command::Command;
use crate::domain::event::Event;
use crate::domain::ids::EventNo;
use crate::domain::pace::Gap;
use crate::domain::survey::{CHUNK, Mark, base, place_of};
use crate::domain::watched::Watched;
use crate::ui::action::Seek;
use crate::ui::app::App;
use crate::ui::drafts::Drafts;
use crate::ui::edit::TextBox;
use crate::ui::jump;
use crate::ui::mode::Ask;
use crate::ui::paper::Paper;
use crate::ui::parts::Question;
use crate::ui::playback::{Goal, Playback, SPEEDS};
use crate::ui::update::{Effect, fault, toast};
use crate::ui::update_library::{self, Meant};
use crate::ui::update_list;

/// Events applied in one go at most while playing.
const BURST_MAX: usize = 500;
/// How many events ahead pages are asked for while playing: what one go may apply.
const AHEAD: u64 = 512;
/// Milliseconds that a screen which was not looked at goes on by at most: who comes back does not miss hours.
const LEAP_MS_MAX: u64 = 1_000;
/// What the jumps go to.
const STOPS: &[Mark] = &[Mark::Hold, Mark::Fault];

/// Does what is done with a replay.
pub fn act(app: &mut App, seek_to: Seek, digit: Option<u32>) {
    let now = app.now;
    let Some(playback) = &mut app.playback else { return };
    let at = aim(playback);
    let back = |marks: &[Mark]| Some(playback.survey.before(EventNo(at), marks).map_or(0, |no| no.0));
    let on = |marks: &[Mark]| {
        let known = playback.survey.after(EventNo(at), marks).map(|no| no.0);
        known.or(playback.complete.then_some(playback.events))
    };
    let to = match seek_to {
        Seek::Play => {
            let over = at >= playback.events && playback.complete;
            playback.playing = !playback.playing || over;
            playback.ticked_at = now;
            if over {
                playback.goal = Some(Goal::Event(0));
            }
            return;
        }
        Seek::Slower | Seek::Faster => {
            let last = SPEEDS.len() - 1;
            let slower = seek_to == Seek::Slower;
            playback.speed =
                if slower { playback.speed.saturating_sub(1) } else { (playback.speed + 1).min(last) };
            return;
        }
        Seek::Type => {
            app.question = Some(Question { ask: Ask::Jump, text: TextBox::default() });
            return;
        }
        Seek::EventBack => Some(at.saturating_sub(1)),
        Seek::EventForward => Some(at + 1),
        Seek::CallBack => back(&[Mark::Call]),
        Seek::CallForward => on(&[Mark::Call]),
        Seek::HoldBack => back(STOPS),
        Seek::HoldForward => on(STOPS),
        Seek::TurnBack => back(&[Mark::Turn]),
        Seek::TurnForward => on(&[Mark::Turn]),
        Seek::FaultBack => back(&[Mark::Fault]),
        Seek::FaultForward => on(&[Mark::Fault]),
        Seek::Start => Some(0),
        Seek::End => Some(playback.events),
        Seek::Tenth => digit.map(|tenth| tenths(playback.events, u64::from(tenth))),
    };
    match to {
        Some(to) => jump_to(app, Goal::Event(to)),
        None => toast(app, "The session is still being read.", "the bar tells how far"),
    }
}

fn tenths(events: u64, tenth: u64) -> u64 {
    events.saturating_mul(tenth) / 10
}

/// Where the position is or is to be: keys pressed one after another add up.
fn aim(playback: &Playback) -> u64 {
    playback.goal.and_then(|goal| playback.resolve(goal)).unwrap_or(playback.at)
}

/// Goes there and stays there.
fn jump_to(app: &mut App, goal: Goal) {
    if let Some(playback) = &mut app.playback {
        let goal = match goal {
            Goal::Event(no) => Goal::Event(no.min(playback.events)),
            time @ Goal::Time(_) => time,
        };
        playback.goal = Some(goal);
        playback.playing = false;
    }
}

/// Goes to what was typed.
pub fn typed(app: &mut App, text: &str) {
    let Some(playback) = &app.playback else { return };
    match jump::parse(text, playback) {
        Ok(goal) => jump_to(app, goal),
        Err(why) => fault(app, &why, "12345, 50%, 10:03:22, +30s, -5m"),
    }
}

/// Goes to where a column of the bar is.
pub fn to_part(app: &mut App, part: u64, of: u64) {
    if let Some(events) = app.playback.as_ref().map(|playback| playback.events) {
        jump_to(app, Goal::Event(events.saturating_mul(part) / of.max(1)));
    }
}

/// The watched session from its beginning, the chosen one of the list, or back from the replay.
pub fn begin_or_leave(app: &mut App, effects: &mut Vec<Effect>) {
    let listed = match update_library::meant(app) {
        Meant::Listed(session) => Some(session),
        Meant::NotKnown => return,
        Meant::Watched => None,
    };
    let replay = listed.is_some() || app.playback.is_none();
    if !replay && stays(app) {
        return;
    }
    if let Some(id) = listed.or_else(|| app.session_id().cloned()) {
        update_list::watch(app, id, replay, effects);
    }
}

/// A jump whose events are not here yet is given up before the replay is left; whether there was one.
fn stays(app: &mut App) -> bool {
    let Some(playback) = &mut app.playback else { return false };
    let waits = playback.goal.filter(|goal| playback.resolve(*goal) != Some(playback.at));
    if waits.is_none() {
        return false;
    }
    playback.goal = Some(Goal::Event(playback.at));
    let at = playback.at;
    toast(app, &format!("Stays at event {at}; the session is read on."), "Esc again leaves the replay");
    true
}

/// The position moves: to its goal, then on by the time that has passed.
pub fn advance(app: &mut App, effects: &mut Vec<Effect>) {
    if app.playback.is_none() || !reach(app, effects) {
        return;
    }
    play(app, effects);
}

/// Goes to the goal, if what it needs is here; whether the position has none any more.
fn reach(app: &mut App, effects: &mut Vec<Effect>) -> bool {
    let (Some(playback), Some(watched)) = (&mut app.playback, &mut app.watched) else { return false };
    let Some(goal) = playback.goal else { return true };
    let Some(to) = playback.resolve(goal) else { return false };
    let restart = playback.restart(to);
    let from = restart.unwrap_or(playback.at);
    let mut missing = false;
    for place in Playback::places(from, to) {
        if playback.event((place * CHUNK + CHUNK).min(to)).is_none() {
            missing = true;
            ask(playback, watched, place, effects);
        }
    }
    if missing {
        return false;
    }
    if let Some(base) = restart {
        let chunk = playback.survey.chunk(place_of(EventNo(base + 1)));
        let Some(core) = chunk.and_then(|chunk| chunk.core.open()) else {
            playback.goal = None; // a session without events
            return true;
        };
        *watched = core;
        app.paper = Paper::default();
    }
    for no in from + 1..=to {
        if let Some(event) = playback.event(no) {
            watched.apply(event);
            let_go(watched, no);
        }
    }
    playback.folded += to - from;
    (playback.at, playback.goal) = (to, None);
    rest(playback, app.now);
    app.drafts = Drafts { turn: app.drafts.turn + 1, ..Drafts::default() };
    true
}

/// What is too old for the position goes, always at the same events: so every way to a position leads to the same screen.
fn let_go(watched: &mut Watched, no: u64) {
    if no.is_multiple_of(CHUNK) {
        watched.forget(base(EventNo(no)));
    }
}

/// The wait before the next event begins anew.
fn rest(playback: &mut Playback, now: crate::domain::time::Micros) {
    (playback.gap, playback.played, playback.ticked_at) = (None, 0, now);
}

fn ask(playback: &mut Playback, watched: &Watched, place: u64, effects: &mut Vec<Effect>) {
    if let Some(Range { start: after, end: until }) = playback.ask(place) {
        let session = watched.session.id.clone();
        effects.push(Effect::Send(Command::Page { session, place, after, until }));
    }
}

/// While playing, the events whose time has come are applied, and what was arriving then arrives.
fn play(app: &mut App, effects: &mut Vec<Effect>) {
    let now = app.now;
    let (Some(playback), Some(watched)) = (&mut app.playback, &mut app.watched) else { return };
    if !playback.playing {
        return;
    }
    let passed = now.ms_since(playback.ticked_at).min(LEAP_MS_MAX) * 1_000;
    let (_, quarters) = SPEEDS.get(playback.speed).copied().unwrap_or(("1x", 4));
    playback.played = playback.played.saturating_add(passed * quarters);
    playback.ticked_at = now;
    let is_fastest = playback.is_fastest();
    for _ in 0..BURST_MAX {
        let next = playback.at + 1;
        if next > playback.survey.events() {
            // What is not surveyed yet is waited for.
            playback.playing = !playback.complete;
            rest(playback, now);
            break;
        }
        // What follows is here before it is needed.
        for place in place_of(EventNo(next))..=place_of(EventNo(next + AHEAD)) {
            ask(playback, watched, place, effects);
        }
        let Some(event) = playback.event(next).cloned() else {
            playback.played = 0;
            break;
        };
        let from = playback.survey.time(EventNo(playback.at)).unwrap_or(event.at);
        let gap = playback.gap.get_or_insert_with(|| Gap::new(from, &event));
        let whole = gap.played().saturating_mul(4);
        if playback.played < whole && !is_fastest {
            arrive(&mut app.drafts, gap, playback.played / 4);
            break;
        }
        let left = playback.played.saturating_sub(whole);
        watched.apply(&event);
        let_go(watched, next);
        app.drafts.new_turn();
        (playback.at, playback.gap, playback.played) = (next, None, left);
        if is_fastest {
            playback.played = 0;
            break; // one event a frame
        }
    }
}

/// What had arrived of the reply by then stands below what was said, as it did when it ran.
fn arrive(drafts: &mut Drafts, gap: &Gap, played: u64) {
    let parts = gap.drafts(played);
    drafts.text.clear();
    drafts.reasoning.clear();
    drafts.calls.clear();
    parts.iter().for_each(|part| drafts.add(part));
}

/// A part of the survey has come.
pub fn surveyed(app: &mut App, chunk: Arc<crate::domain::survey::Chunk>, events: u64) {
    if let Some(playback) = &mut app.playback {
        playback.events = events;
        playback.survey.add(chunk);
    }
}

/// A page has come; one that lacks events which were told of is none.
pub fn page(app: &mut App, place: u64, events: Arc<Vec<Event>>) {
    let Some(playback) = &mut app.playback else { return };
    if !playback.take(place, events) {
        let first = EventNo(place * CHUNK + 1);
        let text = format!("Not all events could be read from {first} on.");
        no_page(app, place, (&text, "`tackroom verify` tells whether the session is whole"));
    }
}

/// A page cannot be read: the position stays where it is until it is sent on again.
pub fn no_page(app: &mut App, place: u64, (text, hint): (&str, &str)) {
    if let Some(playback) = &mut app.playback {
        playback.give_up(place);
        fault(app, text, hint);
    }
}

/// The survey is whole; from here on it plays, unless it was to begin at an event.
pub fn complete(app: &mut App) {
    if let Some(playback) = &mut app.playback {
        playback.complete = true;
        playback.events = playback.survey.events();
    }
}

/// The replay begins: at an event and held there, else at the first and playing.
pub fn begin(app: &mut App) {
    let held_at = app.replay_at.take();
    let playback = Playback::new(held_at, app.replay_speed, app.now);
    if let Some(watched) = &mut app.watched {
        *watched = Watched::onlooker(watched.session.id.clone());
    }
    app.playback = Some(playback);
}
