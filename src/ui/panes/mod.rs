//! One file per pane. Each has `draw(app, area, buf)`: it reads the app and writes cells of its area, nothing else.
//!
//! `view` draws frames, titles and tabs; a pane gets what is inside. Panes with more lines than rows also say how
//! many there are, and `view::prepare` keeps their window in `App::windows`.

pub mod ink; // small strokes that several panes share
pub mod status; // which session, how it stands, what it cost
pub mod conversation; // what was said, and what is being said
pub mod welcome; // an empty workbench
pub mod trace; // the live timeline
pub mod trace_words; // the timeline's names and legend
pub mod calls; // the tool calls and how each stands
pub mod approval_text; // what must be read before a call is decided
pub mod approval; // the waiting call, what was read of it, what can be pressed
pub mod compare; // two sessions side by side
pub mod inspect_text; // an event looked at closely, as lines
pub mod inspect; // an event looked at closely
pub mod composer; // the text for the agent
pub mod editor; // the argument editor
pub mod sessions; // past and present sessions, to open or replay
pub mod sessions_look; // a look at the chosen session, and what came of deeds
pub mod sessions_search; // what was found in all sessions
pub mod keeping; // the retention rules
pub mod playback; // where in the played session we are
pub mod breaks; // where a run is to stop: set, listed, removed
pub mod leases; // a lease being written, and the list of those that were given
pub mod inbox; // every hold of every session
pub mod batch; // a batch of the inbox, confirmed and told
pub mod help; // all keys, from the table that handles them
pub mod palette; // actions by name; themes
pub mod footer; // the keys that count now
