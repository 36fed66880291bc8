//! Playing a stored session: the position moves by itself or by keys; the screen is what the events up to it tell.

use crate::ui::action::Seek;
use crate::ui::app::{App, Watched};
use crate::ui::drafts::Drafts;
use crate::ui::list;
use crate::ui::paper::Paper;
use crate::ui::parts::Overlay;
use crate::ui::playback::{Playback, SPEEDS};
use crate::ui::update::Effect;
use crate::ui::update_list;

/// Events applied in one go at most while playing.
const BURST_MAX: usize = 500;

/// Does what is done with a replay.
pub fn act(app: &mut App, seek_to: Seek, digit: Option<u32>) {
    let now = app.now;
    let Some(playback) = &mut app.playback else { return };
    let end = playback.events.len();
    let to = match seek_to {
        Seek::Play => {
            let over = playback.at >= end;
            playback.playing = !playback.playing || over;
            playback.moved_at = now;
            over.then_some(0)
        }
        Seek::EventBack => Some(playback.at.saturating_sub(1)),
        Seek::EventForward => Some(playback.at + 1),
        Seek::CallBack => Some(playback.before(Playback::is_call)),
        Seek::CallForward => Some(playback.after(Playback::is_call)),
        Seek::HoldBack => Some(playback.before(Playback::is_stop)),
        Seek::HoldForward => Some(playback.after(Playback::is_stop)),
        Seek::Tenth => digit.map(|tenth| end * tenth as usize / 10),
        Seek::Slower => {
            playback.speed = playback.speed.saturating_sub(1);
            None
        }
        Seek::Faster => {
            playback.speed = (playback.speed + 1).min(SPEEDS.len() - 1);
            None
        }
    };
    if let Some(to) = to {
        if seek_to != Seek::Play
            && let Some(playback) = &mut app.playback
        {
            playback.playing = false;
        }
        seek(app, to.min(end));
    }
}

/// The watched session from its beginning, the chosen one of the list, or back from the replay.
pub fn begin_or_leave(app: &mut App, effects: &mut Vec<Effect>) {
    let listed = match &app.overlay {
        Some(Overlay::Sessions(list)) => list::sessions(app).get(list.chosen).map(|(_, row)| row.id.clone()),
        Some(
            Overlay::Help
            | Overlay::Palette(_)
            | Overlay::Themes { .. }
            | Overlay::Fork(_)
            | Overlay::Editor(_),
        )
        | None => None,
    };
    let replay = listed.is_some() || app.playback.is_none();
    if let Some(id) = listed.or_else(|| app.session_id().cloned()) {
        update_list::watch(app, id, replay, effects);
    }
}

/// Puts the position at `to` events.
pub fn seek(app: &mut App, to: usize) {
    let (Some(watched), Some(playback)) = (&mut app.watched, &mut app.playback) else { return };
    if to < playback.at {
        *watched = Watched::new(watched.session.id.clone());
        app.paper = Paper::default();
        playback.at = 0;
    }
    for event in playback.events.iter().take(to).skip(playback.at) {
        watched.apply(event);
    }
    playback.at = to.min(playback.events.len());
    playback.moved_at = app.now;
    app.drafts = Drafts { turn: app.drafts.turn + 1, ..Drafts::default() };
}

/// While playing, the events whose time has come are applied.
pub fn advance(app: &mut App) {
    let now = app.now;
    for _ in 0..BURST_MAX {
        let Some(playback) = &mut app.playback else { return };
        if !playback.playing || !playback.complete {
            return;
        }
        if playback.at >= playback.events.len() {
            playback.playing = false;
            return;
        }
        let wait_ms = playback.wait_ms();
        if now.ms_since(playback.moved_at) < wait_ms {
            return;
        }
        let due = playback.moved_at.plus_ms(wait_ms);
        let to = playback.at + 1;
        seek(app, to);
        let Some(playback) = &mut app.playback else { return };
        if playback.is_fastest() {
            return; // one event a frame
        }
        playback.moved_at = due;
    }
    if let Some(playback) = &mut app.playback {
        playback.moved_at = now;
    }
}
