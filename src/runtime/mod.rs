//! What drives a run: tasks and channels, no files, no screen.
//!
//! Who owns which task, and how it ends: `desk` owns one `agent` task per driven session, one per fork that is being made,
//! one watcher for the session on the screen, one for the trial of a lease, one for the inbox with its clerk, and the `library` one for the list, one for a
//! search and those for deeds; all end when the desk is told to quit. An `agent` owns the model request and the calls it
//! started and stops them before it ends. `upkeep` ends with the workbench. `hand` owns nothing: it writes an operator's word and returns.

pub mod plugs; // the ports a run is driven with
pub mod toolbox; // the dispatch table: tool name to tool
pub mod pages; // a stored session read page by page
pub mod ledger; // a fold and its log kept in step: decide, append, apply
pub mod hand; // an operator's word, written beside the worker
pub mod heed; // a policy whose files are wrong is told of
mod veiled; // an operator's word as it may be kept
pub mod perform; // one step done through a port; says what came of it
pub mod ends; // why an agent leaves
pub mod weigh; // what the next request may take, told before it is sent
pub mod agent; // the loop of one session: next, perform, decide, record
pub mod fork; // another session from an event of one, with its files
pub mod restore; // the files of a session's workspace, put back
pub mod close; // a session taken up without a model
pub mod reading; // a stored session as it is read for a replay
pub mod compare; // two stored sessions read and compared
pub mod lease_trial; // what a lease would have allowed in past sessions
pub mod inspect; // one event looked at closely: read, its request made again, its contents fetched
pub mod watch; // a session as it is told to a screen
pub mod retention; // what is kept how long; removing a session for good
pub mod upkeep; // what a workbench does beside its work
pub mod importer; // another tool's session, brought into the log
pub mod replica; // an exported session, brought back commit by commit
pub mod inbox; // every hold as it comes and goes, and the answers
pub mod titler; // a model asked for the title of a session
pub mod library; // the sessions screen: windows on the list, searches, deeds
pub mod desk; // owns all live runs: commands in, notices out
