//! What the operator sees and presses: a message comes in, the app changes, panes draw, a command goes out.
//!
//! Knows the domain and nothing else. `update` is pure and drawing takes `&App`; the terminal, the clock and the
//! channels are in `screen` alone.

pub mod theme; // roles to styles, parsed from a theme's text
pub mod glyph; // the signs, and the words in their place
pub mod widgets; // drawing parts that know no tackroom type
pub mod forking; // a fork that is to be made
pub mod mode; // where the keys go, and the contexts they count in
pub mod layout; // which pane gets which cells at which size
pub mod key; // one key press, and how keys are written
pub mod action; // what a key can do, by what it is about
pub mod bindings; // the table of keys: when each counts, what it does, how it is called
pub mod bindings_decide; // the keys of what waits for a person
pub mod bindings_replay; // the keys of a replay
pub mod bindings_sessions; // the keys of the sessions screen
pub mod bindings_over; // the keys of what lies over the workbench
pub mod bindings_inbox; // the keys of the inbox
pub mod keymap; // the keys in force, and the look-up
pub mod edit_json; // JSON as it is edited: nothing hides, and where each member stands
pub mod marked; // the marked sessions
pub mod edit; // text being written: composer, questions
pub mod leasing; // a lease being written
pub mod edit_args; // the arguments of a call being changed
pub mod paper; // the conversation laid out for a width
pub mod pile; // what lies over the workbench
pub mod playback; // a stored session, played
pub mod jump; // where a typed place of a replay lies
pub mod drafts; // what is arriving and not in the log yet
pub mod inspecting; // an event looked at closely: which, and where the reader stands
pub mod parts; // windows, folds, the decision panel, questions, lists, toasts
pub mod inbox; // the holds of all sessions, what is read and marked of them
pub mod library; // the sessions screen as plain data
pub mod keeping; // the retention rules while they are changed
pub mod app; // everything the screen knows; plain data
pub mod can; // which contexts count, and whether an action means something now
pub mod list; // what stands in the lists
pub mod update; // a message changes the app and may ask for effects
pub mod update_keys; // what a key does
pub mod update_write; // what is written goes out
pub mod update_panes; // moving between panes and in them
pub mod update_fork; // another session from the chosen event
pub mod update_find; // searching in a pane
pub mod update_list; // choosing from a list
pub mod update_library; // the sessions screen by keys
pub mod update_keeping; // the retention rules are changed
pub mod update_deeds; // what is done with sessions of the list
pub mod update_texts; // searching in all sessions, and opening at a hit
pub mod update_compare; // two sessions are chosen and compared
pub mod update_inspect; // an event is looked at closely
pub mod update_mouse; // the mouse moves the focus and turns the wheel
pub mod update_panel; // the decision panel follows the oldest call that waits
pub mod update_decide; // the one place where a key becomes a decision
pub mod update_stops; // breakpoints are set and removed, notes written
pub mod update_lease; // leases are written, tried, granted and taken back
pub mod update_inbox; // the inbox is opened, followed and left
pub mod update_batch; // holds are marked and answered together
pub mod update_watch; // another session comes to the screen
pub mod update_notice; // what the runtime tells
pub mod update_replay; // playing a stored session
pub mod panes; // one file per pane
pub mod prepare; // what the next frame shows is laid out
pub mod view; // the screen, drawn in its doc comment
pub mod screen; // the loop and the terminal; the only place here that waits
